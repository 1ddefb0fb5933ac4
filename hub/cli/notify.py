"""What systemd hears of a hub: that it can alarm, that it lives, that it reads its configuration, that it ends.

Source: sd_notify(3), "Well-known assignments"; systemd.service(5), WatchdogSec=. Without systemd nothing is said.
"""

import asyncio
import os
import socket
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from hub.app import Hub

log = structlog.get_logger("run")

# A hub whose broker is away does all else; systemd, which would begin anew with one that never gets ready, hears then
# what it cannot.
READY_AFTER = timedelta(seconds=30)
LOOK_EVERY = timedelta(seconds=1)
_LONGEST_STATUS = 300


class Notify:
    """Sends to the socket that systemd names in the environment; nobody is there without it."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """Send to NOTIFY_SOCKET, a path or an abstract name that begins with @."""
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._failed = False
        self._status = ""
        self.watchdog = _watchdog(environ)

    @property
    def is_heard(self) -> bool:
        """Whether anybody wants to hear."""
        return bool(self._address)

    def send(self, *assignments: str) -> None:
        """Say something; what cannot be said is logged once."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as wire:
                wire.setblocking(False)
                wire.sendto("\n".join(assignments).encode(), self._address)
        except (OSError, ValueError) as error:
            if not self._failed:
                log.warning("systemd_not_reached", error=type(error).__name__)
            self._failed = True

    def status(self, says: str, *more: str) -> None:
        """Say how it is, when that changed, in one line."""
        line = " ".join(says.split())[:_LONGEST_STATUS]
        if more or line != self._status:
            self._status = line
            self.send(*more, f"STATUS={line}")

    def reloading(self) -> None:
        """Say that the configuration is read anew; `reloaded` ends that."""
        self.send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def reloaded(self) -> None:
        """Say that it goes on."""
        self.send("READY=1")


def _watchdog(environ: Mapping[str, str]) -> timedelta | None:
    """Return within what systemd wants a sign of life; None if it does not, or not of this process."""
    wanted, of = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not wanted.isdigit() or (of and of != str(os.getpid())):
        return None
    return timedelta(microseconds=int(wanted)) or None


async def tell(hub: "Hub", notify: Notify, *, sick: bool) -> None:
    """Tell systemd how the hub is, until cancelled.

    Ready is a hub that could alarm, or one that started without its database, or whose broker stays away: STATUS says
    so. The sign of life is given by the event loop, only while all parts run and the dispatcher turns.
    """
    if not notify.is_heard:
        await asyncio.Event().wait()
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    is_ready = False
    every = min(LOOK_EVERY, notify.watchdog / 4) if notify.watchdog else LOOK_EVERY
    while True:
        says, ready = _how(hub)
        if not is_ready and (ready or sick or loop.time() - started_s >= READY_AFTER.total_seconds()):
            is_ready = True
            notify.status(says, "READY=1")
        notify.status(says)
        if hub.living:
            notify.send("WATCHDOG=1")
        await asyncio.sleep(every.total_seconds())


def _how(hub: "Hub") -> tuple[str, bool]:
    """Return how the hub is in words, and whether it could alarm."""
    try:
        parts = hub.ready()
    except Exception as failed:  # whatever fails here must not end the hub
        log.exception("readiness_unknown")
        return f"Whether it can alarm cannot be told: {type(failed).__name__}.", False
    missing = [f"{name}: {part.says}" for name, part in parts.items() if not part.ready]
    if missing:
        return f"Cannot alarm as it should. {'; '.join(missing)}", False
    left = f" {hub.not_taken}" if hub.not_taken else ""
    return f"Ready to alarm.{left}", True
