"""What the page about the system shows: each part with a sentence, what does not hold, how it was set up."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.accounts import EVERYWHERE, Right
from hub.alerts.notification import Fate
from hub.alerts.policy import Policy, Severity
from hub.alerts.tally import Spread
from hub.ports import Shelved
from hub.ports.overview import CarrierFigures
from hub.web.about import About
from hub.web.console.visit import Visit
from hub.web.console.words import Words
from hub.web.ports import Figures

# What counts as not having arrived when the share of failures is told.
_FAILED = (Fate.FAILED, Fate.UNKNOWN)
_SHARE = 0.99

# What the audit says, and how a page says it: the audit's own sentences are for logs.
_SENTENCES: Sequence[tuple[re.Pattern[str], Callable[[Words], str]]] = (
    (
        re.compile(r"alert (?P<alert>\S+) has no next duty"),
        lambda w: w.say("An open alert stands still: nothing happens next."),
    ),
    (
        re.compile(r"alert (?P<alert>\S+) was due (?P<for>.+) ago"),
        lambda w: w.say("An open alert is late: its next step was due %(for)s ago."),
    ),
    (
        re.compile(r"alert (?P<alert>\S+): a whole round reached nobody"),
        lambda w: w.say("An open alert reaches nobody: a whole round was in vain."),
    ),
    (
        re.compile(r"message (?P<message>\S+) of an emergency has not left for (?P<for>.+)"),
        lambda w: w.say("A text of an emergency has not left for %(for)s."),
    ),
    (re.compile(r"the store is unavailable.*"), lambda w: w.say("The database cannot be written.")),
    (
        re.compile(r"session (?P<session>\S+): (?P<why>.*)"),
        lambda w: w.say("Broker session %(session)s is not connected."),
    ),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not hold, in a sentence; `link` leads to the alert it is about, `own` is what the log says."""

    says: str
    own: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One broker session in words."""

    name: str
    connected: bool
    caught_up: bool
    waiting: int


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel with how it fared in the last hour; `said` is what people call it."""

    name: str
    said: str
    type: str
    sender: str
    accepted: str
    delivered: str
    sent: int
    failed: int
    share: str
    error: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of a ladder in words."""

    tell: str
    by: str
    wait: str


@dataclass(frozen=True, slots=True)
class LadderRow:
    """A ladder as configured."""

    severity: str
    steps: Sequence[StepRow]
    repeat: str
    promise: str


def faults(words: Words, found: Sequence[str]) -> list[Fault]:
    """Return what an audit found, in sentences; each leads to its alert."""
    return [_fault(words, own) for own in found]


def _fault(words: Words, own: str) -> Fault:
    for pattern, sentence in _SENTENCES:
        met = pattern.fullmatch(own)
        if met:
            facts = met.groupdict()
            link = f"/alerts/{facts['alert']}" if "alert" in facts else ""
            given = {name: _span(words, text) if name == "for" else text for name, text in facts.items()}
            return Fault(sentence(words) % given, own, link)
    return Fault(words.say("Something does not hold; the log says more."), own)


def _span(words: Words, text: str) -> str:
    """Return a length of time as Python writes it (`1 day, 0:02:03.5`) in words."""
    met = re.fullmatch(r"(?:(\d+) days?, )?(\d+):(\d\d):(\d\d)(?:\.\d+)?", text)
    if met is None:
        return text
    days, hours, minutes, seconds = (int(one or 0) for one in met.groups())
    return words.span(timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds))


def sessions(words: Words, figures: Figures) -> list[SessionRow]:
    """Return the broker sessions."""
    names = {
        "sos": words.say("Buttons and falls"),
        "life": words.say("Gas, smoke, carbon monoxide"),
        "main": words.say("All other devices"),
        "watch": words.say("Unknown devices"),
    }
    return [
        SessionRow(names.get(name, name), one.connected, one.caught_up, one.waiting)
        for name, one in figures.sessions.items()
    ]


def channels(visit: Visit, about: About | None, carriers: Mapping[str, CarrierFigures]) -> list[ChannelRow]:
    """Return the channels as configured, and those that are gone but sent lately."""
    words = visit.words
    configured = {one.name: one for one in about.channels} if about else {}
    found = []
    for name in dict.fromkeys([*configured, *carriers]):
        one, lately = configured.get(name), carriers.get(name, CarrierFigures())
        sent, failed = sum(lately.fates.values()), sum(lately.fates.get(fate, 0) for fate in _FAILED)
        share = f"{words.number(round(100 * failed / sent))}%" if sent else ""
        found.append(
            ChannelRow(
                name,
                words.begin(words.channel(name)),
                one.type if one else "",
                one.sender if one else "",
                _moment(visit, lately.accepted_at),
                _moment(visit, lately.delivered_at),
                sent,
                failed,
                share,
                lately.error or "" if failed else "",
            )
        )
    return found


def _moment(visit: Visit, at: datetime | None) -> str:
    return visit.words.moment(at, visit.now) if at else ""


def ladders(visit: Visit, policies: Mapping[Severity, Policy]) -> list[LadderRow]:
    """Return the ladders as configured."""
    words = visit.words
    severities = {
        Severity.EMERGENCY: words.say("Emergency"),
        Severity.WARNING: words.say("Warning"),
        Severity.NOTICE: words.say("Notice"),
    }
    comma = words.say(", ")
    return [
        LadderRow(
            severities[severity],
            [
                StepRow(
                    comma.join(told(visit, word) for word in step.tell),
                    comma.join(words.channel(name) for name in step.by),
                    words.span(step.wait),
                )
                for step in policy.steps
            ],
            words.span(policy.repeat if policy.repeat is not None else policy.steps[-1].wait),
            words.span(policy.promise),
        )
        for severity, policy in policies.items()
    ]


def told(visit: Visit, word: str) -> str:
    """Return whom a word of a ladder means: a role, a level, or a person."""
    words = visit.words
    roles = {
        "family": words.say("family"),
        "neighbour": words.say("neighbours"),
        "resident": words.say("the resident"),
        "staff": words.say("staff on duty"),
        "supervisor": words.say("supervisors"),
        "village": words.say("the village’s staff"),
        "township": words.say("the township’s staff"),
        "county": words.say("the county’s staff"),
    }
    person = visit.registry.people.get(word)
    return roles.get(word) or (person.name if person else word)


def commit_ms(spreads: Mapping[str, Spread]) -> str:
    """Return within how many milliseconds 99 % of the transactions were durable; "" before the first."""
    counts = [sum(each) for each in zip(*(spread.counts for spread in spreads.values()), strict=True)]
    total, seen = sum(counts), 0
    bounds = next((spread.bounds for spread in spreads.values()), ())
    for bound, count in zip(bounds, counts, strict=False):
        seen += count
        if total and seen >= _SHARE * total:
            return f"{bound * 1000:g}"
    return f"> {bounds[-1] * 1000:g}" if total else ""


def shelved(visit: Visit, rows: Sequence[Shelved]) -> list[tuple[Shelved, str]]:
    """Return what the visitor may see of the shelf, each with its home: of unknown devices only who sees all areas."""
    everywhere = visit.may(Right.SEE_SYSTEM, EVERYWHERE)
    found = []
    for row in rows:
        home = _home_of(visit, row.topic)
        if (home and visit.sees(home, Right.SEE_SYSTEM)) or (not home and everywhere):
            found.append((row, home))
    return found


def _home_of(visit: Visit, topic: str) -> str:
    """Return the id of the home that a topic belongs to: a device's own, or one above it."""
    while topic:
        device = visit.registry.by_topic.get(topic)
        if device is not None:
            return device.home
        topic = topic.rpartition("/")[0]
    return ""


def megabytes(words: Words, size: int) -> str:
    """Return a size as people read it."""
    return f"{words.number(round(size / 1_000_000, 1))} MB"
