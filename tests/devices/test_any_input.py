"""Whatever arrives, a dialect answers with readings or Undecodable, soon, and never with an alarm by accident."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.dialects import build
from devices.fields import LATEST, STATE_LIMIT
from devices.meanings import BY_NAME
from devices.message import Message
from devices.reading import Kind, Reading, State, Undecodable

AT = datetime(2026, 3, 1, tzinfo=UTC)
NATIVE, ZIGBEE = build({})
ALARMS = {Kind.GAS, Kind.SMOKE, Kind.CO, Kind.LEAK, Kind.FALL, Kind.BUTTON}

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
)
names = st.sampled_from(
    [*BY_NAME, "action", "click", "last_seen", "test", "muted", "occupancy_3", "kind", "state", "at", "seq"]
)
words = st.sampled_from(
    ["active", "clear", "button", "gas", "online", "sos", "ON", "true", "1", "", "open", "low", "unknown"]
)
states = st.dictionaries(names | st.text(max_size=12), values | words, max_size=12)
topics = st.lists(
    st.sampled_from(
        ["zigbee2mqtt", "carehub", "bridge", "state", "event", "health", "availability", "set", "get", "gas", "action"]
    )
    | st.text(max_size=10),
    max_size=5,
).map("/".join)


def decode(topic: str, payload: bytes, *, retained: bool = False) -> list[Reading]:
    """Decode with every dialect, whether it claims the topic or not."""
    found: list[Reading] = []
    reasons: list[str] = []
    for dialect in (NATIVE, ZIGBEE):
        dialect.claims(topic)
        try:
            found += dialect.decode(Message(topic, payload, AT, retained), topic)
        except Undecodable as error:
            reasons.append(str(error))
    assert all(0 < len(reason) < 300 for reason in reasons)
    return found


def check(found: list[Reading], *, retained: bool) -> None:
    for reading in found:
        assert reading.retained == retained
        assert reading.source.endswith(reading.device)
        assert reading.device_at is None or (reading.device_at.tzinfo is not None and reading.device_at < LATEST)
        assert reading.percent is None or 0 <= reading.percent <= 100
        # What goes to the database and to people must be storable.
        json.dumps([reading.value, reading.percent, reading.seq], allow_nan=False)
        for text in (reading.action, reading.unit, reading.reason):
            assert text is None or ("\0" not in text and text.encode())


@given(topics, st.binary(max_size=200), st.booleans())
def test_any_bytes_on_any_topic(topic: str, payload: bytes, retained: bool) -> None:
    check(decode(topic, payload, retained=retained), retained=retained)


@given(topics, values | states, st.booleans())
def test_any_json_on_any_topic(topic: str, payload: Any, retained: bool) -> None:
    check(decode(topic, json.dumps(payload).encode(), retained=retained), retained=retained)


@given(
    st.sampled_from(["zigbee2mqtt/a", "carehub/a", "zigbee2mqtt/a/gas", "zigbee2mqtt/bridge/event"]),
    states,
    st.booleans(),
)
def test_any_state_of_a_device(topic: str, state: dict[str, Any], retained: bool) -> None:
    check(decode(topic, json.dumps(state).encode(), retained=retained), retained=retained)


@given(st.sampled_from([*BY_NAME]), st.lists(values, min_size=1) | st.dictionaries(st.text(), values))
def test_no_wrong_type_alarms(name: str, value: Any) -> None:
    found = decode("zigbee2mqtt/a", json.dumps({name: value}).encode())
    assert [r for r in found if r.kind in ALARMS and r.state is State.ACTIVE] == []


@given(st.text().filter(lambda name: name not in BY_NAME and name not in ("action", "click")), values)
def test_no_unknown_property_alarms(name: str, value: Any) -> None:
    found = decode("zigbee2mqtt/a", json.dumps({name: value}).encode())
    assert [r for r in found if r.kind in ALARMS and r.state is State.ACTIVE and not name[-1:].isdigit()] == []


@given(states)
def test_the_press_survives_whatever_stands_beside_it(state: dict[str, Any]) -> None:
    zigbee = decode("zigbee2mqtt/a", json.dumps({**state, "action": "sos"}).encode())
    assert [
        r.action for r in zigbee if r.kind is Kind.BUTTON and r.state is State.ACTIVE and r.property == "action"
    ] == ["sos"]
    native = decode("carehub/a", json.dumps({**state, "kind": "button", "state": "active"}).encode())
    assert next(r.kind for r in native if r.state is State.ACTIVE) is Kind.BUTTON


WORST = {
    "1 MB of text": b"x" * 1_000_000,
    "1 MB of JSON": b'{"gas":true,"x":"' + b"x" * 1_000_000 + b'"}',
    "nested 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "objects nested deep": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    "brackets side by side": b'{"a":[' + b"[]," * 80_000 + b"1]}",
    "many keys": ("{" + ",".join(f'"contact_{i}":1' for i in range(14_000)) + "}").encode(),
    "many long names": ("{" + ",".join(f'"{i:0200d}_1":1' for i in range(1_200)) + "}").encode(),
    "a huge number": b'{"battery":' + b"9" * 200_000 + b"}",
    "escapes": b'{"action":"' + b"\\u0000" * 40_000 + b'"}',
    "invalid UTF-8": b'{"gas":true,"x":"' + b"\xff" * 200_000 + b'"}',
}


@pytest.mark.parametrize("payload", WORST.values(), ids=WORST.keys())
def test_the_worst_payloads_cost_little_time(payload: bytes) -> None:
    """CPU time, not the wall's; ten times what a slow machine was seen to need."""
    begun = time.process_time()
    for topic in ("zigbee2mqtt/a", "zigbee2mqtt/a/gas", "zigbee2mqtt/bridge/state", "carehub/a"):
        found = decode(topic, payload)
        assert len(found) <= STATE_LIMIT // 8
    assert time.process_time() - begun < 2.0
