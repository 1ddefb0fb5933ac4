"""What proves that somebody in the home moved, and what only looks like it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from devices.reading import Kind, Reading, State
from hub.homes import Device, DeviceKind, DeviceRole, DeviceState
from hub.rules import life
from hub.rules.finding import Heard
from tests.harness.memory import NOON

S, MIN, H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
HALL = Device("h", "hall-motion", DeviceKind.MOTION, "zigbee2mqtt/hall")
SOS = Device("h", "bed-sos", DeviceKind.BUTTON, "zigbee2mqtt/sos", DeviceRole.SOS)


def motion(state: State = State.ACTIVE, **fields: Any) -> Reading:
    return Reading("zigbee2mqtt/hall", "hall", Kind.MOTION, state, "occupancy", **fields)


def press(**fields: Any) -> Reading:
    return Reading("zigbee2mqtt/sos", "sos", Kind.BUTTON, State.ACTIVE, "action", action="single", **fields)


def said(reading: Reading, since: datetime, at: datetime | None = None, **fields: Any) -> DeviceState:
    """Return what is kept after a reading: its state has been so since then."""
    state = reading.state.value if reading.state else ""
    kept = DeviceState("h", "d", reading.kind.value, reading.property or "", state, since, at or since)
    return replace(kept, action=reading.action, device_at=reading.device_at, seq=reading.seq, **fields)


def sign(reading: Reading, device: Device | None = HALL, before: DeviceState | None = None, at: datetime = NOON,
         since: datetime | None = None, online_at: datetime | None = None) -> datetime | None:  # fmt: skip
    return life.sign(Heard(reading, "h", "d", device, at, before, 1, since is not None, since, online_at))


def test_motion_that_begins_is_life() -> None:
    assert sign(motion()) == NOON
    assert sign(motion(), before=said(motion(State.CLEAR), NOON - H)) == NOON


@pytest.mark.parametrize(
    "reading", [motion(State.CLEAR), motion(retained=True), motion(test=True), motion()._replace(kind=Kind.GAS)]
)
def test_an_end_a_retained_word_a_test_and_another_kind_are_no_life(reading: Reading) -> None:
    assert sign(reading) is None


def test_only_configured_devices_that_see_the_resident_tell_of_life() -> None:
    assert sign(motion(), None) is None
    assert sign(motion(), replace(HALL, kind=DeviceKind.GAS)) is None
    for kind in (DeviceKind.CONTACT, DeviceKind.BED):
        assert sign(motion(), replace(HALL, kind=kind)) == NOON
    # whoever rings stands outside
    assert sign(press(), replace(SOS, role=DeviceRole.DOORBELL)) is None


def test_a_repeat_needs_fresh_evidence_of_the_device_itself() -> None:
    before = said(motion(device_at=NOON - MIN, seq=7), NOON - MIN)
    assert sign(motion(device_at=NOON - MIN, seq=7), before=before) is None
    assert sign(motion(device_at=NOON - S, seq=7), before=before) == NOON
    assert sign(motion(device_at=NOON - MIN, seq=8), before=before) == NOON
    assert sign(motion(device_at=NOON - MIN, seq=1), before=before) == NOON  # it began to count anew
    assert sign(motion(), before=said(motion(), NOON - MIN)) is None
    # the first word that carries a time, and one from before it
    assert sign(motion(device_at=NOON - S), before=said(motion(), NOON - MIN)) == NOON
    assert sign(motion(device_at=NOON - H), before=said(motion(), NOON - MIN)) is None


@pytest.mark.parametrize("kind", [Kind.CONTACT, Kind.BED])
def test_a_door_that_stands_open_or_a_bed_in_use_is_no_life_however_often_it_reports(kind: Kind) -> None:
    device = replace(SOS, kind=DeviceKind(kind.value), role=None)
    report = motion(device_at=NOON)._replace(kind=kind)
    before = said(report._replace(device_at=NOON - 50 * MIN), NOON - 5 * H, NOON - 50 * MIN)
    assert sign(report, device, before) is None  # its battery's report, with the bridge's `last_seen`
    assert sign(report, device, replace(before, state="clear")) == NOON


def test_a_sensor_stuck_on_active_is_no_life() -> None:
    fresh = motion(device_at=NOON)
    stuck = said(motion(device_at=NOON - MIN), NOON - 2 * H - S, NOON - MIN, cleared_at=NOON - 3 * H)
    assert sign(fresh, before=stuck) is None
    assert sign(fresh, before=replace(stuck, since=NOON - 2 * H)) == NOON
    # one that never says "clear" sends pulses
    assert sign(fresh, before=replace(stuck, cleared_at=None)) == NOON


def test_each_press_is_life_but_not_its_copy() -> None:
    assert sign(press(), SOS) == NOON
    assert sign(press(), SOS, said(press(), NOON - 3 * H)) == NOON
    assert sign(press(), SOS, said(press(), NOON - timedelta(milliseconds=300))) is None


def test_what_a_bridge_remembers_after_its_start_is_no_life() -> None:
    online_at = NOON - 10 * S
    clear = said(motion(State.CLEAR, device_at=NOON - H), NOON - H)
    assert sign(motion(), before=clear, online_at=online_at) is None
    assert sign(motion(device_at=NOON - 50 * MIN), before=clear, online_at=online_at) is None
    assert sign(motion(device_at=NOON - S), before=clear, online_at=online_at) == NOON
    assert sign(motion(), before=clear, online_at=NOON - 31 * S) == NOON
    assert sign(press(), SOS, online_at=online_at) == NOON  # a press is an event, nothing that is remembered


def test_what_waited_proves_life_when_the_wait_began_unless_the_device_knows_better() -> None:
    began = NOON - 3 * H
    assert sign(motion(), since=began) == began
    assert sign(motion(device_at=NOON - H), since=began) == NOON - H
    assert sign(motion(device_at=NOON - 9000 * H), since=began) == began  # a clock of long ago
    assert sign(motion(device_at=NOON + H), since=began) == began
    assert sign(motion(device_at=began - 30 * S), since=began) == began
    assert sign(motion(device_at=NOON + 10 * S), since=began) == NOON


def test_the_state_keeps_the_last_life_and_the_last_clear() -> None:
    before = said(motion(), NOON - H, life_at=NOON - MIN, cleared_at=NOON - 2 * H)
    heard = Heard(motion(State.CLEAR), "h", "d", HALL, NOON, before)
    assert life.kept(heard, None) == (NOON - MIN, NOON)
    late = replace(heard, reading=motion(), previous=before)
    assert life.kept(late, NOON - 3 * H) == (NOON - MIN, NOON - 2 * H)  # an older sign takes nothing away
    assert life.kept(late, NOON) == (NOON, NOON - 2 * H)
    assert life.kept(replace(late, previous=None), NOON) == (NOON, None)
