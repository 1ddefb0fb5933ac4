"""Gas, smoke, unknown devices: what a detector says counts until a person has seen to it."""

from datetime import timedelta

import pytest

from hub.alerts import events as ev
from hub.alerts.alert import Outcome, Stage
from hub.alerts.machine import StillDangerous
from tests.harness.world import World

SECONDS = timedelta(seconds=1)
MINUTES = timedelta(minutes=1)


@pytest.mark.requirement("13")
async def test_gas_that_clears_by_itself_stays_until_a_person_resolves(world: World) -> None:
    home = world.home()
    await world.start()
    await home.gas(active=True)
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("GAS ALARM", "kitchen", "Get out")
    await home.gas(active=False)
    await world.disturb()
    await world.forward(57 * SECONDS)
    alert = await home.alert()
    assert (alert.stage, alert.active) == (Stage.OPEN, False)
    await world.forward(3 * SECONDS)
    await world.phone("nurse").gets("GAS ALARM")
    await world.phone("nurse").replies("1")
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("Thank you")
    await world.phone("daughter").gets("Nurse Li has taken")
    await home.gas(active=True)  # a second leak re-sounds
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("Gas alarm again", "2 times")
    await world.phone("nurse").replies("1")
    await home.gas(active=False)
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("Thank you")
    await world.phone("nurse").replies("4")
    await world.forward(20 * MINUTES)
    await world.phone("nurse").gets("closed")
    await world.phone("daughter").gets("closed")
    assert (await home.alert()).stage is Stage.RESOLVED
    await world.no_more_messages()


async def test_gas_resolved_while_it_is_still_active_opens_again(world: World) -> None:
    home = world.home()
    await world.start()
    await home.gas(active=True)
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("GAS ALARM")
    with pytest.raises(StillDangerous):
        await world.command(await home.alert(), ev.Resolve("nurse", Outcome.FALSE, via="command"))
    await world.command(await home.alert(), ev.Resolve("nurse", Outcome.FALSE, watched=True, via="command"))
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("closed", "still alarms")
    await world.phone("daughter").gets("closed")
    await home.gas(active=True)  # the detector repeats itself
    await world.disturb()
    await world.forward(14 * MINUTES)
    await world.no_more_messages()
    await world.forward(MINUTES)
    await world.phone("daughter").gets("STILL ACTIVE")
    assert (await home.alert()).stage is Stage.OPEN
    await world.no_more_messages()


async def test_gas_resolved_while_active_and_gone_stays_closed(world: World) -> None:
    home = world.home()
    await world.start()
    await home.gas(active=True)
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("GAS ALARM")
    await world.phone("daughter").replies("1")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("Thank you")
    await world.phone("daughter").replies("4")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("closed", "look again in 15 min")
    await world.disturb()
    await home.gas(active=False)
    await world.forward(30 * MINUTES)
    assert (await home.alert()).stage is Stage.RESOLVED
    await world.no_more_messages()


async def test_a_device_nobody_configured_cries_for_help(world: World) -> None:
    home = world.home()
    await world.start()
    await home.says("new_button", {"action": "panic", "battery": 99})
    await world.disturb()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("UNKNOWN DEVICE", "new_button", "Wang Xiulan")
    assert [a.cause for a in await home.alerts()] == ["unknown:button:zigbee2mqtt/new_button"]


async def test_an_unknown_device_of_no_home_is_the_sites(world: World) -> None:
    world.home(id="a", prefix="homes/a/")
    world.home("Li Na", id="b", prefix="homes/b/", family=("son",))
    await world.start()
    await world.publish("homes/b/zigbee2mqtt/hall_smoke", '{"smoke": true}')
    await world.forward(2 * SECONDS)
    await world.phone("son").gets("UNKNOWN DEVICE", "Li Na")
    await world.disturb()
    await world.publish("homes/zzz/zigbee2mqtt/button", '{"action": "sos"}')
    await world.forward(2 * SECONDS)
    assert [a.home_id for a in await world.alerts()] == ["@site", "b"]
    await world.phone("nurse").gets("UNKNOWN DEVICE", "story")
    await world.no_more_messages()  # a site has no family: that is no news


async def test_a_leak_is_a_warning_and_goes_channel_by_channel(world: World) -> None:
    leak = {"id": "bath-leak", "kind": "leak", "room": "bathroom", "topic": "zigbee2mqtt/bath_leak"}
    home = world.home(extra_devices=[leak])
    await world.start()
    await home.says("bath_leak", {"water_leak": True})
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("Water leak", "bathroom")
    await world.disturb()
    await world.forward(9 * MINUTES)
    world.phone("nurse").gets_nothing()
    await world.forward(MINUTES)
    await world.phone("nurse").gets("Water leak")
    await world.no_more_messages()


@pytest.mark.promise("P2")
async def test_a_press_overtakes_1100_queued_gas_readings(world: World) -> None:
    home = world.home()
    await world.start()
    await world.stop_hub()
    for number in range(1100):
        await world.publish("zigbee2mqtt/kitchen_gas", f'{{"gas": false, "linkquality": {number % 200}}}', settle=False)
    await world.published()
    await home.press_sos()
    await world.start_hub()
    await world.disturb()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    assert (await home.alert()).late is None  # the hub was away for no time at all
    await world.no_more_messages()


@pytest.mark.promise("P12")
async def test_garbage_disturbs_nothing_and_is_kept(world: World) -> None:
    home = world.home()
    await world.start()
    for payload in (b"{", b"\xff\xfe\x00", b"[" * 100_000, b"{" * 1_000_000, b'{"action": 7}', b"null", b""):
        await world.publish("zigbee2mqtt/hall_motion", payload, settle=False)
    await world.publish("zigbee2mqtt/hall_motion", b'{"occupancy": "' + b"x" * 1_000_000 + b'"}')
    await world.disturb()
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    assert world.hub is not None
    shelved = await world.hub.store.read(lambda t: t.shelf())
    assert len(shelved) >= 5
    assert len(await world.alerts()) == 1
    await world.no_more_messages()


async def test_a_button_that_says_what_nobody_can_read_is_told_after_a_minute(world: World) -> None:
    home = world.home()
    await world.start()
    await world.publish("zigbee2mqtt/bed_sos", b'{"action": "emer')
    await world.forward(50 * SECONDS)
    await world.no_more_messages()
    await world.disturb()
    await world.forward(13 * SECONDS)
    await world.phone("nurse").gets("what we cannot read", "Wang Xiulan")
    await home.says("bed_sos", {"battery": 88})
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("All well again")
    await world.publish("zigbee2mqtt/bath_sos", b"{{{")
    await world.forward(30 * SECONDS)
    await home.says("bath_sos", {"battery": 88})
    await world.forward(5 * MINUTES)
    assert await world.alerts() == []
    await world.no_more_messages()
