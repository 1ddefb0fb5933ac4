"""The only place that reads a clock."""

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

STEP_TOLERANCE = timedelta(seconds=2)


class Clock(Protocol):
    """Hub time: aware UTC, never falling."""

    def now(self) -> datetime:
        """Return the present instant."""
        ...

    def raise_to(self, floor: datetime) -> None:
        """Never answer less than `floor` again: the last committed instant, known once the database is open."""
        ...

    def step(self) -> timedelta:
        """Follow a wall clock that was set forward; return by how much hub time jumped."""
        ...

    async def sleep(self, span: timedelta, wake: asyncio.Event | None = None) -> None:
        """Wait for `span` of hub time, or until `wake` is set."""
        ...


class HubClock:
    """Monotonic from an anchor: while the hub runs, only a forward step of the wall clock moves it."""

    def __init__(self, floor: datetime | None = None) -> None:
        """Anchor at the wall clock, or at `floor` (the last committed instant) if the wall clock is behind it."""
        wall = datetime.now(UTC)
        self._anchor = max(wall, floor) if floor else wall
        self._mono = time.monotonic()

    def now(self) -> datetime:
        """Return the present instant."""
        return self._anchor + timedelta(seconds=time.monotonic() - self._mono)

    def raise_to(self, floor: datetime) -> None:
        """Never answer less than `floor` again: the last committed instant, known once the database is open."""
        if floor > self.now():
            self._anchor, self._mono = floor, time.monotonic()

    def step(self) -> timedelta:
        """Follow the wall clock if it was set forward; slewing within 2 s is left alone. Return the jump."""
        ahead = datetime.now(UTC) - self.now()
        if ahead <= STEP_TOLERANCE:
            return timedelta(0)
        self._anchor, self._mono = datetime.now(UTC), time.monotonic()
        return ahead

    async def sleep(self, span: timedelta, wake: asyncio.Event | None = None) -> None:
        """Wait for `span`, or until `wake` is set."""
        seconds = max(0.0, span.total_seconds())
        if wake is None:
            await asyncio.sleep(seconds)
            return
        try:
            async with asyncio.timeout(seconds):
                await wake.wait()
        except TimeoutError:
            return


class PacedClock:
    """Time for the demo, which shows hours in minutes and never is the time of a hub that guards somebody.

    It runs `pace` times as fast as real time, stands still at 0, and can jump ahead; it never falls. Hub, carrier and
    home share one: what belongs together stays together. It sees no wall clock after its start.
    """

    def __init__(self, start: datetime | None = None, pace: float = 1.0) -> None:
        """Begin at `start`, else at the wall clock."""
        self._anchor = start or datetime.now(UTC)
        self._mono = time.monotonic()
        self._pace = pace
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._woken = 0

    def now(self) -> datetime:
        """Return the present instant."""
        return self._anchor + timedelta(seconds=(time.monotonic() - self._mono) * self._pace)

    @property
    def pace(self) -> float:
        """How much faster than real time it runs."""
        return self._pace

    @pace.setter
    def pace(self, pace: float) -> None:
        if pace != self._pace:
            self._anchor, self._mono = self.now(), time.monotonic()
            self._pace = pace
            self._arm()

    @property
    def next_due(self) -> datetime | None:
        """When the next sleeper wakes."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    @property
    def waking(self) -> bool:
        """Whether a sleeper's time has come and it has not gone on yet."""
        due = self.next_due
        return self._woken > 0 or (due is not None and due <= self.now())

    def raise_to(self, floor: datetime) -> None:
        """Jump to `floor` unless that is past; whoever sleeps until then wakes."""
        if floor > self.now():
            self._anchor, self._mono = floor, time.monotonic()
            self._ring()

    def step(self) -> timedelta:
        """Return nothing: the wall clock does not move it."""
        return timedelta(0)

    async def sleep(self, span: timedelta, wake: asyncio.Event | None = None) -> None:
        """Wait for `span` of this clock's time, or until `wake` is set."""
        if span <= timedelta(0):
            await asyncio.sleep(0)
            return
        due: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now() + span, next(self._order), due))
        self._arm()
        waking = asyncio.ensure_future(wake.wait()) if wake is not None else None
        ends: list[asyncio.Future[Any]] = [due] if waking is None else [due, waking]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Whoever slept goes on at once when we return: until then it counts as being woken.
            if due.done():
                self._woken -= 1
            due.cancel()
            if waking is not None:
                waking.cancel()

    def _arm(self) -> None:
        """Have the first sleeper woken in time; a clock that stands still wakes nobody."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.next_due
        if due is not None and self._pace > 0:
            left_s = max(0.0, (due - self.now()).total_seconds() / self._pace)
            self._timer = asyncio.get_running_loop().call_later(left_s, self._ring)

    def _ring(self) -> None:
        while (due := self.next_due) is not None and due <= self.now():
            sleeper = heapq.heappop(self._sleepers)[2]
            self._woken += 1
            sleeper.set_result(None)
        self._arm()
