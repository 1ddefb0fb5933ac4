"""What consoles read of many alerts at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from hub.alerts.alert import Alert, Entry
from hub.alerts.notification import Notification


class BoardReads(Protocol):
    """The part of a transaction that reads for consoles: few questions, however many alerts are open."""

    def alerts_named(self, ids: Sequence[str]) -> list[Alert]:
        """Return the alerts with these ids, in any order."""
        ...

    def histories(self, ids: Sequence[str]) -> Mapping[str, list[Entry]]:
        """Return the history of each of these alerts, oldest first."""
        ...

    def messages_of(self, ids: Sequence[str]) -> Mapping[str, list[Notification]]:
        """Return the messages of each of these alerts, oldest first."""
        ...

    def alerts_opened(self, since: datetime, limit: int) -> list[Alert]:
        """Return alerts that were opened after `since`, newest first, without their duties."""
        ...
