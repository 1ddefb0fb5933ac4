"""What happened so far and what comes next, line by line, as one contact may read it.

Left out: what only staff need (codes, numbers, who wrote what) and what has no meaning for who is told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from hub.alerts.alert import Alert, DutyKind, Entry, Stage
from hub.alerts.links import asks, is_link
from hub.alerts.notification import Fate, Notification
from hub.engine.links import Sight
from hub.web.telling import Teller

MOST_LINES = 12
# Of several ways to the same person the best is told.
_BEST = (Fate.DELIVERED, Fate.ACCEPTED, Fate.SENDING, Fate.UNKNOWN, Fate.QUEUED, Fate.FAILED)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the history; `is_next`: it is still to come."""

    at: str
    text: Markup
    is_next: bool = False


def lines(sight: Sight, tell: Teller) -> list[Line]:
    """Return the history in words, oldest first; of a long one its beginning and its end."""
    told: list[Line] = []
    holder: str | None = None
    for entry, following in zip(sight.history, (*sight.history[1:], None), strict=True):
        if entry.event == "again" and following is not None and following.event == "again":
            continue  # the last one counts them all
        text = _text(entry, holder, sight, tell)
        holder = _holder_after(entry, holder)
        if text:
            told.append(Line(tell.clock(entry.at), text))
    if len(told) > MOST_LINES:
        left_out = Line("", tell.say("left.out", n=len(told) - MOST_LINES + 1))
        told = [told[0], left_out, *told[-(MOST_LINES - 2) :]]
    coming = next_step(sight.alert, tell)
    return [*told, coming] if coming is not None else told


def next_step(alert: Alert, tell: Teller) -> Line | None:
    """Return whom the ladder tells next and when, while nobody has the alert."""
    duty = alert.duties.get(DutyKind.STEP)
    if alert.stage is not Stage.OPEN or duty is None:
        return None
    rungs = alert.ladder.rungs
    ahead = next((rung.people for rung in rungs[alert.step :] if rung.people), ())
    key = "next" if ahead else "next.again"
    people = ahead or next((rung.people for rung in rungs if rung.people), ())
    if not people:
        return None
    text = tell.say(key, people=known(people, alert, tell), **{"in": tell.until(duty.due_at)})
    return Line(tell.clock(duty.due_at), text, is_next=True)


def asked(sight: Sight, tell: Teller) -> Markup | None:
    """Return who has been told in this round, in a sentence."""
    people = [n.person_id for n in sight.sent if _is_call(n) and n.round == sight.alert.round and n.person_id]
    names = dict.fromkeys(people)
    return tell.say("asked", people=known(tuple(names), sight.alert, tell)) if names else None


def known(people: Sequence[str], alert: Alert, tell: Teller) -> Markup:
    """Return these people by name, the reader first."""
    return tell.listed([tell.known(person, alert) for person in sorted(people, key=lambda p: p != tell.me)])


def _is_call(message: Notification) -> bool:
    return asks(message) and not is_link(message.key) and message.fate is not Fate.CANCELLED


def _holder_after(entry: Entry, holder: str | None) -> str | None:
    if entry.event in ("acknowledge", "arrived"):
        return holder or entry.who
    return None if entry.event in ("pass", "lapsed", "reopened", "hand_over", "need_help", "resolve") else holder


def _text(entry: Entry, holder: str | None, sight: Sight, tell: Teller) -> Markup | None:
    if entry.event == "acknowledge":
        if holder == entry.who:
            return None  # confirmed once more
        return tell.say("log.joined" if holder else "log.acknowledge", who=tell.known(entry.who, sight.alert))
    phrase = _PHRASES.get(entry.event)
    return phrase(entry, sight, tell) if phrase is not None else None


def _opened(_: Entry, sight: Sight, tell: Teller) -> Markup:
    if sight.alert.what == "sos":
        room = tell.room(sight.alert, sight.home)
        return tell.say("log.sos", room=room) if room else tell.say("log.sos.plain")
    return tell.say("log.opened", what=tell.what(sight.alert))


def _again(entry: Entry, sight: Sight, tell: Teller) -> Markup:
    key = "log.again" if sight.alert.what in ("sos", "call") else "log.again.hazard"
    return tell.say(key, n=entry.detail.get("count", ""))


def _step(entry: Entry, sight: Sight, tell: Teller) -> Markup | None:
    fates: dict[str, set[Fate]] = {}
    for message in sight.sent:
        of_step = message.step is not None and message.step + 1 == entry.detail.get("step")
        if of_step and message.round == entry.detail.get("round") and _is_call(message) and message.person_id:
            fates.setdefault(message.person_id, set()).add(message.fate)
    if not fates:
        return None
    names = []
    for person in sorted(fates, key=lambda p: p != tell.me):
        best = next((fate for fate in _BEST if fate in fates[person]), Fate.QUEUED)
        name = tell.known(person, sight.alert)
        names.append(tell.bit("with.fate", name=name, fate=tell.bit(f"fate.{best.value}")))
    return tell.say("log.step", people=tell.listed(names))


def _who(key: str) -> Callable[[Entry, Sight, Teller], Markup]:
    return lambda entry, sight, tell: tell.say(key, who=tell.known(entry.who, sight.alert))


def _plain(key: str) -> Callable[[Entry, Sight, Teller], Markup]:
    return lambda _entry, _sight, tell: tell.say(key)


def _lapsed(entry: Entry, sight: Sight, tell: Teller) -> Markup:
    return tell.say("log.lapsed", who=tell.known(str(entry.detail.get("holder", "")), sight.alert))


def _hand_over(entry: Entry, sight: Sight, tell: Teller) -> Markup:
    to = tell.known(str(entry.detail.get("to", "")), sight.alert)
    return tell.say("log.hand_over", who=tell.known(entry.who, sight.alert), to=to)


def _resolved(entry: Entry, sight: Sight, tell: Teller) -> Markup:
    if entry.who == "hub":
        return tell.say("log.itself")
    outcome = tell.outcome(str(entry.detail.get("outcome", "")), str(entry.detail.get("note", "")))
    return tell.say("log.resolve", who=tell.known(entry.who, sight.alert), outcome=outcome)


_PHRASES: dict[str, Callable[[Entry, Sight, Teller], Markup | None]] = {
    "opened": _opened,
    "again": _again,
    "cleared": _plain("log.cleared"),
    "step": _step,
    "empty_step": _plain("log.empty"),
    "round_over": _plain("log.round"),
    "reached_nobody": _plain("log.reached_nobody"),
    "pass": _who("log.pass"),
    "withdraw": _who("log.withdraw"),
    "hand_over": _hand_over,
    "arrived": _who("log.arrived"),
    "need_help": _who("log.need_help"),
    "lapsed": _lapsed,
    "reopened": _plain("log.reopened"),
    "still_active": _plain("log.still_active"),
    "life": _plain("log.life"),
    "resolve": _resolved,
}
