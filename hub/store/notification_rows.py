"""Messages to people, and what people sent us, in rows."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select, true

from hub.alerts.alert import Stage
from hub.alerts.notification import Fate, Notification
from hub.alerts.policy import Severity
from hub.store import tables
from hub.store.alert_rows import AlertRows
from hub.store.prepared import Prepared, Values
from hub.store.rows import chunks, insert

_table = tables.notifications
_c = _table.c
_NAMES = tuple(field.name for field in fields(Notification))
_values = attrgetter(*_NAMES)
SELECTED = select(*(_c[name] for name in _NAMES))
_ONE = Prepared(SELECTED.where(_c.id == bindparam("wanted")))
_BY_PROVIDER = Prepared(SELECTED.where(_c.provider_id == bindparam("wanted")).order_by(_c.created_at.desc()).limit(1))
_OF_ALERT = Prepared(SELECTED.where(_c.alert_id == bindparam("wanted")).order_by(_c.created_at, _c.id))
_DUE = SELECTED.where(_c.due_at <= bindparam("at")).order_by(_c.severity, _c.due_at, _c.id).limit(bindparam("most"))
_URGENT = _c.severity == Severity.EMERGENCY
_DUE_BY_URGENCY = {None: _DUE, True: _DUE.where(_URGENT), False: _DUE.where(~_URGENT)}
_LOOK_DUE = {urgency: Prepared(due) for urgency, due in _DUE_BY_URGENCY.items()}
_TAKE_DUE = {urgency: Prepared(due.with_for_update(skip_locked=True)) for urgency, due in _DUE_BY_URGENCY.items()}
_NEXT = Prepared(select(func.min(_c.due_at)))


def _row(notification: Notification) -> dict[str, Any]:
    row = dict(zip(_NAMES, _values(notification), strict=True))
    row["facts"] = dict(notification.facts)
    return row


class NotificationRows(AlertRows):
    """The part of a transaction that keeps messages."""

    def add_notifications(self, notifications: Sequence[Notification]) -> None:
        """Queue messages."""
        self._insert(_table, [_row(one) for one in notifications])

    def save_notification(self, notification: Notification) -> None:
        """Replace one notification."""
        self._upsert(_table, _row(notification))

    def notification(self, id: str) -> Notification | None:
        """Return one notification."""
        return next(iter(self._asked(_ONE, {"wanted": id})), None)

    def notification_by_provider_id(self, provider_id: str) -> Notification | None:
        """Return the notification the carrier knows by this id."""
        return next(iter(self._asked(_BY_PROVIDER, {"wanted": provider_id})), None)

    def notifications(self, alert_id: str) -> list[Notification]:
        """Return all messages of one alert, oldest first."""
        return self._asked(_OF_ALERT, {"wanted": alert_id})

    def notifications_told(self, people: Sequence[str]) -> list[Notification]:
        """Return messages to these people for alerts not resolved, or resolved within 7 days; oldest first."""
        a = tables.alerts.c
        answerable = [a.live == true(), a.stage != Stage.RESOLVED]
        recent = self._recent()
        if recent is not None:
            answerable.append(self._ended(recent))
        joined = SELECTED.join(tables.alerts, a.id == _c.alert_id).order_by(_c.created_at, _c.id)
        if recent is not None:
            joined = joined.where(or_(*answerable))
        wanted = list(dict.fromkeys(people))
        return [one for some in chunks(wanted) for one in self._found(joined.where(_c.person_id.in_(some)))]

    def due_notifications(self, now: datetime, limit: int, *, emergency: bool | None = None) -> list[Notification]:
        """Return messages whose attempt or look-up is due, most severe and oldest first; locked like alerts."""
        question = (_LOOK_DUE if self._lane is None else _TAKE_DUE)[emergency]
        return self._asked(question, {"at": now, "most": limit})

    def open_notifications(self, fates: Sequence[Fate]) -> list[Notification]:
        """Return messages with one of these fates, oldest first."""
        return self._found(SELECTED.where(_c.fate.in_(list(fates))).order_by(_c.created_at, _c.id))

    def next_due(self) -> datetime | None:
        """Return when the next duty of any alert or message is due."""
        message: datetime | None = self._rows(_NEXT)[0][0]
        return min(filter(None, (message, self._next_alert())), default=None)

    def take_inbound(self, channel: str, provider_id: str, at: datetime) -> bool:
        """Note that an inbound message was taken; False if it had been before."""
        statement = insert(tables.inbound, self._dialect).values(channel=channel, provider_id=provider_id, at=at)
        taken = statement.on_conflict_do_nothing().returning(tables.inbound.c.provider_id)
        return self._db.execute(taken).first() is not None

    def _found(self, query: Select[Any]) -> list[Notification]:
        return [Notification(*row) for row in self._db.execute(query)]

    def _asked(self, question: Prepared, values: Values) -> list[Notification]:
        return [Notification(*row) for row in self._rows(question, values)]
