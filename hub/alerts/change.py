"""What an event does to an alert: the new alert, its history, the people to tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hub.alerts.alert import Alert, Entry
from hub.alerts.notification import Fate, Notification, Value

# A message with one of these fates has reached its person, or may have.
TOLD = frozenset({Fate.SENDING, Fate.ACCEPTED, Fate.DELIVERED, Fate.UNKNOWN})
# A round has reached somebody only if the carrier has one of its messages: unknown is not delivered.
REACHED = frozenset({Fate.ACCEPTED, Fate.DELIVERED})


@dataclass(frozen=True, slots=True)
class Tell:
    """One person to be told something. `by`: channels, all at once if `together`, else one after the other."""

    person: str
    key: str
    facts: Mapping[str, Value] = field(default_factory=dict)
    by: tuple[str, ...] = ()
    together: bool = False
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """`cancel`: step messages that have not left yet are no longer wanted."""

    alert: Alert
    entries: tuple[Entry, ...] = ()
    tells: tuple[Tell, ...] = ()
    cancel: bool = False

    def then(self, later: "Change") -> "Change":
        """Join this change with the one that follows it."""
        return Change(
            later.alert, (*self.entries, *later.entries), (*self.tells, *later.tells), self.cancel or later.cancel
        )


@dataclass(frozen=True, slots=True)
class Scene:
    """What a handler may look at: the time, this alert's messages, people's names by id, all who have a number."""

    now: datetime
    sent: Sequence[Notification] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    everybody: Sequence[str] = ()

    def name(self, person: str | None) -> str:
        """Return a person's name; the id of one who is gone; nothing for the duty desk and the hub itself."""
        if person is None or person == "hub" or person.startswith("@"):
            return ""
        return self.names.get(person, person)

    def told(self, alert: Alert, *, but: Sequence[str] = ()) -> tuple[str, ...]:
        """People who were, or may have been, reached about this alert, without `but`; in the order they were told."""
        reached = {n.person_id for n in self.sent if n.fate in TOLD}
        return tuple(p for p in alert.told if p in reached and p not in but)
