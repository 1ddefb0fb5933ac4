"""What the carrier will do later: actions in the order of their instants, run on any clock."""

import asyncio
import heapq
import itertools
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from simulators.carrier.clock import Clock

_log = logging.getLogger(__name__)


class Timers:
    """Actions that wait for their instant. They fire only while `run` runs, so a stopped carrier does nothing."""

    def __init__(self, clock: Clock, fired: Callable[[], None]) -> None:
        """`fired` is called after each round in which something fired."""
        self._clock = clock
        self._fired = fired
        self._order = itertools.count()
        self._waiting: list[tuple[datetime, int, str, Callable[[], None]]] = []
        self._woken = asyncio.Event()
        self._held: set[asyncio.Future[None]] = set()

    def at(self, due: datetime, label: str, action: Callable[[], None]) -> None:
        """Do `action` at `due`; actions of the same instant keep their order. `label` names it for a reader."""
        first = self._waiting[0][0] if self._waiting else None
        heapq.heappush(self._waiting, (due, next(self._order), label, action))
        if first is None or due < first:
            self._woken.set()

    async def hold(self, span: timedelta, label: str) -> None:
        """Wait for `span`; cancelled when the carrier stops."""
        released: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._held.add(released)
        self.at(self._clock.now() + span, label, lambda: None if released.done() else released.set_result(None))
        try:
            await released
        finally:
            self._held.discard(released)

    def release(self) -> None:
        """Cancel whoever is held."""
        for waiting in self._held:
            waiting.cancel()

    def next_due(self) -> datetime | None:
        """Return the instant of the next action."""
        return self._waiting[0][0] if self._waiting else None

    def pending(self) -> list[tuple[datetime, str]]:
        """Return what waits, soonest first."""
        return [(due, label) for due, _, label, _ in sorted(self._waiting, key=lambda entry: entry[:2])]

    def clear(self) -> None:
        """Forget everything that waits; whoever is held is let go."""
        self._waiting.clear()
        for waiting in self._held:
            if not waiting.done():
                waiting.set_result(None)

    def nudge(self) -> None:
        """Look at the clock again: it may have been moved."""
        self._woken.set()

    async def run(self) -> None:
        """Fire actions as they become due, until cancelled."""
        while True:
            self._woken.clear()
            self._fire()
            due = self.next_due()
            if due is None:
                await self._woken.wait()
            elif (span := due - self._clock.now()) > timedelta(0):
                await self._sleep(span)

    def _fire(self) -> None:
        fired = False
        while self._waiting and self._waiting[0][0] <= self._clock.now():
            action = heapq.heappop(self._waiting)[3]
            fired = True
            try:
                action()
            except Exception:  # one action that fails must not stop all later ones
                _log.exception("a step of the carrier failed")
        if fired:
            self._fired()

    async def _sleep(self, span: timedelta) -> None:
        """Wait for `span`, or until an earlier action came in."""
        sleeping = asyncio.ensure_future(self._clock.sleep(span))
        waking = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait({sleeping, waking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            waking.cancel()
