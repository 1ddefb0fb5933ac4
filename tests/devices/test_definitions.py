"""What a definition means is read from its structure and words. None of these devices is sold; any might be."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.definitions import Definition, definition
from devices.directory import Directory
from devices.message import Message
from devices.reading import Kind, Reading, State, Undecodable
from devices.zigbee2mqtt import Zigbee2mqtt

AT = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
DIALECT = Zigbee2mqtt()
LIST = "zigbee2mqtt/bridge/devices"
ACTIVE, CLEAR = State.ACTIVE, State.CLEAR


def binary(name: str, access: int = 1, on: object = True, off: object = False, **more: object) -> dict[str, object]:
    return {
        "type": "binary",
        "name": name,
        "property": name,
        "access": access,
        "value_on": on,
        "value_off": off,
        **more,
    }


def enum(name: str, *values: str, access: int = 1, **more: object) -> dict[str, object]:
    return {"type": "enum", "name": name, "property": name, "access": access, "values": list(values), **more}


def numeric(name: str, unit: str | None = None, access: int = 1) -> dict[str, object]:
    return {"type": "numeric", "name": name, "property": name, "access": access, **({"unit": unit} if unit else {})}


def listed(description: str, *exposes: object, name: str = "thing", model: str = "ZX-1") -> dict[str, object]:
    about = {"vendor": "Nobody", "model": model, "description": description, "exposes": list(exposes)}
    return {"ieee_address": f"0x{name}", "type": "EndDevice", "friendly_name": name, "definition": about}


def directory_of(*devices: object) -> Directory:
    return DIALECT.learn(Message(LIST, json.dumps(devices).encode(), AT), LIST, Directory())


def said(device: dict[str, object], state: dict[str, object], *, retained: bool = False) -> list[Reading]:
    topic = f"zigbee2mqtt/{device['friendly_name']}"
    return list(DIALECT.decode(Message(topic, json.dumps(state).encode(), AT, retained), topic, directory_of(device)))


def brief(found: list[Reading]) -> list[tuple[str, State | None, str | None]]:
    return [(r.kind.value, r.state, r.property) for r in found]


BEDSIDE = listed(
    "Under-mattress bed monitor",
    enum("sleep_state", "out_of_bed", "in_bed", "unknown"),
    enum("status", "nobody", "lying", "sitting", "unknown"),
    binary("bed_occupancy", on="IN", off="OUT"),
)
RADAR = listed(
    "24 GHz radar for people who live alone",
    enum("fall_down_status", "no_fall", "maybe_fall", "fall"),
    enum("motion_state", "none", "far", "near", "breathing"),
    binary("fall_detection", access=3),
    enum("radar_state", "presence", "absence", "disabled"),
    numeric("target_distance", "m"),
)
SHOP_DOOR = listed("Door and window opening sensor", binary("alarm_1"), binary("alarm_2"), binary("battery_low"))
HANDLE = listed("Window handle", enum("handle_position", "closed", "tilted", "open"), numeric("battery", "%"))
TWO_GASES = listed(
    "Gas and CO detector",
    enum("gas_sensor_state", "normal", "alarm", "preheating"),
    numeric("gas", "%LEL"),
    enum("co_state", "normal", "alarm"),
    numeric("co", "ppm"),
    numeric("co2", "ppm"),
    binary("muting", access=3),
)
VALVE = listed(
    "Smart water valve",
    {"type": "switch", "features": [binary("state", access=7, on="ON", off="OFF")]},
    enum("current_device_status", "normal_state", "water_shortage", "water_leakage"),
    numeric("gas", "m³"),
    binary("channel_1_leak_detect_17", on="Leak", off="Dry"),
)
SIREN = listed("Indoor siren", binary("alarm", access=3, on="ON", off="OFF"), enum("status", "idle", "sounding"))
HEAT = listed("Heat alarm", binary("alarm"), enum("alarm_state", "normal", "alarm"))
BLIND = listed(
    "Roller blind",
    {"type": "cover", "features": [enum("state", "OPEN", "CLOSE", "STOP", access=3), numeric("position", "%", 7)]},
    binary("motion"),
    binary("open"),
    enum("window_state", "open", "closed"),
)
FOB = listed("Key fob with presence", enum("action", "lock", "unlock", "sos"), binary("presence"))
SOS_BUTTON = listed("Emergency call button", enum("action", "off", "single", "double"), name="hall")
REMOTE = listed("Four-key remote", enum("action", "on", "off", "dim_stop"), name="床头SOS按钮")
RADIATOR = listed(
    "Radiator thermostat",
    {"type": "climate", "features": []},
    binary("window_open"),
    enum("window_state", "open", "closed"),
)


@pytest.mark.parametrize(
    ("device", "state", "expected"),
    [
        (BEDSIDE, {"status": "lying"}, [("bed", ACTIVE, "status")]),
        (
            BEDSIDE,
            {"status": "nobody", "bed_occupancy": "IN"},
            [("bed", CLEAR, "status"), ("bed", ACTIVE, "bed_occupancy")],
        ),
        (BEDSIDE, {"status": "unknown"}, []),
        (RADAR, {"fall_down_status": "fall"}, [("fall", ACTIVE, "fall_down_status")]),
        (RADAR, {"fall_down_status": "no_fall"}, [("fall", CLEAR, "fall_down_status")]),
        (RADAR, {"fall_down_status": "maybe_fall", "fall_detection": "ON", "target_distance": 1.5}, []),
        (RADAR, {"motion_state": "breathing"}, [("motion", ACTIVE, "motion_state")]),
        (
            RADAR,
            {"radar_state": "absence", "motion_state": "none"},
            [("motion", CLEAR, "radar_state"), ("motion", CLEAR, "motion_state")],
        ),
        (RADAR, {"radar_state": "disabled"}, []),
        (SHOP_DOOR, {"alarm_1": True, "alarm_2": True}, [("contact", ACTIVE, "alarm_1")]),
        (SHOP_DOOR, {"alarm_1": False}, [("contact", CLEAR, "alarm_1")]),
        (HANDLE, {"handle_position": "tilted"}, [("contact", ACTIVE, "handle_position")]),
        (
            TWO_GASES,
            {"gas_sensor_state": "alarm", "co_state": "normal"},
            [("gas", ACTIVE, "gas_sensor_state"), ("co", CLEAR, "co_state")],
        ),
        (TWO_GASES, {"gas_sensor_state": "preheating", "co2": 1400, "muting": True}, []),
        (TWO_GASES, {"gas": 1, "co": 1}, [("gas", None, "gas"), ("co", None, "co")]),
        (VALVE, {"current_device_status": "water_leakage", "state": "ON"}, [("leak", ACTIVE, "current_device_status")]),
        (VALVE, {"current_device_status": "water_shortage", "gas": 1523.4}, [("leak", CLEAR, "current_device_status")]),
        (VALVE, {"channel_1_leak_detect_17": "Leak"}, [("leak", ACTIVE, "channel_1_leak_detect_17")]),
        (SIREN, {"alarm": "ON", "status": "sounding"}, []),
        (HEAT, {"alarm": True}, [("smoke", ACTIVE, "alarm")]),
        (BLIND, {"motion": True, "open": True, "state": "OPEN", "position": 40, "window_state": "open"}, []),
        (FOB, {"presence": True}, []),
        (RADIATOR, {"window_open": True, "window_state": "open"}, []),
    ],
)
def test_a_property_means_what_its_definition_says(
    device: dict[str, object], state: dict[str, object], expected: list[tuple[str, State | None, str | None]]
) -> None:
    assert sorted(brief(said(device, state)), key=str) == sorted(expected, key=str)


@pytest.mark.parametrize(
    ("device", "action", "state", "sos", "maybe_sos"),
    [
        (FOB, "sos", ACTIVE, True, False),
        (FOB, "lock", ACTIVE, False, False),
        (SOS_BUTTON, "single", ACTIVE, False, True),
        (SOS_BUTTON, "off", CLEAR, False, True),  # the end of a press: there is no "on"
        (REMOTE, "off", ACTIVE, False, False),  # a key of its own; the name on the label is the rule's to weigh
    ],
)
def test_a_press_means_what_its_definition_says(
    device: dict[str, object], action: str, state: State, sos: bool, maybe_sos: bool
) -> None:
    (press,) = said(device, {"action": action})
    assert (press.kind, press.state, press.sos, press.maybe_sos) == (Kind.BUTTON, state, sos, maybe_sos)


@pytest.mark.parametrize("name", ["bed_sos", "Panic button", "客厅紧急按钮", "sosbutton"])
def test_a_button_that_nobody_defined_may_be_named_for_what_it_is(name: str) -> None:
    topic = f"zigbee2mqtt/{name}"
    (press,) = DIALECT.decode(Message(topic, b'{"action":"single"}', AT), topic, Directory())
    assert (press.sos, press.maybe_sos) == (False, True)


def test_a_contact_is_closed_when_true_whatever_is_declared() -> None:
    for on, off in ((True, False), (False, True), ("ON", "OFF")):
        device = listed("Garage door opener", binary("garage_door_contact", on=on, off=off))
        assert brief(said(device, {"garage_door_contact": True})) == [("contact", CLEAR, "garage_door_contact")]
    assert brief(said(listed("x", binary("smoke", on=False, off=True)), {"smoke": False})) == [
        ("smoke", ACTIVE, "smoke")
    ]


def test_a_word_that_a_detector_never_listed_is_heard_of() -> None:
    with pytest.raises(Undecodable, match="gas_sensor_state"):
        said(TWO_GASES, {"gas_sensor_state": "exploded"})


def test_a_property_listed_twice_is_one_reading_and_an_unlisted_one_is_read_by_its_name() -> None:
    device = listed("Smoke sensor", binary("smoke"), binary("smoke"), numeric("battery", "%"))
    assert brief(said(device, {"smoke": True, "water_leak": True})) == [
        ("smoke", ACTIVE, "smoke"),
        ("leak", ACTIVE, "water_leak"),
    ]


def test_what_the_installer_says_decides_where_names_say_nothing() -> None:
    device = listed("Wireless contact input", binary("alarm"), enum("state", "work", "alarm"))
    known = directory_of(device)
    message = Message("zigbee2mqtt/thing", b'{"alarm":true,"state":"work"}', AT)
    installed = Directory(known.networks, kinds={"zigbee2mqtt/thing": Kind.SMOKE})
    assert brief(list(DIALECT.decode(message, message.topic, known))) == [("contact", ACTIVE, "alarm")]
    assert brief(list(DIALECT.decode(message, message.topic, installed))) == [("smoke", ACTIVE, "alarm")]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(
    ["type", "name", "property", "access", "values", "value_on", "value_off", "unit", "features", "label"]
)
types = st.sampled_from(["binary", "enum", "numeric", "text", "light", "cover", "composite", "list"])
names = st.sampled_from(["gas", "alarm", "state", "action", "battery", "presence", "fall_status", "x"])
exposes = st.fixed_dictionaries(
    {},
    optional={
        "type": types | json_values,
        "property": names | json_values,
        "access": json_values,
        "features": json_values,
    },
).flatmap(lambda known: st.dictionaries(keys, json_values, max_size=4).map(lambda more: {**more, **known}))


@given(st.lists(exposes | json_values, max_size=6) | json_values, st.dictionaries(names, json_values, max_size=4))
def test_any_definition_is_read_without_harm(published: Any, state: dict[str, Any]) -> None:
    assert isinstance(definition({"exposes": published, "description": 7}), Definition)
    device = {"ieee_address": 1, "friendly_name": "thing", "definition": {"exposes": published}}
    try:
        found = said(device, state)
    except Undecodable:
        return
    assert all(r.device == "thing" for r in found)


def test_the_worst_definition_costs_little_time() -> None:
    begun = time.process_time()
    deep: dict[str, Any] = {"type": "light", "features": []}
    for _ in range(50):
        deep = {"type": "light", "features": [deep, binary("x")]}
    wide = [enum(f"alarm_state_{n}", *(f"value_{i}" for i in range(500))) for n in range(600)]
    assert len(definition({"exposes": [deep, *wide]}).meanings) <= 600
    assert time.process_time() - begun < 2.0
