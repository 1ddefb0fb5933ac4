"""Every recorded message says exactly what its row expects: no reading missing, none too many.

A device is read with its published definition. Before a bridge has told it, it is read by names alone: rows with
`by_name: false` may then say less (`alarm` of a smoke siren's listener, `off` of a remote with an "on" key), but never
a hazard or a call for help that is not there.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.dialects import build, route
from devices.directory import NOTHING_KNOWN, Directory
from devices.events import Event, Events
from devices.message import Message
from devices.reading import Kind, Listed, Reading, State

RECORDED = Path(__file__).parents[1] / "recorded" / "dialects"
AT = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
ALARMS = {Kind.GAS, Kind.SMOKE, Kind.CO, Kind.LEAK, Kind.FALL}
# Right, and never asked for by a row.
FREE = {Kind.TEMPERATURE, Kind.HUMIDITY, Kind.FAULT}


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (RECORDED / name).read_text(encoding="utf-8").splitlines()]


ZIGBEE2MQTT = route(build({}), "zigbee2mqtt/x")


def decode(topic: str, payload: str, directory: Directory = NOTHING_KNOWN, *, retained: bool = False) -> list[Reading]:
    assert ZIGBEE2MQTT is not None
    return list(ZIGBEE2MQTT.decode(Message(topic, payload.encode(), AT, retained), topic, directory))


def learned(messages: list[dict[str, Any]]) -> Directory:
    assert ZIGBEE2MQTT is not None
    directory = NOTHING_KNOWN
    for one in messages:
        message = Message(one["topic"], one["payload"].encode(), AT, retained=True)
        directory = ZIGBEE2MQTT.learn(message, message.topic, directory)
    return directory


def whole_network() -> Directory:
    listed = [
        {
            "ieee_address": row["ieee_address"],
            "friendly_name": row["topic"].partition("/")[2],
            "definition": {key: row[key] for key in ("vendor", "model", "description", "exposes")},
        }
        for row in rows("zigbee2mqtt.jsonl")
    ]
    return learned([{"topic": "zigbee2mqtt/bridge/devices", "payload": json.dumps(listed)}])


NETWORK = whole_network()


def matches(expected: dict[str, Any], reading: Reading) -> bool:
    said = {
        "kind": reading.kind.value,
        "state": reading.state.value if reading.state else None,
        "property": reading.property,
        "device": reading.device,
        "value": reading.value,
        "percent": reading.percent,
        "action": reading.action,
        "sos": "by_role" if reading.maybe_sos else reading.sos,
    }
    wanted = {k: v for k, v in expected.items() if k in said}
    return all(said[key] == value for key, value in wanted.items()) and ("state" in wanted or reading.state is None)


def differences(expected: list[dict[str, Any]], found: list[Reading]) -> list[str]:
    left = list(found)
    wrong = []
    for one in expected:
        hit = next((r for r in left if matches(one, r)), None)
        if hit is None:
            wrong.append(f"missing: {one}")
        else:
            left.remove(hit)
    return wrong + [f"too many: {r}" for r in left if r.kind not in FREE]


def told(device: Listed) -> tuple[object, ...]:
    capabilities = sorted((name, kind.value) for name, kind in device.capabilities if kind not in FREE)
    known = (device.identity, device.device, device.supported, device.disabled, device.room_hint)
    return (*known, device.sos, capabilities)


def expected_of(device: dict[str, Any]) -> tuple[object, ...]:
    capabilities = sorted((one["property"], one["kind"]) for one in device["capabilities"])
    known = (device["ieee_address"], device["friendly_name"], device["supported"], device.get("disabled", False))
    return (*known, device.get("room_hint"), device.get("sos", False), capabilities)


def is_alarm(reading: Reading) -> bool:
    return reading.state is State.ACTIVE and (reading.kind in ALARMS or (reading.kind is Kind.BUTTON and reading.sos))


def device_cases() -> Iterator[Any]:
    for row in rows("zigbee2mqtt.jsonl"):
        for case in row["cases"]:
            yield pytest.param(
                row["topic"], case, id=f"{row['vendor']} {row['model']} {case['name']}".replace("/", "-")
            )


@pytest.mark.parametrize(("topic", "case"), list(device_cases()))
def test_a_recorded_state_says_exactly_what_is_expected(topic: str, case: dict[str, Any]) -> None:
    name = topic.partition("/")[2]
    found = decode(topic, json.dumps(case["payload"]), NETWORK)
    assert differences([{**one, "device": name} for one in case["expect"]], found) == []


@pytest.mark.parametrize(("topic", "case"), list(device_cases()))
def test_by_names_alone_a_state_says_nothing_false(topic: str, case: dict[str, Any]) -> None:
    name = topic.partition("/")[2]
    found = [r._replace(maybe_sos=False) for r in decode(topic, json.dumps(case["payload"]))]
    expected = [
        {**one, "device": name, **({"sos": False} if one.get("sos") == "by_role" else {})} for one in case["expect"]
    ]
    if case.get("by_name", True):
        assert differences(expected, found) == []
    wanted = [one for one in expected if one.get("state") == "active"]
    assert [r for r in found if is_alarm(r) and not any(matches(one, r) for one in wanted)] == []


@pytest.mark.parametrize("row", rows("zigbee2mqtt_bridge.jsonl"), ids=lambda row: str(row["id"]))
def test_a_recorded_bridge_message_says_exactly_what_is_expected(row: dict[str, Any]) -> None:
    known = learned(row.get("context", {}).get("discovery", []))
    found = decode(row["topic"], row["payload"], known, retained=row["retain"])
    expected = [one for one in row["expect"] if one["kind"] != "discovery"]
    assert differences(expected, [r for r in found if r.kind is not Kind.DISCOVERY]) == []
    lists = [one["devices"] for one in row["expect"] if one["kind"] == "discovery"]
    assert [[told(device) for device in r.devices] for r in found if r.kind is Kind.DISCOVERY] == [
        [expected_of(device) for device in devices] for devices in lists
    ]
    assert all(reading.retained == row["retain"] for reading in found)


@pytest.mark.parametrize("row", rows("zigbee2mqtt_sequences.jsonl"), ids=lambda row: str(row["id"]))
def test_a_recorded_sequence_has_as_many_events_as_expected(row: dict[str, Any]) -> None:
    known = learned(row.get("context", {}).get("discovery", []))
    events = Events()
    found: list[Event] = []
    for message in row["messages"]:
        readings = decode(message["topic"], message["payload"], known, retained=message["retain"])
        found += events.of(readings, message["topic"], AT + timedelta(milliseconds=message["t_ms"]))
    for event in row["expect_events"]:
        same = [e for e in found if e.kind.value == event["kind"] and e.edge == event.get("edge", "active")]
        assert [
            e for e in same if event.get("sos") in (None, e.sos) and event.get("action") in (None, e.action)
        ] == same
        assert len(same) == event["count"]


def test_one_press_on_two_topics_is_the_same_reading() -> None:
    """The hub can merge them only if source, property and action agree."""
    state = decode("zigbee2mqtt/bed_sos", '{"action":"emergency","battery":100}')
    text = decode("zigbee2mqtt/bed_sos/action", "emergency")
    assert [r for r in state if r.kind is Kind.BUTTON] == text
