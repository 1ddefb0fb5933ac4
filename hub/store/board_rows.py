"""What consoles read of many alerts at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from hub.alerts.alert import Alert, Entry
from hub.alerts.notification import Notification
from hub.store import tables
from hub.store.alert_rows import SELECTED, read_alert
from hub.store.notification_rows import SELECTED as MESSAGES
from hub.store.notification_rows import NotificationRows
from hub.store.prepared import Prepared
from hub.store.rows import chunks, several

_a, _h, _n = tables.alerts.c, tables.history.c, tables.notifications.c
_named = several(lambda ids: SELECTED.where(_a.id.in_(ids)))
_histories = several(
    lambda ids: (
        select(_h.alert_id, _h.at, _h.who, _h.event, _h.detail).where(_h.alert_id.in_(ids)).order_by(_h.alert_id, _h.id)
    )
)
_messages = several(lambda ids: MESSAGES.where(_n.alert_id.in_(ids)).order_by(_n.alert_id, _n.created_at, _n.id))
_OPENED = Prepared(
    SELECTED.where(_a.opened_at > bindparam("since"))
    .order_by(_a.opened_at.desc(), _a.id.desc())
    .limit(bindparam("most"))
)


class BoardRows(NotificationRows):
    """The part of a transaction that reads for consoles."""

    def alerts_named(self, ids: Sequence[str]) -> list[Alert]:
        """Return the alerts with these ids, in any order."""
        return [alert for some in chunks(ids) for alert in self._load(self._rows(*_named(some)))]

    def histories(self, ids: Sequence[str]) -> Mapping[str, list[Entry]]:
        """Return the history of each of these alerts, oldest first."""
        found: dict[str, list[Entry]] = {id: [] for id in ids}
        for some in chunks(ids):
            for alert_id, *entry in self._rows(*_histories(some)):
                found[alert_id].append(Entry(*entry))
        return found

    def messages_of(self, ids: Sequence[str]) -> Mapping[str, list[Notification]]:
        """Return the messages of each of these alerts, oldest first."""
        found: dict[str, list[Notification]] = {id: [] for id in ids}
        for some in chunks(ids):
            for message in self._asked(*_messages(some)):
                found[str(message.alert_id)].append(message)
        return found

    def alerts_opened(self, since: datetime, limit: int) -> list[Alert]:
        """Return alerts that were opened after `since`, newest first, without their duties."""
        return [read_alert(row) for row in self._rows(_OPENED, {"since": since, "most": limit})]
