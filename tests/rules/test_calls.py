"""Which readings call for help, and which are the same call again."""

from datetime import UTC, datetime, timedelta

import pytest

from devices.reading import Kind, Reading, State
from hub.alerts.policy import Severity
from hub.homes import SITE, Device, DeviceKind, DeviceRole, DeviceState
from hub.rules import findings
from hub.rules.finding import Finding, Heard

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MS = timedelta(milliseconds=1)


def a_device(kind: DeviceKind = DeviceKind.BUTTON, role: DeviceRole | None = DeviceRole.SOS) -> Device:
    return Device("wang", "dev", kind, "zigbee2mqtt/dev", role, "bedroom")


def a_reading(kind: Kind = Kind.BUTTON, state: State = State.ACTIVE, **fields: object) -> Reading:
    fields = {"property": "action" if kind is Kind.BUTTON else kind.value, **fields}
    return Reading("zigbee2mqtt/dev", "dev", kind, state, **fields)


def before(reading: Reading, at: datetime, since: datetime | None = None) -> DeviceState:
    state = reading.state.value if reading.state else ""
    return DeviceState(
        "wang",
        "dev",
        reading.kind,
        reading.property or "",
        state,
        since or at,
        at,
        reading.action,
        reading.device_at,
        reading.seq,
    )


def found(
    reading: Reading, device: Device | None, *, previous: DeviceState | None = None, **fields: object
) -> list[Finding]:
    return findings(Heard(reading, "wang", "dev", device, NOON, previous, **fields))


def is_new(reading: Reading, previous: DeviceState, **fields: object) -> bool:
    return found(reading, a_device(), previous=previous, **fields)[0].again


# --- presses --------------------------------------------------------------------------------------------------


def test_a_button_that_the_installer_calls_sos_calls_whatever_its_action_says() -> None:
    for action in ("single", "on", None):
        (finding,) = found(a_reading(action=action), a_device())
        assert (finding.cause, finding.severity, finding.room) == ("sos", Severity.EMERGENCY, "bedroom")


def test_an_action_that_says_sos_calls_whatever_the_role() -> None:
    for role in (None, DeviceRole.DOORBELL, DeviceRole.CALL):
        (finding,) = found(a_reading(action="emergency", sos=True), a_device(role=role))
        assert (finding.cause, finding.severity) == ("sos", Severity.EMERGENCY)


def test_a_call_button_is_a_warning() -> None:
    (finding,) = found(a_reading(action="single"), a_device(role=DeviceRole.CALL))
    assert (finding.cause, finding.severity) == ("call", Severity.WARNING)


@pytest.mark.parametrize(
    "reading",
    [a_reading(state=State.CLEAR), a_reading(retained=True), a_reading(retained=True, sos=True), a_reading(test=True)],
    ids=["released", "retained", "retained sos", "self-test"],
)
def test_these_are_no_presses(reading: Reading) -> None:
    assert found(reading, a_device()) == []


def test_a_light_switch_calls_nobody() -> None:
    assert found(a_reading(action="single"), a_device(role=None)) == []


def test_radio_copies_within_500_ms_are_one_press() -> None:
    press = a_reading(action="single")
    assert not is_new(press, before(press, NOON - 500 * MS))
    assert is_new(press, before(press, NOON - 501 * MS))


@pytest.mark.promise("P7")
def test_copies_count_from_the_first_so_that_quick_pressing_is_not_one_press() -> None:
    press = a_reading(action="single")
    assert is_new(press, before(press, NOON - 300 * MS, since=NOON - 600 * MS))


@pytest.mark.promise("P7")
def test_identical_presses_that_waited_at_the_broker_are_all_presses() -> None:
    press = a_reading(action="single")
    assert is_new(press, before(press, NOON - MS), waited=True)
    stamped = a_reading(action="single", device_at=NOON - timedelta(hours=1))
    assert not is_new(stamped, before(stamped, NOON - MS), waited=True)


def test_another_action_is_another_press() -> None:
    assert is_new(a_reading(action="double"), before(a_reading(action="single"), NOON - 10 * MS))


def test_a_device_that_stamps_its_presses_tells_copies_from_presses() -> None:
    press = a_reading(action="single", device_at=NOON)
    assert is_new(press, before(a_reading(action="single", device_at=NOON - 600 * MS), NOON - 10 * MS))
    assert not is_new(press, before(a_reading(action="single", device_at=NOON - 400 * MS), NOON - 10 * MS))


def test_a_native_device_numbers_its_presses() -> None:
    at = NOON - timedelta(minutes=1)
    press = a_reading(property=None, seq=42, device_at=at)
    assert not is_new(press, before(press, NOON - timedelta(hours=1)))
    assert is_new(a_reading(property=None, seq=43, device_at=at), before(press, NOON - MS))
    assert is_new(a_reading(property=None, seq=42, device_at=NOON), before(press, NOON - MS))
    assert is_new(a_reading(property=None, seq=1, device_at=at), before(press, NOON - MS)), "rebooted"


