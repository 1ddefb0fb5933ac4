"""No sign of life for longer than the resident's limit of watched time."""

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.homes import Device, DeviceKind, DeviceRole, DeviceState, Home, Registry, Resident
from hub.rules.finding import Finding, Severity
from hub.rules.gaps import HUB, Gap, both, length, sources, spans
from hub.rules.inactivity import Inactivity, counted_from, limit, unwatched
from hub.rules.watch import Case, Looked, Watch
from tests.harness.memory import NOON

MIN, H, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RULE = Inactivity()
HALL = Device("h", "hall", DeviceKind.MOTION, "zigbee2mqtt/hall")
BED = Device("h", "bed", DeviceKind.BED, "carehub/bed")
GAS = Device("h", "gas", DeviceKind.GAS, "zigbee2mqtt/gas")
HOME = Home("h", "620702207200", "somewhere", "homes/h/", residents=(Resident("Wang"),), devices=(HALL, GAS))
BRIDGE, HALL_TOPIC, BED_TOPIC = "homes/h/zigbee2mqtt/bridge", "homes/h/zigbee2mqtt/hall", "homes/h/carehub/bed"
WATCH = Watch("h", "inactivity", "", NOON - 30 * DAY, NOON, 12 * H)


def moved(at: datetime) -> DeviceState:
    return DeviceState("h", "hall", "motion", "occupancy", "clear", at, at, life_at=at)


def spoke(device: Device = HALL, since: datetime = NOON - 60 * DAY) -> DeviceState:
    """A sensor that was first heard then and lately again, and saw nobody."""
    return DeviceState("h", device.id, device.kind.value, device.kind.value, "clear", since, max(since, NOON - MIN))


def case(home: Home = HOME, life_at: datetime | None = None, gaps: tuple[Gap, ...] = (), **fields: object) -> Case:
    """Return what may be looked at; all sensors were heard, and the one in the hall saw somebody."""
    states = (*(spoke(each) for each in home.devices), *((moved(life_at),) if life_at else ()))
    return Case(WATCH, home, Registry.of((), (home,)), states, gaps, **fields)  # type: ignore[arg-type]


def found(case: Case, now: datetime = NOON) -> Finding | None:
    return RULE.look(case, now).finding


def test_twelve_hours_without_life_are_reported_once_per_home() -> None:
    looked = RULE.look(case(life_at=NOON - 12 * H), NOON)
    finding = looked.finding
    assert finding is not None
    assert (finding.cause, finding.what, finding.severity, finding.home_id) == (
        "inactivity",
        "inactivity",
        Severity.WARNING,
        "h",
    )
    assert finding.since == NOON - 12 * H
    assert finding.facts == {"h": 12}
    assert not finding.again


def test_before_that_it_is_looked_at_when_it_would_be_so() -> None:
    looked = RULE.look(case(life_at=NOON - 5 * H), NOON)
    assert looked.finding is None
    assert looked.due_at == NOON + 7 * H


def test_the_shortest_limit_of_several_residents_counts() -> None:
    home = replace(HOME, residents=(Resident("a"), Resident("b", inactivity_after=2 * H)))
    assert limit(home) == 2 * H
    assert found(case(home, NOON - 2 * H)) is not None
    assert limit(replace(HOME, residents=())) == 12 * H


def test_half_an_hour_is_not_told_as_no_hours() -> None:
    home = replace(HOME, residents=(Resident("a", inactivity_after=30 * MIN),))
    finding = found(case(home, NOON - 40 * MIN))
    assert finding is not None
    assert "h" not in finding.facts


def test_a_home_that_never_gave_a_sign_counts_from_when_it_was_first_watched() -> None:
    assert found(replace(case(), watch=replace(WATCH, since=NOON - 11 * H))) is None
    assert found(replace(case(), watch=replace(WATCH, since=NOON - 12 * H))) is not None
    # what was known of it before it was watched again does not count
    assert found(replace(case(life_at=NOON - 40 * H), watch=replace(WATCH, since=NOON - H))) is None


