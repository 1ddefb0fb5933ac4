"""A home that somebody said something of until a time: the hospital, the installer's hour. None of it hides a call."""

from datetime import timedelta

import pytest

from hub.homes import HomeMode
from tests.harness.world import World
from tests.stories.test_still import home_of_wang, moves

SECONDS, MINUTES = timedelta(seconds=1), timedelta(minutes=1)


@pytest.mark.promise("P9")
async def test_an_hour_of_work_holds_back_its_notices_and_no_call(world: World) -> None:
    home = world.home()
    await world.start()
    assert world.hub is not None
    await home.says("kitchen_gas", {"gas": False, "tamper": False, "battery": 90})
    await world.hub.engine.mode(home.id, HomeMode.MAINTENANCE, world.clock.now() + 60 * MINUTES, "nurse")
    await world.forward(5 * MINUTES)
    await home.says("kitchen_gas", {"gas": False, "tamper": True, "battery": 90})  # its case is open
    await home.says("hall_motion", {"occupancy": False, "battery": 4})
    await world.forward(10 * MINUTES)
    assert await home.alerts() == []
    await world.disturb()
    await home.is_taken_by("daughter")  # the cat, or a cry for help: nobody can know
    await world.phone("daughter").replies("4 test")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("is closed")
    await home.says("kitchen_gas", {"gas": False, "tamper": False, "battery": 90})  # closed again
    await world.forward(44 * MINUTES)
    assert [alert.cause for alert in await home.alerts()] == []
    await world.forward(2 * MINUTES)
    assert [alert.cause for alert in await home.alerts()] == ["battery:hall-motion"]
    await world.phone("nurse").gets("battery")
    await world.no_more_messages()


async def test_a_stay_in_hospital_ends_by_itself_and_stillness_counts_from_then(world: World) -> None:
    home = home_of_wang(world)
    await world.start()
    await moves(home)
    assert world.hub is not None
    await world.hub.engine.mode(home.id, HomeMode.HOSPITAL, world.clock.now() + 50 * MINUTES, "nurse")
    await world.forward(40 * MINUTES)
    await world.disturb()
    await world.forward(39 * MINUTES)
    await world.no_more_messages()
    assert world.hub.engine.world.registry.homes[home.id].mode_at(world.clock.now()) is None
    await world.forward(2 * MINUTES)
    await world.phone("daughter").gets("No movement", "Wang Xiulan")
    await world.no_more_messages()


async def test_visitors_do_not_hide_that_somebody_lies_still(world: World) -> None:
    home = home_of_wang(world)
    await world.start()
    await moves(home)
    assert world.hub is not None
    await world.hub.engine.mode(home.id, HomeMode.VISITOR, world.clock.now() + 300 * MINUTES, "nurse")
    await world.forward(31 * MINUTES)
    await world.phone("daughter").gets("No movement", "Wang Xiulan")
    await world.no_more_messages()
