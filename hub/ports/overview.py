"""What the pages about areas, devices and the hub itself read: few columns of many rows, never the readings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from hub.alerts.alert import Stage
from hub.alerts.notification import Fate
from hub.alerts.policy import Severity
from hub.homes import DeviceState


@dataclass(frozen=True, slots=True)
class AlertMark:
    """What an overview shows of one unresolved alert."""

    id: str
    home_id: str
    cause: str
    what: str
    severity: Severity
    stage: Stage
    code: str
    opened_at: datetime
    holder: str | None


@dataclass(frozen=True, slots=True)
class CarrierFigures:
    """How one channel fared lately. `fates` counts the messages made since then; the instants are the newest."""

    accepted_at: datetime | None = None
    delivered_at: datetime | None = None
    fates: Mapping[Fate, int] = field(default_factory=dict)
    error: str | None = None


class OverviewRows(Protocol):
    """The part of a transaction that overviews read."""

    def alert_marks(self) -> list[AlertMark]:
        """Return all unresolved alerts, most severe and oldest first."""
        ...

    def states_of_homes(self, homes: Iterable[str]) -> list[DeviceState]:
        """Return the last words of all devices of these homes."""
        ...

    def shared_bridges(self) -> list[DeviceState]:
        """Return the last words of bridges that serve several homes."""
        ...

    def carriers(self, since: datetime) -> Mapping[str, CarrierFigures]:
        """Return by channel how the newest messages fared; `fates` of those made since then."""
        ...

    def size_bytes(self) -> int:
        """Return how large the database is."""
        ...
