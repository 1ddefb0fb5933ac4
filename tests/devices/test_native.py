"""The native dialect: a wrong field beside a press never hides the press."""

import json
from datetime import UTC, datetime

import pytest

from devices.message import Message
from devices.native import Native
from devices.reading import Kind, Reading, State, Undecodable

AT = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)
DIALECT = Native()
PRESS = {"kind": "button", "state": "active", "at": "2026-03-01T08:00:00+08:00", "seq": 42, "battery": 87}


def decode(payload: object, topic: str = "carehub/bed-sos", *, retained: bool = False) -> list[Reading]:
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return list(DIALECT.decode(Message(topic, content, AT, retained), topic))


def test_a_press_with_its_count_its_time_and_its_battery() -> None:
    press, battery = decode(PRESS)
    assert press == Reading("carehub/bed-sos", "bed-sos", Kind.BUTTON, State.ACTIVE, device_at=AT, seq=42)
    assert (battery.kind, battery.state, battery.percent) == (Kind.BATTERY, State.CLEAR, 87)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("battery", "full"),
        ("battery", 101),
        ("battery", []),
        ("at", "2026-03-01T08:00:00"),  # no zone
        ("at", "1970-01-01T00:00:07Z"),
        ("at", {"year": 2026}),
        ("at", 10**400),
        ("seq", -1),
        ("seq", 2**63),
        ("seq", "42"),
        ("seq", True),
        ("seq", 1.5),
        ("test", "perhaps"),
        ("action", ["sos"]),
        ("unit", 7),
        ("value", "many"),
    ],
)
def test_a_wrong_field_is_a_fault_beside_the_press(name: str, value: object) -> None:
    press, *rest = decode({**PRESS, name: value})
    assert (press.kind, press.state, press.test) == (Kind.BUTTON, State.ACTIVE, False)
    (fault,) = [r for r in rest if r.kind is Kind.FAULT]
    assert (fault.property, fault.state) == (name, State.ACTIVE)
    assert fault.reason is not None
    assert fault.reason.startswith(f"{name} cannot be read")


@pytest.mark.parametrize("kind", ["motion", "contact", "gas", "smoke", "co", "leak", "fall", "bed", "tamper", "mains"])
@pytest.mark.parametrize("state", ["active", "clear"])
def test_a_state_of_each_kind(kind: str, state: str) -> None:
    (reading,) = decode({"kind": kind, "state": state})
    assert (reading.kind, reading.state) == (kind, state)


def test_a_number_needs_no_state() -> None:
    (reading,) = decode({"kind": "temperature", "value": 21.5, "unit": "°C"}, "carehub/thermometer")
    assert (reading.state, reading.value, reading.unit) == (None, 21.5, "°C")


def test_a_battery_of_its_own_is_one_reading() -> None:
    (reading,) = decode({"kind": "battery", "state": "active", "battery": 4})
    assert (reading.kind, reading.percent) == (Kind.BATTERY, 4)


def test_an_action_may_call_for_help_by_itself() -> None:
    assert decode({"kind": "button", "state": "active", "action": "emergency"})[0].sos
    assert not decode({"kind": "button", "state": "active", "action": "single"})[0].sos


def test_a_test_is_marked() -> None:
    assert decode({**PRESS, "test": True})[0].test


@pytest.mark.promise("P7")
def test_retained_is_carried() -> None:
    assert all(reading.retained for reading in decode({**PRESS, "at": 3}, retained=True))


@pytest.mark.parametrize(
    "payload",
    [
        {"state": "active"},
        {"kind": "sos", "state": "active"},
        {"kind": "availability", "state": "active"},
        {"kind": "discovery", "state": "active"},
        {"kind": ["button"], "state": "active"},
        {"kind": "button"},
        {"kind": "button", "state": "pressed"},
        {"kind": "button", "state": True},
        {"kind": "temperature", "value": "warm"},
        {"kind": "gas", "state": "", "value": None},
        [PRESS],
        b"active",
        b'{"kind":"button","state":"active"',
        b"\xff",
    ],
)
def test_a_message_without_kind_or_state_is_undecodable(payload: object) -> None:
    with pytest.raises(Undecodable, match=r"\w+ \w+"):
        decode(payload)


@pytest.mark.parametrize("word", ["online", "offline"])
def test_availability_is_a_word(word: str) -> None:
    (reading,) = decode(word.encode(), "carehub/bed-sos/availability", retained=True)
    assert (reading.kind, reading.state, reading.source) == (Kind.AVAILABILITY, word, "carehub/bed-sos")
    assert reading.retained


def test_a_cleared_topic_is_nothing_and_another_word_undecodable() -> None:
    assert decode(b"", "carehub/bed-sos/availability", retained=True) == []
    with pytest.raises(Undecodable):
        decode(b"asleep", "carehub/bed-sos/availability")


def test_topics() -> None:
    assert DIALECT.claims("carehub/bed-sos")
    assert DIALECT.claims("carehub/bed-sos/availability")
    assert not any(
        DIALECT.claims(t) for t in ("carehub", "carehub/", "carehub/a/b", "carehub-hub/x", "x/carehub/a", "")
    )
    assert DIALECT.filters("carehub/bed-sos") == ("carehub/bed-sos", "carehub/bed-sos/availability")
    assert DIALECT.watch_filters() == ("carehub/+", "carehub/+/availability")
    assert DIALECT.bridge_filters() == ()
