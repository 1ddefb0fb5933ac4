"""What the hub heard and decided, as sentences with their reason, in the order in which it happened."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hub.alerts.alert import Alert, Entry, Outcome
from hub.alerts.catalogue import Catalogue
from hub.alerts.catalogue.en import ENGLISH
from hub.alerts.catalogue.zh_cn import CHINESE
from hub.alerts.notification import Fate, Notification
from hub.cli.demo_phrases import Phrases
from hub.homes import Device, DeviceRole, Registry, Role
from hub.ports import KeptReading

# A text that left within this time of what it tells is worth its milliseconds.
WORTH_COUNTING = timedelta(seconds=2)
_HAZARDS = frozenset({"gas", "smoke", "co", "fall"})
_LIFE = frozenset({"motion", "contact", "bed"})
_SAID = frozenset({"battery", "mains", "tamper", "fault", "availability", "bridge"})
# Of somebody with several roles the first of these names the rung.
_ROLES = (
    Role.FAMILY,
    Role.NEIGHBOUR,
    Role.RESIDENT,
    Role.SUPERVISOR,
    Role.STAFF,
    *(Role.VILLAGE, Role.TOWNSHIP, Role.COUNTY),
)

# The last state that a device said of a kind, by home, device and kind.
Last = dict[tuple[str, str, str], str | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was heard or decided; `kind` groups lines, `why` is the reason, empty where it is plain."""

    at: datetime
    order: int
    id: str
    kind: str
    text: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """One alert with all that is known of it."""

    alert: Alert
    history: Sequence[Entry]
    messages: Sequence[Notification]


