"""Scenarios: what happens, in order, and what a hub is expected to make of it, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta

from simulators.home.habits import Doing
from simulators.home.pokes import CannotPoke


class NoScenario(CannotPoke):
    """There is no scenario of that name; the text says which there are."""


def _s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def _m(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done at a time counted from the scenario's beginning.

    `verb`: go (place and doing), press, alarm and calm (kind of device), mains, network, bridge, broker (on or off).
    `place` is a room, or what a house has one of: bed, toilet, kitchen, sitting, entrance, outside.
    """

    after: timedelta
    verb: str
    place: str = ""
    doing: Doing = Doing.PASSING
    on: bool = True


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story in a home. `begins` is the time of day at which it is believable; `needs` the kinds of devices it uses.

    `day_after`: when the resident's usual day goes on; None if only the next scenario brings it back.
    """

    name: str
    title_zh: str
    title_en: str
    begins: time
    deeds: tuple[Deed, ...]
    expects_zh: tuple[str, ...]
    expects_en: tuple[str, ...]
    day_after: timedelta | None = timedelta(0)
    needs: tuple[str, ...] = ()
    quiet: bool = False

    def title(self, language: str) -> str:
        """Return its name for people."""
        return self.title_zh if language.startswith("zh") else self.title_en

    def expects(self, language: str) -> tuple[str, ...]:
        """Return what should come of it, a sentence each."""
        return self.expects_zh if language.startswith("zh") else self.expects_en

    @property
    def lasts(self) -> timedelta:
        """From its beginning to its last deed, and to the usual day after it."""
        return max((*(deed.after for deed in self.deeds), self.day_after or _s(0)))


_ALL = (
    Scenario(
        "quiet-day",
        "平常一天",
        "A quiet day",
        time(0, 0),
        (),
        ("一整天没有告警",),
        ("no alert all day",),
        quiet=True,
    ),
    Scenario(
        "sos",
        "摔倒后按呼叫",
        "A fall, and a press for help",
        time(3, 11),
        (
            Deed(_s(0), "go", "bed", Doing.PASSING),
            Deed(_s(20), "go", "bed", Doing.ON_FLOOR),
            Deed(_s(68), "press"),
        ),
        ("几秒内出现一件紧急呼叫，阶梯的第一步马上收到", "没有人接手就往上走一步", "再按一次不另开一件"),
        (
            "an emergency opens within seconds, and the first step of the ladder is told at once",
            "while nobody takes it, the ladder climbs",
            "another press opens no second alert",
        ),
        day_after=_m(45),
        needs=("button",),
    ),
    Scenario(
        "gas-leak",
        "燃气泄漏",
        "A gas leak",
        time(11, 20),
        (
            Deed(_s(0), "go", "kitchen", Doing.COOKING),
            Deed(_m(2), "go", "sitting", Doing.SITTING),
            Deed(_m(6), "alarm", "gas"),
            Deed(_m(9), "go", "kitchen", Doing.PUTTERING),
            Deed(_m(13), "calm", "gas"),
        ),
        ("报警几秒内出现一件紧急燃气告警", "燃气散了，告警也不自己关，要有人处理"),
        (
            "an emergency for gas opens within seconds",
            "when the gas is gone the alert stays: a person has to close it",
        ),
        day_after=_m(16),
        needs=("gas",),
    ),
    Scenario(
        "fall-without-press",
        "摔倒没按",
        "A fall without a press",
        time(7, 40),
        (
            Deed(_s(0), "go", "toilet", Doing.TOILET),
            Deed(_m(3), "go", "toilet", Doing.ON_FLOOR),
        ),
        ("之后再也没有动静，没有按钮", "过了她的时限（inactivity_after，通常 12 小时）出现一件长时间没有动静的告警"),
        (
            "from then on nothing moves, and nobody presses",
            "after her limit (inactivity_after, usually 12 h) an alert says: no sign of life",
        ),
        day_after=None,
        needs=("motion",),
    ),
    Scenario(
        "night-at-the-neighbours",
        "在邻居家过夜",
        "A night at the neighbour's",
        time(17, 30),
        (
            Deed(_s(0), "go", "entrance", Doing.PASSING),
            Deed(_s(30), "go", "outside", Doing.AT_NEIGHBOURS),
            Deed(timedelta(hours=15), "go", "sitting", Doing.SITTING),
        ),
        ("大门开了又关，家里一夜没有动静", "先设了外出（homes away）就一直安静；没设，过了时限会来问"),
        (
            "the front door opens and closes, and nothing moves all night",
            "with the home set away (`carehub homes away`) it stays quiet; without, it asks after her limit",
        ),
        day_after=timedelta(hours=15, minutes=20),
        quiet=True,
    ),
    Scenario(
        "power-cut",
        "停电",
        "A power cut",
        time(14, 0),
        (
            Deed(_s(0), "mains", on=False),
            Deed(_m(47), "mains", on=True),
        ),
        ("一分半后消息服务器说网关断了", "来电后网关自己回来，旧的状态不算有人在动，也不另开告警"),
        (
            "a minute and a half later the broker says that the bridge is gone",
            "when it is back, cached states are no sign of life and open no second alert",
        ),
        quiet=True,
    ),
    Scenario(
        "broker-restart",
        "消息服务器重启",
        "The broker restarts",
        time(10, 0),
        (
            Deed(_s(0), "broker", on=False),
            Deed(_s(8), "broker", on=True),
        ),
        ("都自己重新连上，一条按压也不丢", "没有新告警"),
        ("everybody connects again by themselves, and no press is lost", "no new alert"),
        quiet=True,
    ),
    Scenario(
        "bridge-restart",
        "网关程序重启",
        "The bridge restarts",
        time(10, 0),
        (
            Deed(_s(0), "bridge", on=False),
            Deed(_s(12), "bridge", on=True),
        ),
        ("旧的状态会再发一遍：不算有人在动，不另开告警",),
        ("cached states are published again: no sign of life, and no second alert",),
        quiet=True,
    ),
)

SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _ALL}


def scenario_named(name: str) -> Scenario:
    """Return a scenario; raises NoScenario."""
    found = SCENARIOS.get(name)
    if found is None:
        raise NoScenario(f"There is no scenario {name}; there are {', '.join(SCENARIOS)}.")
    return found
