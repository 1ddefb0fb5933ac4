"""One clock for hub and carrier that only a story moves."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 1, 19, 12, tzinfo=UTC)  # 03:12 in Shanghai


class StoryClock:
    """Time stands still until the story moves it; fits the hub's and the carrier's clock alike."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._ahead = timedelta(0)
        self._order = itertools.count()
        self._woken = 0
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    def raise_to(self, floor: datetime) -> None:
        self._now = max(self._now, floor)

    def jump(self, span: timedelta) -> None:
        """Set the wall clock forward; the hub's time follows when it next looks at it."""
        self._ahead += span

    def step(self) -> timedelta:
        ahead, self._ahead = self._ahead, timedelta(0)
        self.set(self._now + ahead)
        return ahead

    async def sleep(self, span: timedelta, wake: asyncio.Event | None = None) -> None:
        if span <= timedelta(0):
            await asyncio.sleep(0)
            return
        due: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + span, next(self._order), due))
        waking = asyncio.ensure_future(wake.wait()) if wake is not None else None
        try:
            await asyncio.wait([due, *([waking] if waking else [])], return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Whoever slept goes on at once when we return: until then it counts as being woken.
            if due.done():
                self._woken -= 1
            due.cancel()
            if waking is not None:
                waking.cancel()

    @property
    def waking(self) -> bool:
        """Whether somebody was woken and has not gone on yet."""
        return self._woken > 0

    @property
    def next_due(self) -> datetime | None:
        """When the next sleeper wakes."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def set(self, now: datetime) -> None:
        """Move time and wake whoever waits for it."""
        self._now = max(self._now, now)
        while self._sleepers and self._sleepers[0][0] <= self._now:
            due = heapq.heappop(self._sleepers)[2]
            if not due.done():
                self._woken += 1
                due.set_result(None)
