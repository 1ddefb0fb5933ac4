"""A hub in one process and in virtual time: the engine's work on rows in memory, a carrier that answers as told."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from devices.message import Message
from devices.reading import Kind, Reading, State
from hub.alerts import events as ev
from hub.alerts.alert import Alert
from hub.alerts.machine import clamped
from hub.alerts.notification import Fate, Notification
from hub.alerts.policy import Policy, Severity, Step
from hub.decide import World, due
from hub.engine import fates, floor, people
from hub.engine.engine import LAST_COMMITTED
from hub.engine.intake import take_in
from hub.engine.work import Work
from hub.homes import Contact, Device, DeviceKind, DeviceRole, Home, Person, Registry, Resident, Role
from hub.ports import Accepted, Arrival, Delivery, Inbound, NoAnswer, Rejected, Session, Transaction
from tests.harness.memory import Memory

T = TypeVar("T")
Answer = Accepted | Rejected | NoAnswer
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
VILLAGE, COUNTY = "620702207200", "620702000000"

POLICIES = {
    Severity.EMERGENCY: Policy(
        (
            Step(("family",), ("sms",), 60 * SECOND),
            Step(("staff",), ("sms",), 120 * SECOND),
            Step(("supervisor",), ("sms",), 180 * SECOND),
        ),
        5 * MINUTE,
        20 * MINUTE,
    ),
    Severity.WARNING: Policy(
        (Step(("family",), ("sms", "chat"), 10 * MINUTE), Step(("staff",), ("sms",), 20 * MINUTE)),
        30 * MINUTE,
        2 * HOUR,
    ),
    Severity.NOTICE: Policy((Step(("staff",), ("sms",), 24 * HOUR),), 24 * HOUR, timedelta(days=7)),
}

PEOPLE = (
    Person("daughter", "王丽", "+447700900101", frozenset({Role.FAMILY})),
    Person("nurse", "李强", "+447700900102", frozenset({Role.STAFF}), (VILLAGE,)),
    Person("boss", "赵敏", "+447700900103", frozenset({Role.SUPERVISOR}), (COUNTY,)),
    Person("son", "陈刚", "+447700900104", frozenset({Role.FAMILY})),
)


def device(home: str, id: str, kind: DeviceKind, role: DeviceRole | None = None, room: str | None = None) -> Device:
    return Device(home, id, kind, f"zigbee2mqtt/{id}", role, room)


def home(id: str, *family: str, prefix: str = "", name: str = "王秀兰") -> Home:
    devices = (
        device(id, "bed-sos", DeviceKind.BUTTON, DeviceRole.SOS, "bedroom"),
        device(id, "bath-sos", DeviceKind.BUTTON, DeviceRole.SOS, "bathroom"),
        device(id, "call", DeviceKind.BUTTON, DeviceRole.CALL, "living"),
        device(id, "switch", DeviceKind.BUTTON, None, "hall"),
        device(id, "kitchen-gas", DeviceKind.GAS, None, "kitchen"),
        device(id, "sink-leak", DeviceKind.LEAK, None, "kitchen"),
        device(id, "motion", DeviceKind.MOTION, None, "hall"),
    )
    contacts = tuple(Contact(person, Role.FAMILY) for person in family)
    return Home(id, VILLAGE, "上堡村三社12号", prefix, residents=(Resident(name),), contacts=contacts, devices=devices)


WANG = home("wang", "daughter")
CHEN = home("chen", "son", prefix="homes/chen/", name="陈桂英")


@dataclass(frozen=True)
class Sent:
    """One message that left: when, to whom, which words, over which channel."""

    at: datetime
    to: str
    key: str
    channel: str
    message: Notification


class NumberedWork(Work):
    """Ids and codes in the order of their making, so that a failing run can be repeated."""

    numbers: Iterator[int]

    def new_id(self) -> str:
        return f"{next(self.numbers):08d}"

    def fresh(self) -> tuple[str, str]:
        number = next(self.numbers)
        letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
        return f"{number:08d}", f"{letters[number // 5 % 24]}{letters[number // 120 % 24]}{5 + number % 5}"


class Pocket:
    """One hub. `carrier` answers each send, `register` each look-up; `heard` is what left, oldest first."""

    def __init__(self, *homes: Home, people: tuple[Person, ...] = PEOPLE, policies: Any = POLICIES) -> None:
        self.memory = Memory()
        self.memory.replace_registry(Registry.of(people, homes or (WANG,)))
        self.policies = policies
        self.heard: list[Sent] = []
        self.carrier: Callable[[Notification], Answer] = lambda m: Accepted(f"SM{m.id}-{m.tries}", Fate.DELIVERED)
        self.register: Callable[[Notification], Accepted | NoAnswer | None] = lambda _: None
        self.passes: Callable[[Notification], bool] | None = None
        self.connection = 1
        self.waiting_since: datetime | None = None
        self._numbers = itertools.count(1)
        self._mids = itertools.count(1)
        self._inbound = itertools.count(1)

    # --- time and work

    @property
    def now(self) -> datetime:
        return self.memory.clock.now()

    @property
    def world(self) -> World:
        return World("site", self.memory.registry(), self.policies)

    def do(self, work: Callable[[Work], T]) -> T:
        """Run `work` in one transaction."""

        def run(transaction: Transaction) -> T:
            current = NumberedWork(transaction, self.world, self.now)
            current.numbers = self._numbers
            current.passes = self.passes
            result = work(current)
            current.finish()
            transaction.set_fact(LAST_COMMITTED, self.now.isoformat())
            return result

        return self.memory.run(run)

    def forward(self, span: timedelta) -> None:
        """Let time pass; whatever is due meanwhile is done when it is due."""
        until = self.now + span
        self.turn()
        while (at := self.memory.next_due()) is not None and at <= until:
            self.memory.clock.instant = max(at, self.now)
            self.turn()
        self.memory.clock.instant = until

    def turn(self) -> None:
        """Do what is due now, as the dispatcher does."""
        for _ in range(1000):
            if not self.duties() and not self.dispatch():
                return
        raise AssertionError("something is due for ever")

    def duties(self) -> int:
        alerts = self.memory.due_alerts(self.now, 200)
        for found in alerts:
            self.do(lambda work, id=found.id: self._due(work, id))
        return len(alerts)

    def _due(self, work: Work, id: str) -> None:
        alert = work.hold(self.memory.by_id[id])
        work.take(due(alert, work.world, work.now, work.sent(id)))

    def dispatch(self) -> int:
        """Send what is due, look up what is unknown, note whose carrier is silent."""
        messages = self.memory.due_notifications(self.now, 200)
        for message in messages:
            self.attempt(message)
        return len(messages)

    def attempt(self, message: Notification) -> None:
        if message.fate is Fate.QUEUED:
            message = self.claim(message)
            answer = self.carrier(message)
            self.do(lambda work: fates.answered(work, message.id, answer))
        elif message.fate is Fate.SENDING:
            self.save(replace(message, fate=Fate.UNKNOWN, due_at=self.now))
        elif message.fate is Fate.UNKNOWN:
            self.do(lambda work: fates.looked_up(work, message.id, self.register(message)))
        else:
            self.do(lambda work: fates.silent(work, message.id))

    def claim(self, message: Notification) -> Notification:
        """Mark a message as being sent before it is."""
        sending = replace(
            message,
            fate=Fate.SENDING,
            tries=message.tries + 1,
            sending_since=self.now,
            due_at=self.now + 30 * SECOND,
            text=message.key,
        )
        self.save(sending)
        self.heard.append(
            Sent(self.now, message.person_id or message.phone or "", message.key, message.channel, sending)
        )
        return sending

    def save(self, message: Notification) -> None:
        self.do(lambda work: work.update(message))

    def restart(self, step: timedelta = timedelta(0)) -> None:
        """The hub ended and starts again: what was being sent is of unknown fate. `step`: what the wall clock did."""
        self.memory.restart()
        lowest = floor(self.memory) or self.now
        self.memory.clock.instant = max(self.now + step, lowest)
        self.audit()
        for message in self.memory.open_notifications([Fate.SENDING]):
            self.save(replace(message, fate=Fate.UNKNOWN, due_at=self.now))

    def audit(self) -> None:
        """Pull in what a clock put out of reach, as the audit does each minute."""
        for alert in self.memory.unresolved():
            self.memory.save_alert(clamped(alert, self.now))

    # --- what devices say

    def arrival(self, reading: Reading | None = None, *, prefix: str = "", payload: bytes | None = None,
                topic: str = "", dup: bool = False, mid: int | None = None, fault: str | None = None, qos: int = 1,
                session: Session = Session.SOS) -> Arrival:  # fmt: skip
        body = payload if payload is not None else repr(reading).encode()
        where = topic or prefix + (reading.source if reading else "")
        message = Message(where, body, self.now, retained=bool(reading and reading.retained), qos=qos)
        number = next(self._mids) if mid is None else mid
        delivery = Delivery(message, session, self.connection, number, dup, self.waiting_since)
        return Arrival(delivery, prefix, (reading,) if reading else (), fault)

    def take(self, *arrivals: Arrival) -> int:
        """Commit one batch; return how many were redeliveries."""
        return self.do(lambda work: take_in(arrivals, work))

    def arrive(self, *arrivals: Arrival) -> int:
        known = self.take(*arrivals)
        self.turn()
        return known

    def press(self, name: str = "bed-sos", *, prefix: str = "", action: str = "single", **fields: Any) -> None:
        self.arrive(self.arrival(button(name, action=action, **fields), prefix=prefix))

    def hazard(self, active: bool = True, name: str = "kitchen-gas", kind: Kind = Kind.GAS, **fields: Any) -> None:
        state = State.ACTIVE if active else State.CLEAR
        reading = Reading(f"zigbee2mqtt/{name}", name, kind, state, kind.value, **fields)
        self.arrive(self.arrival(reading, session=Session.LIFE))

    # --- what people do

    def reply(self, person: str, text: str, *, id: str | None = None) -> bool:
        known = self.memory.registry().people.get(person)
        inbound = Inbound("sms", id or f"IN{next(self._inbound)}", known.phone if known else person, text)
        taken = self.do(lambda work: people.received(work, inbound))
        self.turn()
        return taken

    def command(self, event: Callable[[Alert], ev.Event], ref: str | None = None) -> Alert:
        alert = self.do(lambda work: people.command(work, ref or self.alert().id, event))
        self.turn()
        return alert

    # --- what can be seen

    def alert(self, cause: str | None = None) -> Alert:
        """Return the newest alert, or the newest of this cause."""
        return next(a for a in self.memory.alerts(everything=True) if cause is None or a.cause == cause)

    def said(self) -> list[tuple[str, str]]:
        """Return to whom which words went since the last look."""
        said = [(sent.to, sent.key) for sent in self.heard]
        self.heard.clear()
        return said

    def events(self, alert: Alert | None = None) -> list[str]:
        return [entry.event for entry in self.memory.history((alert or self.alert()).id)]


def button(name: str = "bed-sos", *, action: str | None = "single", property: str | None = "action",
           state: State = State.ACTIVE, **fields: Any) -> Reading:  # fmt: skip
    return Reading(f"zigbee2mqtt/{name}", name, Kind.BUTTON, state, property, action=action, **fields)
