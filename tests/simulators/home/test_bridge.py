"""The bridge says what the real one says: shapes, levels, what is retained, what a restart repeats."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.dialects import build, route
from devices.directory import NOTHING_KNOWN
from devices.message import Message
from devices.reading import Kind, State
from simulators.home import Happening, Machine, Plan, Said
from simulators.home.gateway import BOOTS, GIVEN_UP, RETAINED_AFTER
from simulators.home.models import MODELS, model_of
from tests.simulators.home.simulated import START, content, described, lived, machine_of, played, said

RECORDED = Path(__file__).parents[2] / "recorded" / "dialects"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def recorded(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (RECORDED / name).read_text("utf-8").splitlines()]


def states(happened: list[Happening]) -> list[Said]:
    return [one for one in said(happened) if "/bridge/" not in one.topic and not one.topic.endswith("/availability")]


def poked(plan: Plan, device: str, what: str) -> tuple[Machine, list[Said]]:
    machine = machine_of(plan)
    machine.start()
    return machine, said(machine.poke(START, device, what))


def test_models_have_the_properties_that_recorded_devices_have() -> None:
    known = {row["model"]: row for row in recorded("zigbee2mqtt.jsonl")}
    models = [*MODELS.values(), model_of("button", "sos")]
    compared = [model for model in models if model.model in known]
    assert {"HS1SA-E", "HS1RC-N", "ZG-210Z", "HS2FD-EF1-3.0"} <= {model.model for model in compared}
    for model in compared:
        published = {expose["property"]: expose for expose in known[model.model]["exposes"]}
        for expose in model.exposes:
            for key in ("type", "property", "value_on", "value_off", "values", "unit"):
                assert expose.get(key) == published[expose["property"]].get(key), (model.model, expose["property"], key)


def test_a_payload_holds_what_the_definition_exposes_and_nothing_else(plan: Plan) -> None:
    machine = machine_of(plan)
    happened = lived(machine, DAY)
    (devices,) = said(happened, "zigbee2mqtt/bridge/devices")
    exposed = {
        f"zigbee2mqtt/{entry['friendly_name']}": {expose["property"] for expose in entry["definition"]["exposes"]}
        for entry in content(devices)
        if "definition" in entry
    }
    for state in states(happened):
        assert set(content(state)) <= exposed[state.topic], state.topic
        assert list(content(state)) == sorted(content(state))  # the bridge sorts its keys


# Keys of an entry and its definition as the bridge publishes them: zigbee2mqtt.io, "zigbee2mqtt/bridge/devices".
ENTRY = {
    *("ieee_address", "type", "network_address", "supported", "disabled", "friendly_name", "description", "endpoints"),
    *("definition", "power_source", "model_id", "manufacturer"),
    *("interviewing", "interview_completed", "interview_state"),
}
DEFINITION = {"source", "model", "vendor", "description", "exposes", "options", "supports_ota"}


def test_the_list_of_devices_has_the_published_shape(plan: Plan) -> None:
    (devices,) = said(machine_of(plan).start(), "zigbee2mqtt/bridge/devices")
    coordinator, *others = content(devices)
    assert (devices.qos, devices.retain) == (0, True)
    assert coordinator["type"] == "Coordinator"
    assert "definition" not in coordinator
    for entry in others:
        assert set(entry) == ENTRY
        assert set(entry["definition"]) == DEFINITION
    assert len({entry["ieee_address"] for entry in content(devices)}) == 16
    assert machine_of(plan).start() == machine_of(plan).start()  # the same addresses again


def test_the_list_of_devices_teaches_a_reader_what_each_is(plan: Plan) -> None:
    (devices,) = said(machine_of(plan).start(), "zigbee2mqtt/bridge/devices")
    dialect = route(build({}), devices.topic)
    assert dialect is not None
    message = Message(devices.topic, devices.payload.encode(), START, True)
    learned = dialect.learn(message, devices.topic, NOTHING_KNOWN)
    _, (gas,) = poked(plan, "kitchen-gas", "on")
    readings = dialect.decode(Message(gas.topic, gas.payload.encode(), START, False), gas.topic, learned)
    assert (Kind.GAS, State.ACTIVE) in [(reading.kind, reading.state) for reading in readings]
    _, (press,) = poked(plan, "door-bell", "press")
    readings = dialect.decode(Message(press.topic, press.payload.encode(), START, False), press.topic, learned)
    assert [reading.sos for reading in readings if reading.kind is Kind.BUTTON] == [False]


def test_a_start_says_state_lists_availability_and_every_cached_state(plan: Plan) -> None:
    first = [one for one in machine_of(plan).start() if isinstance(one, Said)]
    assert first[0] == Said(START, "zigbee2mqtt/bridge/state", '{"state":"online"}', 1, True)
    for name in ("info", "devices", "groups"):
        (one,) = said(first, f"zigbee2mqtt/bridge/{name}")
        assert (one.qos, one.retain) == (0, True)
    links = [one for one in first if one.topic.endswith("/availability")]
    assert [(one.qos, one.retain, content(one)) for one in links] == [(1, True, {"state": "online"})] * 15
    assert {one.topic.rpartition("/")[2] for one in states(first)} == {d.name for d in plan.devices}


def test_states_are_sent_once_and_never_retained(plan: Plan) -> None:
    happened = lived(machine_of(plan), DAY)
    assert {(one.qos, one.retain) for one in states(happened)} == {(0, False)}


@pytest.mark.parametrize(
    ("device", "what", "kind", "state"),
    [
        ("bed-sos", "press", Kind.BUTTON, State.ACTIVE),
        ("door-bell", "press", Kind.BUTTON, State.ACTIVE),
        ("kitchen-gas", "gas on", Kind.GAS, State.ACTIVE),
        ("kitchen-gas", "gas off", Kind.GAS, State.CLEAR),
        ("kitchen-smoke", "on", Kind.SMOKE, State.ACTIVE),
        ("kitchen-co", "on", Kind.CO, State.ACTIVE),
        ("bath-leak", "leak", Kind.LEAK, State.ACTIVE),
        ("hall-motion", "motion", Kind.MOTION, State.ACTIVE),
        ("front-door", "open", Kind.CONTACT, State.ACTIVE),
        ("front-door", "close", Kind.CONTACT, State.CLEAR),
        ("bed-mat", "in", Kind.BED, State.ACTIVE),
        ("bed-mat", "out", Kind.BED, State.CLEAR),
        ("bath-fall", "fall", Kind.FALL, State.ACTIVE),
        ("bath-fall", "up", Kind.FALL, State.CLEAR),
        ("bath-leak", "battery_low", Kind.BATTERY, State.ACTIVE),
    ],
)
@pytest.mark.parametrize("spoken", ["plan", "native"])
def test_a_poke_is_read_as_what_it_is(
    device: str, what: str, kind: Kind, state: State, spoken: str, request: pytest.FixtureRequest
) -> None:
    _, out = poked(request.getfixturevalue(spoken), device, what)
    one = out[-1]
    dialect = route(build({}), one.topic)
    assert dialect is not None
    readings = dialect.decode(Message(one.topic, one.payload.encode(), one.at, False), one.topic)
    assert (kind, state) in [(reading.kind, reading.state) for reading in readings]
    assert not [reading for reading in readings if reading.kind is Kind.FAULT]
    if device == "bed-sos":
        assert any(reading.sos for reading in readings)


def test_a_press_is_in_one_message_alone(plan: Plan) -> None:
    machine, (press,) = poked(plan, "bed-sos", "press")
    assert set(content(press)) == {"action", "battery", "linkquality"}
    later = said(machine.advance(START + DAY), press.topic)
    assert later
    assert not any("action" in content(one) for one in later)


def test_a_motion_sensor_is_blind_for_a_minute_and_clear_after_90_seconds(plan: Plan) -> None:
    machine = machine_of(Plan.of({**plan_of_one("hall-motion", "motion", "study")}))
    machine.start()
    assert len(said(machine.poke(START, "hall-motion", "motion"))) == 1
    assert said(machine.poke(START + timedelta(seconds=59), "hall-motion", "motion")) == []
    at = START + timedelta(seconds=61)
    assert len(said(machine.poke(at, "hall-motion", "motion"))) == 1
    clears = [one for one in states(machine.advance(START + timedelta(minutes=5))) if not content(one)["occupancy"]]
    assert clears[0].at == at + timedelta(seconds=90)


def plan_of_one(id: str, kind: str, room: str) -> dict[str, Any]:
    """Return a home with one device, in a room where she seldom is."""
    device = {"id": id, "kind": kind, "room": room, "topic": f"zigbee2mqtt/{id}"}
    return {"id": "ah-002", "who": "王", "timezone": "Asia/Shanghai", "devices": [device]}


def test_health_is_said_every_ten_minutes_and_kept(plan: Plan) -> None:
    beats = said(lived(machine_of(plan), HOUR), "zigbee2mqtt/bridge/health")
    assert len(beats) == 6
    assert {(one.qos, one.retain) for one in beats} == {(1, True)}
    assert content(beats[-1])["process"]["uptime_sec"] == 3600


def test_a_restart_repeats_cached_states_but_no_press(plan: Plan) -> None:
    machine = machine_of(plan)
    machine.start()
    machine.poke(START, "kitchen-gas", "on")
    machine.poke(START, "bed-sos", "press")
    stopped = said(machine.set_bridges(START + timedelta(seconds=1), False))
    assert [(one.payload, one.retain) for one in stopped] == [('{"state":"offline"}', True)]
    lost = said(machine.poke(START + timedelta(seconds=2), "bath-leak", "on"))
    assert lost == []
    again = said(machine.set_bridges(START + timedelta(seconds=13), True))
    cached = {one.topic: content(one) for one in states(again)}
    assert cached["zigbee2mqtt/kitchen_gas"]["gas"] is True
    assert "action" not in cached["zigbee2mqtt/bed_sos"]
    assert cached["zigbee2mqtt/bath_leak"]["water_leak"] is False  # it was told to nobody


def test_a_reconnect_says_what_is_retained_and_no_state(plan: Plan) -> None:
    machine = machine_of(plan)
    machine.start()
    at = START + timedelta(seconds=1)
    (online,) = said(machine.reconnected(at))
    assert (online.topic, online.payload) == ("zigbee2mqtt/bridge/state", '{"state":"online"}')
    later = said(machine.advance(at + RETAINED_AFTER))
    assert {one.topic.split("/", 1)[1] for one in later if "/bridge/" in one.topic} >= {"bridge/info", "bridge/devices"}
    assert all(one.retain for one in later)


def test_without_mains_the_broker_tells_of_the_bridge_and_devices_of_the_mains_fall_silent(plan: Plan) -> None:
    machine, happened = played("power-cut", plan, timedelta(minutes=46))
    will = said(happened, "zigbee2mqtt/bridge/state")[-1]
    assert (will.payload, will.by_broker, will.at) == ('{"state":"offline"}', True, START + GIVEN_UP)
    after = [one for one in said(happened) if one.at > START]
    assert after == [will]
    back = said(machine.advance(START + timedelta(minutes=50)))
    assert back[0].at == START + timedelta(minutes=47) + BOOTS
    announced = [content(one)["data"]["friendly_name"] for one in back if one.topic.endswith("bridge/event")]
    assert announced == ["kitchen_gas", "bath_fall"]


def test_a_home_whose_mains_are_watched_says_so_and_goes_on_for_half_an_hour(native: Plan) -> None:
    _, happened = played("power-cut", native, timedelta(minutes=46))
    (lost,) = [one for one in said(happened, "carehub/mains") if content(one).get("state") == "active"]
    assert lost.at == START
    spoken = [one.at for one in said(happened) if not one.by_broker]
    assert max(spoken) <= START + timedelta(minutes=30)
    assert any(one.by_broker and one.payload == "offline" for one in said(happened, "carehub/bed_sos/availability"))


def test_what_a_bridge_cannot_send_is_lost_and_what_a_native_device_cannot_is_sent_later() -> None:
    mixed = described()
    mixed["devices"][0]["topic"] = "carehub/bed-sos"
    machine = machine_of(Plan.of(mixed))
    machine.start()
    machine.set_network(START, False)
    assert said(machine.poke(START, "kitchen-gas", "on")) == []
    assert said(machine.poke(START, "bed-sos", "press")) == []
    gone = said(machine.advance(START + timedelta(minutes=3)))
    assert [(one.topic, one.by_broker) for one in gone] == [
        ("zigbee2mqtt/bridge/state", True),
        ("carehub/bed-sos/availability", True),
    ]
    back = said(machine.set_network(START + timedelta(minutes=5), True))
    (press,) = [one for one in back if one.topic == "carehub/bed-sos"]
    assert content(press)["at"] == "2026-03-01T08:00:00.000+08:00"
    assert not [one for one in back if one.topic == "zigbee2mqtt/kitchen_gas"]


def test_a_native_device_counts_and_tells_the_time(native: Plan) -> None:
    machine, (press,) = poked(native, "bed-sos", "press")
    assert (press.topic, press.qos, press.retain) == ("carehub/bed_sos", 1, False)
    said_first = content(press)
    assert said_first | {"battery": 0} == {
        "kind": "button",
        "state": "active",
        "action": "emergency",
        "at": "2026-03-01T08:00:00.000+08:00",
        "seq": 1,
        "battery": 0,
    }
    (second,) = said(machine.poke(START + timedelta(seconds=3), "bed-sos", "press"))
    assert content(second)["seq"] == 2
