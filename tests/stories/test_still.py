"""No sign of life: somebody lies where no button is. And all that only looks like it."""

from datetime import timedelta

import pytest

from hub.alerts.alert import Stage
from tests.harness.world import StoryHome, World

SECONDS = timedelta(seconds=1)
MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)


def home_of_wang(world: World) -> StoryHome:
    """Return a home whose resident may be still for half an hour, so that the story need not last a day."""
    home = world.home()
    world.homes[home.id]["residents"][0]["inactivity_after"] = "30m"
    return home


async def moves(home: StoryHome, **fields: object) -> None:
    """Somebody walks through the hall."""
    await home.says("hall_motion", {"occupancy": True, **fields})
    await home.says("hall_motion", {"occupancy": False, **fields})


@pytest.mark.requirement("35")
async def test_a_fall_without_a_press_is_found_by_stillness(world: World) -> None:
    home = home_of_wang(world)
    await world.start()
    await world.forward(10 * MINUTES)
    await moves(home)
    await world.forward(20 * MINUTES)
    await world.disturb()
    await world.forward(9 * MINUTES + 50 * SECONDS)
    await world.no_more_messages()
    await world.forward(15 * SECONDS)
    await world.phone("daughter").gets("No movement", "Wang Xiulan", "Shangbao 3-12", "Please phone first")
    await world.phone("daughter").replies("1")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("Thank you")
    await moves(home)  # she is on her feet again: that is shown, and ends nothing
    await moves(home)
    alert = await home.alert()
    assert alert.stage is Stage.ACKNOWLEDGED
    assert world.hub is not None
    history = await world.hub.store.read(lambda t: t.history(alert.id))
    assert [entry.event for entry in history].count("life") == 1
    await world.forward(MINUTES)
    await world.phone("daughter").replies("4")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("is closed")
    await world.no_more_messages()


@pytest.mark.requirement("35")
async def test_a_home_of_buttons_alone_and_one_whose_sensors_never_spoke_are_not_still(world: World) -> None:
    installed, buttons = home_of_wang(world), world.home("Chen Guiying", "ah-002", prefix="homes/ah-002/")
    world.homes[buttons.id]["residents"][0]["inactivity_after"] = "30m"
    world.homes[buttons.id]["devices"] = world.homes[buttons.id]["devices"][:3]
    await world.start()
    await world.forward(40 * MINUTES)
    await world.disturb()
    await world.no_more_messages()
    await installed.says("hall_motion", {"occupancy": False, "battery": 100})  # it is watched from now on
    await world.forward(29 * MINUTES)
    await world.no_more_messages()
    await world.forward(2 * MINUTES)
    await world.phone("daughter").gets("No movement", "Wang Xiulan")
    await world.no_more_messages()


async def test_away_is_quiet_counts_from_its_end_and_silences_no_call(world: World) -> None:
    home = home_of_wang(world)
    await world.start()
    await moves(home)
    assert world.hub is not None
    await world.hub.engine.away(home.id, world.clock.now() + 35 * MINUTES, "daughter")
    await world.forward(20 * MINUTES)
    await world.disturb()
    await home.is_taken_by("daughter")  # a call in an empty home is a call
    await world.phone("daughter").replies("4")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("is closed")
    await world.forward(44 * MINUTES + 40 * SECONDS)
    await world.no_more_messages()
    await world.forward(30 * SECONDS)
    await world.phone("daughter").gets("No movement")
    await world.no_more_messages()


@pytest.mark.promise("P8")
async def test_a_hub_that_slept_judges_nobody_for_it(world: World) -> None:
    home = home_of_wang(world)
    await world.start()
    await world.forward(2 * MINUTES)
    await moves(home)
    await world.forward(10 * MINUTES)
    await world.stop_hub()
    await world.sleep_through(1 * HOURS)
    await moves(home)  # in the middle: when it was, nobody can say
    await world.sleep_through(2 * HOURS)
    await world.start_hub()
    await world.disturb()
    await world.forward(29 * MINUTES)
    await world.no_more_messages()  # it counts from the end of the gap: she moved since it began
    await world.forward(2 * MINUTES)
    await world.phone("daughter").gets("No movement")
    await world.no_more_messages()


@pytest.mark.promise("P4")
async def test_restarts_change_nothing(world: World) -> None:
    home = home_of_wang(world)
    await world.start()
    await world.forward(MINUTES)
    await moves(home)
    for kill in (True, False, True, False, True):
        await world.forward(4 * MINUTES + 50 * SECONDS)
        await world.stop_hub(kill=kill)
        await world.sleep_through(10 * SECONDS)
        await world.start_hub()
    await world.disturb()
    await world.forward(4 * MINUTES + 50 * SECONDS)
    await world.no_more_messages()
    await world.forward(15 * SECONDS)
    await world.phone("daughter").gets("No movement")
    await world.no_more_messages()


@pytest.mark.promise("P8")
async def test_what_a_bridge_remembers_is_no_life_and_a_clock_that_jumps_is_no_silence(world: World) -> None:
    home = home_of_wang(world)
    await world.start()
    await world.publish("zigbee2mqtt/bridge/state", '{"state":"online"}', retain=True)
    await world.forward(MINUTES)
    await moves(home)
    await world.forward(10 * MINUTES)
    await world.publish("zigbee2mqtt/bridge/state", '{"state":"offline"}', retain=True)
    await world.forward(4 * MINUTES)  # what the bridge did not hear is nobody's silence
    await world.publish("zigbee2mqtt/bridge/state", '{"state":"online"}', retain=True)
    await world.forward(2 * SECONDS)
    await home.says("hall_motion", {"occupancy": True, "battery": 80})  # as it was before
    await world.forward(5 * MINUTES)
    await world.disturb()
    world.clock.jump(3 * HOURS)
    await world.hub_follows_clock()
    await world.forward(14 * MINUTES)
    await world.no_more_messages()
    await world.forward(90 * SECONDS)
    await world.phone("daughter").gets("No movement")
    await world.no_more_messages()
