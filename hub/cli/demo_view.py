"""What the demo's page shows: phones, open alerts with their ladders, what is due, and the stream of decisions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hub.alerts.alert import Alert, Duty, DutyKind, Stage
from hub.alerts.notification import Notification
from hub.alerts.policy import Rung, Severity
from hub.cli.demo_tale import Line, Story, Tale
from hub.homes import Contact, Home, Person, Role
from hub.ports import KeptReading

if TYPE_CHECKING:
    from simulators.carrier import Message

Json = dict[str, Any]

MOST_PHONES, MOST_TEXTS, MOST_LINES = 12, 30, 120
_FATES_ON_PHONE = {"delivered": "ok", "sent": "run"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What the hub and the carrier hold at one moment."""

    now: datetime
    stories: Sequence[Story]
    readings: Sequence[KeptReading]
    messages: Sequence["Message"]

    @property
    def open(self) -> list[Story]:
        """Unresolved alerts: emergencies that wait first, then by age."""
        found = [s for s in self.stories if s.alert.stage is not Stage.RESOLVED]
        return sorted(found, key=lambda s: (s.alert.severity.rank, s.alert.stage is not Stage.OPEN, s.alert.opened_at))


def millis(at: datetime) -> int:
    """Return an instant as scripts count: milliseconds since 1970 UTC."""
    return round(at.timestamp() * 1000)


class View:
    """One language's picture."""

    def __init__(self, tale: Tale, home: Home | None) -> None:
        self.tale = tale
        self.say = tale.say
        self.home = home

    # --- the stream

    def stream(self, seen: Seen, world: Iterable[Line]) -> list[Json]:
        """Return the newest lines, newest first."""
        lines = [*world, *self.tale.heard(seen.readings)]
        for story in seen.stories:
            lines += self.tale.decided(story)
        lines.sort(key=lambda line: (line.at, line.order))
        return [self.line(line) for line in reversed(lines[-MOST_LINES:])]

    def line(self, line: Line) -> Json:
        """Return one line of the stream."""
        label = self.say(f"label.{line.kind}")
        at, day = self.tale.clock(line.at), self.tale.clock(line.at, "%m-%d")
        return {
            "id": line.id,
            "at": at,
            "day": day,
            "kind": line.kind,
            "label": label,
            "text": line.text,
            "why": line.why,
        }

    # --- the phones

    def phones(self, seen: Seen) -> list[Json]:
        """Return the phones of the home's contacts, then of the staff, with what arrived on them."""
        return [self._phone(person, seen) for person in self._people()]

    def _people(self) -> list[Person]:
        everybody = [p for p in self.tale.registry.people.values() if p.phone]
        contacts: Sequence[Contact] = self.home.contacts if self.home else ()
        near = [contact.person for contact in contacts]
        known = [p for p in everybody if p.id in near or Role.STAFF in p.roles or Role.SUPERVISOR in p.roles]
        order = {person: number for number, person in enumerate(near)}
        known.sort(key=lambda p: (order.get(p.id, len(order)), Role.SUPERVISOR in p.roles))
        return (known or everybody)[:MOST_PHONES]

    def _phone(self, person: Person, seen: Seen) -> Json:
        mine = [m for m in seen.messages if m.phone == person.phone and (m.inbound or m.arrived_at)]
        mine.sort(key=lambda m: (m.arrived_at or m.created_at, m.number))
        coming = self._coming(person, [s.alert for s in seen.open], seen.now)
        since = (
            self.say("soon" if mine else "quiet.soon", due="{due}") if coming else ("" if mine else self.say("quiet"))
        )
        return {
            "number": person.phone,
            "name": person.name,
            "role": f"{self.tale.role(person.id)} · {person.phone}",
            "items": [self._text(message) for message in mine[-MOST_TEXTS:]],
            "since": since,
            "due_ms": millis(coming) if coming else 0,
        }

    def _text(self, message: "Message") -> Json:
        fate, look = "", ""
        if not message.inbound:
            look = _FATES_ON_PHONE.get(message.status, "bad")
            known = f"carrier.{message.status}"
            fate = self.say(known) if self.say.has(known) else self.say("carrier.other", status=message.status)
        at = self.tale.clock(message.arrived_at or message.created_at)
        return {"id": message.sid, "mine": message.inbound, "at": at, "text": message.body, "fate": fate, "look": look}

    def _coming(self, person: Person, alerts: Iterable[Alert], now: datetime) -> datetime | None:
        """Return when this person would next be told if nobody took anything."""
        dues = [at for alert in alerts for rung, at in _coming_rungs(alert) if person.id in rung.people and at > now]
        return min(dues, default=None)

    # --- open alerts

    def alerts(self, seen: Seen) -> list[Json]:
        """Return the open alerts."""
        return [self._alert(story) for story in seen.open]

    def _alert(self, story: Story) -> Json:
        alert = story.alert
        home = self.tale.registry.homes.get(alert.home_id)
        where = [home.address if home else "", self.say("times", n=alert.count) if alert.count > 1 else ""]
        where += [self.say("late") if alert.late else "", self.tale.clock(alert.opened_at)]
        held = alert.stage is Stage.ACKNOWLEDGED
        due = alert.duties.get(DutyKind.PROMISE if held else DutyKind.STEP)
        return {
            "id": alert.id,
            "code": alert.code,
            "badge": f"{self.say('severity.' + alert.severity.value)} {alert.code}",
            "severity": alert.severity.value,
            "stage": alert.stage.value,
            "red": alert.severity is Severity.EMERGENCY and not held,
            "title": self.tale.title(alert),
            "where": " · ".join(part for part in where if part),
            "since_ms": millis((alert.taken_at or alert.opened_at) if held else alert.opened_at),
            "holder": self._holder(alert) if held else "",
            "next": self._next(alert) if not held else "",
            "due_ms": millis(due.due_at) if due else 0,
            "ladder": self._ladder(story),
        }

    def _holder(self, alert: Alert) -> str:
        name = self.tale.name(alert.holder)
        facts = {"name": name, "due": "{due}", "eta": self.tale.clock(alert.promised_until, "%H:%M")}
        if alert.arrived_at is not None:
            return self.say("holder.there", at=self.tale.clock(alert.arrived_at, "%H:%M"), **facts)
        return self.say("holder.coming", **facts)

    def _next(self, alert: Alert) -> str:
        if DutyKind.STEP not in alert.duties:
            return ""
        rungs = alert.ladder.rungs
        if alert.step >= len(rungs):
            return self.say("next.round", due="{due}")
        people = rungs[alert.step].people
        facts = {"n": alert.step + 1, "roles": self.tale.roles(people), "names": self.tale.names(people)}
        return self.say("next.step", due="{due}", **facts)

    def _ladder(self, story: Story) -> list[Json]:
        alert, open_ = story.alert, story.alert.stage is Stage.OPEN
        began = {int(e.detail["step"]): e.at for e in story.history if _is_step(e.event, e.detail, alert.round)}
        planned = dict(_coming_numbers(alert)) if open_ else {}
        steps = []
        for number, rung in enumerate(alert.ladder.rungs, 1):
            done = number in began
            state = "now" if done and number == alert.step else "done" if done else "soon"
            at = began.get(number) or planned.get(number)
            lines = self._fates(story.messages, rung, number, alert.round) if done else []
            lines = lines or [{"text": self.tale.names(rung.people), "look": ""}]
            title = self.tale.roles(rung.people) or self.say("nobody")
            steps.append({"id": str(number), "mark": str(number), "state": state, "title": title, "lines": lines})
            steps[-1]["at"] = self.tale.clock(at)
        again = planned.get(len(alert.ladder.rungs) + 1)
        steps.append(
            {
                "id": "again",
                "mark": "↻",
                "state": "soon",
                "title": self.say("again.rung"),
                "at": self.tale.clock(again),
                "lines": [{"text": self.say("again.until"), "look": ""}],
            }
        )
        return steps

    def _fates(self, messages: Iterable[Notification], rung: Rung, number: int, turn: int) -> list[Json]:
        asked = [m for m in messages if m.step == number - 1 and m.round == turn and m.person_id in rung.people]
        return [
            {
                "text": self.say(f"fate.{m.fate.value}", name=self.tale.name(m.person_id)),
                "look": "bad" if m.fate.value in ("failed", "unknown") else "",
            }
            for m in asked
        ]

    # --- what is due

    def due(self, seen: Seen) -> Json | None:
        """Return what happens next by itself to any open alert."""
        duties = [(duty, kind, s.alert) for s in seen.open for kind, duty in s.alert.duties.items()]
        if not duties:
            return None
        duty, kind, alert = min(duties, key=lambda item: item[0].due_at)
        red = alert.severity is Severity.EMERGENCY and alert.stage is Stage.OPEN
        return {
            "due_ms": millis(duty.due_at),
            "red": red,
            "at": self._due_at(duty, alert),
            "text": self._due(kind, alert),
        }

    def _due_at(self, duty: Duty, alert: Alert) -> str:
        return f"{self.tale.clock(duty.due_at)} {alert.code}"

    def _due(self, kind: DutyKind, alert: Alert) -> str:
        if kind is not DutyKind.STEP:
            return self.say(f"due.{kind.value}", name=self.tale.name(alert.holder))
        if alert.step >= len(alert.ladder.rungs):
            return self.say("due.round")
        people = alert.ladder.rungs[alert.step].people
        facts = {"n": alert.step + 1, "roles": self.tale.roles(people), "names": self.tale.names(people)}
        return self.say("due.step", **facts)


