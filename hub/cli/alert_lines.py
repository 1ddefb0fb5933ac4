"""How an alert is shown: a line, a whole page, JSON for scripts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hub.alerts.alert import Alert, DutyKind, Entry, Lateness, Stage
from hub.alerts.as_json import summary as summary
from hub.alerts.as_json import whole as whole
from hub.alerts.notification import Notification
from hub.rules.areas import members

if TYPE_CHECKING:
    from hub.homes import Registry

DESK = "@desk"
Detail = Mapping[str, Any]
Phrase = Callable[[Detail, "Shown"], str]


class Shown:
    """Puts names in the place of ids and local time in the place of UTC."""

    def __init__(self, registry: "Registry", zone: ZoneInfo) -> None:
        self._registry = registry
        self._zone = zone

    def line(self, alert: Alert) -> str:
        """Return an alert as one line: code, what, whose, since when, who has it."""
        where = f"{alert.facts.get('who', '')} {alert.facts.get('addr', '')}".strip()
        parts = [alert.code, alert.severity.value, alert.what, alert.home_id, where]
        parts += [f"since {self.at(alert.opened_at)}", f"{alert.count} times" if alert.count > 1 else ""]
        moved_at = alert.facts.get("life_at")
        parts += [f"moved again {self.moment(moved_at)}" if moved_at else ""]
        parts += [_late(alert.late), "still active" if alert.active else "", self._state(alert)]
        return " · ".join(part for part in parts if part)

    def page(self, alert: Alert, history: Sequence[Entry], messages: Sequence[Notification]) -> Iterator[str]:
        """Return all there is to know of an alert, line by line."""
        yield self.line(alert)
        if alert.note:
            yield f"Note: {alert.note}"
        if about := self._about(alert):
            yield f"About: {about}"
        if alert.duties:
            yield "Next:"
        for kind, duty in sorted(alert.duties.items(), key=lambda item: item[1].due_at):
            yield f"  {self.at(duty.due_at)}  {_DUTIES[kind].format(holder=self.name(alert.holder))}"
        yield "Messages:" if messages else "Messages: none"
        for message in messages:
            why = f" ({message.error})" if message.error else ""
            fate = f"{message.key}, {message.fate.value}{why}"
            yield f"  {self.at(message.created_at)}  {self.name(message.person_id)} by {message.channel}: {fate}"
        yield "History:"
        for entry in history:
            yield f"  {self.at(entry.at)}  {self.name(entry.who)}: {self._told(entry)}"

    def _about(self, alert: Alert) -> str:
        """Return what a notice about several things lists: homes by name, devices by id."""
        homes = [self._registry.homes.get(id) for id in members(alert.facts)]
        listed = [f"{home.who} ({home.id})" for home in homes if home is not None]
        return ", ".join(listed) or str(alert.facts.get("list", "")).replace("、", ", ")

    def name(self, person: str | None) -> str:
        """Return a person's name; the id of one who is gone."""
        if person == DESK:
            return "the duty desk"
        known = self._registry.people.get(person or "")
        return known.name if known else (person or "nobody")

    def at(self, at: datetime | None) -> str:
        """Return a time as the site's clocks show it."""
        return at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S") if at else ""

    def moment(self, iso: Any) -> str:
        """Return a time that a detail or fact holds as text."""
        return self.at(datetime.fromisoformat(str(iso))) if iso else ""

    def _state(self, alert: Alert) -> str:
        if alert.stage is Stage.RESOLVED:
            outcome = f" as {alert.outcome.value}" if alert.outcome else ""
            return f"resolved{outcome} by {self.name(alert.resolved_by)}, {self.at(alert.resolved_at)}"
        if alert.stage is Stage.OPEN:
            return "waits for somebody"
        there = "is with" if alert.arrived_at else "taken by"
        return f"{there} {self.name(alert.holder)} until {self.at(alert.promised_until)}"

    def _told(self, entry: Entry) -> str:
        phrase = _EVENTS.get(entry.event)
        if phrase is not None:
            return phrase(entry.detail, self)
        more = ", ".join(f"{key} {value}" for key, value in entry.detail.items() if value != "")
        return f"{_plain(entry.event)} {more}".strip()


