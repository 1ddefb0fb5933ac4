"""What carriers do: undelivered, silent, dead numbers, no webhook; nobody is forgotten and nobody is told twice."""

from datetime import timedelta

import pytest

from hub.alerts.alert import Stage
from simulators.carrier import Fault, FaultKind
from tests.harness.world import World

SECONDS = timedelta(seconds=1)
MINUTES = timedelta(minutes=1)


@pytest.mark.promise("P5")
async def test_undelivered_moves_on_at_once(world: World) -> None:
    home = world.home()
    await world.start()
    world.fault(Fault(FaultKind.FILTERED, number=world.phone("daughter").number))
    await home.press_sos()
    await world.disturb()
    await world.forward(5 * SECONDS)
    world.phone("daughter").gets_nothing()
    await world.phone("nurse").gets("EMERGENCY")
    await world.no_more_messages()


@pytest.mark.promise("P5")
async def test_a_carrier_that_accepts_and_says_nothing_holds_up_nobody(world: World) -> None:
    home = world.home()
    await world.start()
    world.fault(Fault(FaultKind.LOST, number=world.phone("daughter").number))
    await home.press_sos()
    await world.disturb()
    await world.forward(44 * SECONDS)
    await world.no_more_messages()
    await world.forward(4 * SECONDS)
    await world.phone("nurse").gets("EMERGENCY")
    await world.forward(10 * SECONDS)
    await world.no_more_messages()