def test_a_home_whose_sensors_never_spoke_is_unknown_and_counts_from_their_first_word() -> None:
    never = replace(case(), states=(spoke(GAS),))
    assert RULE.look(never, NOON) == Looked(NOON + 12 * H)
    first = NOON + 5 * H
    installed = replace(case(), states=(spoke(HALL, first), replace(spoke(HALL, first + H), kind="battery")))
    assert found(installed, first + 12 * H - MIN) is None
    assert found(installed, first + 12 * H) is not None


def test_a_button_alone_watches_nobody_and_a_door_only_where_nothing_sees() -> None:
    button = Device("h", "sos", DeviceKind.BUTTON, "zigbee2mqtt/sos", DeviceRole.SOS)
    door = Device("h", "door", DeviceKind.CONTACT, "zigbee2mqtt/door")
    only = replace(HOME, devices=(button, GAS))
    assert list(RULE.wanted(Registry.of((), (only,)))) == []
    with_door = replace(HOME, devices=(button, door))
    assert [each.home_id for each in RULE.wanted(Registry.of((), (with_door,)))] == ["h"]
    # the hall's sensor is dead: that the door and the button could be heard says nothing of the resident
    dead = case(replace(HOME, devices=(button, door, HALL)), NOON - 30 * H, (Gap(HALL_TOPIC, NOON - 30 * H),))
    assert found(dead) is None


def test_a_home_behind_a_lost_link_is_unknown_unless_somebody_could_not_reach_them() -> None:
    online = replace(spoke(), device_id=BRIDGE, kind="bridge", state="online", property="", at=NOON - 20 * H)
    lost = replace(online, property="health", state="alive")
    behind = replace(case(), states=(moved(NOON - 21 * H), replace(spoke(GAS), at=NOON - 21 * H)))
    assert found(replace(behind, states=(*behind.states, online, replace(lost, at=NOON)))) is not None
    unknown = replace(behind, states=(*behind.states, online, lost))
    assert found(unknown) is None
    assert found(replace(unknown, unreached_at=NOON - 2 * H)) is not None
    assert found(replace(unknown, unreached_at=NOON - 2 * H, well_at=NOON - H)) is None


def test_nobody_is_still_while_away_and_it_counts_from_the_return() -> None:
    away = replace(HOME, away_until=NOON + H)
    looked = RULE.look(case(away, NOON - 40 * H), NOON)
    assert looked.finding is None
    assert looked.due_at == NOON + 13 * H
    assert found(case(away, NOON - 40 * H), NOON + 12 * H) is None
    assert found(case(away, NOON - 40 * H), NOON + 13 * H) is not None


def test_a_persons_word_counts_as_life_and_one_who_reached_nobody_asks_again_after_two_hours() -> None:
    assert found(case(life_at=NOON - 20 * H, well_at=NOON - H)) is None
    still = case(life_at=NOON - 20 * H, unreached_at=NOON - H)
    assert RULE.look(still, NOON).due_at == NOON + H
    assert found(still) is None
    assert found(still, NOON + H) is not None


def test_an_unresolved_alert_is_not_reported_again() -> None:
    looked = RULE.look(case(life_at=NOON - 20 * H, reported=True), NOON)
    assert looked.finding is None
    assert looked.due_at <= NOON + 2 * H


@pytest.mark.promise("P8")
def test_time_in_which_the_hub_did_not_watch_does_not_count() -> None:
    gaps = (Gap(HUB, NOON - 6 * H, NOON - 3 * H), Gap(HUB, NOON - 5 * H, NOON - 2 * H))  # one union of 4 h
    assert found(case(life_at=NOON - 13 * H, gaps=gaps)) is None
    assert RULE.look(case(life_at=NOON - 13 * H, gaps=gaps), NOON).due_at == NOON + 3 * H
    finding = found(case(life_at=NOON - 16 * H, gaps=gaps))
    assert finding is not None
    assert finding.facts["h"] == 12


def test_an_offline_bridge_is_a_gap_of_the_homes_behind_it_only() -> None:
    off = Gap(BRIDGE, NOON - 4 * H, NOON - H)
    assert found(case(life_at=NOON - 13 * H, gaps=(off,))) is None
    other = replace(off, source="homes/other/zigbee2mqtt/bridge")
    assert found(case(life_at=NOON - 13 * H, gaps=(other,))) is not None
    # a second way to see the resident keeps watching
    both_ways = replace(HOME, devices=(HALL, BED))
    assert found(case(both_ways, NOON - 13 * H, (off,))) is not None
    assert found(case(both_ways, NOON - 13 * H, (off, replace(off, source=BED_TOPIC)))) is None


