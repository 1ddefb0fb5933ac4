"""What the page of one home reads of the past: bounded by a window of time or a number, never by what is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from hub.alerts.alert import Alert
from hub.homes import Act


@dataclass(frozen=True, slots=True)
class Busy:
    """How often a device said `active` within one cell of time; cells count from 0 at the window's start."""

    device_id: str
    kind: str
    cell: int
    count: int


@dataclass(frozen=True, slots=True)
class Sight:
    """What was heard of a home in a window: movement by cell, and the last known charge of each battery."""

    busy: Sequence[Busy] = ()
    batteries: Sequence[tuple[str, int]] = ()


class SightRows(Protocol):
    """The part of a transaction that the page of one home reads."""

    def heard_of(self, home_id: str, since: datetime, until: datetime, cell: timedelta) -> Sight:
        """Return what a home's devices said in a window, counted by the database."""
        ...

    def alerts_of(self, home_id: str, since: datetime, limit: int) -> list[Alert]:
        """Return a home's unresolved alerts, and those opened after `since`, newest first."""
        ...

    def acts_about(self, home_id: str, limit: int, events: Sequence[str] = ()) -> list[Act]:
        """Return the newest acts about a home, newest first; only these events if any are given."""
        ...
