"""What systemd hears: ready, alive, reading anew, stopping; and what it must not hear."""

import asyncio
import contextlib
import os
import signal
import socket
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from hub.cli import notify as notifying
from hub.cli.notify import Notify, tell
from hub.web.ports import Part
from tests.cli.live import Live
from tests.cli.process import eventually


class Listener:
    """Stands where systemd listens; `heard` is all that was said so far, line by line."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.heard: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.setblocking(False)

    def listen(self) -> list[str]:
        """Return all that was said so far."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.heard += self._socket.recv(4096).decode().split("\n")
        return self.heard

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listener]:
    abstract = request.param == "abstract"
    found = Listener(f"@carehub-test-{uuid.uuid4().hex}" if abstract else str(tmp_path / "notify"))
    yield found
    found.close()


class Hub:
    """A hub that is as it is told to be."""

    def __init__(self, *, ready: bool = True, living: bool = True) -> None:
        self.is_ready = ready
        self.living = living
        self.not_taken = ""

    def ready(self) -> Mapping[str, Part]:
        return {"broker": Part(self.is_ready, "all sessions connected" if self.is_ready else "session sos: refused")}


@contextlib.asynccontextmanager
async def told(hub: Hub, listener: Listener, *, sick: bool = False, watchdog: timedelta | None = None) -> object:
    environ = {"NOTIFY_SOCKET": listener.address}
    if watchdog:
        environ["WATCHDOG_USEC"] = str(watchdog // timedelta(microseconds=1))
    task = asyncio.create_task(tell(hub, Notify(environ), sick=sick))  # type: ignore[arg-type]
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def until(listener: Listener, line: str, times: int = 1) -> list[str]:
    end = time.monotonic() + 20
    while listener.listen().count(line) < times:
        assert time.monotonic() < end, listener.heard
        await asyncio.sleep(0.01)
    return listener.heard


async def test_ready_is_said_when_it_could_alarm(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "LOOK_EVERY", timedelta(milliseconds=10))
    hub = Hub(ready=False)
    async with told(hub, listener):
        await until(listener, "STATUS=Cannot alarm as it should. broker: session sos: refused")
        await until(listener, "WATCHDOG=1", 5)
        assert "READY=1" not in listener.heard
        hub.is_ready = True
        await until(listener, "READY=1")
        assert listener.heard[listener.heard.index("READY=1") + 1] == "STATUS=Ready to alarm."
        hub.is_ready = False  # a status changes, being ready is said once
        await until(listener, "STATUS=Cannot alarm as it should. broker: session sos: refused", 2)
        assert listener.heard.count("READY=1") == 1


async def test_a_hub_without_its_database_or_its_broker_starts_and_says_so(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = "STATUS=Cannot alarm as it should. broker: session sos: refused"
    async with told(Hub(ready=False), listener, sick=True):
        assert (await until(listener, status))[:2] == ["READY=1", status]
    listener.heard.clear()
    monkeypatch.setattr(notifying, "READY_AFTER", timedelta(milliseconds=50))
    monkeypatch.setattr(notifying, "LOOK_EVERY", timedelta(milliseconds=10))
    async with told(Hub(ready=False), listener):
        await until(listener, "READY=1")


async def test_a_hub_that_hangs_gives_no_sign_of_life(listener: Listener) -> None:
    hub = Hub()
    async with told(hub, listener, watchdog=timedelta(milliseconds=80)):
        await until(listener, "WATCHDOG=1", 3)
        hub.living = False
        hub.not_taken = "web.listen: changed, needs a restart; all else is taken."
        await until(listener, f"STATUS=Ready to alarm. {hub.not_taken}")
        signs = listener.heard.count("WATCHDOG=1")
        hub.not_taken = "again"
        await until(listener, "STATUS=Ready to alarm. again")
        assert listener.heard.count("WATCHDOG=1") == signs


def test_a_watchdog_of_another_process_is_not_ours() -> None:
    assert Notify({"WATCHDOG_USEC": "60000000"}).watchdog == timedelta(minutes=1)
    assert Notify({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}).watchdog == timedelta(minutes=1)
    for environ in ({}, {"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "x"}):
        assert Notify(environ).watchdog is None


def test_nobody_there_is_no_fault(tmp_path: Path) -> None:
    for address in ("", str(tmp_path / "gone"), "@gone", "relative", "@" + "x" * 500):
        notify = Notify({"NOTIFY_SOCKET": address})
        notify.send("READY=1")
        notify.status("a\nREADY=1")


def test_a_status_is_one_line_whatever_it_says(listener: Listener) -> None:
    Notify({"NOTIFY_SOCKET": listener.address}).status("a\nREADY=1\n" + "b" * 1000)
    (line,) = listener.listen()
    assert line.startswith("STATUS=a READY=1 bbb")
    assert len(line) < 320


def test_a_real_hub_tells_its_life(live: Live, tmp_path: Path) -> None:
    listener = Listener(str(tmp_path / "notify"))
    live.place.environ |= {"NOTIFY_SOCKET": listener.address, "WATCHDOG_USEC": "2000000"}
    live.start_carrier()
    hub = live.start_hub(ready=False)
    eventually(lambda: "READY=1" in listener.listen())
    assert live.readiness()["ready"]
    eventually(lambda: listener.listen().count("WATCHDOG=1") >= 2)
    os.kill(hub.pid, signal.SIGHUP)
    eventually(lambda: "RELOADING=1" in listener.listen())
    reading = listener.heard.index("RELOADING=1")
    assert listener.heard[reading + 1].startswith("MONOTONIC_USEC=")
    eventually(lambda: "READY=1" in listener.listen()[reading:])
    assert hub.stop() == 0
    assert listener.listen().index("STOPPING=1") == len(listener.heard) - 2
    assert listener.heard[-1] == "STATUS=Stopping."
    listener.close()
