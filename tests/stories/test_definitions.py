"""Devices whose meaning only their bridge's list tells."""

import json
from datetime import timedelta

import pytest

from tests.harness.world import World

SECONDS = timedelta(seconds=1)
LIST = "zigbee2mqtt/bridge/devices"


def listed(name: str, description: str, *exposes: dict[str, object]) -> dict[str, object]:
    about = {"vendor": "Nobody", "model": "ZX-1", "description": description, "exposes": list(exposes)}
    return {"ieee_address": f"0x{name}", "type": "EndDevice", "friendly_name": name, "definition": about}


DEVICES = [
    listed("yard", "Smart emergency button", {"type": "enum", "property": "action", "values": ["off", "single"]}),
    listed("attic", "Listens for the siren of a smoke alarm", {"type": "binary", "property": "alarm", "access": 1}),
]


@pytest.mark.promise("P1")
async def test_an_emergency_button_calls_even_if_nobody_said_what_it_is_for(world: World) -> None:
    home = world.home(
        extra_devices=[{"id": "yard-button", "kind": "button", "room": "yard", "topic": "zigbee2mqtt/yard"}]
    )
    await world.start()
    await world.publish(LIST, json.dumps(DEVICES), retain=True)
    await world.disturb()
    await home.says("yard", {"action": "single", "battery": 90})
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY", "Wang Xiulan", "yard")
    await home.says("yard", {"action": "off", "battery": 90})
    await world.forward(2 * SECONDS)
    assert (await home.alert()).count == 1
    await world.no_more_messages()


async def test_a_nameless_alarm_is_smoke_because_the_device_says_what_it_is(world: World) -> None:
    home = world.home(
        extra_devices=[{"id": "attic-ear", "kind": "smoke", "room": "stairs", "topic": "zigbee2mqtt/attic"}]
    )
    await world.start()
    await world.publish(LIST, json.dumps(DEVICES), retain=True)
    await world.disturb()
    await home.says("attic", {"alarm": True})
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("SMOKE", "stairs")
    await world.no_more_messages()
