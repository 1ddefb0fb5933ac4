"""The press and the person who takes it."""

from datetime import timedelta

import pytest

from hub.alerts.alert import Stage
from tests.harness.world import World


@pytest.mark.promise("P3")
async def test_the_daughter_takes_it_and_everybody_told_hears(world: World) -> None:
    home = world.home("Wang Xiulan", family=("daughter", "son"))
    await world.start()
    await home.press_sos()
    await world.forward(timedelta(seconds=2))
    await world.phone("daughter").gets("EMERGENCY", "Wang Xiulan", "bedroom", "Shangbao 3-12", "Reply 1")
    await world.phone("son").gets("EMERGENCY", "Wang Xiulan")
    await world.phone("daughter").replies("1")
    await world.forward(timedelta(seconds=2))
    await world.phone("daughter").gets("Thank you", "Wang Xiulan")
    await world.phone("son").gets("Daughter has taken")
    assert (await home.alert()).stage is Stage.ACKNOWLEDGED
    await world.no_more_messages()


@pytest.mark.promise("P3")
async def test_nobody_answers_and_it_climbs_and_begins_again(world: World) -> None:
    home = world.home("Wang Xiulan")
    await world.start()
    await home.press_sos()
    await world.forward(timedelta(seconds=59))
    await world.phone("daughter").gets("EMERGENCY")
    world.phone("nurse").gets_nothing()
    await world.forward(timedelta(seconds=4))
    await world.phone("nurse").gets("EMERGENCY")
    await world.forward(timedelta(seconds=120))
    await world.phone("chief").gets("EMERGENCY")
    await world.forward(timedelta(minutes=5))
    await world.phone("chief").gets("everyone was asked")
    await world.phone("daughter").gets("Call 2")
    await world.no_more_messages()
