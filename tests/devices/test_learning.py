"""What a bridge's own words teach: its devices and groups, and what is not forgotten when a list is gone."""

import json
from datetime import UTC, datetime

import pytest

from devices.directory import Directory
from devices.message import Message
from devices.reading import Kind, Reading, State
from devices.zigbee2mqtt import Zigbee2mqtt

AT = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
DIALECT = Zigbee2mqtt()
SIREN_LISTENER = {
    "description": "Listens for smoke alarms",
    "exposes": [{"type": "binary", "property": "alarm", "access": 1}],
}
ONE = {"ieee_address": "0x1", "type": "EndDevice", "friendly_name": "hall/smoke", "definition": SIREN_LISTENER}
COORDINATOR = {"ieee_address": "0x0", "type": "Coordinator", "friendly_name": "Coordinator"}


def learned(directory: Directory, rest: str, payload: object, prefix: str = "") -> Directory:
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    topic = f"zigbee2mqtt/bridge/{rest}"
    return DIALECT.learn(Message(prefix + topic, content, AT, retained=True), topic, directory)


def decode(directory: Directory, name: str, payload: object, prefix: str = "") -> list[tuple[str, Kind, State | None]]:
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    topic = f"zigbee2mqtt/{name}"
    found = DIALECT.decode(Message(prefix + topic, content, AT), topic, directory)
    return [(r.device, r.kind, r.state) for r in found]


ALARM = ("hall/smoke", Kind.SMOKE, State.ACTIVE)
KNOWN = learned(Directory(), "devices", [COORDINATOR, ONE])


def test_a_list_teaches_what_a_nameless_alarm_means() -> None:
    assert decode(Directory(), "hall/smoke", {"alarm": True}) == []
    assert decode(KNOWN, "hall/smoke", {"alarm": True}) == [ALARM]


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"{}", b"null", b"[", b"[1,", [COORDINATOR], [None, 1, {"friendly_name": 7}]]
)
@pytest.mark.parametrize("rest", ["devices", "groups"])
def test_a_list_that_is_gone_empty_or_broken_forgets_nothing(rest: str, payload: object) -> None:
    assert decode(learned(KNOWN, rest, payload), "hall/smoke", {"alarm": True}) == [ALARM]


def test_the_same_list_again_is_no_news() -> None:
    assert learned(KNOWN, "devices", [COORDINATOR, ONE]) is KNOWN
    assert learned(KNOWN, "state", {"state": "online"}) is KNOWN
    assert learned(KNOWN, "logging", [ONE]) is KNOWN


def test_each_bridge_has_devices_of_its_own() -> None:
    both = learned(KNOWN, "devices", [{**ONE, "friendly_name": "x"}], prefix="homes/b/")
    assert decode(both, "hall/smoke", {"alarm": True}) == [ALARM]
    assert decode(both, "hall/smoke", {"alarm": True}, prefix="homes/b/") == []
    assert decode(both, "x", {"alarm": True}, prefix="homes/b/") == [("x", Kind.SMOKE, State.ACTIVE)]


def test_a_renamed_device_is_known_by_its_new_name() -> None:
    answer = {"status": "ok", "data": {"from": "hall/smoke", "to": "attic"}}
    for after in (
        learned(KNOWN, "devices", [{**ONE, "friendly_name": "attic"}]),
        learned(KNOWN, "response/device/rename", answer),
    ):
        assert decode(after, "attic", {"alarm": True}) == [("attic", Kind.SMOKE, State.ACTIVE)]
        assert decode(after, "hall/smoke", {"alarm": True}) == []
    assert learned(KNOWN, "response/device/rename", {**answer, "status": "error"}) is KNOWN


def test_a_removed_device_is_known_no_more() -> None:
    after = learned(KNOWN, "response/device/remove", {"status": "ok", "data": {"id": "hall/smoke"}})
    assert decode(after, "hall/smoke", {"alarm": True}) == []


def test_a_device_that_is_interviewed_again_keeps_its_meaning() -> None:
    again = learned(KNOWN, "devices", [{**ONE, "definition": None, "interviewing": True}])
    assert decode(again, "hall/smoke", {"alarm": True}) == [ALARM]


def test_a_finished_interview_teaches_before_the_list_comes() -> None:
    event = {"type": "device_interview", "data": {**ONE, "status": "successful", "supported": True}}
    assert decode(learned(Directory(), "event", event), "hall/smoke", {"alarm": True}) == [ALARM]


def test_groups_publish_like_devices_and_are_none() -> None:
    grouped = learned(KNOWN, "groups", [{"id": 1, "friendly_name": "upstairs", "members": []}])
    assert decode(grouped, "upstairs", {"occupancy": True, "smoke": True}) == []
    assert decode(grouped, "upstairs/smoke", b"true") == []
    assert decode(grouped, "upstairs/availability", b"online") == []
    assert decode(grouped, "hall/smoke", {"alarm": True}) == [ALARM]


def test_a_listed_name_tells_a_device_from_an_attribute() -> None:
    assert decode(KNOWN, "hall/smoke/alarm", b"true") == [ALARM]
    assert decode(KNOWN, "hall/smoke/update", {"state": "idle", "smoke": True}) == []
    assert decode(KNOWN, "hall/smoke", b'{"alarm":false}') == [("hall/smoke", Kind.SMOKE, State.CLEAR)]


def test_a_list_tells_who_is_there() -> None:
    button = {"description": "SOS button", "exposes": [{"type": "enum", "property": "action", "values": ["emergency"]}]}
    plain = {
        "description": "Emergency button",
        "exposes": [{"type": "enum", "property": "action", "values": ["single"]}],
    }
    items = [
        COORDINATOR,
        {**ONE, "description": "厨房", "disabled": True, "power_source": "Battery"},
        {"ieee_address": "0x2", "friendly_name": "bed", "definition": button},
        {"ieee_address": "0x3", "friendly_name": "bath", "definition": plain},
        {"ieee_address": "0x4", "friendly_name": "new", "supported": False, "definition": None},
    ]
    topic = "zigbee2mqtt/bridge/devices"
    (reading,) = DIALECT.decode(Message(topic, json.dumps(items).encode(), AT), topic)
    assert isinstance(reading, Reading)
    assert reading.kind is Kind.DISCOVERY
    smoke, bed, bath, new = reading.devices
    assert (smoke.identity, smoke.device, smoke.room_hint, smoke.disabled) == ("0x1", "hall/smoke", "厨房", True)
    assert smoke.capabilities == (("alarm", Kind.SMOKE),)
    assert (bed.sos, bed.maybe_sos, bath.sos, bath.maybe_sos) == (True, False, False, True)
    assert (new.supported, new.capabilities) == (False, ())
