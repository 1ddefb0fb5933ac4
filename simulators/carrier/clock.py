"""Time for the simulated carrier: the wall clock, or one that only a test moves."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta
from typing import Protocol

# Rounds of the event loop given to whoever sleeps on virtual time without being a party: enough to wake, act
# and sleep again.
TICKS = 10


class Clock(Protocol):
    """What the carrier needs of time. A clock shared with the system under test fits as well."""

    def now(self) -> datetime:
        """Return the present instant, aware UTC."""
        ...

    async def sleep(self, span: timedelta, /) -> None:
        """Wait for `span` of this clock's time."""
        ...


class Party(Protocol):
    """Something that acts in virtual time and can say when it has done all that this instant asks of it."""

    @property
    def busy(self) -> bool:
        """Whether anything is still under way at this instant."""
        ...

    def next_due(self) -> datetime | None:
        """Return when it will act next by itself."""
        ...

    async def settled(self) -> None:
        """Wait until nothing is under way at this instant."""
        ...


class RealClock:
    """The wall clock of this machine."""

    def now(self) -> datetime:
        """Return the present instant."""
        return datetime.now(UTC)

    async def sleep(self, span: timedelta, /) -> None:
        """Wait for `span`."""
        await asyncio.sleep(max(0.0, span.total_seconds()))


class VirtualClock:
    """Time that stands still until `advance` moves it, stopping at every instant somebody waits for."""

    def __init__(self, start: datetime = datetime(2026, 3, 1, tzinfo=UTC)) -> None:
        self._now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._parties: list[Party] = []

    def now(self) -> datetime:
        """Return the present virtual instant."""
        return self._now

    async def sleep(self, span: timedelta, /) -> None:
        """Wait until `advance` has moved time by `span`."""
        if span <= timedelta(0):
            await asyncio.sleep(0)
            return
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + span, next(self._order), waiting))
        await waiting

    def join(self, party: Party) -> None:
        """Let `advance` wait for this party at each instant, and stop at each instant it names."""
        self._parties.append(party)

    async def advance(self, span: timedelta | float) -> None:
        """Move time by `span` (a number counts seconds); return when everybody has settled at the end of it."""
        target = self._now + (span if isinstance(span, timedelta) else timedelta(seconds=span))
        await self._settle()
        while (due := self._next_stop()) is not None and due <= target:
            self._now = max(self._now, due)
            self._wake()
            await self._settle()
        self._now = target
        await self._settle()

    def _next_stop(self) -> datetime | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        stops = [due for party in self._parties if (due := party.next_due()) is not None]
        if self._sleepers:
            stops.append(self._sleepers[0][0])
        return min(stops, default=None)

    def _wake(self) -> None:
        while self._sleepers and self._sleepers[0][0] <= self._now:
            waiting = heapq.heappop(self._sleepers)[2]
            if not waiting.done():
                waiting.set_result(None)

    async def _settle(self) -> None:
        for _ in range(TICKS):
            await asyncio.sleep(0)
        while any(party.busy for party in self._parties):
            for party in self._parties:
                await party.settled()
