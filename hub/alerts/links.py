"""The page of one alert for one person: when its link follows the first text, and what a tap on it means.

The link comes in a text of its own: one that holds a link may be filtered, and the first text never waits for it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from hub.alerts import events as ev
from hub.alerts.alert import Alert, DutyKind, Outcome, Stage
from hub.alerts.change import REACHED
from hub.alerts.climb import text_key
from hub.alerts.notification import Fate, Notification
from hub.alerts.policy import Severity
from hub.alerts.wording import CALLS

SUFFIX = ".link"
# How long a link opens its page: long enough for a night and the day after it.
LASTS = timedelta(hours=24)
# What a tap keeps as the word that says how it ended; the catalogue has each in every language.
ALL_WELL, BY_PHONE, AWAY = "没事", "电话里问过，没事", "外出了"


class Tap(StrEnum):
    """What a person can do on the page."""

    TAKE = "take"
    JOIN = "join"
    CANNOT = "cannot"
    WELL = "well"  # there, and all is well
    HELP = "help"  # there, and more people are needed
    PHONED = "phoned"  # asked by phone, all is well
    AWAY = "away"  # still because nobody is at home


class Said(StrEnum):
    """What the page answers beside the alert as it is then."""

    DONE = ""
    TAKEN = "taken"  # somebody else was first
    CLOSED = "closed"
    ACTIVE = "active"  # the detector still alarms: closing needs one more word


class Face(StrEnum):
    """How an alert looks to one person."""

    OPEN = "open"
    MINE = "mine"
    TAKEN = "taken"
    JOINED = "joined"
    CALLING = "calling"  # this person is there and asked for more people
    DONE = "done"


# --- the second text --------------------------------------------------------------------------------------------


def is_link(key: str) -> bool:
    """Whether the text of this key carries a link."""
    return key.endswith(SUFFIX)


def asks(message: Notification) -> bool:
    """Whether a message asks its person to come; what only tells how it goes on brings no link."""
    return message.step is not None or message.key == "handed_over"


def awaiting(
    alert: Alert, sent: Sequence[Notification], passes: Callable[[Notification], bool]
) -> tuple[Notification, ...]:
    """Return the first texts that a link follows now: one for each person, once in the life of the alert.

    None before every call of this alert has left or failed: nobody's first text stands behind another one's link.
    Notices bring none, they are tasks of days. `passes`: whether a link gets through the way that message went.
    """
    if alert.stage is Stage.RESOLVED or alert.severity is Severity.NOTICE:
        return ()
    calls = [message for message in sent if asks(message)]
    if any(_leaves_yet(message) for message in calls):
        return ()
    linked = {message.person_id for message in sent if is_link(message.key)}
    first: dict[str, Notification] = {}
    for message in calls:
        person = message.person_id
        if person is None or person in linked or person in first:
            continue
        if message.fate in REACHED and passes(message):
            first[person] = message
    return tuple(first.values())


def _leaves_yet(message: Notification) -> bool:
    """Whether a text is still to be handed over; one of unknown fate may be sent once more."""
    if message.fate is Fate.UNKNOWN:
        return message.due_at is not None
    return message.fate in (Fate.QUEUED, Fate.SENDING)


def companion(first: Notification, alert: Alert, id: str, now: datetime) -> Notification:
    """Return the text with the link that follows `first`.

    It is no step and as urgent as a notice: whatever calls for help, of this home or another, leaves before it.
    """
    key = next((key for key in (first.key, text_key(alert)) if key in CALLS), "other")
    return Notification(
        id=id,
        alert_id=first.alert_id,
        home_id=first.home_id,
        person_id=first.person_id,
        phone=None,
        channel=first.channel,
        key=f"{key}{SUFFIX}",
        severity=Severity.NOTICE,
        created_at=now,
        due_at=now,
        facts=first.facts,
        round=first.round,
    )


# --- the page ---------------------------------------------------------------------------------------------------


def face(alert: Alert, person: str, calling: str | None = None) -> Face:
    """Return how the alert looks to this person; `calling` is who is there and asked for more people last."""
    if alert.stage is Stage.RESOLVED:
        return Face.DONE
    if alert.stage is Stage.OPEN:
        return Face.CALLING if calling == person else Face.OPEN
    if alert.holder == person:
        return Face.MINE
    return Face.JOINED if person in alert.helpers else Face.TAKEN


def events(alert: Alert, person: str, tap: Tap, *, watched: bool = False) -> tuple[tuple[ev.Event, ...], Said]:
    """Return what a tap does to the alert as it is now, and what its page answers.

    `watched`: the person was told that the detector still alarms, and closes it all the same. The page may show
    what was true seconds ago: a tap on what has changed meanwhile changes nothing that others rely on.
    """
    mine = alert.holder == person
    takes_part = mine or person in alert.helpers
    if tap is Tap.HELP:  # never in vain, not even when the alert was closed meanwhile
        there = () if alert.stage is Stage.RESOLVED else _arrived(alert, person)
        return (*there, ev.NeedHelp(person, "page")), Said.DONE
    if alert.stage is Stage.RESOLVED:
        return (ev.Noted(person, "late_tap", {"tap": tap.value, "via": "page"}),), Said.CLOSED
    if tap in (Tap.TAKE, Tap.JOIN):
        return _take(alert, person, tap, takes_part=takes_part)
    if tap is Tap.CANNOT:
        lets_go = alert.stage is Stage.OPEN or mine
        return (ev.Pass(person, "page") if lets_go else ev.Withdraw(person, "page"),), Said.DONE
    there = _arrived(alert, person) if tap is Tap.WELL else ()
    if alert.active and not watched:
        return there, Said.ACTIVE
    return (*there, _end(person, tap, watched=watched)), Said.DONE


def _take(alert: Alert, person: str, tap: Tap, *, takes_part: bool) -> tuple[tuple[ev.Event, ...], Said]:
    if alert.stage is Stage.OPEN:
        return (ev.Acknowledge(person, "page"),), Said.DONE
    if takes_part:
        # Nothing new, unless the holder was told of another press and is asked to confirm.
        confirms = alert.holder == person and DutyKind.CONFIRM in alert.duties
        return ((ev.Acknowledge(person, "page"),) if confirms else ()), Said.DONE
    if tap is Tap.JOIN:
        return (ev.Acknowledge(person, "page"),), Said.DONE
    return (ev.Noted(person, "offered", {"via": "page"}),), Said.TAKEN


def _arrived(alert: Alert, person: str) -> tuple[ev.Event, ...]:
    known = alert.arrived_at is not None and person in alert.helpers
    return () if known else (ev.Arrived(person, "page"),)


def _end(person: str, tap: Tap, *, watched: bool) -> ev.Event:
    outcome, note = {
        Tap.PHONED: (Outcome.GENUINE, BY_PHONE),
        Tap.AWAY: (Outcome.FALSE, AWAY),
    }.get(tap, (Outcome.GENUINE, ALL_WELL))
    return ev.Resolve(person, outcome, note, watched, "page")
