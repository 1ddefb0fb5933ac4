"""A real Mosquitto on a free port of the loopback, configured as the product configures it."""

import contextlib
import fcntl
import functools
import itertools
import os
import random
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import aiomqtt

from hub.ingest.broker import Account, BrokerConfig, Rights, find_mosquitto, write_config
from hub.ingest.client import Broker

HUB = Account("hub", "hub-secret", Rights.HUB)
BRIDGE = Account("bridge", "bridge-secret", Rights.BRIDGE)
DEVICE = Account("device", "device-secret", Rights.DEVICE)

START_S = 10.0


# Outside of the range from which the kernel gives ports to connections.
_PORTS = range(20_000, 32_000)
_BLOCK = 200


@functools.cache
def _own_ports() -> Iterator[int]:
    """Return this process's own ports, over and over: two runs at once never bind what the other is about to bind."""
    folder = Path(tempfile.gettempdir()) / f"carehub-test-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    blocks = list(_PORTS[::_BLOCK])
    random.shuffle(blocks)
    for first in blocks:
        lock = os.open(folder / str(first), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # until this process ends
            return itertools.cycle(range(first, first + _BLOCK))
        os.close(lock)
    raise AssertionError("more test processes than blocks of ports")


def free_port() -> int:
    """Return a port that nobody has."""
    for port in _own_ports():
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("the ports never end")


class BrokerProcess:
    """Mosquitto with a folder that outlives it. `config` overrides what the product writes."""

    def __init__(self, folder: Path, config: BrokerConfig | None = None) -> None:
        self.folder = folder
        self.config = replace(config or BrokerConfig(), user="root", log_dest=f"file {folder}/mosquitto.log")
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "BrokerProcess":
        """Start it and wait until it listens; the port stays the same over restarts."""
        for _ in range(5):
            port = self.port or free_port()
            path = write_config(
                self.folder, [HUB, BRIDGE, DEVICE], ["zigbee2mqtt/#", "carehub/#"], replace(self.config, port=port)
            )
            self._process = subprocess.Popen([find_mosquitto(), "-c", str(path)])
            if self._listens(port):
                self.port = port
                return self
        raise AssertionError((self.folder / "mosquitto.log").read_text())

    def _listens(self, port: int) -> bool:
        assert self._process is not None
        end = time.monotonic() + START_S
        while self._process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return True
            time.sleep(0.005)  # the process is being started; nothing tells when it listens
        return False

    def stop(self) -> None:
        """End it as systemd would; what waits in it is written to its folder."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(10)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    def wipe(self) -> None:
        """Stop it, take its memory away, start it: a broker that lost its disk."""
        self.stop()
        for file in (self.folder / "state").iterdir():
            file.unlink()
        self.start()

    def freeze(self) -> None:
        """Let it hang: connections stay open and nothing answers."""
        assert self._process is not None
        os.kill(self._process.pid, 19)  # SIGSTOP

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        os.kill(self._process.pid, 18)  # SIGCONT

    @property
    def url(self) -> str:
        """Where it is."""
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def as_hub(self) -> Broker:
        """It, for the hub."""
        return Broker("127.0.0.1", self.port, username=HUB.username, password=HUB.password)

    def client(self, account: Account = BRIDGE, **options: object) -> aiomqtt.Client:
        """Return a client that speaks to it as a bridge or device does."""
        return aiomqtt.Client(
            "127.0.0.1",
            self.port,
            username=account.username,
            password=account.password,
            **options,  # type: ignore[arg-type]
        )
