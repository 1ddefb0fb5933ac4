"""A gateway as it runs in a home: the hub a process that can be killed, a real Mosquitto, a simulated carrier.

Everything here runs in real time. Tests wait for a condition (`until`), never for a span. The carrier and the
dead-man's receiver live in the test's own event loop, so they outlive every hub.
"""

import asyncio
import contextlib
import json
import math
import os
import queue
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar
from urllib.parse import quote

import aiohttp
import yaml
from aiohttp import web
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from hub.store.engines import parse, postgres_engine
from hub.store.transaction import SqlTransaction
from simulators.carrier import Carrier, CarrierServer, Pace
from tests.harness.broker import HUB, BrokerProcess, free_port

T = TypeVar("T")
__all__ = ["STAFF", "SUPERVISOR", "DeadMan", "Gateway", "Nursery", "family_of", "until"]

ROOT = Path(__file__).parents[2]
ACCOUNT, TOKEN, NUMBER = "AC" + "c" * 32, "crash-token", "+15005550006"
STAFF, SUPERVISOR = "+447700900201", "+447700900202"
AREA = "620702207200"
# How long a condition may take to come true before the test fails; generous, for slow and busy machines.
PATIENCE_S = 30.0
LOOK_EVERY_S = 0.02
CARRIER_PACE = Pace(
    sending=timedelta(milliseconds=5), sent=timedelta(milliseconds=10), final=timedelta(milliseconds=30)
)
# Long waits: in these tests a second step must come from a duty that a test made short, never from a slow machine.
PATIENT_STEPS = [
    {"tell": ["family"], "by": ["sms"], "wait": "20m"},
    {"tell": ["staff"], "by": ["sms"], "wait": "20m"},
    {"tell": ["supervisor"], "by": ["sms"], "wait": "20m"},
]


async def until(condition: Callable[[], T | Awaitable[T]], what: str, patience_s: float = PATIENCE_S) -> T:
    """Wait until `condition` returns something true, and return that; fail with `what` was expected."""
    end = time.monotonic() + patience_s
    while True:
        found = condition()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        assert time.monotonic() < end, f"waited {patience_s:.0f} s in vain: {what}"
        await asyncio.sleep(LOOK_EVERY_S)


def family_of(home: int) -> str:
    """Return the number of a home's family."""
    return f"+4477009001{home:02d}"


@dataclass
class Born:
    """A process that the nursery bore. `code`: its exit code once it has ended, negative for a signal."""

    pid: int
    code: int | None = None

    def signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Nursery:
    """A process that has imported what a hub needs and forks hubs. One for each process of tests."""

    _own: ClassVar["Nursery | None"] = None

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "crash" / "killing_run.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**_plain_environ(), "PYTHONPATH": str(ROOT)},
        )
        self._births: queue.Queue[int] = queue.Queue()
        self._all: dict[int, Born] = {}
        self._asking = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    @classmethod
    def of_this_process(cls) -> "Nursery":
        """Return the one nursery, made at the first call; it ends with this process."""
        if cls._own is None:
            cls._own = cls()
        return cls._own

    def bear(self, arguments: Sequence[str], environ: Mapping[str, str], stderr: Path) -> Born:
        """Return a new process that runs `carehub` with these arguments."""
        wanted = {"arguments": arguments, "environ": environ, "cwd": str(ROOT), "stderr": str(stderr)}
        assert self._process.stdin is not None
        with self._asking:
            self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
            self._process.stdin.flush()
            return self._all[self._births.get(timeout=PATIENCE_S)]

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            match line.decode().split():
                case ["born", pid]:
                    self._all[int(pid)] = Born(int(pid))
                    self._births.put(int(pid))
                case ["ended", pid, code]:
                    self._all[int(pid)].code = int(code)


def _plain_environ() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}


@dataclass
class DeadMan:
    """The service that expects a ping as long as the hub can alarm."""

    pings: int = 0
    url: str = ""
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        app = web.Application()
        app.router.add_get("/ping", self._ping)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/ping"

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _ping(self, _request: web.Request) -> web.Response:
        self.pings += 1
        return web.Response()


