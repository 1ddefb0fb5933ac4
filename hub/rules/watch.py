"""What a rule waits for while nothing is said: when it looks, what it sees then, and what comes of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from hub.homes import DeviceState, Home, Registry
from hub.rules.finding import Finding
from hub.rules.gaps import Gap

# A look takes a transaction: what is not so yet is not asked for again at once.
SOONEST = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Watch:
    """One thing that a rule watches. It is looked at when `due_at` comes, which lies never further than `wait` ahead.

    `rule` is the name of a rule in TIMED; `subject` is its word for what it watches, "" for the home itself.
    `home_id` may be SITE. `since` is when the hub began to watch it.
    """

    home_id: str
    rule: str
    subject: str
    since: datetime
    due_at: datetime
    wait: timedelta

    def armed(self, due_at: datetime, now: datetime) -> "Watch":
        """Return the watch as it is next due: within its wait, and not at once again."""
        return replace(self, due_at=max(now + min(SOONEST, self.wait), min(due_at, now + self.wait)))


@dataclass(frozen=True, slots=True)
class Wanted:
    """That a rule wants something watched: the longest it may go without a look."""

    home_id: str
    subject: str
    wait: timedelta


Neighbour = tuple[Home, Sequence[DeviceState]]


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule may look at when its watch is due.

    `states` are the last words of the home's devices, `gaps` when the hub, the home's bridges or its devices could
    not be heard. `well_at`: a person last said that they found the resident; `unreached_at`: that they could not.
    `reported`: the watch's alert is not resolved. `unresolved`: what such alerts of the home and of the site say, by
    home and cause. `around` returns the other homes of its area with their states: a look that is costly.
    """

    watch: Watch
    home: Home | None
    registry: Registry
    states: Sequence[DeviceState] = ()
    gaps: Sequence[Gap] = ()
    well_at: datetime | None = None
    unreached_at: datetime | None = None
    reported: bool = False
    unresolved: Mapping[tuple[str, str], Mapping[str, str | int]] = field(default_factory=dict)
    around: Callable[[], Sequence[Neighbour]] = tuple


@dataclass(frozen=True, slots=True)
class Over:
    """That what was reported is no longer so: its alert ends by itself. `untold`: only if nobody was told of it."""

    home_id: str
    cause: str
    untold: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look brought: something to report, or nothing; and when the rule wants to look again.

    `also`: findings about more than the watch's subject. `keep`: rows to keep among the home's states. `lost`: gaps
    that begin; `found`: sources that can be heard again. `done`: there is nothing left to watch for.
    """

    due_at: datetime
    finding: Finding | None = None
    also: tuple[Finding, ...] = ()
    over: tuple[Over, ...] = ()
    keep: tuple[DeviceState, ...] = ()
    lost: tuple[Gap, ...] = ()
    found: tuple[str, ...] = ()
    done: bool = False


class TimedRule(Protocol):
    """A rule that judges what is not said."""

    @property
    def name(self) -> str:
        """Its word in the rows of watches."""
        ...

    def wanted(self, registry: Registry) -> Iterable[Wanted]:
        """Return all that it watches on this site."""
        ...

    def cause(self, subject: str) -> str:
        """Return the cause of the alert that it reports for a subject."""
        ...

    def look(self, case: Case, now: datetime) -> Looked:
        """Judge one watch that is due."""
        ...
