"""How well a home is covered: what its devices last said, what is reported of it, and time."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.reading import Kind, State
from hub.coverage import Coverage, Covered, Lack, judge
from hub.homes import Device, DeviceKind, DeviceRole, DeviceState, Home, Resident
from hub.rules.gaps import HUB, Gap
from hub.weekly import EVERY

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOS = Device("wang", "bed-sos", DeviceKind.BUTTON, "zigbee2mqtt/bed-sos", DeviceRole.SOS)
GAS = Device("wang", "gas", DeviceKind.GAS, "zigbee2mqtt/gas")
MOTION = Device("wang", "motion", DeviceKind.MOTION, "zigbee2mqtt/motion")
SWITCH = Device("wang", "switch", DeviceKind.BUTTON, "zigbee2mqtt/switch")
HOME = Home("wang", "620702207200", "上堡村", residents=(Resident("王秀兰"),), devices=(SOS, GAS, MOTION))


def said(device: Device, at: datetime, kind: Kind | None = None, state: State = State.CLEAR,
         property: str | None = None) -> DeviceState:  # fmt: skip
    word = kind or Kind(device.kind.value)
    return DeviceState("wang", device.id, word.value, property if property is not None else word.value, state, at, at)


def pressed(at: datetime, device: Device = SOS) -> DeviceState:
    return DeviceState("wang", device.id, "button", "action", "active", at, at, life_at=at)


def link(device: Device, state: State, at: datetime) -> DeviceState:
    return DeviceState("wang", device.id, "availability", "", state, at, at)


def bridge(state: State, at: datetime) -> DeviceState:
    return DeviceState("@site", "zigbee2mqtt/bridge", "bridge", "", state, at, at)


def well(at: datetime = NOW) -> list[DeviceState]:
    return [pressed(at - HOUR), said(GAS, at - HOUR), said(MOTION, at - MINUTE)]


def covered(states: Sequence[DeviceState], *notices: str, home: Home = HOME, now: datetime = NOW,
            gaps: Sequence[Gap] = ()) -> Covered:  # fmt: skip
    return judge(home, states, gaps, notices, now)


def lacks(found: Covered) -> set[tuple[Lack, str | None]]:
    return {(one.what, one.device) for one in found.missing}


def test_a_home_whose_devices_all_spoke_is_protected() -> None:
    assert covered(well()).coverage is Coverage.PROTECTED


def test_a_home_without_devices_is_not_protected() -> None:
    found = covered([], home=Home("wang", "620702207200", "上堡村"))
    assert (found.coverage, lacks(found)) == (Coverage.NOT_PROTECTED, {(Lack.NO_DEVICES, None)})


def test_a_home_of_which_nothing_was_ever_heard_is_not_protected() -> None:
    assert covered([]).coverage is Coverage.NOT_PROTECTED


def test_one_device_that_never_spoke_is_a_gap() -> None:
    found = covered([pressed(NOW - HOUR), said(MOTION, NOW - MINUTE)])
    assert (found.coverage, lacks(found)) == (Coverage.GAPS, {(Lack.NEVER_HEARD, "gas")})


def test_a_sensor_that_was_silent_for_a_day_is_a_gap() -> None:
    found = covered([pressed(NOW - HOUR), said(GAS, NOW - DAY), said(MOTION, NOW - MINUTE)])
    assert (found.coverage, lacks(found)) == (Coverage.GAPS, {(Lack.SILENT, "gas")})


def test_the_hubs_own_absence_is_nobodys_silence() -> None:
    states = [pressed(NOW - HOUR), said(GAS, NOW - 25 * HOUR), said(MOTION, NOW - MINUTE)]
    away = Gap(HUB, NOW - 3 * HOUR, NOW - HOUR)
    assert covered(states, gaps=[away]).coverage is Coverage.PROTECTED


def test_without_any_device_that_could_raise_an_alarm_a_home_is_not_protected() -> None:
    found = covered([link(SOS, State.OFFLINE, NOW - HOUR), link(GAS, State.OFFLINE, NOW - HOUR), said(MOTION, NOW)])
    assert found.coverage is Coverage.NOT_PROTECTED


def test_motion_sensors_alone_leave_the_gap_that_nobody_can_call() -> None:
    home = Home("wang", "620702207200", "上堡村", devices=(MOTION,))
    found = covered([said(MOTION, NOW)], home=home)
    assert (found.coverage, lacks(found)) == (Coverage.GAPS, {(Lack.NO_CALL, None)})


def test_behind_a_lost_bridge_nothing_is_known() -> None:
    states = [*well(NOW - HOUR), bridge(State.OFFLINE, NOW - 10 * MINUTE)]
    found = covered(states)
    assert (found.coverage, lacks(found)) == (Coverage.NOT_KNOWN, {(Lack.LINK_LOST, None)})


def test_a_bridge_that_restarts_changes_nothing_yet() -> None:
    states = [*well(), bridge(State.OFFLINE, NOW - MINUTE)]
    found = covered(states)
    assert found.coverage is Coverage.PROTECTED
    assert found.until <= NOW + 5 * MINUTE


def test_a_button_that_nobody_tried_for_a_week_is_a_gap() -> None:
    states = [pressed(NOW - EVERY), said(GAS, NOW), said(MOTION, NOW)]
    assert lacks(covered(states)) == {(Lack.TEST_OVERDUE, "bed-sos")}
    states[0] = pressed(NOW - EVERY + MINUTE)
    found = covered(states)
    assert found.coverage is Coverage.PROTECTED
    assert found.until == NOW + MINUTE


def test_a_switch_beside_a_call_button_needs_no_test() -> None:
    home = Home("wang", "620702207200", "上堡村", devices=(SOS, SWITCH))
    states = [pressed(NOW), pressed(NOW - 20 * DAY, SWITCH)]
    assert covered(states, home=home).coverage is Coverage.PROTECTED


def test_a_low_battery_is_a_gap_whoever_closed_its_notice() -> None:
    low = said(MOTION, NOW - HOUR, Kind.BATTERY, State.ACTIVE)
    assert lacks(covered([*well(), low])) == {(Lack.BATTERY, "motion")}
    assert lacks(covered([*well(), low], "battery:motion")) == {(Lack.BATTERY, "motion")}


@pytest.mark.parametrize(
    ("cause", "lack"),
    [
        ("fault:gas", (Lack.BROKEN, "gas")),
        ("tamper:gas", (Lack.TAMPERED, "gas")),
        ("unreadable:gas", (Lack.UNREADABLE, "gas")),
        ("number:daughter", (Lack.NUMBER_DEAD, "daughter")),
    ],
)
def test_what_is_reported_of_a_home_is_a_gap(cause: str, lack: tuple[Lack, str]) -> None:
    found = covered(well(), cause, "sos", "inactivity")
    assert (found.coverage, lacks(found)) == (Coverage.GAPS, {lack})


AGES = st.one_of(st.none(), st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=40)))


@st.composite
def anything(draw: st.DrawFn) -> list[DeviceState]:
    """Whatever devices and their links may have said last."""
    found = []
    for device in HOME.devices:
        if (age := draw(AGES)) is not None:
            found.append(pressed(NOW - age) if device is SOS else said(device, NOW - age))
        if (age := draw(AGES)) is not None:
            found.append(link(device, draw(st.sampled_from((State.ONLINE, State.OFFLINE))), NOW - age))
        if (age := draw(AGES)) is not None:
            found.append(said(device, NOW - age, Kind.BATTERY, draw(st.sampled_from((State.ACTIVE, State.CLEAR)))))
    if (age := draw(AGES)) is not None:
        found.append(bridge(draw(st.sampled_from((State.ONLINE, State.OFFLINE))), NOW - age))
    return found


@given(anything())
def test_what_is_not_protected_says_why(states: list[DeviceState]) -> None:
    found = covered(states)
    assert bool(found.missing) == (found.coverage is not Coverage.PROTECTED)
    assert found.until > NOW


@given(anything(), st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=2)))
def test_until_then_time_alone_changes_nothing(states: list[DeviceState], later: timedelta) -> None:
    found = covered(states)
    later = min(later, found.until - NOW - timedelta(microseconds=1))
    # What would change sooner than it is looked at again may be that much late.
    if found.until > NOW + timedelta(seconds=30):
        then = covered(states, now=NOW + later)
        assert (then.coverage, lacks(then)) == (found.coverage, lacks(found))
