"""One message to one person over one channel for one alert, and its fate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hub.alerts.policy import Severity

Value = str | int


class Fate(StrEnum):
    """What is known of a message. Unknown is not delivered."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"  # its reason ended before it was sent


@dataclass(frozen=True, slots=True)
class Notification:
    """One message. `key` names its text, `facts` fill it (language-neutral: ISO times, room and outcome codes).

    `round` counts from 1, `step` from 0 (None for follow-ups and answers). `channel` is the one to try now,
    `then` those to try after it. `text` is fixed at the first send, so that a carrier can be asked for it.
    `due_at` is when the next attempt or look-up is due; `provider_id` is the carrier's id once it accepted.
    """

    id: str
    alert_id: str | None
    home_id: str
    person_id: str | None
    phone: str | None  # only for answers to a number that belongs to nobody
    channel: str
    key: str
    severity: Severity
    created_at: datetime
    due_at: datetime | None
    facts: Mapping[str, Value] = field(default_factory=dict)
    then: tuple[str, ...] = ()
    round: int = 1
    step: int | None = None
    fate: Fate = Fate.QUEUED
    tries: int = 0
    text: str | None = None
    to: str | None = None
    provider_id: str | None = None
    error: str | None = None
    sending_since: datetime | None = None
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