def test_a_home_whose_sensors_cannot_be_heard_is_unknown_never_still() -> None:
    lost = Gap(HALL_TOPIC, NOON - MIN)
    looked = RULE.look(case(life_at=NOON - 20 * H, gaps=(lost,)), NOON)
    assert looked.finding is None
    assert looked.due_at <= NOON + 10 * MIN


def test_only_homes_that_can_show_life_are_watched() -> None:
    blind = replace(HOME, id="blind", devices=(GAS,))
    wanted = list(RULE.wanted(Registry.of((), (HOME, blind))))
    assert [(each.home_id, each.subject, each.wait) for each in wanted] == [("h", "", 12 * H)]


def test_a_bridge_may_stand_on_any_level_above_its_device() -> None:
    device = replace(HALL, topic="zigbee2mqtt/upstairs/hall")
    assert sources("homes/h/", device) == (
        "homes/h/zigbee2mqtt/upstairs/hall",
        "homes/h/zigbee2mqtt/upstairs/bridge",
        "homes/h/zigbee2mqtt/bridge",
        "homes/h/bridge",
        "homes/bridge",
    )


# --- properties

minutes = st.integers(0, 48 * 60).map(lambda n: n * MIN)


@st.composite
def gap_lists(draw: st.DrawFn) -> list[Gap]:
    """Some gaps of the two days before noon, in any order, overlapping as they like; the last may be open."""
    found = []
    for _ in range(draw(st.integers(0, 6))):
        since = NOON - draw(minutes)
        until = None if draw(st.integers(0, 5)) == 0 else since + draw(minutes)
        found.append(Gap(draw(st.sampled_from([HUB, BRIDGE, HALL_TOPIC, BED_TOPIC])), since, until))
    return found


def watched_minutes(home: Home, gaps: list[Gap], since: datetime, now: datetime) -> int:
    """Count minute by minute in how many of them one of the home's sensors could be heard."""

    def is_heard(at: datetime) -> bool:
        lost = {g.source for g in gaps if g.since <= at and (g.until is None or at < g.until)}
        sensors = [d for d in home.devices if d.kind is not DeviceKind.GAS]
        return HUB not in lost and any(not lost.intersection(sources(home.prefix, d)) for d in sensors)

    return sum(is_heard(since + n * MIN) for n in range((now - since) // MIN))


@pytest.mark.promise("P8")
@given(gap_lists(), minutes, st.sampled_from([(HALL,), (HALL, BED)]), st.integers(1, 30))
def test_nobody_is_judged_before_their_limit_of_watched_time(
    gaps: list[Gap], ago: timedelta, devices: tuple[Device, ...], hours: int
) -> None:
    home = replace(HOME, devices=devices, residents=(Resident("a", inactivity_after=hours * H),))
    now_case = case(home, NOON - ago, tuple(gaps))
    watched = watched_minutes(home, gaps, NOON - ago, NOON) * MIN
    assert NOON - counted_from(now_case, NOON) - unwatched(now_case, NOON - ago, NOON) == watched
    looked = RULE.look(now_case, NOON)
    if watched < hours * H:
        assert looked.finding is None
        # never looked at later than it could be so, if it is watched from now on
        assert looked.due_at <= NOON + hours * H - watched
    elif looked.finding is None:
        assert looked.due_at <= NOON + 10 * MIN  # none of its sensors can be heard now


@given(gap_lists(), gap_lists(), minutes)
def test_spans_are_sorted_joined_and_cut(first: list[Gap], second: list[Gap], ago: timedelta) -> None:
    names = (HUB, BRIDGE, HALL_TOPIC, BED_TOPIC)
    a, b = spans(first, names, NOON - ago, NOON), spans(second, names, NOON - ago, NOON)
    for found in (a, b, both(a, b)):
        assert all(NOON - ago <= start < end <= NOON for start, end in found)
        assert all(left[1] <= right[0] for left, right in itertools.pairwise(found))
    assert length(both(a, b)) <= min(length(a), length(b))
    assert both(a, b) == both(b, a)