@pytest.mark.promise("P5")
@pytest.mark.parametrize("kind", [FaultKind.CUT_AFTER, FaultKind.HANG, FaultKind.ERROR_AFTER])
async def test_an_answer_that_never_came_is_looked_up_and_not_doubled(world: World, kind: FaultKind) -> None:
    home = world.home()
    await world.start()
    world.fault(Fault(kind, number=world.phone("daughter").number, times=1, delay=timedelta(seconds=2)))
    await home.press_sos()
    await world.forward(10 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    if kind is FaultKind.HANG:  # created after we asked: a duplicate is better than a loss
        await world.phone("daughter").gets("EMERGENCY")
    await world.disturb()
    await world.forward(40 * SECONDS)
    await world.no_more_messages()


@pytest.mark.promise("P5")
async def test_a_request_cut_before_it_was_taken_is_sent_again(world: World) -> None:
    home = world.home()
    await world.start()
    world.fault(Fault(FaultKind.CUT_BEFORE, number=world.phone("daughter").number, times=1))
    await home.press_sos()
    await world.disturb()
    await world.forward(8 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    await world.forward(40 * SECONDS)
    await world.no_more_messages()


@pytest.mark.parametrize("kind", [FaultKind.TOO_MANY, FaultKind.UNAVAILABLE, FaultKind.SERVER_ERROR])
async def test_a_busy_carrier_is_asked_again_and_holds_up_no_step(world: World, kind: FaultKind) -> None:
    home = world.home()
    await world.start()
    world.fault(Fault(kind, number=world.phone("daughter").number, times=3, delay=timedelta(seconds=1)))
    await home.press_sos()
    await world.disturb()
    await world.forward(55 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    await world.forward(8 * SECONDS)
    await world.phone("nurse").gets("EMERGENCY")
    await world.no_more_messages()


@pytest.mark.promise("P12")
async def test_two_homes_and_one_dead_number(world: World) -> None:
    first = world.home()
    second = world.home("Li Na", id="b", family=("son",), prefix="homes/b/")
    await world.start()
    world.fault(Fault(FaultKind.DEAD_NUMBER, number=world.phone("daughter").number))
    await first.press_sos()
    await second.press_sos()
    await world.disturb()
    await world.forward(3 * SECONDS)
    await world.phone("son").gets("EMERGENCY", "Li Na")
    texts = [await world.phone("nurse").gets() for _ in range(2)]
    assert any("EMERGENCY" in t and "Wang Xiulan" in t for t in texts)
    assert any("number of Daughter" in t for t in texts)
    await world.forward(40 * SECONDS)
    await world.no_more_messages()


async def test_receipts_twice_late_and_in_any_order_change_nothing(world: World) -> None:
    home = world.home()
    await world.start()
    world.fault(Fault(FaultKind.TWICE))
    world.fault(Fault(FaultKind.REORDERED))
    await home.press_sos()
    await world.forward(10 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    await world.disturb()
    await world.phone("daughter").replies("1")
    await world.forward(10 * SECONDS)
    await world.phone("daughter").gets("Thank you")
    assert (await home.alert()).stage is Stage.ACKNOWLEDGED
    await world.no_more_messages()


@pytest.mark.promise("P5")
async def test_a_hub_behind_nat_hears_fates_and_replies_all_the_same(world: World) -> None:
    world.nat = True
    home = world.home()
    await world.start()
    world.fault(Fault(FaultKind.FILTERED, number=world.phone("daughter").number, times=1))
    await home.press_sos()
    await world.forward(6 * SECONDS)
    await world.phone("nurse").gets("EMERGENCY")
    await world.disturb()
    await world.phone("nurse").replies("1")
    await world.forward(6 * SECONDS)
    await world.phone("nurse").gets("Thank you")
    assert (await home.alert()).holder == "nurse"
    await world.forward(2 * MINUTES)
    await world.no_more_messages()


async def test_staff_with_three_open_alerts_are_asked_which_one(world: World) -> None:
    homes = [world.home(f"Resident {n}", id=f"h{n}", prefix=f"homes/{n}/", family=()) for n in range(3)]
    await world.start()
    for home in homes:
        await home.press_sos()
    await world.forward(2 * SECONDS)
    codes = {}
    for home in homes:
        await world.phone("chief").gets("nobody to tell")
        codes[home.id] = (await home.alert()).code
    for _ in homes:
        await world.phone("nurse").gets("EMERGENCY")
    await world.disturb()
    await world.phone("nurse").replies("1")
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("You have 3")
    assert {a.stage for a in await world.alerts()} == {Stage.OPEN}
    await world.phone("nurse").replies(f"1 {codes['h1'].lower()}")
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("Resident 1")
    await world.phone("chief").gets("Nurse Li has taken")
    assert (await homes[1].alert()).holder == "nurse"
    await world.forward(118 * SECONDS)
    for _ in range(2):
        await world.phone("chief").gets("EMERGENCY")  # the ladders of the others went on
    await world.no_more_messages()


@pytest.mark.promise("P5")
async def test_a_refused_account_is_said_and_fails_the_audit(world: World) -> None:
    home = world.home()
    await world.start()
    world.fault(Fault(FaultKind.WRONG_CREDENTIALS))
    await home.press_sos()
    await world.forward(2 * MINUTES)
    world.carrier.faults.clear()
    assert world.hub is not None
    assert not world.hub.ready()["audit"].ready
    causes = {a.cause for a in await world.alerts()}
    assert causes == {"sos", "channel:sms"}
    await world.disturb()
    await world.forward(6 * MINUTES)
    assert any("EMERGENCY" in text for text in world.phone("daughter").unread)


async def test_a_right_code_from_a_stranger_takes_nothing(world: World) -> None:
    home = world.home()
    await world.start()
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    code = (await home.alert()).code
    world.carrier.reply("+447700900999", f"1 {code}")
    world.carrier.reply("+447700900998", "1")
    await world.disturb()
    await world.forward(3 * SECONDS)
    assert (await home.alerts())[-1].stage is Stage.OPEN
    await world.phone("nurse").gets("unknown number", "999")
    await world.no_more_messages()


@pytest.mark.promise("P5")
async def test_a_reply_from_before_an_alert_does_not_take_it(world: World) -> None:
    world.nat = True
    first = world.home()
    second = world.home("Li Na", id="b", prefix="homes/b/", family=("daughter",))
    await world.start()
    await first.press_sos()
    await world.forward(6 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY", "Wang Xiulan")
    await world.stop_hub()
    world.carrier.reply(world.phone("daughter").number, "1")  # she answers the first, and nobody hears it yet
    await world.sleep_through(30 * SECONDS)
    await second.press_sos()
    await world.start_hub()
    await world.disturb()
    await world.forward(8 * SECONDS)
    assert (await first.alert()).holder == "daughter"
    assert (await second.alert()).stage is Stage.OPEN
