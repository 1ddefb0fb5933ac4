"""Pressed again: in every stage somebody hears of it, and nobody is flooded."""

from datetime import timedelta

import pytest

from hub.alerts.alert import Stage
from tests.harness.world import World

SECONDS = timedelta(seconds=1)
MINUTES = timedelta(minutes=1)


@pytest.mark.requirement("23")
async def test_five_presses_in_five_seconds_are_one_alert_that_counts_five(world: World) -> None:
    home = world.home()
    await world.start()
    for _ in range(5):
        await home.press_sos()
        await world.forward(SECONDS)
    await world.disturb()
    await world.phone("daughter").gets("EMERGENCY")
    assert (await home.alert()).count == 5
    await world.forward(50 * SECONDS)
    await world.no_more_messages()


async def test_one_press_that_arrives_six_times_by_radio_counts_once(world: World) -> None:
    home = world.home()
    await world.start()
    for _ in range(6):
        await world.publish("zigbee2mqtt/bed_sos", '{"action":"emergency","battery":87}', settle=False)
    await world.published()
    await world.disturb()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    assert (await home.alert()).count == 1
    await world.no_more_messages()


async def test_pressed_again_while_nobody_has_it_hurries_the_next_step(world: World) -> None:
    home = world.home()
    await world.start()
    await home.press_sos()
    await world.forward(20 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    await home.press_sos()
    await world.disturb()
    await world.forward(20 * SECONDS)
    world.phone("nurse").gets_nothing()  # at most one step a minute
    await world.forward(23 * SECONDS)
    await world.phone("nurse").gets("EMERGENCY")
    await world.forward(70 * SECONDS)
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("chief").gets("EMERGENCY")
    await home.press_sos()
    await world.forward(100 * SECONDS)
    assert (await home.alert()).count == 4  # no new round is begun by pressing
    await world.no_more_messages()


@pytest.mark.promise("P3")
async def test_pressed_again_while_somebody_has_it(world: World) -> None:
    home = world.home()
    await world.start()
    await home.is_taken_by("daughter")
    await world.forward(MINUTES)
    await home.press_sos()
    await world.disturb()
    await world.forward(20 * SECONDS)
    await world.phone("daughter").gets("pressed again", "2 times")
    await home.press_sos()
    await world.forward(10 * SECONDS)
    world.phone("daughter").gets_nothing()  # at most once a minute
    await world.phone("daughter").replies("1")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("Thank you")
    await world.forward(2 * MINUTES)
    await world.phone("daughter").gets("pressed again", "3 times")  # the minute was over
    assert (await home.alert()).stage is Stage.ACKNOWLEDGED
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("pressed again", "4 times")
    await world.forward(MINUTES)  # this time she says nothing
    assert (await home.alert()).stage is Stage.OPEN
    await world.phone("daughter").gets("Call 2", "EMERGENCY")
    await world.forward(MINUTES)
    await world.phone("nurse").gets("Call 2", "EMERGENCY")
    await world.no_more_messages()


async def test_pressed_in_another_room_opens_it_again_at_once(world: World) -> None:
    home = world.home()
    await world.start()
    await home.is_taken_by("daughter")
    await world.forward(MINUTES)
    await world.disturb()
    await home.press_sos("bath_sos")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("pressed again")
    await world.phone("daughter").gets("Call 2", "EMERGENCY", "bathroom")
    assert (await home.alert()).stage is Stage.OPEN
    await world.no_more_messages()


async def test_pressed_long_after_the_helper_arrived_opens_it_again(world: World) -> None:
    home = world.home()
    await world.start()
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    await world.phone("daughter").replies("3")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("you are with")
    await world.forward(10 * MINUTES)
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("pressed again")
    await world.phone("daughter").replies("1")
    await world.forward(6 * MINUTES)
    await world.phone("daughter").gets("Thank you")
    await world.disturb()
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("pressed again")
    await world.phone("daughter").gets("Call 2", "EMERGENCY")
    await world.no_more_messages()


async def test_pressed_after_the_end_is_a_new_alert(world: World) -> None:
    home = world.home()
    await world.start()
    await home.is_taken_by("daughter")
    await world.phone("daughter").replies("4")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("closed")
    await world.disturb()
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    stages = [a.stage for a in await home.alerts(everything=True)]
    assert stages == [Stage.OPEN, Stage.RESOLVED]
    await world.no_more_messages()
