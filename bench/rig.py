"""What is measured: broker, hub, floor and carrier as processes of their own, on free ports of the loopback."""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from bench.homes import write
from bench.publisher import Publisher
from hub.ingest.broker import Account, BrokerConfig, Rights, find_mosquitto, write_config

PASSWORD = "bench"
START_S = 60.0
# After so long all that was published must have been worked off. Less of a core than this is nothing, seen for so long.
DRAIN_S, LOOK_S, IDLE_CORE = 180.0, 0.5, 0.06
# What the product's broker configuration is changed in, for bursts alone. Its queue of 1,000 messages a session would
# drop most of a burst before the hub sees it; and with a queue as long as the burst, writing the whole queue at each
# change (autosave_on_changes) would measure the broker's disk instead of the hub.
BURST_BROKER: Mapping[str, object] = {"max_queued_messages": 100_000, "autosave_on_changes": False}


class Carrier:
    """The carrier's process and what it has heard."""

    def __init__(self) -> None:
        self._process = _python("bench.carrier", stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        self._news = threading.Condition()
        self._heard: list[tuple[float, str]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for text in self._process.stdout:
            at, number = text.split()
            with self._news:
                self._heard.append((float(at), number.decode()))
                self._news.notify_all()

    def arrival(self, number: str, after: float, within_s: float = 30.0) -> float:
        """Wait for the first text to `number` since then; return when its request arrived."""

        def found() -> float | None:
            return next((at for at, to in self._heard if to == number and at >= after), None)

        with self._news:
            self._news.wait_for(lambda: found() is not None, within_s)
            at = found()
        assert at is not None, f"no text to {number} within {within_s:.0f} s"
        return at

    def heard(self, after: float) -> list[tuple[float, str]]:
        """Return all texts since then."""
        with self._news:
            return [(at, to) for at, to in self._heard if at >= after]

    def wait(self, count: int, after: float, within_s: float) -> None:
        """Wait until so many texts have arrived, or the time is over."""
        with self._news:
            self._news.wait_for(lambda: sum(at >= after for at, _ in self._heard) >= count, within_s)

    def stop(self) -> None:
        """End the process."""
        _end(self._process)


class Rig:
    """All processes of one measurement; `broker` is what its broker has otherwise than the one that ships."""

    def __init__(self, folder: Path, homes: int, *, broker: Mapping[str, object] | None = None) -> None:
        self.folder = folder
        self.homes = homes
        self._broker = broker or {}
        self._processes: list[subprocess.Popen[bytes]] = []
        self.port = free_port()
        self.web = free_port()
        self.ready_s = 0.0
        self.hub: subprocess.Popen[bytes]
        self._floors: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Rig":
        self.folder.mkdir(parents=True, exist_ok=True)
        self._start_broker()
        self.carrier = Carrier()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in reversed(self._processes):
            _end(process)
        self.carrier.stop()

    # --- the processes

    def _start_broker(self) -> None:
        config = BrokerConfig(port=self.port, user="root", log_dest="none", **self._broker)  # type: ignore[arg-type]
        path = write_config(self.folder / "broker", [Account("hub", PASSWORD, Rights.HUB)], ["#"], config)
        self._processes.append(subprocess.Popen([find_mosquitto(), "-c", str(path)], stderr=subprocess.DEVNULL))
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.01)
        raise AssertionError("Mosquitto does not start")

    def start_hub(self) -> None:
        """Start `carehub run` and wait until it is ready."""
        place = self.folder / "config"
        if not place.exists():
            write(place, self.homes)
        environ = {
            **os.environ,
            "CAREHUB_MQTT__URL": f"mqtt://127.0.0.1:{self.port}",
            "CAREHUB_MQTT__PASSWORD": PASSWORD,
            "CAREHUB_DATABASE": f"sqlite:///{self.database}",
            "CAREHUB_WEB__LISTEN": f"127.0.0.1:{self.web}",
            "TWILIO_ACCOUNT_SID": "AC" + "b" * 32,
            "TWILIO_AUTH_TOKEN": "bench",
            "TWILIO_API_BASE": self.carrier.url,
        }
        command = Path(sys.executable).with_name("carehub")
        log = (self.folder / "hub.log").open("ab")
        started = time.monotonic()
        self.hub = subprocess.Popen([command, "run", "--config", place], env=environ, stdout=log, stderr=log)
        self._processes.append(self.hub)
        while not self._is_ready():
            assert self.hub.poll() is None, f"the hub ended: {self.log()}"
            assert time.monotonic() < started + START_S, f"the hub is not ready: {self.log()}"
            time.sleep(0.01)
        self.ready_s = time.monotonic() - started

    def log(self) -> str:
        """Return the last lines the hub said."""
        return "\n".join((self.folder / "hub.log").read_text(errors="replace").splitlines()[-20:])

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web}/readyz", timeout=5):  # loopback
                return True
        except (urllib.error.URLError, OSError):
            return False

    def start_floor(self, *options: str) -> "subprocess.Popen[bytes]":
        """Start the floor and wait until it has subscribed; return its process."""
        given = [str(self.port), PASSWORD, self.carrier.url, str(self.floor_database(*options))]
        process = _python("bench.floor", *given, *options, stdout=subprocess.PIPE)
        self._processes.append(process)
        self._floors.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n", "the floor did not start"
        return process

    def end(self, process: "subprocess.Popen[bytes]") -> None:
        """End one of the processes."""
        self._processes.remove(process)
        if process in self._floors:
            self._floors.remove(process)
        _end(process)

    def drained(self) -> None:
        """Wait until hub and floors use no more processor time than when idle, so that neither disturbs the other."""
        working = [self.hub, *self._floors]
        end = time.monotonic() + DRAIN_S
        while time.monotonic() < end:
            before = sum(cpu_s(process.pid) for process in working)
            time.sleep(LOOK_S)
            if sum(cpu_s(process.pid) for process in working) - before < IDLE_CORE * LOOK_S:
                return
        raise AssertionError(f"hub or floor still works {DRAIN_S:.0f} s after the last message")

    def publisher(self, name: str = "publisher") -> Publisher:
        """Return a new connection to publish on."""
        return Publisher(self.port, "hub", PASSWORD, name)

    @property
    def database(self) -> Path:
        """Where the hub keeps its data."""
        return self.folder / "carehub.db"

    def floor_database(self, *options: str) -> Path:
        """Where the floor that was started with these options keeps its own."""
        return self.folder / f"{'-'.join(['floor', *options])}.db"


def _python(module: str, *arguments: str, stdout: int | None = None) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=stdout)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def cpu_s(pid: int) -> float:
    """Return the processor time a process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Return a port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
