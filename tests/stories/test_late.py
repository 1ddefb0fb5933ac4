"""Old is not new, new is never old: outages, retained presses, sessions and databases that were lost."""

from datetime import timedelta

import pytest

from tests.harness.world import World

SECONDS = timedelta(seconds=1)
MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)


@pytest.mark.promise("P7")
async def test_a_press_during_an_outage_is_told_with_its_longest_possible_age(world: World) -> None:
    home = world.home()
    await world.start()
    await world.forward(2 * MINUTES)
    await world.stop_hub()
    await world.sleep_through(timedelta(hours=1, minutes=30))
    await home.press_sos()
    await world.sleep_through(timedelta(hours=1, minutes=40))
    await world.start_hub()
    await world.disturb()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("LATE by up to 3 h 10", "Wang Xiulan")
    late = (await home.alert()).late
    assert late is not None
    assert not late.exact
    await world.forward(10 * SECONDS)
    await home.press_sos()  # and a press now is new: it counts, and hurries the ladder
    await world.forward(MINUTES)
    assert (await home.alert()).count == 2
    assert "LATE" not in await world.phone("nurse").gets("EMERGENCY")
    await world.no_more_messages()


@pytest.mark.promise("P7")
async def test_the_devices_own_time_tells_the_age_if_it_is_possible(world: World) -> None:
    home = world.home()
    other = world.home("Li Na", id="b", family=("son",), prefix="homes/b/")
    await world.start()
    await world.forward(2 * MINUTES)
    await world.stop_hub()
    await world.sleep_through(HOURS)
    await home.press_sos(device_at=world.clock.now())
    await other.press_sos(device_at=world.clock.now() - timedelta(days=9000))  # a clock of 2001
    await world.sleep_through(12 * MINUTES)
    await world.start_hub()
    await world.disturb()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("LATE by 12 min")
    await world.phone("son").gets("LATE by up to 1 h 12")
    await world.no_more_messages()


@pytest.mark.promise("P7")
async def test_a_press_during_a_short_restart_is_no_late_press(world: World) -> None:
    home = world.home()
    await world.start()
    await world.forward(2 * MINUTES)
    await world.stop_hub()
    await home.press_sos()
    await world.sleep_through(20 * SECONDS)
    await world.start_hub()
    await world.disturb()
    await world.forward(2 * SECONDS)
    text = await world.phone("daughter").gets("EMERGENCY")
    assert "LATE" not in text
    await world.no_more_messages()


@pytest.mark.promise("P7")
async def test_a_retained_press_is_not_a_new_press(world: World) -> None:
    home = world.home()
    await world.start()
    await world.stop_hub()
    await home.says("bath_sos", {"action": "emergency"}, retain=True)
    await world.broker_loses_sessions()
    await world.start_hub()  # the first start that this broker sees
    await world.forward(8 * SECONDS)
    assert await home.alerts(everything=True) == []
    # the broker lost our session: staff hear of it, and of the press that it kept and we did not know
    await world.phone("nurse").gets("lost data", "Ask first: Wang Xiulan")
    await world.disturb()
    await world.forward(MINUTES)
    await world.no_more_messages()


@pytest.mark.promise("P7")
async def test_a_retained_press_at_the_very_first_start_calls_nobody(world: World) -> None:
    home = world.home()
    world.start_broker()
    await home.says("bed_sos", {"action": "emergency"}, retain=True)
    await world.start()
    await world.disturb()
    await world.forward(10 * MINUTES)
    assert await world.alerts(everything=True) == []
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    await world.no_more_messages()


@pytest.mark.promise("P7")
async def test_a_hub_that_lost_its_database_tells_staff(world: World) -> None:
    home = world.home()
    await world.start()
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    await world.stop_hub(kill=False)
    world.lose_database()
    await world.start_hub()
    await world.forward(8 * SECONDS)
    await world.phone("nurse").gets("new database")
    await world.disturb()
    await world.forward(MINUTES)
    await world.no_more_messages()


@pytest.mark.promise("P1")
async def test_what_waits_while_the_hub_is_away_is_heard_after(world: World) -> None:
    home = world.home()
    await world.start()
    await world.stop_hub()
    await home.press_sos()
    await home.gas(active=True)
    await world.restart_broker(kill=True)
    await world.start_hub()
    await world.disturb()
    await world.forward(2 * SECONDS)
    texts = sorted([await world.phone("daughter").gets(), await world.phone("daughter").gets()])
    assert "EMERGENCY" in texts[0]
    assert "GAS ALARM" in texts[1]
    await world.no_more_messages()
