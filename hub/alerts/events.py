"""What can happen to an alert: facts in the past tense or due, and what people do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hub.alerts.alert import Lateness, Outcome


@dataclass(frozen=True, slots=True)
class StepDue:
    """The next rung of the ladder is due."""


@dataclass(frozen=True, slots=True)
class Hurry:
    """Every message of the running step failed, or the carrier stays silent about them: wait no longer."""

    why: str


@dataclass(frozen=True, slots=True)
class Again:
    """Pressed again, active again after its clear, or from another room.

    `counts_only`: within 15 s of the last. `active`: it is a state, and now so.
    """

    at: datetime
    room: str | None = None
    device_id: str | None = None
    counts_only: bool = False
    late: Lateness | None = None
    active: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """A person takes the alert. `via` says how: sms, command, page ..."""

    by: str
    via: str = "sms"


@dataclass(frozen=True, slots=True)
class Pass:
    """The holder, or somebody who was asked, cannot."""

    by: str
    via: str = "sms"


@dataclass(frozen=True, slots=True)
class Withdraw:
    """A helper who is not the holder, or somebody who was asked while another has it, cannot come."""

    by: str
    via: str = "sms"


@dataclass(frozen=True, slots=True)
class HandOver:
    """The alert goes to a certain person, who is asked to take it; the ladder waits for one step."""

    by: str
    to: str
    via: str = "command"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A person is there."""

    by: str
    via: str = "sms"


@dataclass(frozen=True, slots=True)
class NeedHelp:
    """A person is there and cannot do it alone: others are asked now."""

    by: str
    via: str = "page"


@dataclass(frozen=True, slots=True)
class Resolve:
    """A person, or the hub for faults that mended themselves, ends the alert.

    `watched` is needed while the hazard is still active: it is looked at again after 15 minutes.
    """

    by: str
    outcome: Outcome
    note: str | None = None
    watched: bool = False
    via: str = "sms"


@dataclass(frozen=True, slots=True)
class ConfirmTest:
    """The tester says that a press or an alarm was part of the home's test."""

    by: str
    via: str = "page"


@dataclass(frozen=True, slots=True)
class Noted:
    """Words worth keeping that change nothing; `event` names them in the history."""

    by: str
    event: str
    detail: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cleared:
    """The hazard's sensor says it is over: recorded and shown, it never closes the alert."""

    at: datetime


@dataclass(frozen=True, slots=True)
class TellHolder:
    """Presses came within a minute of the last word to the holder; the minute is over."""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """The holder did not confirm another press, is long there, or it came from another room."""

    why: str = "unconfirmed"


@dataclass(frozen=True, slots=True)
class Reminder:
    """Half the promise is over."""


@dataclass(frozen=True, slots=True)
class PromiseExpired:
    """The promise is over without a word."""


@dataclass(frozen=True, slots=True)
class StillActive:
    """A hazard that was resolved under watch is still active after 15 minutes."""


@dataclass(frozen=True, slots=True)
class WatchEnded:
    """The hazard resolved under watch went away, or opened an alert anew."""


Event = (
    StepDue
    | Hurry
    | Again
    | Acknowledge
    | Pass
    | Withdraw
    | HandOver
    | Arrived
    | NeedHelp
    | Resolve
    | ConfirmTest
    | Noted
    | Cleared
    | TellHolder
    | Unconfirmed
    | Reminder
    | PromiseExpired
    | StillActive
    | WatchEnded
)
