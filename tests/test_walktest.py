"""What a device must do in a test of its home, and what is said of one that does not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.reading import Kind, Reading, State
from hub.homes import Device, DeviceKind, DeviceRole
from hub.rules.finding import Heard
from hub.walktest import (
    LONGEST,
    Fault,
    Judged,
    Verdict,
    WalkKind,
    WalkTest,
    all_passed,
    begin,
    judge,
    listen,
    signal_of,
    unreadable,
)
from tests.engine.pocket import WANG
from tests.harness.memory import NOON

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def under_test(kind: DeviceKind, role: DeviceRole | None = None, **fields: object) -> WalkTest:
    """A test of a home with one device, begun at noon, with a tester."""
    home = replace(WANG, devices=(Device("wang", "it", kind, "zigbee2mqtt/it", role, "kitchen"),))
    return replace(begin("T", home, WalkKind.HOME, NOON, 30 * MINUTE, "nurse", "nurse"), **fields)


def says(walk: WalkTest, kind: Kind, state: State | None = State.ACTIVE, *, after: timedelta = SECOND,
         alert: str | None = None, **fields: object) -> WalkTest:  # fmt: skip
    """Return the test after the device said this."""
    reading = Reading("zigbee2mqtt/it", "it", kind, state, **fields)  # type: ignore[arg-type]
    device = Device("wang", "it", walk.probes[0].kind, "zigbee2mqtt/it")
    return listen(walk, Heard(reading, "wang", "it", device, NOON + after), alert)


def how(test: WalkTest, after: timedelta = MINUTE) -> tuple[Verdict, Fault | None]:
    """Return how the one device stands."""
    (judged,) = judge(test, NOON + after)
    return judged.verdict, judged.fault


def confirmed(test: WalkTest) -> WalkTest:
    """The tester was told and said that it was the test."""
    probe = replace(test.probes[0], told_at=NOON + 2 * SECOND, confirmed_at=NOON + 5 * SECOND)
    return test.having(probe)


BUTTON = (DeviceKind.BUTTON, DeviceRole.SOS)


def test_a_device_that_says_nothing_for_two_minutes_is_looked_at() -> None:
    test = under_test(*BUTTON)
    assert how(test, 2 * MINUTE - SECOND) == (Verdict.WAITING, None)
    assert how(test, 2 * MINUTE) == (Verdict.FAILED, Fault.SILENT)
    assert how(says(test, Kind.BATTERY, State.CLEAR, percent=90), 2 * MINUTE) == (Verdict.WAITING, Fault.NOT_DONE)
    assert how(test, 31 * MINUTE) == (Verdict.FAILED, Fault.NOTHING)


def test_a_call_passes_when_it_was_told_and_confirmed() -> None:
    pressed = says(under_test(*BUTTON), Kind.BUTTON, alert="A")
    assert how(pressed) == (Verdict.WAITING, Fault.WAITS)
    unheard = confirmed(pressed).having(replace(confirmed(pressed).probes[0], told_at=None, untold="failed"))
    assert how(unheard) == (Verdict.WAITING, Fault.NOT_TOLD)
    assert how(unheard, 31 * MINUTE) == (Verdict.FAILED, Fault.NOT_TOLD)
    assert how(confirmed(pressed)) == (Verdict.PASSED, None)
    real = pressed.having(replace(pressed.probes[0], real_at=NOON + MINUTE))
    assert how(real) == (Verdict.FAILED, Fault.REAL)


def test_a_doorbell_only_has_to_speak_when_it_is_pressed() -> None:
    test = under_test(DeviceKind.BUTTON, DeviceRole.DOORBELL)
    assert how(says(test, Kind.BUTTON)) == (Verdict.PASSED, None)


@pytest.mark.parametrize("kind", [DeviceKind.GAS, DeviceKind.SMOKE, DeviceKind.CO])
def test_a_detector_that_says_no_on_its_test_button_fails_until_it_alarms(kind: DeviceKind) -> None:
    said_no = says(under_test(kind), Kind(kind.value), State.CLEAR)
    assert how(said_no) == (Verdict.FAILED, Fault.SAID_NO)
    assert how(confirmed(says(said_no, Kind(kind.value), alert="A"))) == (Verdict.PASSED, None)


def test_a_detectors_own_word_that_it_tests_itself_is_enough() -> None:
    test = under_test(DeviceKind.GAS)
    assert how(says(test, Kind.GAS, State.CLEAR, test=True)) == (Verdict.PASSED, None)


@pytest.mark.parametrize("value", [300.0, -60.0, 61.0])
def test_a_temperature_that_cannot_be_fails(value: float) -> None:
    test = says(under_test(DeviceKind.TEMPERATURE), Kind.TEMPERATURE, None, value=value)
    assert how(test) == (Verdict.FAILED, Fault.RANGE)
    assert how(says(under_test(DeviceKind.TEMPERATURE), Kind.TEMPERATURE, None, value=21.5)) == (Verdict.PASSED, None)


def test_a_wrong_field_a_low_battery_and_being_offline_fail() -> None:
    good = says(under_test(DeviceKind.CONTACT), Kind.CONTACT)
    assert how(good) == (Verdict.PASSED, None)
    wrong = says(good, Kind.FAULT, property="battery", reason="battery cannot be read; allowed: 0 to 100")
    assert how(wrong) == (Verdict.FAILED, Fault.WRONG)
    low = says(good, Kind.BATTERY, State.ACTIVE, percent=4)
    assert how(low) == (Verdict.FAILED, Fault.BATTERY)
    assert how(says(low, Kind.BATTERY, State.CLEAR, percent=100)) == (Verdict.PASSED, None)  # changed at once
    offline = says(good, Kind.AVAILABILITY, State.OFFLINE)
    assert how(offline) == (Verdict.FAILED, Fault.OFFLINE)
    assert how(says(offline, Kind.CONTACT, State.CLEAR)) == (Verdict.PASSED, None)
    assert how(unreadable(good, "it", NOON + SECOND)) == (Verdict.FAILED, Fault.UNREADABLE)


def test_movement_without_a_pause_is_a_stuck_sensor() -> None:
    moved = says(under_test(DeviceKind.MOTION), Kind.MOTION)
    assert how(moved) == (Verdict.PASSED, None)
    assert how(moved, 11 * MINUTE) == (Verdict.FAILED, Fault.STUCK)
    assert how(says(moved, Kind.MOTION, State.CLEAR, after=2 * MINUTE), 11 * MINUTE) == (Verdict.PASSED, None)


def test_what_is_retained_or_comes_after_the_end_is_no_word() -> None:
    test = under_test(DeviceKind.CONTACT)
    assert says(test, Kind.CONTACT, retained=True) == test
    assert says(test, Kind.CONTACT, after=30 * MINUTE) == test


def test_delay_and_signal_are_what_the_device_claims() -> None:
    heard = says(under_test(DeviceKind.CONTACT), Kind.CONTACT, device_at=NOON + SECOND / 2)
    assert heard.probes[0].delay == SECOND / 2
    off = says(under_test(DeviceKind.CONTACT), Kind.CONTACT, device_at=NOON - timedelta(days=9000))
    assert off.probes[0].delay is None
    assert signal_of(b'{"linkquality": 98}') == 98
    assert signal_of(b'{"rssi": -71}') == -71


@given(st.binary(max_size=200) | st.sampled_from([b'{"linkquality": 999}', b'{"linkquality": true}', b"[" * 5000]))
def test_any_payload_has_a_signal_or_none(payload: bytes) -> None:
    found = signal_of(payload)
    assert found is None or -130 <= found <= 255


def test_a_home_passes_when_all_of_it_did_and_a_home_without_devices_never() -> None:
    assert not all_passed(replace(under_test(*BUTTON), probes=()), NOON)
    assert all_passed(confirmed(says(under_test(*BUTTON), Kind.BUTTON, alert="A")), NOON + MINUTE)


@given(st.timedeltas(timedelta(days=-1), timedelta(days=9)))
def test_a_test_lasts_between_a_minute_and_four_hours(span: timedelta) -> None:
    test = begin("T", WANG, WalkKind.HOME, NOON, span, "nurse", "nurse")
    assert MINUTE <= test.ends_at - NOON <= LONGEST


def test_the_weekly_test_is_of_the_buttons_that_call() -> None:
    test = begin("T", WANG, WalkKind.WEEKLY, NOON, 10 * MINUTE, "nurse", "nurse")
    assert [probe.device for probe in test.probes] == ["bed-sos", "bath-sos", "call"]


def test_whatever_stands_is_judged_with_a_reason() -> None:
    for kind in DeviceKind:
        (judged,) = judge(says(under_test(kind), Kind.BATTERY, State.CLEAR), NOON + 31 * MINUTE)
        assert isinstance(judged, Judged)
        assert (judged.verdict is Verdict.PASSED) == (judged.fault is None)