class Tale:
    """Puts what the database holds into words of one language."""

    def __init__(self, registry: Registry, zone: ZoneInfo, language: str) -> None:
        self.registry = registry
        self.zone = zone
        self.say = Phrases(language)
        self.words: Catalogue = CHINESE if self.say.chinese else ENGLISH

    # --- names

    def name(self, person: str | None) -> str:
        """Return a person's name; the hub itself and the desk have none."""
        known = self.registry.people.get(person or "")
        return known.name if known else ""

    def names(self, people: Iterable[str]) -> str:
        """Return several names as a list."""
        return self.say.comma.join(self.name(person) or person for person in people) or self.say("nobody")

    def role(self, person: str) -> str:
        """Return what a person is to the home, in a word."""
        known = self.registry.people.get(person)
        role = next((role for role in _ROLES if known and role in known.roles), None)
        return self.say(f"role.{role.value}" if role else "role.other")

    def roles(self, people: Iterable[str]) -> str:
        """Return the roles of a rung's people, each once."""
        return self.say.comma.join(dict.fromkeys(self.role(person) for person in people))

    def room(self, home: str, room: str | None) -> str:
        """Return what people call a room."""
        owner = self.registry.homes.get(home)
        own = owner.rooms.get(room or "", "") if owner else ""
        return self.words.rooms.get(room or "", own or room or "")

    def device(self, device: Device) -> str:
        """Return what a device is called, with its room."""
        name, room = self.words.devices.get(device.kind.value, device.id), self.room(device.home, device.room)
        if device.role is DeviceRole.ENTRANCE:
            return "大门" if self.say.chinese else "Front door"
        if device.kind.value == "bed":
            room = ""
        return self.words.phrases.device_in.format(room=room, device=name) if room else name

    def clock(self, at: datetime | None, form: str = "%H:%M:%S") -> str:
        """Return a time of day as the site's clocks show it."""
        return at.astimezone(self.zone).strftime(form) if at else ""

    def wait(self, span: timedelta) -> str:
        """Return a wait as people say it."""
        seconds = round(span.total_seconds())
        if seconds % 3600 == 0:
            return self.say("span.h", n=seconds // 3600)
        return self.say("span.m", n=seconds // 60) if seconds % 60 == 0 else self.say("span.s", n=seconds)

    def title(self, alert: Alert) -> str:
        """Return who and what in a few words."""
        home = self.registry.homes.get(alert.home_id)
        parts = [
            home.who if home else self.say("site"),
            self.words.what.get(alert.what.partition(".")[0], self.words.phrases.alert),
            self.room(alert.home_id, alert.room),
        ]
        return (" " if self.say.chinese else ", ").join(filter(None, parts))

    # --- what devices said

    def heard(self, readings: Iterable[KeptReading], last: Last | None = None) -> Iterator[Line]:
        """Tell of readings that say something new; what a device only repeats is left out.

        `last` holds what devices said before; it is carried on for who tells in parts.
        """
        last = {} if last is None else last
        for reading in readings:
            key = (reading.home_id, reading.device_id, reading.kind)
            before = last.get(key)
            last[key] = reading.state
            if reading.state is None or (reading.kind != "button" and before == reading.state):
                continue
            told = self._reading(reading, first=before is None)
            if told is not None:
                yield Line(reading.received_at, 0, f"r{reading.number}", "received", *told)

    def _reading(self, reading: KeptReading, *, first: bool) -> tuple[str, str] | None:
        device = self.registry.device(reading.home_id, reading.device_id)
        dev = self.device(device) if device else reading.device_id
        kind, state = reading.kind, str(reading.state)
        if kind == "bridge":
            dev = ""
        if kind == "button" and state == "active":
            return self.say("button.active", dev=dev), self._why_press(reading, device)
        if kind in _HAZARDS | {"leak"}:
            if first and state == "clear":
                return None  # it has only said that it is there
            return self.say(f"hazard.{state}", dev=dev), self._why_hazard(reading)
        key = f"{kind}.{state}"
        if not self.say.has(key) or (first and state in ("clear", "online")):
            return None
        pct = f"（{reading.percent}%）" if self.say.chinese else f" ({reading.percent}%)"
        text = self.say(key, dev=dev, room=self.room(reading.home_id, device.room if device else None) or dev)
        if kind == "battery":
            text = self.say(key, dev=dev, pct=pct if reading.percent is not None else "")
        return text, self._why_kept(reading)

    def _why_press(self, reading: KeptReading, device: Device | None) -> str:
        if reading.retained:
            return self.say("retained.why")
        if reading.sos or (device is not None and device.role is DeviceRole.SOS):
            return self.say("button.why.sos")
        calls = device is not None and device.role is DeviceRole.CALL
        return self.say("button.why.call" if calls else "button.why.other")

    def _why_hazard(self, reading: KeptReading) -> str:
        if reading.state == "clear":
            return self.say("hazard.why.clear")
        if reading.test:
            return self.say("hazard.why.test")
        return self.say("hazard.why.emergency" if reading.kind in _HAZARDS else "hazard.why.warning")

    def _why_kept(self, reading: KeptReading) -> str:
        if reading.retained and reading.kind not in ("availability", "bridge"):
            return self.say("retained.why")
        if reading.kind in _LIFE:
            return self.say("life.why")
        if reading.kind in ("availability", "bridge") and reading.state == "offline":
            return self.say("silence.why")
        return self.say("noted.why") if reading.kind in _SAID else ""

    # --- what the hub decided

    def decided(self, story: Story) -> Iterator[Line]:
        """Tell an alert's history, then what became of its messages."""
        before: list[Entry] = []
        for number, entry in enumerate(story.history):
            kind, text, why = self._entry(entry, story.alert, before)
            yield Line(entry.at, 1, f"{story.alert.id}-{number}", kind, text, why)
            before.append(entry)
        for message in story.messages:
            yield from self._message(message, story.alert)

    def _entry(self, entry: Entry, alert: Alert, before: Sequence[Entry]) -> tuple[str, str, str]:
        special = {"opened": self._opened, "step": self._step, "resolve": self._resolved}.get(entry.event)
        if special is not None:
            return special(entry, alert, before)
        facts = self._facts(entry, alert)
        known = self.say.has(entry.event)
        text = (
            self.say(entry.event, **facts) if known else self.say("other", event=entry.event.replace("_", " "), **facts)
        )
        return _KINDS.get(entry.event, "noted"), text, self._why(entry, facts)

    def _facts(self, entry: Entry, alert: Alert) -> dict[str, str]:
        detail = entry.detail
        person = detail.get("holder") if entry.who == "hub" else entry.who
        other = detail.get("to")
        return {
            "code": alert.code,
            "name": self.name(str(person)) or str(person or ""),
            "other": self.name(str(other)) if other else "",
            "n": str(detail.get("step", "")),
            "round": str(detail.get("round", "")),
            "count": str(detail.get("count", "")),
            "text": str(detail.get("text", "")),
        }

    def _why(self, entry: Entry, facts: Mapping[str, str]) -> str:
        why, via = entry.detail.get("why"), entry.detail.get("via")
        for key in (f"{entry.event}.why.{why}", f"{entry.event}.why"):
            if self.say.has(key):
                return self.say(key, **facts)
        return self.say(f"via.{via}") if via and self.say.has(f"via.{via}") else ""

    def _opened(self, entry: Entry, alert: Alert, _: Sequence[Entry]) -> tuple[str, str, str]:
        severity = self.say(f"severity.{alert.severity.value}")
        text = self.say("opened", severity=severity, code=alert.code, title=self.title(alert))
        if alert.what == "inactivity":
            return "alert", text, self.say("opened.why.inactivity", h=alert.facts.get("h", ""))
        if "late_s" in entry.detail:
            return "alert", text, self.say("opened.why.late")
        fault = alert.severity.value == "notice"
        return "alert", text, self.say("opened.why.fault" if fault else "opened.why")

    def _step(self, entry: Entry, alert: Alert, before: Sequence[Entry]) -> tuple[str, str, str]:
        number, turn = int(entry.detail.get("step", 1)), int(entry.detail.get("round", 1))
        rung = alert.ladder.rungs[number - 1]
        facts = {"code": alert.code, "n": number, "round": turn, "roles": self.roles(rung.people)}
        text = self.say("step.again" if turn > 1 else "step", names=self.names(rung.people), **facts)
        return "due", text, self._why_step(alert, before)

    def _why_step(self, alert: Alert, before: Sequence[Entry]) -> str:
        """Return why this rung was told now: the last thing that moved the ladder."""
        for past in reversed(before):
            key = f"step.why.{past.event}"
            if past.event in ("pass", "hurry", "lapsed", "reopened", "again") and self.say.has(key):
                return self.say(key, name=self._facts(past, alert)["name"])
            if past.event == "round_over":
                return self.say("step.why.round")
            if past.event == "opened":
                return self.say("step.why.first")
            if past.event == "step":
                rung = alert.ladder.rungs[int(past.detail.get("step", 1)) - 1]
                return self.say("step.why.waited", wait=self.wait(rung.wait))
        return ""

    def _resolved(self, entry: Entry, alert: Alert, _: Sequence[Entry]) -> tuple[str, str, str]:
        facts = self._facts(entry, alert)
        outcome = str(entry.detail.get("outcome", ""))
        facts["outcome"] = self.words.outcomes.get(outcome, outcome or Outcome.GENUINE.value)
        note = str(entry.detail.get("note") or "")
        why = self.words.remarks.get(note, note) or self._why(entry, facts)
        return "resolved", self.say("resolve.hub" if entry.who == "hub" else "resolve", **facts), why

    # --- its messages

    def _message(self, message: Notification, alert: Alert) -> Iterator[Line]:
        name = self.name(message.person_id) or message.phone or ""
        if message.sending_since is not None:
            why = self._why_sent(message, alert, name)
            if message.step == 0 and message.round == 1 and message.accepted_at is not None:
                took = message.accepted_at - alert.opened_at
                if timedelta(0) < took < WORTH_COUNTING:
                    why += self.say("sent.fast", ms=round(took.total_seconds() * 1000))
            yield Line(message.sending_since, 2, f"{message.id}-s", "notified", self.say("sent", name=name), why)
        if message.ended_at is not None and message.fate is Fate.DELIVERED:
            yield Line(message.ended_at, 3, f"{message.id}-e", "fate", self.say("delivered", name=name))
        elif message.fate is Fate.FAILED:
            why = (
                self.say("undelivered.why", error=message.error or "")
                if message.step is not None
                else (message.error or "")
            )
            at = message.ended_at or message.created_at
            yield Line(at, 3, f"{message.id}-e", "failed", self.say("undelivered", name=name), why)
        elif message.fate is Fate.UNKNOWN:
            at = message.sending_since or message.created_at
            yield Line(at, 3, f"{message.id}-u", "failed", self.say("unknown", name=name), self.say("unknown.why"))

    def _why_sent(self, message: Notification, alert: Alert, name: str) -> str:
        if message.key.endswith(".link"):
            return self.say("sent.why.link")
        if message.step is not None:
            return self.say("sent.why.step", code=alert.code, n=message.step + 1)
        key = message.key.partition(".")[0]
        known = self.say.has(f"sent.why.{key}")
        return self.say(f"sent.why.{key}" if known else "sent.why.other", code=alert.code, name=name)


_KINDS: Mapping[str, str] = {
    "acknowledge": "taken",
    "offered": "taken",
    "arrived": "taken",
    "need_help": "taken",
    "pass": "due",
    "withdraw": "due",
    "hand_over": "due",
    "remind": "due",
    "lapsed": "due",
    "hurry": "due",
    "empty_step": "due",
    "round_over": "due",
    "reached_nobody": "failed",
    "reopened": "alert",
    "still_active": "alert",
    "again": "alert",
}
