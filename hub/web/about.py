"""What the page about the system says of this hub beside its figures: how it was set up. No secret is part of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class ChannelAbout:
    """One way to reach people, as configured."""

    name: str
    type: str
    sender: str
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class About:
    """How this hub runs. `not_taken`: what the last reload did not take, and why; `deadman`: whether one is asked."""

    version: str
    site: str
    started_at: datetime
    database: str
    broker: str
    listens: str
    public_url: str
    channels: Sequence[ChannelAbout]
    keep_readings: timedelta
    keep_alerts: timedelta
    deadman: bool
    audit_at: datetime | None = None
    audit_faults: Sequence[str] = ()
    forgotten_at: datetime | None = None
    not_taken: str = ""
