"""What somebody at a console or a program can do about an alert, and what that means for it as it is now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hub.alerts import events as ev
from hub.alerts.alert import Alert, DutyKind, Entry, Outcome, Stage
from hub.alerts.attention import ON_WAY, SILENCED, on_way, silence
from hub.alerts.policy import Severity

LONGEST_NOTE = 500


class Deed(StrEnum):
    """One thing to do about an alert; the word stands in addresses."""

    TAKE = "take"
    JOIN = "join"
    ON_WAY = "on-my-way"
    ARRIVED = "arrived"
    CANNOT = "cannot"
    HAND_OVER = "hand-over"
    RESOLVE = "resolve"
    NOTE = "note"
    SILENCE = "silence"
    CALL = "call"  # the numbers were asked for: nothing but a line of the history


class Reason(StrEnum):
    """Why somebody silences an alert."""

    IN_HAND = "in_hand"
    FALSE = "false"
    OTHER = "other"


class Answer(StrEnum):
    """What whoever acted is told."""

    DONE = "done"
    TAKEN = "taken"  # somebody else was first; to go as well is a further act
    MINE = "mine"  # they have it already
    CLOSED = "closed"
    ACTIVE = "active"  # the detector still alarms: ending it needs one more word
    QUIET = "quiet"  # it does not sound
    INCOMPLETE = "incomplete"  # words, a reason, an outcome or a person are missing


# Who has an alert must be reachable: these need an account that is a person.
NEEDS_PERSON = frozenset(
    {
        Deed.TAKE,
        Deed.JOIN,
        Deed.ON_WAY,
        Deed.ARRIVED,
        Deed.CANNOT,
        Deed.HAND_OVER,
        Deed.RESOLVE,
    }
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants done. `who` is a person's id, or `@account:<id>` with its name in `known_as`.

    `to`: to whom it is handed over. `for_holder`: it is the holder who arrived, somebody else says so. `watched`:
    ended although the detector still alarms, and looked at again.
    """

    who: str
    deed: Deed
    via: str = "console"
    known_as: str = ""
    to: str | None = None
    outcome: Outcome | None = None
    note: str = ""
    watched: bool = False
    reason: Reason | None = None
    for_holder: bool = False

    @property
    def words(self) -> str:
        """The note, as long as one is kept."""
        return " ".join(self.note.split())[:LONGEST_NOTE]


Events = tuple[ev.Event, ...]


def events(alert: Alert, history: Sequence[Entry], wish: Wish, takers: Sequence[str]) -> tuple[Events, Answer]:
    """Return what a wish does to the alert as it is now, and what is answered.

    A page may show what was true a moment ago: what has changed meanwhile changes nothing that others rely on.
    `takers`: ids of the people to whom it may be handed over.
    """
    if wish.deed in (Deed.NOTE, Deed.CALL):
        return _word(wish)
    if alert.stage is Stage.RESOLVED:
        return (_noted(wish, "late_tap", {"tap": wish.deed.value}),), Answer.CLOSED
    if wish.deed is Deed.HAND_OVER:
        if wish.to is None or wish.to not in takers:
            return (), Answer.INCOMPLETE
        return (ev.HandOver(wish.who, wish.to, wish.via),), Answer.DONE
    return _DEEDS[wish.deed](alert, history, wish)


def _word(wish: Wish) -> tuple[Events, Answer]:
    if wish.deed is Deed.CALL:
        return (_noted(wish, "call", {}),), Answer.DONE
    if not wish.words:
        return (), Answer.INCOMPLETE
    return (_noted(wish, "note", {"text": wish.words}),), Answer.DONE


def _take(alert: Alert, _history: Sequence[Entry], wish: Wish) -> tuple[Events, Answer]:
    if alert.stage is Stage.OPEN:
        return (ev.Acknowledge(wish.who, wish.via),), Answer.DONE
    if alert.holder == wish.who:
        # Nothing new, unless they were told of another press and are asked to confirm.
        confirms = DutyKind.CONFIRM in alert.duties
        return ((ev.Acknowledge(wish.who, wish.via),) if confirms else ()), Answer.DONE if confirms else Answer.MINE
    if wish.who in alert.helpers:
        return (), Answer.MINE
    return (_noted(wish, "offered", {}),), Answer.TAKEN


def _join(alert: Alert, history: Sequence[Entry], wish: Wish) -> tuple[Events, Answer]:
    if alert.stage is Stage.OPEN or alert.holder == wish.who or wish.who in alert.helpers:
        return _take(alert, history, wish)
    return (ev.Acknowledge(wish.who, wish.via),), Answer.DONE


def _on_way(alert: Alert, history: Sequence[Entry], wish: Wish) -> tuple[Events, Answer]:
    said = _noted(wish, ON_WAY, {})
    if alert.stage is Stage.OPEN:
        return (ev.Acknowledge(wish.who, wish.via), said), Answer.DONE
    if alert.holder != wish.who and wish.who not in alert.helpers:
        return _take(alert, history, wish)
    known = on_way(alert, history)
    if alert.arrived_at is not None or (known is not None and known.who == wish.who):
        return (), Answer.MINE
    return (said,), Answer.DONE


def _arrived(alert: Alert, _history: Sequence[Entry], wish: Wish) -> tuple[Events, Answer]:
    if wish.for_holder and alert.holder not in (None, wish.who):
        there = ev.Arrived(str(alert.holder), wish.via)
        return (there, _noted(wish, "recorded", {"what": "arrived", "of": str(alert.holder)})), Answer.DONE
    if alert.arrived_at is not None and alert.holder == wish.who:
        return (), Answer.MINE
    return (ev.Arrived(wish.who, wish.via),), Answer.DONE


def _cannot(alert: Alert, _history: Sequence[Entry], wish: Wish) -> tuple[Events, Answer]:
    lets_go = alert.stage is Stage.OPEN or alert.holder == wish.who
    return (ev.Pass(wish.who, wish.via) if lets_go else ev.Withdraw(wish.who, wish.via),), Answer.DONE


def _resolve(alert: Alert, _history: Sequence[Entry], wish: Wish) -> tuple[Events, Answer]:
    if wish.outcome is None:
        return (), Answer.INCOMPLETE
    if alert.active and not wish.watched:
        return (), Answer.ACTIVE
    return (ev.Resolve(wish.who, wish.outcome, wish.words or None, wish.watched, wish.via),), Answer.DONE


def _silence(alert: Alert, history: Sequence[Entry], wish: Wish) -> tuple[Events, Answer]:
    if wish.reason is None or (wish.reason is Reason.OTHER and not wish.words):
        return (), Answer.INCOMPLETE
    is_quiet = alert.stage is not Stage.OPEN or alert.severity is Severity.NOTICE
    if is_quiet or silence(alert, history) is not None:
        return (), Answer.QUIET
    return (_noted(wish, SILENCED, {"reason": wish.reason.value, "text": wish.words}),), Answer.DONE


def _noted(wish: Wish, event: str, detail: Mapping[str, str | int]) -> ev.Noted:
    by = {"as": wish.known_as} if wish.known_as else {}
    return ev.Noted(wish.who, event, {**detail, **by, "via": wish.via})


_DEEDS: Mapping[Deed, Callable[[Alert, Sequence[Entry], Wish], tuple[Events, Answer]]] = {
    Deed.TAKE: _take,
    Deed.JOIN: _join,
    Deed.ON_WAY: _on_way,
    Deed.ARRIVED: _arrived,
    Deed.CANNOT: _cannot,
    Deed.RESOLVE: _resolve,
    Deed.SILENCE: _silence,
}