@dataclass
class Gateway:
    """All of it. Use it with `async with`; it starts broker and carrier, the hub only at `start_hub`.

    `homes` are numbered from 1; home n has the native button `h<n>-sos` (`h<n>-two` is a second one), the gas detector
    `h<n>-gas`, the thermometer `h<n>-temp`, and `zigbee2mqtt/h<n>_sos`. `data` is where an SQLite database lies.
    With `hurried_s` the hub audits, and looks at a sick database, as often as that. With `links` each first text is
    followed by one with a link.
    """

    folder: Path
    homes: int = 2
    database: str | None = None
    steps: Sequence[Mapping[str, Any]] = field(default_factory=lambda: PATIENT_STEPS)
    data: Path | None = None
    hurried_s: float | None = None
    links: bool = False

    def __post_init__(self) -> None:
        self.data = self.data or self.folder / "data"
        self.web_port = free_port()
        self.broker = BrokerProcess(self.folder / "broker")
        self.carrier = Carrier(
            ACCOUNT, TOKEN, [NUMBER], pace=CARRIER_PACE, webhook_url=f"http://127.0.0.1:{self.web_port}/twilio/sms"
        )
        self.server = CarrierServer(self.carrier)
        self.deadman = DeadMan()
        self.hub: Born | None = None
        self.log: list[str] = []
        self.starts = 0
        self._wire = -1
        self._half_line = ""
        self._engine: Engine | None = None
        self._http: aiohttp.ClientSession | None = None

    # --- life

    async def __aenter__(self) -> Self:
        """Start broker and carrier."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(self.broker.start)
        await self.server.start()
        await self.deadman.start()
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        self.write_config()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all processes; after a failure, show the end of the hub's log."""
        if error is not None:
            sys.stderr.write("".join(self.log[-200:]))
        await self.kill_hub()
        await asyncio.to_thread(self.broker.kill)
        await self.server.stop(abrupt=True)
        await self.deadman.stop()
        if self._http is not None:
            await self._http.close()
        if self._engine is not None:
            self._engine.dispose()

    async def start_hub(self, *, kill_at: int | str | None = None, wait: bool = True) -> None:
        """Start the hub; with `kill_at` (see tests/crash/killing_run.py) it ends itself. `wait`: until it is ready."""
        assert self.hub is None, "the hub runs already"
        self.starts += 1
        self.log.append(f"--- start {self.starts}, kill at {kill_at}\n")
        wire = self.folder / f"stderr-{self.starts}"
        os.mkfifo(wire, 0o600)
        # Opened for both, so that neither side waits for the other; its end is not needed, the process' end is.
        self._wire = os.open(wire, os.O_RDWR | os.O_NONBLOCK)
        asyncio.get_running_loop().add_reader(self._wire, self._read_log)
        self.hub = await asyncio.to_thread(
            Nursery.of_this_process().bear,
            ["run", "--config", str(self.folder / "config")],
            self.environ(kill_at),
            wire,
        )
        if wait:
            await self.until_ready()

    async def until_ready(self) -> None:
        """Wait until the hub says that it is able to alarm."""
        await until(self._is_ready, "the hub is ready")

    async def kill_hub(self) -> None:
        """Kill -9."""
        if self.hub is not None:
            self.hub.signal(signal.SIGKILL)
            await self.hub_ended()

    async def stop_hub(self) -> tuple[int, float]:
        """Stop it as systemd does; return its exit code and how many seconds that took."""
        assert self.hub is not None
        started = time.monotonic()
        self.hub.signal(signal.SIGTERM)
        code = await self.hub_ended()
        return code, time.monotonic() - started

    async def hub_ended(self) -> int:
        """Wait until the hub has ended; return its exit code."""
        assert self.hub is not None
        hub = self.hub
        await until(lambda: hub.code is not None, "the hub ends", patience_s=math.inf)
        self._read_log()
        asyncio.get_running_loop().remove_reader(self._wire)
        os.close(self._wire)
        self.hub = None
        assert hub.code is not None
        return hub.code

    async def readiness(self) -> int:
        """Return the status of /readyz; 0 if nobody answers."""
        assert self._http is not None
        try:
            async with self._http.get(f"http://127.0.0.1:{self.web_port}/readyz") as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0

    async def _is_ready(self) -> bool:
        return await self.readiness() == 200

    def _read_log(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while read := os.read(self._wire, 65536):
                self._half_line += read.decode(errors="replace")
        *lines, self._half_line = self._half_line.split("\n")
        self.log += [f"{line}\n" for line in lines]

    def logged(self, words: str) -> int:
        """Return how many lines of the log hold these words."""
        return sum(words in line for line in self.log)

    # --- configuration

    @property
    def file(self) -> Path:
        """The SQLite database."""
        assert self.data is not None
        return self.data / "carehub.db"

    @property
    def url(self) -> str:
        """The database's address."""
        return self.database or f"sqlite:///{self.file}"

    def environ(self, kill_at: int | str | None = None) -> dict[str, str]:
        """Return the whole environment of a hub."""
        environ = _plain_environ() | {
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_BASE": self.server.url,
            "CAREHUB_MQTT__PASSWORD": HUB.password,
            "CRASH_BOUNDARIES": str(self.folder / "boundaries"),
        }
        if kill_at is not None:
            environ["CRASH_KILL_AT"] = str(kill_at)
        if self.hurried_s is not None:
            environ["CRASH_AUDIT_EVERY_S"] = environ["CRASH_LOOK_AGAIN_S"] = str(self.hurried_s)
        return environ

    def write_config(self) -> None:
        """Write hub.yaml and homes.yaml."""
        folder = self.folder / "config"
        folder.mkdir(exist_ok=True)
        _write(folder / "hub.yaml", self._hub())
        _write(folder / "homes.yaml", {"people": self._people(), "homes": [self._home(n) for n in self._numbers()]})

    def _numbers(self) -> range:
        return range(1, self.homes + 1)

    def _hub(self) -> dict[str, Any]:
        return {
            "site": "crash-site",
            "timezone": "Asia/Shanghai",
            "language": "en",
            "database": self.url,
            "mqtt": {"url": self.broker.url, "client_id": "carehub", "username": HUB.username},
            "web": {"listen": f"127.0.0.1:{self.web_port}", "public_url": f"http://127.0.0.1:{self.web_port}"},
            "dialects": {"zigbee2mqtt": {"base_topics": ["zigbee2mqtt"]}},
            "channels": {"sms": {"type": "twilio_sms", "from": NUMBER, "links": "send" if self.links else "never"}},
            "policies": {
                "emergency": {"steps": list(self.steps), "repeat": "30m"},
                "warning": {"steps": PATIENT_STEPS, "repeat": "30m"},
                "notice": {"steps": [{"tell": ["staff"], "by": ["sms"], "wait": "24h"}], "repeat": "24h"},
            },
            "promise": {"emergency": "60m", "warning": "2h", "notice": "7d"},
            "audit": {"deadman_url": self.deadman.url},
        }

    def _people(self) -> list[dict[str, Any]]:
        staff = {"id": "nurse", "name": "Nurse Li", "phone": STAFF, "roles": ["staff"], "areas": [AREA]}
        chief = {"id": "chief", "name": "Chief Zhao", "phone": SUPERVISOR, "roles": ["supervisor"], "areas": [AREA]}
        family = [
            {"id": f"family-{n}", "name": f"Family {n}", "phone": family_of(n), "roles": ["family"]}
            for n in self._numbers()
        ]
        return [staff, chief, *family]

    @staticmethod
    def _home(n: int) -> dict[str, Any]:
        devices: list[dict[str, Any]] = [
            {"id": f"h{n}-sos", "kind": "button", "role": "sos", "room": "bedroom", "topic": f"carehub/h{n}-sos"},
            {"id": f"h{n}-two", "kind": "button", "role": "sos", "room": "bedroom", "topic": f"carehub/h{n}-two"},
            {"id": f"h{n}-zig", "kind": "button", "role": "sos", "room": "bedroom", "topic": f"zigbee2mqtt/h{n}_sos"},
            {"id": f"h{n}-gas", "kind": "gas", "room": "kitchen", "topic": f"carehub/h{n}-gas"},
            {"id": f"h{n}-temp", "kind": "temperature", "room": "hall", "topic": f"carehub/h{n}-temp"},
        ]
        return {
            "id": f"home-{n}",
            "area": AREA,
            "address": f"Lane {n}",
            "residents": [{"name": f"Resident {n}", "born": 1938}],
            "contacts": [{"person": f"family-{n}", "role": "family"}],
            "devices": devices,
        }

    # --- what is seen from outside

    def read(self, work: Callable[[SqlTransaction], T]) -> T | None:
        """Read the hub's database beside it, without ever writing; None while it cannot be read."""
        if self._engine is None:
            self._engine = _reading(self.url)
        try:
            with self._engine.connect() as db:
                return work(SqlTransaction(db, None))
        except (DBAPIError, sqlite3.Error):
            return None

    def texts(self, phone: str, *words: str) -> list[str]:
        """Return the texts the carrier took for a phone that hold all these words, in order."""
        sent = [m.body for m in self.carrier.messages if not m.inbound and m.to == phone]
        return [text for text in sent if all(word in text for word in words)]

    async def gets(self, phone: str, *words: str, times: int = 1, patience_s: float = PATIENCE_S) -> None:
        """Wait until so many such texts were taken by the carrier."""
        await until(
            lambda: len(self.texts(phone, *words)) >= times,
            f"{times} texts to {phone} with {words}; got {self.texts(phone)}",
            patience_s,
        )

    def limit_files(self, size: int) -> None:
        """Let the running hub write no file beyond `size` bytes; -1 lifts that."""
        assert self.hub is not None
        _, hard = resource.prlimit(self.hub.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.hub.pid, resource.RLIMIT_FSIZE, (size, hard))


def _reading(url: str) -> Engine:
    address = parse(url)
    if address.get_backend_name() == "postgresql":
        return postgres_engine(address, writes=False)
    # Truly read-only: closing the last writing connection would tidy up what a killed hub left behind.
    uri = f"file:{quote(str(address.database))}?mode=ro"
    return create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(uri, uri=True, timeout=1, check_same_thread=False),
        poolclass=NullPool,
    )


def _write(path: Path, content: object) -> None:
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    with contextlib.suppress(OSError):
        path.chmod(0o600)
