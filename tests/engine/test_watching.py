"""Stillness through the engine: readings, restarts, gaps, people's words; on rows in memory and in virtual time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest

from devices.message import Message
from devices.reading import Kind, Reading, State
from hub.alerts import events as ev
from hub.alerts.alert import Alert, Outcome, Stage
from hub.engine import watching
from hub.engine.intake import take_in
from hub.engine.modes import NoSuchHome, set_away
from hub.engine.work import Work
from hub.homes import DeviceState, Home, Registry, Resident
from hub.ports import Arrival, Delivery, Session
from hub.rules.gaps import HUB, SHORTEST, Gap
from hub.rules.life import watchers
from tests.engine.pocket import CHEN, HOUR, MINUTE, PEOPLE, SECOND, WANG, Pocket

T = TypeVar("T")
BRIDGE = "zigbee2mqtt/bridge"


class Watched(Pocket):
    """A pocket hub that looks at what is watched when it is due, as the dispatcher does."""

    def __init__(self, *homes: Home) -> None:
        super().__init__(*homes)
        self.do(watching.follow)
        # A home whose sensors never spoke is unknown: these spoke when they were installed.
        watched = [(home.id, device) for home in self.world.registry.homes.values() for device in watchers(home)]
        self.memory.save_device_states(
            [DeviceState(id, d.id, d.kind.value, d.kind.value, "clear", self.now, self.now) for id, d in watched]
        )

    def do(self, work: Callable[[Work], T]) -> T:
        def aware(current: Work) -> T:
            current.awaiting = {a.home_id for a in self.memory.by_id.values() if a.stage is not Stage.RESOLVED}
            return work(current)

        return super().do(aware)

    def forward(self, span: timedelta) -> None:
        until = self.now + span
        while (at := self.memory.next_watch()) is not None and at <= until:
            super().forward(max(at - self.now, timedelta(0)))
            self.do(lambda work: watching.look(work, 50))
            self.turn()
        super().forward(until - self.now)

    def away(self, home: str, until: datetime) -> None:
        self.do(lambda work: set_away(work, home, until, "daughter"))
        self.do(watching.follow)

    def stopped(self, span: timedelta) -> None:
        """The hub is away and comes back: the first marker notes the gap, if it is one."""
        since = self.now
        self.memory.clock.instant += span
        self.restart()
        if span > SHORTEST:
            self.memory.add_gap(Gap(HUB, since, self.now))
        self.do(watching.follow)

    def says(self, kind: Kind, state: State, name: str = "motion", **fields: Any) -> None:
        source = fields.pop("source", f"zigbee2mqtt/{name}")
        property = None if kind in (Kind.BRIDGE, Kind.AVAILABILITY) else kind.value
        reading = Reading(source, name, kind, state, property, **fields)
        message = Message(source, repr(reading).encode(), self.now, retained=reading.retained)
        delivery = Delivery(message, Session.MAIN, 1, 1, waited_since=self.waiting_since)
        self.do(lambda work: take_in([Arrival(delivery, "", (reading,))], work))
        self.turn()

    def moves(self, **fields: Any) -> None:
        self.says(Kind.MOTION, State.ACTIVE, **fields)
        self.says(Kind.MOTION, State.CLEAR)

    def bridge(self, state: State, **fields: Any) -> None:
        self.says(Kind.BRIDGE, state, "bridge", **fields)

    @property
    def still(self) -> list[Alert]:
        return [a for a in self.memory.alerts(everything=True) if a.cause == "inactivity"]


def test_twelve_hours_after_the_last_sign_of_life_family_is_told() -> None:
    hub = Watched()
    hub.forward(3 * HOUR)
    hub.moves()
    hub.forward(12 * HOUR - SECOND)
    assert hub.still == []
    hub.forward(SECOND)
    assert hub.said() == [("daughter", "inactivity")]
    assert hub.alert("inactivity").facts["h"] == 12


@pytest.mark.promise("P4")
def test_a_restart_every_hour_changes_nothing() -> None:
    hub = Watched()
    hub.moves()
    for _ in range(11):
        hub.forward(HOUR - 30 * SECOND)
        hub.stopped(30 * SECOND)
    hub.forward(HOUR - SECOND)
    assert hub.still == []
    hub.forward(SECOND)
    assert len(hub.still) == 1


@pytest.mark.promise("P8")
def test_three_hours_asleep_are_three_hours_later() -> None:
    hub = Watched()
    hub.moves()
    hub.forward(11 * HOUR)
    hub.stopped(3 * HOUR)
    hub.forward(HOUR - SECOND)
    assert hub.still == []
    hub.forward(SECOND)
    assert len(hub.still) == 1


@pytest.mark.promise("P8")
def test_a_clock_that_jumps_is_nobodys_silence_and_one_that_falls_back_skips_nothing() -> None:
    hub = Watched()
    hub.moves()
    hub.forward(11 * HOUR)
    hub.memory.clock.instant += 3 * HOUR
    hub.do(lambda work: watching.step(work, Gap(HUB, hub.now - 3 * HOUR, hub.now)))
    hub.forward(HOUR - SECOND)
    assert hub.still == []
    hub.forward(SECOND)
    assert len(hub.still) == 1
    # rows of a clock that was ahead are pulled in
    hub.memory.save_watches([replace(watch, due_at=hub.now + 9000 * HOUR) for watch in hub.memory.watches()])
    hub.do(watching.follow)
    assert all(watch.due_at <= hub.now + watch.wait for watch in hub.memory.watches())


def test_a_press_is_life() -> None:
    hub = Watched()
    hub.forward(10 * HOUR)
    hub.press("switch")
    hub.forward(12 * HOUR - SECOND)
    assert hub.still == []
    hub.forward(SECOND)
    assert len(hub.still) == 1


def test_what_a_bridge_says_after_its_start_is_no_life() -> None:
    hub = Watched()
    hub.bridge(State.ONLINE)
    hub.forward(HOUR)
    hub.moves()
    hub.forward(11 * HOUR)
    hub.bridge(State.OFFLINE)
    hub.forward(20 * SECOND)
    hub.bridge(State.ONLINE)
    hub.says(Kind.BRIDGE, State.ALIVE, "bridge")  # must not hide that it has just come online
    hub.forward(5 * SECOND)
    hub.says(Kind.MOTION, State.ACTIVE)
    hub.forward(40 * MINUTE)
    hub.says(Kind.BRIDGE, State.ALIVE, "bridge")
    hub.forward(20 * MINUTE)
    assert len(hub.still) == 1


def test_a_stuck_sensor_is_no_life() -> None:
    hub = Watched()
    hub.moves(device_at=hub.now)
    began = hub.now
    for _ in range(15):  # it reports each hour that somebody moves
        hub.says(Kind.MOTION, State.ACTIVE, device_at=hub.now)
        hub.forward(HOUR)
    assert len(hub.still) == 1
    assert hub.still[0].opened_at == began + 14 * HOUR  # two hours were believed


def test_a_bridge_that_was_offline_saw_nobody() -> None:
    hub = Watched()
    hub.moves()
    hub.forward(HOUR)
    hub.bridge(State.OFFLINE)
    hub.forward(30 * HOUR)
    assert hub.still == []  # the home is unknown
    hub.bridge(State.ONLINE)
    hub.forward(11 * HOUR - SECOND)
    assert hub.still == []
    hub.forward(2 * SECOND)
    assert len(hub.still) == 1


def test_a_home_whose_only_sensor_is_offline_is_unknown() -> None:
    hub = Watched(replace(WANG, devices=tuple(d for d in WANG.devices if d.kind not in ("button", "contact"))))
    hub.moves()
    hub.says(Kind.AVAILABILITY, State.OFFLINE)
    hub.forward(40 * HOUR)
    assert hub.still == []
    hub.says(Kind.AVAILABILITY, State.ONLINE)
    hub.forward(13 * HOUR)
    assert len(hub.still) == 1


def test_what_waited_proves_life_at_the_start_of_the_gap() -> None:
    hub = Watched()
    hub.moves()
    hub.forward(10 * HOUR)
    began = hub.now
    hub.stopped(5 * HOUR)
    hub.waiting_since = began
    hub.moves()
    hub.waiting_since = None
    hub.forward(12 * HOUR - SECOND)
    assert hub.still == []
    hub.forward(SECOND)
    assert len(hub.still) == 1


def test_life_is_noted_once_on_the_open_alert_and_never_closes_it() -> None:
    hub = Watched()
    hub.forward(12 * HOUR)
    hub.moves()
    hub.forward(MINUTE)
    hub.moves()
    alert = hub.alert("inactivity")
    assert alert.stage is Stage.OPEN
    assert hub.events(alert).count("life") == 1
    assert "life_at" in alert.facts


@pytest.mark.parametrize(("outcome", "again_in"), [(Outcome.FALSE, 12 * HOUR), (Outcome.UNREACHED, 2 * HOUR)])
def test_a_persons_word_is_life_unless_they_reached_nobody(outcome: Outcome, again_in: timedelta) -> None:
    hub = Watched()
    hub.forward(12 * HOUR + 25 * MINUTE)
    hub.command(lambda _: ev.Resolve("nurse", outcome), hub.alert("inactivity").id)
    hub.says(Kind.MOTION, State.CLEAR)  # the sensor is there
    hub.forward(again_in - SECOND)
    assert len(hub.still) == 1
    hub.forward(SECOND)
    assert len(hub.still) == 2


def test_an_emergency_that_a_person_ended_is_a_word_too() -> None:
    hub = Watched()
    hub.forward(2 * HOUR)
    hub.hazard()
    hub.hazard(active=False)
    hub.forward(8 * HOUR)
    hub.command(lambda _: ev.Resolve("nurse", Outcome.FALSE), hub.alert("gas:kitchen-gas").id)
    hub.forward(12 * HOUR - SECOND)
    assert hub.still == []
    hub.forward(SECOND)
    assert len(hub.still) == 1


def test_away_is_quiet_counts_from_its_end_and_can_be_taken_back() -> None:
    hub = Watched()
    hub.moves()
    hub.away("wang", hub.now + 100 * HOUR)
    hub.forward(99 * HOUR)
    hub.says(Kind.MOTION, State.CLEAR)  # the sensor is there
    hub.forward(13 * HOUR - SECOND)
    assert hub.still == []
    hub.forward(SECOND)
    assert len(hub.still) == 1
    back = Watched()
    back.away("wang", back.now + 1000 * HOUR)
    back.forward(30 * HOUR)
    back.says(Kind.MOTION, State.CLEAR)
    back.away("wang", back.now)
    back.forward(12 * HOUR - SECOND)
    assert back.still == []
    back.forward(SECOND)
    assert len(back.still) == 1
    assert [(act.who, act.event) for act in back.memory.acts("wang")] == [("daughter", "away"), ("daughter", "back")]
    with pytest.raises(NoSuchHome):
        back.away("nobody", back.now)


def test_watches_follow_the_homes() -> None:
    hub = Watched(WANG, CHEN)
    kept = {w.home_id: w for w in hub.memory.watches() if w.rule == "inactivity"}
    assert set(kept) == {"wang", "chen"}
    hub.forward(5 * HOUR)
    # a shorter limit may be over already: it is looked at at once, and counted from where it was
    short = replace(WANG, residents=(Resident("王秀兰", inactivity_after=4 * HOUR),))
    hub.memory.replace_registry(Registry.of(PEOPLE, (short,)))
    hub.do(watching.follow)
    hub.forward(timedelta(0))
    assert [a.home_id for a in hub.still] == ["wang"]
    found = {w.home_id: w for w in hub.memory.watches() if w.rule == "inactivity"}
    assert set(found) == {"wang"}
    assert found["wang"].since == kept["wang"].since
    assert found["wang"].wait == 4 * HOUR


def test_one_homes_fault_does_not_hold_up_another(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Watched(WANG, CHEN)
    judged = watching.judge

    def broken(rule: Any, case: Any, now: datetime) -> Any:
        if case.watch.home_id == "chen":
            raise ArithmeticError("a fault")
        return judged(rule, case, now)

    monkeypatch.setattr(watching, "judge", broken)
    hub.forward(13 * HOUR)
    assert [a.home_id for a in hub.still] == ["wang"]


def test_only_homes_with_such_an_alert_are_looked_at_for_each_word() -> None:
    hub = Watched()
    hub.forward(12 * HOUR)
    awaited = watching.Awaited()
    awaited.begin(hub.still)
    assert awaited.homes == {"wang"}
    awaited.see([replace(hub.still[0], cause="sos")])
    assert awaited.homes == {"wang"}
    awaited.see([replace(hub.still[0], stage=Stage.RESOLVED)])
    assert awaited.homes == frozenset()
