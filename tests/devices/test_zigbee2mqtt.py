"""Zigbee2MQTT: what a device's words mean, and what must never be taken for a word."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from devices.message import Message
from devices.reading import Kind, Reading, State, Undecodable
from devices.zigbee2mqtt import Zigbee2mqtt

AT = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
DIALECT = Zigbee2mqtt()


def decode(
    payload: object, name: str = "sensor", *, retained: bool = False, dialect: Zigbee2mqtt = DIALECT
) -> list[Reading]:
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    topic = name if name.startswith("home/") else f"zigbee2mqtt/{name}"
    return list(dialect.decode(Message(topic, content, AT, retained), topic))


def only(payload: object, name: str = "sensor") -> Reading:
    (reading,) = decode(payload, name)
    return reading


@pytest.mark.parametrize("value", [True, "ON", "on", 1, "1", "true", "True", "yes"])
def test_true_is_written_in_many_ways(value: object) -> None:
    assert only({"gas": value}).state is State.ACTIVE


@pytest.mark.parametrize("value", [False, "OFF", 0, "0", "false", "False"])
def test_false_is_written_in_many_ways(value: object) -> None:
    assert only({"smoke": value}).state is State.CLEAR


@pytest.mark.parametrize("value", [None, "", "unknown", "null", "nan", "-1", -1, "unavailable"])
@pytest.mark.parametrize(
    "name", ["gas", "smoke", "carbon_monoxide", "co", "water_leak", "fall", "sos", "contact", "battery"]
)
def test_unknown_is_no_reading_and_never_a_clear(name: str, value: object) -> None:
    assert decode({name: value, "linkquality": 80}) == []


@pytest.mark.parametrize(
    ("payload", "kind", "state"),
    [
        ({"contact": True}, Kind.CONTACT, State.CLEAR),
        ({"contact": False}, Kind.CONTACT, State.ACTIVE),
        ({"contact_alarm_2": False}, Kind.CONTACT, State.ACTIVE),
        ({"door_state": "open"}, Kind.CONTACT, State.ACTIVE),
        ({"occupancy_2": True}, Kind.MOTION, State.ACTIVE),
        ({"human_motion_state": "peaceful"}, Kind.MOTION, State.ACTIVE),
        ({"motion_state": "none"}, Kind.MOTION, State.CLEAR),
        ({"fall_status": "fall_alarm"}, Kind.FALL, State.ACTIVE),
        ({"water_leak": True}, Kind.LEAK, State.ACTIVE),
        ({"carbon_monoxide": True}, Kind.CO, State.ACTIVE),
        ({"co": True}, Kind.CO, State.ACTIVE),
        ({"smoke_state": "alarm"}, Kind.SMOKE, State.ACTIVE),
        ({"pressure_state": "sit"}, Kind.BED, State.ACTIVE),
        ({"tamper": True}, Kind.TAMPER, State.ACTIVE),
        ({"battery_low": True}, Kind.BATTERY, State.ACTIVE),
        ({"battery_state": "medium"}, Kind.BATTERY, State.CLEAR),
        ({"fault": True}, Kind.FAULT, State.ACTIVE),
        ({"reliability": "no_fault_detected"}, Kind.FAULT, State.CLEAR),
    ],
)
def test_a_property_means_its_kind(payload: dict[str, object], kind: Kind, state: State) -> None:
    reading = only(payload)
    assert (reading.kind, reading.state) == (kind, state)


@pytest.mark.parametrize(
    "payload",
    [
        {"co2": 1423},
        {"gas": 1523.417},
        {"moisture": 1},
        {"water": 12.5},
        {"fall_detection": "ON"},
        {"vibration": True},
        {"motion_sensitivity": "high"},
        {"smoke_unit": "dB/m"},
        {"alarm": True, "volume": "high"},
        {"test": "test"},
        {"gas_sensitivity": "15%LEL"},
        {"state": "ON"},
        {"device": {"friendlyName": "gas"}, "update": {"state": "idle"}},
    ],
)
def test_what_only_looks_like_an_alarm_is_no_reading(payload: dict[str, object]) -> None:
    assert decode(payload) == []


def test_concentrations_are_values_without_a_state() -> None:
    assert (only({"co": 1}).value, only({"co": 1}).state, only({"co": 1}).unit) == (1.0, None, "ppm")
    assert (only({"carbon_monoxide": 57}).value, only({"carbon_monoxide": 57}).state) == (57.0, None)
    assert (only({"gas_density": 19}).kind, only({"gas_density": 19}).value) == (Kind.GAS, 19.0)


@pytest.mark.parametrize(("value", "percent"), [(97, 97), ("100.00", 100), (0, 0), (4.6, 5)])
def test_a_battery_is_low_from_ten_percent_down(value: object, percent: int) -> None:
    reading = only({"battery": value})
    assert reading.percent == percent
    assert reading.state is (State.ACTIVE if percent <= 10 else State.CLEAR)


@pytest.mark.parametrize("value", [101, -40, 255, "NaN", True])
def test_an_impossible_percentage_is_no_reading(value: object) -> None:
    assert decode({"battery": value, "linkquality": 3}) == []


# --- presses -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["emergency", "panic", "sos", "SOS", "sos_single", "button_1_emergency"])
def test_some_actions_call_for_help_by_themselves(action: str) -> None:
    reading = only({"action": action})
    assert (reading.kind, reading.state, reading.sos, reading.action) == (Kind.BUTTON, State.ACTIVE, True, action)


@pytest.mark.parametrize(
    "action", ["single", "double", "hold", "1_single", "on", "toggle", "disarm", "brightness_stop", 3]
)
def test_other_actions_are_presses_whose_meaning_the_role_gives(action: object) -> None:
    reading = only({"action": action})
    assert (reading.state, reading.sos, reading.action) == (State.ACTIVE, False, str(action))


@pytest.mark.parametrize("action", ["off", "CLEAR", "release", "hold_release", "arrow_left_release", "sos_release"])
def test_the_end_of_a_press_is_no_press(action: str) -> None:
    assert only({"action": action}).state is State.CLEAR


@pytest.mark.parametrize("action", ["", None, "None", "unknown", "btn_down", "btn_up", " "])
def test_an_empty_action_is_nothing(action: object) -> None:
    assert decode({"action": action, "linkquality": 9}) == []


def test_a_press_published_under_its_old_name_too_is_one() -> None:
    assert len(decode({"action": "single", "click": "single"})) == 1
    assert only({"click": "double"}).action == "double"


@pytest.mark.parametrize("name", ["sos", "panic", "emergency"])
def test_a_call_may_be_a_state(name: str) -> None:
    pressed, released = only({name: True}), only({name: False})
    assert (pressed.kind, pressed.state, pressed.sos) == (Kind.BUTTON, State.ACTIVE, True)
    assert (released.state, released.sos) == (State.CLEAR, True)


@pytest.mark.promise("P7")
def test_retained_is_carried_by_every_reading() -> None:
    found = decode({"action": "sos", "gas": True, "battery": 3}, retained=True)
    assert len(found) == 3
    assert all(reading.retained for reading in found)


# --- marks ---------------------------------------------------------------------------------------------------


@pytest.mark.promise("P9")
def test_a_self_test_marks_the_detector_but_not_its_state_nor_a_press() -> None:
    found = {r.kind: r for r in decode({"smoke": True, "test": True, "sos": True, "fall": True})}
    assert (found[Kind.SMOKE].state, found[Kind.SMOKE].test) == (State.ACTIVE, True)
    assert not found[Kind.BUTTON].test
    assert not found[Kind.FALL].test


def test_a_muted_detector_is_still_active() -> None:
    reading = only({"gas": True, "temporary_mute": True})
    assert (reading.state, reading.muted) == (State.ACTIVE, True)


@pytest.mark.parametrize(
    "last_seen", [1773993600000, 1773993600, "1773993600000", "2026-03-20T08:00:00.000Z", "2026-03-20T16:00:00+08:00"]
)
def test_the_time_the_bridge_heard_it_is_a_hint(last_seen: object) -> None:
    assert only({"gas": False, "last_seen": last_seen}).device_at == AT


@pytest.mark.promise("P8")
@pytest.mark.parametrize(
    "last_seen",
    [
        0,
        1,
        -5,
        10**400,
        1e300,
        "1970-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "yesterday",
        "2026-03-20T08:00:00",
        "2106-02-07T06:28:15Z",
        None,
        True,
        [],
        {},
        "9" * 60,
        4102444800,
    ],
)
def test_absurd_times_are_none_and_hide_nothing(last_seen: object) -> None:
    reading = only({"gas": True, "last_seen": last_seen})
    assert (reading.state, reading.device_at) == (State.ACTIVE, None)


# --- topics --------------------------------------------------------------------------------------------------


def test_friendly_names_may_have_slashes() -> None:
    reading = only({"occupancy": True}, "flat12/kitchen/motion")
    assert (reading.device, reading.source) == ("flat12/kitchen/motion", "zigbee2mqtt/flat12/kitchen/motion")


@pytest.mark.parametrize("payload", [b"online", b'{"state":"online"}', b"Online"])
def test_availability_is_json_or_text(payload: bytes) -> None:
    reading = only(payload, "flat12/bed_sos/availability")
    assert (reading.kind, reading.state, reading.device) == (Kind.AVAILABILITY, State.ONLINE, "flat12/bed_sos")


def test_a_cleared_topic_is_nothing() -> None:
    assert decode(b"", "bed_sos", retained=True) == []
    assert decode(b"", "bed_sos/availability", retained=True) == []


@pytest.mark.parametrize(
    "name",
    [
        "siren/set",
        "siren/get",
        "siren/set/alarm",
        "flat12/siren/set",
        "bridge/logging",
        "bridge/request/permit_join",
        "bridge/info",
        "bridge/groups",
        "bridge",
    ],
)
def test_commands_and_logs_are_no_readings(name: str) -> None:
    assert decode({"gas": True, "sos": True, "action": "panic", "message": "smoke"}, name) == []


@pytest.mark.parametrize(
    ("name", "payload", "kind", "state"),
    [
        ("kitchen/gas", b"true", Kind.GAS, State.ACTIVE),
        ("kitchen/smoke", b"OFF", Kind.SMOKE, State.CLEAR),
        ("bed/sos", b"true", Kind.BUTTON, State.ACTIVE),
        ("bed/action", b"panic", Kind.BUTTON, State.ACTIVE),
        ("bed/battery", b"9", Kind.BATTERY, State.ACTIVE),
        ("front/contact", b"false", Kind.CONTACT, State.ACTIVE),
    ],
)
def test_an_attribute_may_have_a_topic_of_its_own(name: str, payload: bytes, kind: Kind, state: State) -> None:
    reading = only(payload, name)
    assert (reading.kind, reading.state, reading.device) == (kind, state, name.split("/")[0])


@pytest.mark.parametrize("payload", [b"120", b"null", b"idle", b'"text"'])
def test_attributes_nobody_needs_are_nothing(payload: bytes) -> None:
    assert decode(payload, "kitchen/linkquality") == []


def test_a_bridge_says_that_it_lives() -> None:
    assert only({"state": "offline"}, "bridge/state").state is State.OFFLINE
    assert only({"process": {"uptime_sec": 3}}, "bridge/health").state is State.ALIVE
    left = only({"type": "device_leave", "data": {"friendly_name": "a/b", "ieee_address": "0x1"}}, "bridge/event")
    assert (left.kind, left.state, left.source) == (Kind.LIFECYCLE, State.LEFT, "zigbee2mqtt/a/b")


def test_several_bridges_and_base_topics_with_slashes() -> None:
    dialect = Zigbee2mqtt(("home/zigbee", "zigbee2mqtt"))
    (reading,) = decode({"gas": True}, "home/zigbee/kitchen", dialect=dialect)
    assert (reading.source, reading.device) == ("home/zigbee/kitchen", "kitchen")
    assert dialect.claims("home/zigbee/kitchen")
    assert not dialect.claims("home/zigbee")
    assert not dialect.claims("home/zigbee2/kitchen")
    assert not dialect.claims("zigbee2mqtt/")


def test_filters_are_one_per_device_and_the_bridges_log_is_not_among_them() -> None:
    assert DIALECT.filters("zigbee2mqtt/bed_sos") == ("zigbee2mqtt/bed_sos/#",)
    assert "zigbee2mqtt/bridge/state" in DIALECT.bridge_filters()
    assert not any("logging" in filter or "#" in filter for filter in DIALECT.bridge_filters())
    assert DIALECT.watch_filters() == ("zigbee2mqtt/#",)


# --- what cannot be read ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [
        b"{",
        b"null",
        b"[]",
        b"17",
        b'"gas"',
        b"\xff\xfe\x80",
        b"\x00\x01",
        b"x" * 200000,
        b"9" * 5000,
        b'{"gas":tru',
        b'{"gas":[true]}',
        b'{"gas":{"a":1}}',
        b'{"gas":"perhaps"}',
        b'{"action":["emergency"]}',
        b'{"action":true}',
    ],
)
def test_rubbish_is_undecodable_and_says_why(payload: bytes) -> None:
    with pytest.raises(Undecodable, match=r"\w+ \w+"):
        decode(payload)


def test_the_reason_does_not_quote_the_payload() -> None:
    with pytest.raises(Undecodable) as caught:
        decode({"gas": "王秀兰 fell"})
    assert "王秀兰" not in str(caught.value)


def test_an_unreadable_gas_is_not_hidden_by_a_readable_battery() -> None:
    with pytest.raises(Undecodable, match="gas cannot be read"):
        decode({"gas": "perhaps", "battery": 97})


def test_an_unreadable_field_does_not_hide_an_alarm() -> None:
    smoke, fault = decode({"smoke": True, "gas": "perhaps"})
    assert (smoke.kind, smoke.state) == (Kind.SMOKE, State.ACTIVE)
    assert (fault.kind, fault.property, fault.state) == (Kind.FAULT, "gas", State.ACTIVE)
    assert fault.reason is not None


def test_an_action_is_safe_to_store_and_to_log() -> None:
    assert only({"action": "sos\u0000\ud800\n"}).action == "sos"


def test_a_time_zone_of_the_bridge_is_forgiven() -> None:
    local = AT.astimezone(timezone(timedelta(hours=8))).isoformat()
    assert only({"contact": True, "last_seen": local}).device_at == AT


def test_json_that_only_python_could_read_means_nothing() -> None:
    values: Any = [b'{"gas":NaN}', b'{"battery":1e999}', b'{"co":-Infinity}']
    assert [decode(payload) for payload in values] == [[], [], []]
