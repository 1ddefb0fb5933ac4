"""What happened at a home, newest first: alerts and how they ended, modes, tests, edits, looks. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup, escape

from hub.alerts.alert import Alert, Entry
from hub.homes import Act
from hub.web.console.home_sight import Past
from hub.web.console.log_words import event_words
from hub.web.console.sayings import Sayings

MOST_LINES = 40
# Of an alert all is told for so long; of older ones how it began and how it ended.
WHOLE_FOR = timedelta(hours=24)
_ENDS = frozenset({"opened", "resolve"})
# Whoever opens the page again within the hour is one look.
ONE_LOOK = timedelta(hours=1)
LOOKED = "looked"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    at: datetime
    text: Markup
    alert: str | None = None


def story(past: Past, say: Sayings, now: datetime) -> tuple[Line, ...]:
    """Return the newest lines."""
    lines = [line for alert in past.alerts for line in _of_alert(alert, past.histories.get(alert.id, ()), say, now)]
    lines += [line for act in _single(past.acts) if (line := _of_act(act, say, now)) is not None]
    lines.sort(key=lambda line: line.at, reverse=True)
    return tuple(lines[:MOST_LINES])


def _of_alert(alert: Alert, history: Iterable[Entry], say: Sayings, now: datetime) -> Iterator[Line]:
    whole = now - alert.opened_at < WHOLE_FOR
    held = False
    for entry in history:
        text = say.line(entry, alert.what, held=held)
        held = held or entry.event in ("acknowledge", "arrived")
        if entry.event == "opened":
            text = _head(alert, say)
        if text is not None and (whole or entry.event in _ENDS):
            yield Line(entry.at, text, alert.id)


def _head(alert: Alert, say: Sayings) -> Markup:
    """Return what began, with the room where it did."""
    what = say.words.catalogue.what.get(alert.what, say.words.catalogue.phrases.alert)
    room = say.words.room(alert.room, say.registry.homes.get(alert.home_id))
    told = Markup("<b>{}</b>").format(what[:1].upper() + what[1:])
    return told + escape(f", {room}" if not say.words.is_chinese else f"，{room}") if room else told


def _single(acts: Iterable[Act]) -> Iterator[Act]:
    """Leave out looks of the same person soon after another one; acts come newest first."""
    seen: dict[str, datetime] = {}
    for act in acts:
        if act.event == LOOKED:
            if act.who in seen and seen[act.who] - act.at < ONE_LOOK:
                seen[act.who] = act.at
                continue
            seen[act.who] = act.at
        yield act


def _of_act(act: Act, say: Sayings, now: datetime) -> Line | None:
    if act.event == "refused":
        return None  # that is the log's
    text = say.fill(say.words.say("%(who)s %(did)s"), who=say.name(act.who), did=event_words(act.event, say.words))
    until = act.detail.get("until")
    if act.event not in ("back", "mode_ended") and isinstance(until, str):
        try:
            end = say.words.moment(datetime.fromisoformat(until), now)
        except ValueError:
            return Line(act.at, text)
        text = say.fill(say.words.say("%(what)s, until %(end)s"), what=text, end=end)
    return Line(act.at, text)
