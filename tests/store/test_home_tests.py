"""Tests of homes in rows, and when buttons were pressed; the same on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.homes import DeviceState
from hub.ports import Lane
from hub.rules.watch import Watch
from hub.store import SqlStore
from hub.walktest import Fault, WalkKind, WalkTest, Wrong, begin
from tests.engine.pocket import WANG
from tests.store.samples import MINUTE, NOON

DAY = timedelta(days=1)
LONG_AGO = NOON - 20 * DAY
KEPT = (
    ("wang", "620702207200", True),
    ("wang", "620702207200", False),
    ("chen", "620702105200", True),
    ("li", "620702105201", False),
)


@pytest.fixture
async def kept(store: SqlStore) -> SqlStore:
    """Return a store with four tests in two villages; one of them runs, one has run out."""
    for n, (home, area, ended) in enumerate(KEPT):
        test = a_test(f"01T{n}", home=home, area=area, began=NOON + n * MINUTE)
        ended_at = test.ends_at if ended else None
        test = replace(test, ended_at=ended_at, passed=True if ended else None)
        await store.write(Lane.DUTY, lambda t, test=test: t.save_home_test(test))
    return store


def a_test(id: str = "01T", *, home: str = "wang", area: str = "620702207200", began: object = NOON) -> WalkTest:
    """Return a test with something in every field."""
    made = begin(id, replace(WANG, id=home, area=area), WalkKind.HOME, NOON, 30 * MINUTE, "@account:a", "nurse")
    probe = replace(
        made.probes[0],
        heard_at=NOON,
        words=2,
        delay=MINUTE / 7,
        signal=-71,
        battery=87,
        value=21.5,
        alert="01A@site",
        told_at=NOON + MINUTE,
        wrong=(Wrong(Fault.RANGE, "300", NOON),),
    )
    span = made.ends_at - made.began_at
    return replace(made.having(probe), began_at=began, ends_at=began + span, signed={"installer": "陈工"})  # type: ignore[operator]


async def test_a_test_comes_back_as_it_was_kept(store: SqlStore) -> None:
    test = a_test()
    await store.write(Lane.DUTY, lambda t: t.save_home_test(test))
    assert await store.read(lambda t: t.home_test("01T")) == test
    changed = replace(test, ended_at=NOON + MINUTE, passed=False)
    await store.write(Lane.DUTY, lambda t: t.save_home_test(changed))
    assert await store.read(lambda t: t.home_test("01T")) == changed
    assert await store.read(lambda t: t.home_test("nothing")) is None


async def test_the_newest_test_that_was_not_ended_runs(kept: SqlStore) -> None:
    running = await kept.read(lambda t: t.running_home_test("wang"))
    assert running is not None
    assert running.id == "01T1"
    assert await kept.read(lambda t: t.running_home_test("chen")) is None


async def test_tests_whose_time_is_over_wait_for_their_result(kept: SqlStore) -> None:
    assert await kept.read(lambda t: t.home_tests_over(NOON + 31 * MINUTE)) == ["01T1"]
    assert await kept.read(lambda t: t.home_tests_over(NOON + DAY)) == ["01T1", "01T3"]


async def test_tests_are_listed_by_area_newest_first(kept: SqlStore) -> None:
    async def listed(*stems: str, **more: object) -> list[str]:
        return [one.id for one in await kept.read(lambda t: t.home_tests(stems, **more))]  # type: ignore[arg-type]

    assert await listed("") == ["01T3", "01T2", "01T1", "01T0"]
    assert await listed("620702105") == ["01T3", "01T2"]
    assert await listed("620702105200", "620702207200") == ["01T2", "01T1", "01T0"]
    assert await listed("", home_id="wang", limit=1) == ["01T1"]
    assert await listed("", before=NOON + MINUTE) == ["01T0"]
    assert await listed("99%") == []
    assert await listed() == []


async def test_the_last_press_of_each_button(store: SqlStore) -> None:
    states = [
        DeviceState("wang", "bed", "button", "action", "active", LONG_AGO, NOON),
        DeviceState("wang", "bath", "button", "sos", "clear", LONG_AGO, NOON),  # since then not pressed
        DeviceState("wang", "hall", "motion", "", "active", NOON, NOON),
        DeviceState("chen", "bed", "button", "action", "active", LONG_AGO, LONG_AGO),
    ]
    await store.write(Lane.SOS, lambda t: t.save_device_states(states))
    assert await store.read(lambda t: t.presses(["wang"])) == {("wang", "bed"): NOON, ("wang", "bath"): LONG_AGO}
    assert len(await store.read(lambda t: t.presses())) == 3
    assert await store.read(lambda t: t.presses([])) == {}


async def test_since_when_something_is_watched(store: SqlStore) -> None:
    watches = [Watch(home, "silence", "bed", LONG_AGO, NOON, DAY) for home in ("wang", "chen")]
    await store.write(Lane.SLOW, lambda t: t.save_watches(watches))
    assert await store.read(lambda t: t.watched_since("silence", ["wang"])) == {("wang", "bed"): LONG_AGO}
