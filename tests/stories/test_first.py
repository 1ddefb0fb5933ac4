"""From a press to the person who takes it."""

from datetime import timedelta

import pytest

from hub.alerts import events as ev
from hub.alerts.alert import Outcome, Stage
from tests.harness.world import World

SECONDS = timedelta(seconds=1)
MINUTES = timedelta(minutes=1)


@pytest.mark.promise("P3")
async def test_the_daughter_takes_it_and_everybody_told_hears(world: World) -> None:
    home = world.home("Wang Xiulan", family=("daughter", "son"))
    await world.start()
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY", "Wang Xiulan", "bedroom", "Shangbao 3-12", "Reply 1")
    await world.phone("son").gets("EMERGENCY", "Wang Xiulan")
    await world.disturb()
    await world.phone("daughter").replies("1")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("Thank you", "Wang Xiulan", "by 03:32")
    await world.phone("son").gets("Daughter has taken", "03:32")
    alert = await home.alert()
    assert (alert.stage, alert.holder) == (Stage.ACKNOWLEDGED, "daughter")
    await world.no_more_messages()


@pytest.mark.promise("P3")
async def test_in_chinese_it_reads_as_a_person_would_write(world: World) -> None:
    world.language = "zh-CN"
    home = world.home("王秀兰", address="上堡村三社12号")
    await world.start()
    await home.press_sos()
    await world.forward(2 * SECONDS)
    text = await world.phone("daughter").gets("王秀兰于03:12在卧室按了紧急呼叫", "上堡村三社12号", "能去请回复1")
    assert len(text) <= 70
    await world.disturb()
    await world.phone("daughter").replies("马上到。")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("收到，由您处理王秀兰的紧急呼叫", "03:32前到")
    await world.no_more_messages()


