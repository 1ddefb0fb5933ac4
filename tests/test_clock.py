"""Hub time: never falling, monotonic between looks at a wall clock that may be set."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from hub.clock import HubClock

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.promise("P8")
def test_a_wall_clock_behind_the_last_commit_is_not_believed() -> None:
    with time_machine.travel(datetime(1970, 1, 1, tzinfo=UTC), tick=False):
        clock = HubClock(floor=NOON)
        assert clock.now() >= NOON
        assert clock.step() == timedelta(0)


@pytest.mark.promise("P8")
def test_a_floor_learned_late_lifts_the_clock_and_a_lower_one_does_not() -> None:
    with time_machine.travel(NOON, tick=False):
        clock = HubClock()
        clock.raise_to(NOON + HOUR)
        assert clock.now() >= NOON + HOUR
        clock.raise_to(NOON - HOUR)
        assert clock.now() >= NOON + HOUR


@pytest.mark.promise("P8")
def test_a_wall_clock_set_back_while_running_moves_nothing() -> None:
    with time_machine.travel(NOON, tick=False) as traveller:
        clock = HubClock()
        traveller.move_to(NOON - HOUR)
        before = clock.now()
        assert clock.step() == timedelta(0)
        assert clock.now() >= before >= NOON


@pytest.mark.promise("P8")
def test_a_wall_clock_set_forward_is_followed_at_the_next_look_only() -> None:
    with time_machine.travel(NOON, tick=False) as traveller:
        clock = HubClock()
        traveller.move_to(NOON + HOUR)
        assert clock.now() < NOON + timedelta(minutes=1)
        assert clock.step() > timedelta(minutes=59)
        assert clock.now() >= NOON + HOUR


@pytest.mark.promise("P8")
def test_slewing_within_two_seconds_is_left_alone() -> None:
    with time_machine.travel(NOON, tick=False) as traveller:
        clock = HubClock()
        traveller.move_to(NOON + timedelta(seconds=1))
        assert clock.step() == timedelta(0)
