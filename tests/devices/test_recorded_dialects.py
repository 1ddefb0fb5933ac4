"""Every recorded message says exactly what its row expects: no reading missing, none too many.

Rows with `by_name: false` need the device's published definition (`alarm` of a smoke siren's listener, `off` of a
remote with an "on" key); by name alone they may say less, but never a hazard or a call for help that is not there.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from devices.dialects import build, route
from devices.message import Message
from devices.reading import Kind, Reading, State

RECORDED = Path(__file__).parents[1] / "recorded" / "dialects"
AT = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
ALARMS = {Kind.GAS, Kind.SMOKE, Kind.CO, Kind.LEAK, Kind.FALL}
# Right, and never asked for by a row.
FREE = {Kind.TEMPERATURE, Kind.HUMIDITY, Kind.FAULT}


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (RECORDED / name).read_text(encoding="utf-8").splitlines()]


def decode(topic: str, payload: str, *, retained: bool = False) -> list[Reading]:
    dialect = route(build({}), topic)
    assert dialect is not None
    return list(dialect.decode(Message(topic, payload.encode(), AT, retained), topic))


def matches(expected: dict[str, Any], reading: Reading) -> bool:
    said = {
        "kind": reading.kind.value,
        "state": reading.state.value if reading.state else None,
        "property": reading.property,
        "device": reading.device,
        "value": reading.value,
        "percent": reading.percent,
        "action": reading.action,
        "sos": reading.sos,
    }
    # "by_role": an ordinary press; whether it calls for help, the installer's role says.
    wanted = {k: False if v == "by_role" else v for k, v in expected.items() if k in said}
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
    found = decode(topic, json.dumps(case["payload"]))
    expected = [{**one, "device": name} for one in case["expect"]]
    if case.get("by_name", True):
        assert differences(expected, found) == []
    else:
        wanted = [one for one in expected if one["state"] == "active"]
        assert [r for r in found if is_alarm(r) and not any(matches(one, r) for one in wanted)] == []


@pytest.mark.parametrize("row", rows("zigbee2mqtt_bridge.jsonl"), ids=lambda row: str(row["id"]))
def test_a_recorded_bridge_message_says_exactly_what_is_expected(row: dict[str, Any]) -> None:
    found = decode(row["topic"], row["payload"], retained=row["retain"])
    assert differences(row["expect"], found) == []
    assert all(reading.retained == row["retain"] for reading in found)


@pytest.mark.parametrize("row", rows("zigbee2mqtt_sequences.jsonl"), ids=lambda row: str(row["id"]))
def test_a_recorded_sequence_has_as_many_edges_as_expected(row: dict[str, Any]) -> None:
    """Counted as a hub counts: equal presses within 500 ms are one, a state is news when it changes."""
    last: dict[tuple[str, Kind, str | None], tuple[int, Reading]] = {}
    edges: list[Reading] = []
    for message in row["messages"]:
        for reading in decode(message["topic"], message["payload"], retained=message["retain"]):
            key = (reading.source, reading.kind, reading.property)
            before = last.get(key)
            last[key] = (message["t_ms"], reading)
            pressed = reading.property == "action" and reading.state is State.ACTIVE
            copy = pressed and before is not None and before[1].action == reading.action
            new = before is None or before[1].state is not reading.state
            if new or (pressed and not (copy and before is not None and message["t_ms"] - before[0] <= 500)):
                edges.append(reading)
    for event in row["expect_events"]:
        found = [r for r in edges if r.kind.value == event["kind"] and r.state == event.get("edge", "active")]
        assert [r for r in found if event.get("sos") in (None, r.sos)] == found
        assert len(found) == event["count"]


def test_one_press_on_two_topics_is_the_same_reading() -> None:
    """The hub can merge them only if source, property and action agree."""
    state = decode("zigbee2mqtt/bed_sos", '{"action":"emergency","battery":100}')
    text = decode("zigbee2mqtt/bed_sos/action", "emergency")
    assert [r for r in state if r.kind is Kind.BUTTON] == text
