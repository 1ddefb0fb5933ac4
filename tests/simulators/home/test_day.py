"""A believable day: never in two places, through doors only, in bed at night, and the same again from the same seed."""

from datetime import UTC, date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.home import OUTSIDE, Doing, Habits, House
from simulators.home.day import midnight, plan_day
from simulators.home.habits import IN_BED

ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati"]
ROOMS = [
    "bedroom",
    "kitchen",
    "hall",
    "bathroom",
    "toilet",
    "living",
    "dining",
    "yard",
    "stairs",
    "balcony",
    "east-room",
]

houses = st.builds(House.of, st.lists(st.sampled_from(ROOMS), max_size=8), st.sampled_from([None, *ROOMS]))
days = st.dates(date(2024, 1, 1), date(2030, 12, 31))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), days, houses, st.sampled_from(ZONES))
def test_a_day_holds_together_whatever_the_house_and_the_date(seed: int, day: date, house: House, zone: str) -> None:
    acts = plan_day(seed, day, Habits(), house, ZoneInfo(zone))
    assert acts == plan_day(seed, day, Habits(), house, ZoneInfo(zone))
    start, end = midnight(day, ZoneInfo(zone)), midnight(day + timedelta(days=1), ZoneInfo(zone))
    assert acts[0].at == start
    assert acts[-1].at < end
    assert (acts[0].room, acts[0].doing) == (acts[-1].room, acts[-1].doing) == ("bedroom", Doing.SLEEPING)
    for before, after in pairwise(acts):
        assert before.at <= after.at
        assert before.room == after.room or after.room in house.neighbours(before.room)
        if after.stirs:
            assert (before.room, before.doing) == (after.room, after.doing)
        assert (after.room == OUTSIDE) == (after.doing is Doing.OUT)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), days)
def test_at_night_she_is_in_bed_but_for_short_trips(seed: int, day: date) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    acts = plan_day(seed, day, Habits(), House.of([]), zone)
    five = midnight(day, zone) + timedelta(hours=5)
    up = timedelta(0)
    for before, after in pairwise([act for act in acts if act.at <= five]):
        if before.doing not in IN_BED:
            up += after.at - before.at
    assert up <= timedelta(minutes=30)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), days)
def test_she_eats_three_times_and_moves_as_often_as_people_do(seed: int, day: date) -> None:
    acts = plan_day(seed, day, Habits(), House.of(["yard"]), ZoneInfo("Asia/Shanghai"))
    assert sum(act.doing is Doing.COOKING and not act.stirs for act in acts) == 3
    assert 150 <= len(acts) <= 800


def test_on_a_day_with_23_hours_the_next_one_begins_on_time() -> None:
    zone = ZoneInfo("Europe/Berlin")
    acts = plan_day(1, date(2026, 3, 29), Habits(), House.of([]), zone)
    assert acts[-1].at < midnight(date(2026, 3, 30), zone)
    assert midnight(date(2026, 3, 30), zone) - midnight(date(2026, 3, 29), zone) == timedelta(hours=23)


def test_days_differ() -> None:
    zone, house = ZoneInfo("Asia/Shanghai"), House.of([])
    week = [plan_day(1, date(2026, 3, n), Habits(), house, zone) for n in range(1, 8)]
    shapes = [[(act.doing, (act.at - acts[0].at)) for act in acts] for acts in week]
    assert all(one != other for one, other in pairwise(shapes))


@pytest.mark.parametrize(
    ("named", "entrance", "way"),
    [
        ([], None, ["hall", "outside"]),
        (["yard", "hall"], "hall", ["hall", "yard", "outside"]),
        (["yard", "living"], "yard", ["living", "yard", "outside"]),
        (["dining", "east-room"], None, ["hall", "outside"]),
    ],
)
def test_the_way_out_leads_through_the_rooms_between(named: list[str], entrance: str | None, way: list[str]) -> None:
    house = House.of(named, entrance)
    assert list(house.path("bedroom", OUTSIDE)) == way
    crossed = [pair for pair in pairwise(["bedroom", *way]) if house.is_outer_door(*pair)]
    assert len(crossed) == 1


def test_acts_are_in_utc() -> None:
    acts = plan_day(1, date(2026, 3, 1), Habits(), House.of([]), ZoneInfo("Asia/Shanghai"))
    assert {act.at.tzinfo for act in acts} == {UTC}