def test_a_press_that_is_a_state_is_one_press_until_it_clears() -> None:
    pressed = a_reading(property="sos", sos=True)
    assert not is_new(pressed, before(pressed, NOON - timedelta(minutes=10)))
    assert is_new(pressed, before(a_reading(property="sos", state=State.CLEAR), NOON - timedelta(minutes=10)))


def test_a_clock_that_went_back_makes_no_press_a_copy() -> None:
    press = a_reading(action="single")
    assert is_new(press, before(press, NOON + MS))


# --- hazards --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "severity"),
    [
        (Kind.GAS, Severity.EMERGENCY),
        (Kind.SMOKE, Severity.EMERGENCY),
        (Kind.CO, Severity.EMERGENCY),
        (Kind.FALL, Severity.EMERGENCY),
        (Kind.LEAK, Severity.WARNING),
    ],
)
def test_hazards_hold_until_they_clear_retained_or_muted(kind: Kind, severity: Severity) -> None:
    device = a_device(DeviceKind(kind.value), None)
    for reading in (a_reading(kind), a_reading(kind, retained=True), a_reading(kind, muted=True)):
        (finding,) = found(reading, device)
        assert (finding.cause, finding.severity, finding.latched) == (f"{kind}:dev", severity, True)
    assert found(a_reading(kind, State.CLEAR), device) == []


def test_a_hazard_said_again_is_no_news_and_after_its_clear_it_is() -> None:
    device, gas = a_device(DeviceKind.GAS, None), a_reading(Kind.GAS)
    assert not found(gas, device, previous=before(gas, NOON))[0].again
    assert found(gas, device, previous=before(a_reading(Kind.GAS, State.CLEAR), NOON))[0].again


def test_a_detector_that_tests_itself_has_60_s_to_end_it() -> None:
    (finding,) = found(a_reading(Kind.SMOKE, test=True), a_device(DeviceKind.SMOKE, None))
    assert finding.after == timedelta(seconds=60)


# --- devices nobody configured, and QoS 0 ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "reading", [a_reading(action="emergency", sos=True), a_reading(Kind.GAS), a_reading(Kind.GAS, retained=True)]
)
def test_an_unknown_device_that_cries_for_help_is_heard(reading: Reading) -> None:
    (finding,) = found(reading, None)
    assert (finding.what, finding.severity) == ("unknown", Severity.EMERGENCY)


@pytest.mark.parametrize(
    "reading",
    [a_reading(action="single"), a_reading(action="sos", sos=True, retained=True), a_reading(Kind.MOTION)],
)
def test_an_unknown_device_that_does_not_is_not(reading: Reading) -> None:
    assert found(reading, None) == []


def test_a_press_never_hides_in_the_alert_of_a_leak_on_the_same_topic() -> None:
    press, leak = found(a_reading(sos=True), None)[0], found(a_reading(Kind.LEAK), None)[0]
    assert press.cause != leak.cause


@pytest.mark.promise("P1")
def test_a_life_safety_device_with_qos_0_is_one_fault_of_the_site() -> None:
    fault = found(a_reading(), a_device(), qos=0)[-1]
    assert (fault.cause, fault.home_id, fault.severity, fault.again) == ("qos0", SITE, Severity.NOTICE, False)
    assert found(a_reading(Kind.MOTION), a_device(DeviceKind.MOTION, None), qos=0) == []
    assert "qos0" not in {f.cause for f in found(a_reading(retained=True), a_device(), qos=0)}


# --- what is called an SOS button -----------------------------------------------------------------------------


@pytest.mark.parametrize("role", [None, DeviceRole.BATHROOM, DeviceRole.BED, DeviceRole.SOS])
def test_an_ordinary_press_of_what_is_sold_as_an_sos_button_calls(role: DeviceRole | None) -> None:
    (finding,) = found(a_reading(action="single", maybe_sos=True), a_device(role=role))
    assert (finding.cause, finding.severity) == ("sos", Severity.EMERGENCY)


def test_the_installer_may_say_that_it_is_a_doorbell_or_a_call_button() -> None:
    press = a_reading(action="single", maybe_sos=True)
    assert found(press, a_device(role=DeviceRole.DOORBELL)) == []
    (finding,) = found(press, a_device(role=DeviceRole.CALL))
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize("name", ["bed_sos", "Panic 2", "客厅紧急按钮"])
def test_a_button_that_is_named_sos_calls_even_if_its_role_was_forgotten(name: str) -> None:
    press = a_reading(action="single")._replace(device=name)
    (finding,) = found(press, a_device(role=None))
    assert (finding.cause, finding.severity) == ("sos", Severity.EMERGENCY)
    assert found(a_reading(action="single"), a_device(role=None)) == []


def test_an_unknown_sos_button_is_told_to_staff() -> None:
    (finding,) = found(a_reading(action="single", maybe_sos=True), None)
    assert (finding.what, finding.severity) == ("unknown", Severity.EMERGENCY)
    assert found(a_reading(action="single"), None) == []