def _late(late: Lateness | None) -> str:
    if late is None:
        return ""
    minutes, up_to = int(late.age.total_seconds() // 60), "" if late.exact else "up to "
    span = f"{minutes // 60} h {minutes % 60:02}" if minutes >= 60 else f"{minutes} min"
    return f"late by {up_to}{span}"


_WAYS = {
    "sms": "by text",
    "command": "by command",
    "page": "on the page",
    "console": "at the console",
    "api": "by a program",
    "hub": "",
}


def _via(detail: Detail) -> str:
    how = _WAYS.get(str(detail.get("via", "")), str(detail.get("via")))
    return f", {how}" if how and detail.get("via") else ""


def _plain(code: Any) -> str:
    return str(code).replace("_", " ")


def _opened(detail: Detail, _: Shown) -> str:
    device = f" by {detail['device']}" if detail.get("device") else ""
    late = f", heard {'' if detail.get('exact') else 'up to '}{detail['late_s']} s late" if "late_s" in detail else ""
    return f"opened{device}{late}"


def _again(detail: Detail, _: Shown) -> str:
    device = f" by {detail['device']}" if detail.get("device") else ""
    return f"again{device}, {detail.get('count')} times in all"


def _resolved(detail: Detail, _: Shown) -> str:
    note = f", “{detail['note']}”" if detail.get("note") else ""
    return f"resolved it as {detail.get('outcome')}{note}{_via(detail)}"


_EVENTS: Mapping[str, Phrase] = {
    "opened": _opened,
    "again": _again,
    "resolve": _resolved,
    "step": lambda d, _: f"step {d.get('step')} of round {d.get('round')}",
    "empty_step": lambda d, _: f"step {d.get('step')} has nobody",
    "round_over": lambda d, _: f"round {d.get('round')} is over" + ("" if d.get("reached") else "; it reached nobody"),
    "hurry": lambda d, _: f"the next step waits no longer: {_plain(d.get('why'))}",
    "acknowledge": lambda d, _: f"took it{_via(d)}",
    "offered": lambda d, _: f"would go too{_via(d)}",
    "pass": lambda d, _: f"cannot go{_via(d)}",
    "withdraw": lambda d, _: f"cannot come after all{_via(d)}",
    "hand_over": lambda d, shown: f"handed it to {shown.name(d.get('to'))}{_via(d)}",
    "arrived": lambda d, _: f"arrived{_via(d)}",
    "need_help": lambda d, _: f"is there and needs more people{_via(d)}",
    "late_tap": lambda d, _: f"tapped “{_plain(d.get('tap'))}” after it was closed",
    "remind": lambda d, shown: f"reminded {shown.name(d.get('holder'))}",
    "lapsed": lambda d, shown: f"no word from {shown.name(d.get('holder'))} in time",
    "reopened": lambda d, _: f"open again: {_plain(d.get('why'))}",
    "changed": lambda d, _: f"now about {d.get('n')}",
    "power": lambda d, _: "the power went off" if d.get("lost") else "the power came back",
    "cleared": lambda *_: "the device says that it is over",
    "life": lambda d, shown: f"a sign of life by {d.get('device')}, {shown.moment(d.get('at'))}",
    "still_active": lambda *_: "still active after the watch: open again",
    "watch_ended": lambda *_: "the watch is over",
    "said": lambda d, _: f"wrote “{d.get('text')}”",
    "stranger": lambda d, _: f"its code came from {d.get('number')}, a number that was not told of it",
    "retained_press": lambda d, _: f"a press of unknown age: {d.get('home')} {d.get('device')}",
}

_DUTIES: Mapping[DutyKind, str] = {
    DutyKind.STEP: "the next step",
    DutyKind.REMIND: "{holder} is reminded",
    DutyKind.PROMISE: "the promise of {holder} ends: others are asked",
    DutyKind.CONFIRM: "{holder} has not confirmed the new press: it is open again",
    DutyKind.TELL: "{holder} hears of further presses",
    DutyKind.WATCH: "still active then: it opens again",
}
