"""A home is tested: the first press of each device goes to the tester, everything else is real (P9)."""

from datetime import timedelta

import pytest

from hub.alerts.alert import Outcome, Stage
from hub.engine import testing
from hub.homes import HomeMode
from hub.ports import Lane
from hub.walktest import Fault, Verdict, WalkKind, WalkTest, judge
from tests.harness.world import StoryHome, World

pytestmark = pytest.mark.promise("P9")
SECONDS = timedelta(seconds=1)
MINUTES = timedelta(minutes=1)


async def begin(world: World, home: StoryHome, span: timedelta = 30 * MINUTES, tester: str = "nurse") -> WalkTest:
    assert world.hub is not None
    engine = world.hub.engine
    test = await engine.write(
        Lane.DUTY, lambda work: testing.start(work, home.id, WalkKind.HOME, span, "nurse", tester)
    )
    await engine.load()
    await world.settle()
    return test


async def now_of(world: World, test: WalkTest) -> WalkTest:
    assert world.hub is not None
    return await world.hub.store.read(lambda t: testing.seen(t, t.home_test(test.id) or test))


async def confirm(world: World, test: WalkTest) -> int:
    assert world.hub is not None
    count = await world.hub.engine.write(Lane.DUTY, lambda work: testing.confirm(work, test.id, "nurse"))
    await world.settle()
    return count


async def end(world: World, test: WalkTest) -> WalkTest:
    assert world.hub is not None
    ended = await world.hub.engine.write(Lane.DUTY, lambda work: testing.finish(work, test.id, "nurse"))
    await world.hub.engine.load()
    await world.settle()
    return ended


async def test_a_confirmed_press_wakes_nobody_but_the_tester(world: World) -> None:
    home = world.home()
    await world.start()
    test = await begin(world, home)
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("TEST", "bedroom button", "Wang Xiulan", "Reply 1 within 60 s")
    await world.disturb()
    await world.phone("nurse").replies("1")
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("Emergency call", "closed", "test")
    await world.forward(10 * MINUTES)
    alert = await home.alert()
    assert (alert.stage, alert.outcome, alert.told) == (Stage.RESOLVED, Outcome.TEST, ())
    probe = (await now_of(world, test)).probe("bed-sos")
    assert probe is not None
    assert probe.confirmed_at is not None
    assert (probe.signal, probe.battery) == (98, 87)
    await world.no_more_messages()


