"""What stopped speaking: one notice for staff, and never a storm."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.alerts.alert import Stage
from hub.ports import Lane
from tests.harness.world import StoryHome, World

SECONDS = timedelta(seconds=1)
MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)
DEVICES = ("bed_sos", "bath_sos", "kitchen_gas", "hall_motion")


async def link(home: StoryHome, device: str, state: str) -> None:
    """The bridge says whether a device is there; it says so to whoever asks later, too."""
    topic = f"{home.prefix}zigbee2mqtt/{device}/availability"
    await home.world.publish(topic, json.dumps({"state": state}), retain=True)


async def bridge(home: StoryHome, state: str, *, settle: bool = True) -> None:
    """The bridge starts, or the broker publishes its last will."""
    topic = f"{home.prefix}zigbee2mqtt/bridge/state"
    await home.world.publish(topic, json.dumps({"state": state}), retain=True, settle=settle)


async def all_is_well(home: StoryHome) -> None:
    """Every device speaks once, and is there."""
    await bridge(home, "online")
    for device in DEVICES:
        await link(home, device, "online")
    await home.says("kitchen_gas", {"gas": False, "battery": 100})
    await home.says("hall_motion", {"occupancy": True, "battery": 100})
    await home.says("hall_motion", {"occupancy": False, "battery": 100})


async def spoke_last(world: World, home: StoryHome, device: str, ago: timedelta) -> None:
    """Have the hub remember that a device spoke last so long ago, and look at it: a story need not last a day."""
    hub = world.hub
    assert hub is not None
    then = world.clock.now() - ago

    def remember(transaction: Any) -> None:
        known = transaction.device_states([(home.id, device)])
        transaction.save_device_states([replace(s, at=then, since=min(s.since, then)) for s in known])
        transaction.hurry_watches({(home.id, "silent", device): world.clock.now()})

    await hub.store.write(Lane.SLOW, remember)
    hub.engine.wake()
    await world.settle()


def devices(count: int) -> list[Mapping[str, Any]]:
    """Return so many more sensors."""
    return [
        {"id": f"motion-{n}", "kind": "motion", "room": "hall", "topic": f"zigbee2mqtt/motion_{n}"}
        for n in range(count)
    ]


@pytest.mark.promise("P6")
@pytest.mark.requirement("9")
async def test_a_dead_battery_that_claims_100_percent(world: World) -> None:
    home = world.home()
    await world.start()
    await all_is_well(home)
    await spoke_last(world, home, "hall-motion", 24 * HOURS - 10 * MINUTES)
    await world.forward(9 * MINUTES)
    await world.disturb()
    await world.no_more_messages()
    await world.forward(2 * MINUTES)
    await world.phone("nurse").gets("Hall motion sensor of Wang Xiulan", "no signal for 24 h", "Please visit today")
    await world.phone("nurse").replies("1")
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("Thank you")
    await home.says("hall_motion", {"occupancy": True, "battery": 100})
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("All well again", "Wang Xiulan", "Nothing for you to do")
    assert (await home.alert()).stage is Stage.RESOLVED
    await world.no_more_messages()


@pytest.mark.promise("P6")
@pytest.mark.promise("P12")
async def test_a_dead_bridge_is_one_notice_and_the_twelve_devices_behind_it_none(world: World) -> None:
    home = world.home(extra_devices=devices(8))
    await world.start()
    await all_is_well(home)
    for n in range(8):
        await home.says(f"motion_{n}", {"occupancy": False})
    await bridge(home, "offline")
    for device in (*DEVICES, *(f"motion_{n}" for n in range(8))):
        await link(home, device, "offline")
    await world.forward(4 * MINUTES)
    await world.disturb()
    await world.no_more_messages()
    await world.forward(2 * MINUTES)
    await world.phone("nurse").gets("Hub of Wang Xiulan offline", "calls cannot reach us", "Phone to check")
    await world.forward(10 * MINUTES)
    assert (await home.alert()).cause == "gateway:zigbee2mqtt/bridge"
    await world.no_more_messages()
    await bridge(home, "online")
    for device in (*DEVICES, *(f"motion_{n}" for n in range(8))):
        await link(home, device, "online")
    await world.forward(6 * MINUTES)
    await world.phone("nurse").gets("All well again", "Wang Xiulan")
    await world.no_more_messages()


@pytest.mark.promise("P7")
async def test_restarts_of_bridge_broker_and_hub_tell_nobody(world: World) -> None:
    home = world.home()
    await world.start()
    await all_is_well(home)
    for _ in range(2):
        await bridge(home, "offline")
        await world.forward(MINUTES)
        await all_is_well(home)
        await world.restart_broker()
        await all_is_well(home)
        await world.forward(2 * MINUTES)
        await world.restart_hub()
        await world.forward(3 * MINUTES)
    await world.disturb()
    await world.stop_hub()
    await world.sleep_through(30 * HOURS)
    await world.start_hub()
    await world.forward(10 * MINUTES)
    await world.no_more_messages()


@pytest.mark.requirement("37")
async def test_a_device_that_comes_and_goes_is_one_notice(world: World) -> None:
    home = world.home()
    await world.start()
    await all_is_well(home)
    for turn in range(3):
        await link(home, "kitchen_gas", "offline")
        await world.forward(6 * MINUTES)
        if turn == 1:
            await world.disturb()
        await link(home, "kitchen_gas", "online")
        await world.forward(3 * MINUTES)
    await world.phone("nurse").gets("Kitchen gas detector of Wang Xiulan", "no signal")
    assert [a.cause for a in await home.alerts(everything=True)] == ["silent:kitchen-gas"]
    await world.no_more_messages()


@pytest.mark.promise("P12")
@pytest.mark.requirement("36")
async def test_a_village_that_loses_power_is_one_notice(world: World) -> None:
    homes = [
        world.home(f"Wang {n}", f"ah-{n:03d}", prefix=f"homes/ah-{n:03d}/", address=f"Shangbao Village {n}-1")
        for n in range(1, 31)
    ]
    await world.start()
    for home in homes:
        await bridge(home, "online", settle=False)
        await home.world.publish(f"{home.prefix}zigbee2mqtt/hall_motion", '{"occupancy": false}', settle=False)
    await world.published()
    await world.forward(2 * MINUTES)
    for home in homes:
        await bridge(home, "offline", settle=False)
    await world.published()
    await world.forward(MINUTES)
    await world.disturb()
    await world.forward(6 * MINUTES)
    await world.phone("nurse").gets("Shangbao Village: 30 homes offline", "maybe a power cut", "First: Wang 1")
    await world.no_more_messages()
    for home in homes:
        await bridge(home, "online", settle=False)
    await world.published()
    await world.forward(6 * MINUTES)
    await world.phone("nurse").gets("All well again", "Shangbao Village")
    assert await world.alerts() == []
    await world.no_more_messages()


async def test_a_button_that_nobody_pressed_for_a_month_is_tried_and_well(world: World) -> None:
    home = world.home()
    await world.start()
    await home.press_sos("bath_sos")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    await world.phone("daughter").replies("1")
    await world.phone("daughter").replies("4")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("Thank you")
    await world.phone("daughter").gets("is closed")
    await spoke_last(world, home, "bath-sos", 30 * 24 * HOURS)
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("Bathroom button of Wang Xiulan", "not pressed for 30 days", "press it once")
    await world.disturb()
    await home.press_sos("bath_sos")
    await world.forward(5 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    await world.phone("nurse").gets("All well again", "press test")
    assert [a.cause for a in await home.alerts()] == ["sos"]
    await world.no_more_messages()
