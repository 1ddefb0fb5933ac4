"""The story that `carehub demo --headless` plays: chapters, each with what must come of it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hub.alerts.alert import Alert, Stage
from hub.alerts.policy import Severity
from hub.homes import DeviceKind, DeviceRole

if TYPE_CHECKING:
    from hub.cli.demo_story import Teller

# A text is on the phone within this time of the press: the carrier's usual pace is 1.2 s.
SOON = timedelta(seconds=5)
A_MOMENT = timedelta(seconds=10)
# By then she lies on the floor, and the sensor that saw her last has fallen silent.
LIES_DOWN_WITHIN = timedelta(minutes=8)
SECONDS_ON_THE_FLOOR = timedelta(seconds=75)


@dataclass(frozen=True, slots=True)
class Chapter:
    """One part of the story; `play` tells it and checks it."""

    zh: str
    en: str
    play: "Callable[[Teller], Awaitable[None]]"


async def quiet_morning(story: "Teller") -> None:
    """She gets up, eats, tidies: nobody is disturbed."""
    await story.until(7, 0)
    moved = story.signs_of_life()
    story.check(moved >= 5, f"传感器看到她走动（{moved} 次）", f"the sensors see her move ({moved} times)")
    story.check(not await story.alerts(), "没有告警", "no alert")
    story.check(not story.texts(), "没有打扰任何人", "nobody is disturbed")


async def press(story: "Teller") -> None:
    """She falls and presses; the first who is told does not answer, the next one takes it, goes, and closes it."""
    await story.home.play("sos")
    await story.forward(SECONDS_ON_THE_FLOOR)
    alert = await story.one_alert("sos", "出现一件紧急呼叫", "one emergency is open")
    if alert is None:
        return
    first, second = alert.ladder.rungs[0], _second(alert)
    story.check_told(first.people, "马上收到短信", "told at once")
    await story.forward(first.wait)
    story.check_told(second, f"{_s(first.wait)} 秒没有人回，轮到", f"nobody answers for {_s(first.wait)} s: next is")
    taker = second[0]
    await story.replies(taker, "1")
    await story.check_stage(alert, Stage.ACKNOWLEDGED, "回复 1，接手了", "takes it with 1", taker)
    others = [person for person in first.people if person != taker]
    story.check_told(others, "知道已经有人接手", "hears that somebody has it")
    await story.forward(timedelta(minutes=4))
    untouched = [p for rung in alert.ladder.rungs[2:] for p in rung.people if p not in (*first.people, *second)]
    story.check(not story.texts(*untouched), "后面的人没有被打扰", "those further up the ladder are left in peace")
    await story.replies(taker, "3")
    now = await story.again(alert)
    story.check(now.arrived_at is not None, "回复 3，人到了", "arrives with 3")
    await story.closes(alert, taker)
    await story.home.go_on()


async def gas(story: "Teller") -> None:
    """Gas in the kitchen: a detector's own word closes nothing, a person does."""
    detector = story.device(DeviceKind.GAS)
    await story.home.poke(detector, "on")
    await story.forward(SOON)
    alert = await story.one_alert("gas", "出现一件紧急燃气告警", "one emergency for gas is open")
    if alert is None:
        return
    first = alert.ladder.rungs[0].people
    story.check_told(first, "马上收到短信", "told at once")
    await story.replies(first[0], "1")
    await story.home.poke(detector, "off")
    await story.forward(timedelta(minutes=2))
    await story.check_stage(
        alert, Stage.ACKNOWLEDGED, "气散了，告警还开着，等人看过", "the gas is gone, the alert waits for a person"
    )
    await story.replies(first[0], "3")
    await story.closes(alert, first[0])


async def night_away(story: "Teller") -> None:
    """She sleeps at the neighbour's: with the home set away nobody is asked."""
    await story.away(story.local(5, 30))
    await story.home.play("night-at-the-neighbours")
    await story.until(5, 30)
    await story.home.go_on()
    story.check(not await story.alerts(), "一夜没有告警", "no alert all night")
    story.check(not story.texts(), "一夜没有打扰任何人", "nobody is disturbed all night")


async def stillness(story: "Teller") -> None:
    """She falls and cannot press: it is found because nothing moves any more."""
    limit = story.stillness_after
    await story.home.play("fall-without-press")
    await story.forward(LIES_DOWN_WITHIN)
    await story.forward(limit - LIES_DOWN_WITHIN - timedelta(minutes=10))
    hours = round(limit.total_seconds() / 3600)
    story.check(not await story.alerts(), f"不到 {hours} 小时不惊动人", f"before {hours} h nobody is alarmed")
    await story.forward(timedelta(minutes=25))
    alert = await story.one_alert(
        "inactivity", f"{hours} 小时没有动静，发现了", f"found: no sign of life for {hours} h"
    )
    if alert is None:
        return
    first = alert.ladder.rungs[0].people
    story.check_told(first, "收到短信，先打电话问", "is told, and asked to phone first")
    await story.replies(first[0], "1")
    await story.check_stage(alert, Stage.ACKNOWLEDGED, "回复 1，去看了", "goes and sees", first[0])
    await story.replies(first[0], "3")
    await story.closes(alert, first[0])
    await story.home.go_on()


CHAPTERS: Sequence[Chapter] = (
    Chapter("在邻居家过夜，说好了不用找", "A night at the neighbour's, said beforehand", night_away),
    Chapter("平常的早上", "A quiet morning", quiet_morning),
    Chapter("摔倒后按呼叫，第一个人没有回", "A fall, a press, and the first one does not answer", press),
    Chapter("燃气泄漏", "A gas leak", gas),
    Chapter("摔倒没按，靠没有动静发现", "A fall without a press, found by stillness", stillness),
)


def missing(story: "Teller") -> str:
    """Return what this home lacks for the story, in a sentence; empty if nothing."""
    home = story.house
    policy = story.world.loaded.hub.policies[Severity.EMERGENCY]
    if not any(d.role is DeviceRole.SOS for d in home.devices):
        return f"home {home.id} has no call button (role: sos)"
    if not any(d.kind is DeviceKind.GAS for d in home.devices):
        return f"home {home.id} has no gas detector"
    return "the emergency ladder has only one step" if len(policy.steps) < 2 else ""


def _second(alert: Alert) -> tuple[str, ...]:
    """Return the people of the next rung that has any."""
    return next((rung.people for rung in alert.ladder.rungs[1:] if rung.people), alert.ladder.rungs[0].people)


def _s(span: timedelta) -> int:
    return round(span.total_seconds())