async def test_a_press_that_nobody_confirms_is_real_after_a_minute(world: World) -> None:
    home = world.home()
    await world.start()
    test = await begin(world, home)
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("TEST")
    await world.disturb()
    await world.forward(57 * SECONDS)
    world.phone("daughter").gets_nothing()
    await world.forward(3 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY", "Wang Xiulan")
    judged = {j.probe.device: j for j in judge(await now_of(world, test), world.clock.now())}
    assert (judged["bed-sos"].verdict, judged["bed-sos"].fault) == (Verdict.FAILED, Fault.REAL)
    await world.forward(60 * SECONDS)
    await world.phone("nurse").gets("EMERGENCY")
    assert (await home.alert()).stage is Stage.OPEN
    await world.no_more_messages()


async def test_a_second_press_of_a_button_is_real_at_once(world: World) -> None:
    home = world.home()
    await world.start()
    test = await begin(world, home)
    await home.press_sos()
    await world.forward(5 * SECONDS)
    await world.phone("nurse").gets("TEST")
    await home.press_sos()
    await world.disturb()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY", "Wang Xiulan")
    assert len(await home.alerts()) == 1
    assert await confirm(world, test) == 0  # what was told as real no test ends
    assert (await home.alert()).stage is Stage.OPEN
    await world.no_more_messages()


async def test_a_tested_button_pressed_later_calls_the_family(world: World) -> None:
    home = world.home()
    await world.start()
    test = await begin(world, home)
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("TEST")
    assert await confirm(world, test) == 1
    await world.disturb()
    await world.forward(MINUTES)
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    assert [a.stage for a in await home.alerts(everything=True)] == [Stage.OPEN, Stage.RESOLVED]
    await world.no_more_messages()


@pytest.mark.requirement("15")
async def test_a_real_press_in_the_same_minute_is_not_hidden(world: World) -> None:
    """Two buttons under test, and one of another home: each is what it is."""
    home = world.home(prefix="homes/a/")
    other = world.home("Li Na", id="ah-002", prefix="homes/b/", family=("son",))
    await world.start()
    test = await begin(world, home)
    await home.press_sos()
    await home.press_sos("bath_sos")
    await other.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("TEST", "bedroom")
    await world.phone("nurse").gets("TEST", "bathroom")
    await world.phone("son").gets("EMERGENCY", "Li Na")
    assert await confirm(world, test) == 2
    await world.disturb()
    await home.press_sos("bath_sos")  # while the bed's press is a test, this is the second one of its own
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY", "bathroom")
    await world.no_more_messages()


async def test_gas_of_its_test_button_goes_to_the_tester_and_no_gas_fails(world: World) -> None:
    home = world.home()
    await world.start()
    test = await begin(world, home)
    await home.gas(active=False)
    judged = {j.probe.device: j for j in judge(await now_of(world, test), world.clock.now())}
    assert (judged["kitchen-gas"].verdict, judged["kitchen-gas"].fault) == (Verdict.FAILED, Fault.SAID_NO)
    await home.gas(active=True)
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("TEST", "kitchen gas detector")
    assert await confirm(world, test) == 1
    await home.gas(active=False)
    await world.disturb()
    await world.forward(20 * MINUTES)
    judged = {j.probe.device: j for j in judge(await now_of(world, test), world.clock.now())}
    assert judged["kitchen-gas"].verdict is Verdict.PASSED
    await home.gas(active=True)  # its second alarm in this test
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("GAS ALARM")
    await world.no_more_messages()


async def test_gas_that_stays_after_its_test_is_told(world: World) -> None:
    home = world.home()
    await world.start()
    test = await begin(world, home)
    await home.gas(active=True)
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("TEST")
    await confirm(world, test)
    await home.gas(active=True)
    await world.disturb()
    await world.forward(14 * MINUTES)
    await world.no_more_messages()
    await world.forward(MINUTES + 2 * SECONDS)
    await world.phone("daughter").gets("STILL ACTIVE")


async def test_a_test_that_is_ended_makes_what_nobody_confirmed_real(world: World) -> None:
    home = world.home()
    await world.start()
    test = await begin(world, home)
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("TEST")
    ended = await end(world, test)
    await world.disturb()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    assert ended.passed is False
    assert ended.probe("bed-sos").real_at is not None  # type: ignore[union-attr]
    assert world.hub is not None
    assert world.hub.engine.world.registry.homes[home.id].mode is None
    await world.no_more_messages()


async def test_a_test_ends_by_itself_and_presses_are_real_again(world: World) -> None:
    home = world.home()
    await world.start()
    test = await begin(world, home, span=5 * MINUTES)
    await world.forward(5 * MINUTES)
    await world.disturb()
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    await world.forward(50 * SECONDS)
    assert world.hub is not None
    kept = await world.hub.store.read(lambda t: t.home_test(test.id))
    assert kept is not None
    assert (kept.ended_at, kept.passed) == (test.ends_at, False)
    assert {j.fault for j in judge(kept, world.clock.now())} == {Fault.NOTHING}
    assert world.hub.engine.world.registry.homes[home.id].mode_at(world.clock.now()) is None
    await world.no_more_messages()


async def test_a_hub_that_is_killed_in_the_middle_of_a_test_goes_on_with_it(world: World) -> None:
    home = world.home()
    await world.start()
    test = await begin(world, home)
    await world.stop_hub()
    await home.press_sos()  # waits at the broker
    await world.sleep_through(10 * SECONDS)
    await world.start_hub()
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("TEST", "bedroom")
    await world.stop_hub()
    await world.sleep_through(20 * SECONDS)
    await world.start_hub()
    assert (await home.alert()).in_test
    assert world.hub is not None
    assert world.hub.engine.world.registry.homes[home.id].mode is HomeMode.TEST
    await world.forward(40 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    assert (await now_of(world, test)).probe("bed-sos").real_at is not None  # type: ignore[union-attr]
    await world.no_more_messages()


async def test_a_call_that_is_open_in_earnest_is_not_tried_away(world: World) -> None:
    home = world.home()
    await world.start()
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    await begin(world, home)
    await home.press_sos("bath_sos")
    await world.disturb()
    await world.forward(60 * SECONDS)
    await world.phone("nurse").gets("EMERGENCY")
    assert (await home.alert()).count == 2
    await world.no_more_messages()
