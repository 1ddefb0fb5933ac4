"""`carehub`, unchanged but for this: it can end itself with SIGKILL at a counted boundary.

A boundary is an instant at which a crash could part what belongs together: before and after each commit, before and
after each acknowledgement to the broker, before and after each request to the carrier, after a webhook was taken.

CRASH_BOUNDARIES: a file that each boundary is written to before it is passed. CRASH_KILL_AT: where to die, either the
how many-th boundary of this process it is, or its name and the how many-th of that name: "before TwilioSms.send#2".
CRASH_AUDIT_EVERY_S, CRASH_LOOK_AGAIN_S: how often to audit and to look whether a database is usable again, for tests
that cannot wait that long.
"""

import contextlib
import faulthandler
import functools
import json
import os
import select
import signal
import sys
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import twilio.rest.api.v2010.account.message  # noqa: F401  # what the first message loads

from hub.app import Hub
from hub.channels.twilio_sms import TwilioSms
from hub.cli import lasting, main
from hub.dispatch import audit
from hub.ingest.client import AckClient
from hub.store.link import Link


class Boundaries:
    """Counts boundaries over all threads and ends the process at the chosen one."""

    def __init__(self, kill_at: str | None, path: str) -> None:
        self._kill_at = kill_at
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = threading.Lock()
        self._count = 0
        self._counts: Counter[str] = Counter()

    def cross(self, what: str) -> None:
        """Pass a boundary, or end here."""
        with self._lock:
            self._count += 1
            self._counts[what] += 1
            with contextlib.suppress(OSError):  # a disk that is full on purpose
                os.write(self._file, f"{os.getpid()} {self._count} {what}\n".encode())
            if self._kill_at in (str(self._count), f"{what}#{self._counts[what]}"):
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: type, name: str) -> None:
        """Make a plain method cross a boundary before and after."""
        plain: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(plain)
        def crossing(*args: Any, **named: Any) -> Any:
            self.cross(f"before {owner.__name__}.{name}")
            result = plain(*args, **named)
            self.cross(f"after {owner.__name__}.{name}")
            return result

        setattr(owner, name, crossing)

    def around_async(self, owner: type, name: str) -> None:
        """Make a coroutine method cross a boundary before and after."""
        plain: Callable[..., Awaitable[Any]] = getattr(owner, name)

        @functools.wraps(plain)
        async def crossing(*args: Any, **named: Any) -> Any:
            self.cross(f"before {owner.__name__}.{name}")
            result = await plain(*args, **named)
            self.cross(f"after {owner.__name__}.{name}")
            return result

        setattr(owner, name, crossing)


def prepare() -> None:
    """Put the boundaries where they belong."""
    boundaries = Boundaries(os.environ.get("CRASH_KILL_AT"), os.environ.get("CRASH_BOUNDARIES", os.devnull))
    boundaries.around(Link, "commit")
    boundaries.around(AckClient, "ack")
    for name in ("send", "look_up", "fate", "inbox"):
        boundaries.around_async(TwilioSms, name)
    for name in ("receive", "report"):
        boundaries.around_async(Hub, name)
    if every := os.environ.get("CRASH_AUDIT_EVERY_S"):
        audit.EVERY = timedelta(seconds=float(every))
    if again := os.environ.get("CRASH_LOOK_AGAIN_S"):
        lasting.Database.look_again = timedelta(seconds=float(again))


def bear() -> list[str]:
    """Return, in a fork of this process, the arguments of a hub to run.

    What all hubs import is imported once; a start takes a tenth of the time. One JSON object a line on standard input
    asks for a hub; "born <pid>" and "ended <pid> <code>" on standard output tell of them. With the end of the input
    all of them end.
    """
    alive: set[int] = set()
    asked = b""
    while True:
        ready, _, _ = select.select([0], [], [], 0.01)
        if ready:
            read = os.read(0, 65536)
            if not read:
                break
            *lines, asked = (asked + read).split(b"\n")
            for line in lines:
                pid = os.fork()
                if pid == 0:
                    return _born(json.loads(line))
                alive.add(pid)
                _say("born", pid)
        for pid in list(alive):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                alive.discard(pid)
                _say("ended", pid, os.waitstatus_to_exitcode(status))
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
    sys.exit(0)


def _say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def _born(asked: dict[str, Any]) -> list[str]:
    """Become the process that was asked for: environment, folder, where errors go."""
    os.environ.clear()
    os.environ.update(asked["environ"])
    os.chdir(asked["cwd"])
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream, target in ((0, nothing), (1, nothing), (2, os.open(asked["stderr"], os.O_WRONLY))):
        os.dup2(target, stream)
    return [str(word) for word in asked["arguments"]]


if __name__ == "__main__":
    faulthandler.enable()
    sys.argv[1:] = bear()
    prepare()
    sys.exit(main())