def _is_step(event: str, detail: Mapping[str, str | int], turn: int) -> bool:
    return event == "step" and detail.get("round") == turn


def _coming_numbers(alert: Alert) -> list[tuple[int, datetime]]:
    """Return the rungs to come with their numbers, then the beginning of the next round."""
    duty = alert.duties.get(DutyKind.STEP)
    if duty is None or alert.stage is not Stage.OPEN:
        return []
    rungs, at, found = alert.ladder.rungs, duty.due_at, []
    for number in range(alert.step, len(rungs)):
        found.append((number + 1, at))
        last = number + 1 == len(rungs)
        at += max(alert.ladder.repeat, rungs[number].wait) if last else rungs[number].wait
    return [*found, (len(rungs) + 1, at)]


def _coming_rungs(alert: Alert) -> list[tuple[Rung, datetime]]:
    rungs = alert.ladder.rungs
    numbers = _coming_numbers(alert)
    again: list[tuple[Rung, datetime]] = []
    if numbers and rungs:
        at = numbers[-1][1]
        for rung in rungs:
            again.append((rung, at))
            at += rung.wait
    return [*((rungs[number - 1], at) for number, at in numbers if number <= len(rungs)), *again]


HOT_FOR = timedelta(minutes=10)


def hot_rooms(readings: Iterable[KeptReading], home: Home, now: datetime) -> set[str]:
    """Return the rooms in which the hub heard somebody within ten minutes."""
    rooms = {device.id: device.room for device in home.devices}
    return {
        room
        for reading in readings
        if reading.home_id == home.id and reading.state == "active" and now - reading.received_at <= HOT_FOR
        if reading.kind in ("motion", "contact", "bed", "button")
        if (room := rooms.get(reading.device_id))
    }
