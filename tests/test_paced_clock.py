"""The demo's time: as fast as it is told to, still at 0, jumping ahead, never falling."""

import asyncio
from datetime import UTC, datetime, timedelta

from hub.clock import PacedClock

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_clock_that_stands_still_stands_still() -> None:
    clock = PacedClock(NOON, pace=0)
    assert clock.now() == NOON
    clock.raise_to(NOON + MINUTE)
    clock.raise_to(NOON)
    assert clock.now() == NOON + MINUTE
    assert clock.step() == timedelta(0)


async def test_a_jump_wakes_those_whose_time_has_come_and_nobody_else() -> None:
    clock = PacedClock(NOON, pace=0)
    early = asyncio.create_task(clock.sleep(MINUTE))
    late = asyncio.create_task(clock.sleep(2 * MINUTE))
    await asyncio.sleep(0)
    assert clock.next_due == NOON + MINUTE
    clock.raise_to(NOON + MINUTE)
    assert clock.waking
    await early
    assert not clock.waking
    assert not late.done()
    assert clock.next_due == NOON + 2 * MINUTE
    late.cancel()
    await asyncio.gather(late, return_exceptions=True)
    assert clock.next_due is None


async def test_time_runs_as_fast_as_it_is_told_to() -> None:
    clock = PacedClock(NOON, pace=0)
    sleeper = asyncio.create_task(clock.sleep(10 * MINUTE))
    await asyncio.sleep(0)
    clock.pace = 60_000  # ten minutes in ten milliseconds
    await asyncio.wait_for(sleeper, 5)
    assert clock.now() >= NOON + 10 * MINUTE
    clock.pace = 0
    stopped = clock.now()
    assert clock.now() == stopped


async def test_an_event_ends_a_sleep_early() -> None:
    clock, wake = PacedClock(NOON, pace=0), asyncio.Event()
    sleeper = asyncio.create_task(clock.sleep(MINUTE, wake))
    await asyncio.sleep(0)
    wake.set()
    await asyncio.wait_for(sleeper, 5)
    assert clock.now() == NOON
    assert not clock.waking
