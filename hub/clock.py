"""The only place that reads a clock."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

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
            await asyncio.wait_for(wake.wait(), seconds)
        except TimeoutError:
            return
