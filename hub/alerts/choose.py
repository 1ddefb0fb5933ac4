"""Which alerts a reply is about: of those this number was told of, never another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hub.alerts.alert import Alert, DutyKind, Stage
from hub.alerts.policy import Severity
from hub.alerts.replies import Reply, ReplyKind


@dataclass(frozen=True, slots=True)
class Told:
    """An alert and the person with this number who was told of it."""

    alert: Alert
    person: str

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody."""
        return self.alert.stage is Stage.OPEN

    @property
    def is_held(self) -> bool:
        """Whether this person has it."""
        return self.alert.stage is Stage.ACKNOWLEDGED and self.alert.holder == self.person

    @property
    def took_part(self) -> bool:
        """Whether this person has it or helps."""
        mine = self.alert.holder == self.person or self.person in self.alert.helpers
        return self.alert.stage is not Stage.RESOLVED and mine


@dataclass(frozen=True, slots=True)
class Choice:
    """The alerts meant, or those the sender must choose from. `foreign`: the code is of none of them."""

    meant: tuple[Told, ...] = ()
    unclear: tuple[Told, ...] = ()
    foreign: bool = False


def choose(reply: Reply, told: Sequence[Told]) -> Choice:
    """Return what a reply is about; `told` newest first, resolved ones of the last days included."""
    if reply.code is not None:
        same = tuple(t for t in told if t.alert.code == reply.code)
        return Choice(same[:1]) if same else Choice(foreign=True)
    for wanted in _ORDER[reply.kind]:
        group = tuple(t for t in told if wanted(t))
        if group:
            return _one_home(group) if wanted in _WHOLE_HOME else _only_one(group)
    return Choice(tuple(told[:1]))  # all closed: the newest says so


def _one_home(group: tuple[Told, ...]) -> Choice:
    return Choice(group) if len({t.alert.home_id for t in group}) == 1 else Choice(unclear=group)


def _only_one(group: tuple[Told, ...]) -> Choice:
    return Choice(group) if len(group) == 1 else Choice(unclear=group)


def _open_emergency(told: Told) -> bool:
    return told.is_open and told.alert.severity is Severity.EMERGENCY


def _open(told: Told) -> bool:
    return told.is_open


def _to_confirm(told: Told) -> bool:
    return told.is_held and DutyKind.CONFIRM in told.alert.duties


def _held(told: Told) -> bool:
    return told.is_held


def _held_not_there(told: Told) -> bool:
    return told.is_held and told.alert.arrived_at is None


def _took_part(told: Told) -> bool:
    return told.took_part


def _unresolved(told: Told) -> bool:
    return told.alert.stage is not Stage.RESOLVED


_WHOLE_HOME = frozenset({_open_emergency, _to_confirm, _held, _held_not_there, _took_part})
_ORDER: dict[ReplyKind, tuple[Callable[[Told], bool], ...]] = {
    ReplyKind.TAKE: (_open_emergency, _open, _to_confirm, _held, _unresolved),
    ReplyKind.PASS: (_open_emergency, _held, _open, _unresolved),
    ReplyKind.ARRIVED: (_held_not_there, _held, _open_emergency, _open, _unresolved),
    ReplyKind.RESOLVE: (_took_part, _unresolved),
    ReplyKind.NOTE: (_took_part, _unresolved),
    ReplyKind.UNKNOWN: (_took_part, _unresolved),
}
