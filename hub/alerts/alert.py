"""An alert as a value: what a person must deal with, from `open` to `resolved`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from hub.alerts.policy import Ladder, Severity


class Stage(StrEnum):
    """Where the alert is."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Outcome(StrEnum):
    """How an alert ended."""

    GENUINE = "genuine"
    FALSE = "false"
    TEST = "test"
    UNREACHED = "unreached"
    DUPLICATE = "duplicate"


class DutyKind(StrEnum):
    """Something due at a time."""

    STEP = "step"  # the next rung of the ladder
    REMIND = "remind"  # half the promise is over
    PROMISE = "promise"  # the promise ends
    CONFIRM = "confirm"  # the holder was told of another press and has not answered
    TELL = "tell"  # the holder hears of further presses, at most once a minute
    WATCH = "watch"  # resolved while the hazard was active: look again


@dataclass(frozen=True, slots=True)
class Duty:
    """`due_at` is never further ahead than `wait`, whatever a clock does."""

    due_at: datetime
    wait: timedelta

    def clamped(self, now: datetime) -> "Duty":
        """Return the duty, pulled in if a clock that stepped back has put it out of reach."""
        return self if self.due_at <= now + self.wait else Duty(now + self.wait, self.wait)


@dataclass(frozen=True, slots=True)
class Lateness:
    """How long a press waited before the hub saw it. `exact`: by the device's clock; else the longest possible."""

    age: timedelta
    exact: bool
    away_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an alert's history: who did what when. `who` is a person's id, or `hub`."""

    at: datetime
    who: str
    event: str
    detail: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. `what` is the key of its text (sos, gas, ...); `cause` makes it one per home.

    `round` counts from 1; `step` is the rung that comes next (0-based; equal to the number of rungs when the
    round is over); `told` are the people who were sent anything; `helpers` those who took part. `active` is the
    hazard's last reading. `facts` are what its texts say beside name and address.
    """

    id: str
    home_id: str
    cause: str
    what: str
    severity: Severity
    code: str
    opened_at: datetime
    ladder: Ladder
    device_id: str | None = None
    room: str | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)
    late: Lateness | None = None
    pressed_since: bool = False  # the late press was followed by one that did not wait: its texts are no longer late
    stage: Stage = Stage.OPEN
    round: int = 1
    step: int = 0
    last_step_at: datetime | None = None
    round_at: datetime | None = None
    reached: bool = True  # the last finished round reached somebody
    ask_with: str | None = None  # the text of the next step, where it is not the alert's own
    ask_facts: Mapping[str, str | int] = field(default_factory=dict)
    lapsed: str | None = None  # whose promise lapsed last; that text names them
    offered: tuple[str, ...] = ()  # heard that another has it; their next "I take it" joins
    told: tuple[str, ...] = ()
    holder: str | None = None
    taken_at: datetime | None = None
    helpers: tuple[str, ...] = ()
    promised_until: datetime | None = None
    arrived_at: datetime | None = None
    count: int = 1
    last_press_at: datetime | None = None
    last_again_at: datetime | None = None
    active: bool = False
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    outcome: Outcome | None = None
    note: str | None = None
    duties: Mapping[DutyKind, Duty] = field(default_factory=dict)

    @property
    def in_test(self) -> bool:
        """Whether only the tester of the home's test knows of it: nobody has confirmed it, nor has it become real."""
        untold = self.stage is Stage.OPEN and self.last_step_at is None and not self.told
        return untold and "walk" in self.facts

    @property
    def only_test(self) -> bool:
        """Whether it is, or was, part of a home's test and nobody else ever heard of it: no call, counted nowhere."""
        return "walk" in self.facts and not self.told and (self.in_test or self.outcome is Outcome.TEST)

    @property
    def next_due(self) -> datetime | None:
        """When this alert next needs the hub; None only when it is resolved for good."""
        return min((duty.due_at for duty in self.duties.values()), default=None)