@pytest.mark.promise("P3")
@pytest.mark.promise("P4")
async def test_nobody_answers_and_it_climbs_and_begins_again(world: World) -> None:
    home = world.home()
    await world.start()
    await home.press_sos()
    await world.forward(59 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    await world.disturb()
    world.phone("nurse").gets_nothing()
    await world.forward(4 * SECONDS)
    await world.phone("nurse").gets("EMERGENCY")
    world.phone("chief").gets_nothing()
    await world.forward(120 * SECONDS)
    await world.phone("chief").gets("EMERGENCY")
    await world.forward(5 * MINUTES)
    await world.phone("chief").gets("nobody for 8 min", "everyone was asked")
    await world.phone("daughter").gets("Call 2", "EMERGENCY")
    await world.no_more_messages()


async def test_a_reply_after_somebody_else_took_it(world: World) -> None:
    home = world.home(family=("daughter", "son"))
    await world.start()
    await home.press_sos()
    await world.forward(2 * SECONDS)
    for person in ("daughter", "son"):
        await world.phone(person).gets("EMERGENCY")
    await world.phone("daughter").replies("1")
    await world.disturb()
    await world.phone("son").replies("1")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("Thank you")
    await world.phone("son").gets("Daughter has taken")
    await world.phone("son").gets("Daughter took Wang Xiulan at 03:12", "Reply 1 again")
    assert (await home.alert()).holder == "daughter"
    await world.phone("son").replies("1")
    await world.forward(2 * SECONDS)
    await world.phone("son").gets("Thank you")
    alert = await home.alert()
    assert (alert.holder, alert.helpers) == ("daughter", ("daughter", "son"))
    await world.no_more_messages()


@pytest.mark.promise("P3")
async def test_two_passes_it_on_at_once(world: World) -> None:
    home = world.home()
    await world.start()
    await home.press_sos()
    await world.forward(5 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    await world.disturb()
    await world.phone("daughter").replies("2")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("asking the next person")
    await world.phone("nurse").gets("EMERGENCY")
    await world.phone("nurse").replies("1")
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("Thank you")
    await world.phone("daughter").gets("Nurse Li has taken")
    # who took it can still give it back
    await world.phone("nurse").replies("去不了")
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("asking the next person")
    await world.phone("chief").gets("EMERGENCY")
    await world.no_more_messages()


@pytest.mark.promise("P3")
async def test_a_promise_reminds_and_lapses(world: World) -> None:
    home = world.home()
    await world.start()
    await home.is_taken_by("daughter")
    await world.forward(10 * MINUTES)
    await world.phone("daughter").gets("is waiting", "03:32")
    await world.disturb()
    await world.forward(10 * MINUTES)
    await world.phone("daughter").gets("No word from you by 03:32", "Nurse Li was asked")
    await world.phone("nurse").gets("No word from Daughter", "Reply 1")
    alert = await home.alert()
    assert (alert.stage, alert.holder) == (Stage.OPEN, None)
    await world.forward(2 * MINUTES)
    await world.phone("chief").gets("EMERGENCY")
    await world.no_more_messages()


@pytest.mark.promise("P3")
async def test_arrived_without_a_word_about_the_outcome(world: World) -> None:
    home = world.home()
    await world.start()
    await home.is_taken_by("daughter")
    await world.forward(MINUTES)
    await world.phone("daughter").replies("3")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("you are with Wang Xiulan")
    await world.disturb()
    await world.forward(60 * MINUTES)
    await world.phone("daughter").gets("please tell us", "how it ends")
    await world.forward(60 * MINUTES)
    await world.phone("daughter").gets("No word from you")
    await world.phone("nurse").gets("Daughter reached Wang Xiulan", "nothing heard since")
    await world.phone("nurse").replies("4 pressed by mistake")
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("closed", "pressed by mistake")
    await world.phone("daughter").gets("closed")
    alert = await home.alert()
    assert (alert.stage, alert.outcome) == (Stage.RESOLVED, Outcome.FALSE)
    await world.no_more_messages()


async def test_who_took_it_ends_it_with_a_word(world: World) -> None:
    home = world.home(family=("daughter", "son"))
    await world.start()
    await home.press_sos()
    await world.forward(2 * SECONDS)
    for person in ("daughter", "son"):
        await world.phone(person).gets("EMERGENCY")
    # words that are not on the list take nothing
    await world.phone("son").replies("收到，开车中")
    await world.forward(2 * SECONDS)
    await world.phone("son").gets("Not understood")
    assert (await home.alert()).stage is Stage.OPEN
    await world.phone("daughter").replies("１")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("Thank you")
    await world.phone("son").gets("Daughter has taken")
    await world.phone("daughter").replies("4点到")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("Noted", "still open")
    await world.disturb()
    await world.phone("daughter").replies("4误按")
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("closed")
    await world.phone("son").gets("closed", "Daughter")
    await world.phone("son").replies("1")
    await world.forward(2 * SECONDS)
    await world.phone("son").gets("was closed", "No need to go")
    alert = await home.alert()
    assert (alert.stage, alert.outcome, alert.resolved_by) == (Stage.RESOLVED, Outcome.FALSE, "daughter")
    await world.no_more_messages()


async def test_staff_act_by_command(world: World) -> None:
    home = world.home()
    await world.start()
    await home.press_sos()
    await world.forward(2 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    await world.command(await home.alert(), ev.Acknowledge("nurse", via="command"))
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("Thank you")
    await world.phone("daughter").gets("Nurse Li has taken")
    await world.command(await home.alert(), ev.HandOver("nurse", "chief"))
    await world.disturb()
    await world.forward(2 * SECONDS)
    await world.phone("chief").gets("Nurse Li hands over", "Wang Xiulan")
    await world.phone("chief").replies("1")
    await world.forward(2 * SECONDS)
    await world.phone("chief").gets("Thank you")
    await world.phone("daughter").gets("Chief Zhao has taken")
    await world.phone("nurse").gets("Chief Zhao has taken")
    await world.command(await home.alert(), ev.Resolve("chief", Outcome.GENUINE, "fell, is well", via="command"))
    await world.forward(2 * SECONDS)
    await world.phone("chief").gets("closed")
    for person in ("daughter", "nurse"):
        await world.phone(person).gets("closed", "fell, is well")
    await world.no_more_messages()


@pytest.mark.promise("P3")
async def test_a_resident_without_family_is_the_staffs_at_once(world: World) -> None:
    home = world.home("Old Chen", family=())
    await world.start()
    await home.press_sos()
    await world.disturb()
    await world.forward(2 * SECONDS)
    await world.phone("chief").gets("nobody to tell", "Old Chen")
    await world.phone("nurse").gets("EMERGENCY", "Old Chen")
    await world.phone("nurse").replies("1")
    await world.forward(2 * SECONDS)
    await world.phone("nurse").gets("Thank you")
    await world.phone("chief").gets("Nurse Li has taken")
    await world.no_more_messages()
