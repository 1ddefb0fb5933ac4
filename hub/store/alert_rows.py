"""Alerts, their duties and their history in rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import bindparam, delete, false, func, or_, select, text, true
from sqlalchemy.exc import IntegrityError

from hub.alerts.alert import Alert, Duty, DutyKind, Entry, Stage
from hub.store import tables
from hub.store.codec import decode, encode
from hub.store.fact_rows import FactRows
from hub.store.prepared import Prepared
from hub.store.rows import Postponed, chunks, several

# How long a code, and an alert that ended, can still be answered.
RECENT = timedelta(days=7)

_alerts, _duties = tables.alerts, tables.duties
# Fields of an alert with a column or a table of their own; the others lie together in `state`.
_COLUMNS = ("id", "home_id", "cause", "what", "severity", "stage", "code", "opened_at", "resolved_at", "holder")
_APART = frozenset((*_COLUMNS, "duties"))
SELECTED = select(*(_alerts.c[name] for name in _COLUMNS), _alerts.c.state)
_DROP_DUTIES = Prepared(delete(_duties).where(_duties.c.alert_id == bindparam("of_alert")))
_ONE = Prepared(SELECTED.where(_alerts.c.id == bindparam("wanted")))
_duties_of = several(lambda alerts: select(_duties).where(_duties.c.alert_id.in_(alerts)))
_LIVE = SELECTED.where(_alerts.c.live == true()).order_by(_alerts.c.opened_at, _alerts.c.id)
_ALL_LIVE = Prepared(_LIVE)
_live_of = several(lambda homes: _LIVE.where(_alerts.c.home_id.in_(homes)))
# "Live or not" lets both databases use the index on homes, which begins with it.
_ended_of = several(
    lambda homes: SELECTED.where(
        or_(_alerts.c.live == true(), _alerts.c.live == false()),
        _alerts.c.home_id.in_(homes),
        _alerts.c.stage == Stage.RESOLVED,
        _alerts.c.resolved_at > bindparam("since"),
    )
)
_CODES = Prepared(
    select(_alerts.c.code)
    .where(_alerts.c.opened_at >= bindparam("since"))
    .union(select(_alerts.c.code).where(_alerts.c.live == true()))
)
_DUE = (
    SELECTED.where(_alerts.c.next_due <= bindparam("at"))
    .order_by(_alerts.c.severity, _alerts.c.next_due, _alerts.c.id)
    .limit(bindparam("most"))
)
_LOOK_DUE, _TAKE_DUE = Prepared(_DUE), Prepared(_DUE.with_for_update(skip_locked=True))
_NEXT = Prepared(select(func.min(_alerts.c.next_due)))
_LOCK_HOMES = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")
_TRY_HOMES = text("SELECT bool_and(pg_try_advisory_xact_lock(key)) FROM unnest(CAST(:keys AS bigint[])) AS key")


class AlertConflict(Exception):
    """Another unresolved alert of this home has the same cause, or another alert this id."""


def _row(alert: Alert) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(alert, name) for name in _COLUMNS}
    row["next_due"] = alert.next_due
    row["live"] = alert.stage is not Stage.RESOLVED or bool(alert.duties)
    row["state"] = encode(alert, _APART)
    return row


def read_alert(row: Sequence[Any], duties: Mapping[DutyKind, Duty] | None = None) -> Alert:
    """Return the alert that stands in a row of `SELECTED`."""
    return Alert(**dict(zip(_COLUMNS, row[:-1], strict=True)), duties=duties or {}, **decode(Alert, row[-1]))


def _key(home: str) -> int:
    return int.from_bytes(blake2b(home.encode(), digest_size=8).digest(), signed=True)


class AlertRows(FactRows):
    """The part of a transaction that keeps alerts."""

    def lock_homes(self, homes: Iterable[str]) -> None:
        """Serialize with other writers of these homes' alerts; SQLite has one writer anyway.

        While a transaction holds locks of earlier jobs it waits for none: it is committed first, then this job runs
        again from its start.
        """
        keys = sorted({_key(home) for home in homes})
        if not (self._on_postgres and keys):
            return
        if self._may_wait:
            self._db.execute(_LOCK_HOMES, {"keys": keys})
        elif not self._db.execute(_TRY_HOMES, {"keys": keys}).scalar():
            raise Postponed

    def unresolved(self, homes: Iterable[str] | None = None) -> list[Alert]:
        """Return unresolved alerts, and resolved ones that still have a duty; of these homes, or all."""
        if homes is None:
            return self._load(self._rows(_ALL_LIVE))
        wanted = list(dict.fromkeys(homes))
        return [alert for some in chunks(wanted) for alert in self._load(self._rows(*_live_of(some)))]

    def alerts(self, *, everything: bool = False, limit: int = 1000) -> list[Alert]:
        """Return alerts newest first; unresolved only unless `everything`."""
        query = SELECTED.order_by(_alerts.c.opened_at.desc(), _alerts.c.id.desc()).limit(limit)
        if not everything:
            query = query.where(_alerts.c.live == true(), _alerts.c.stage != Stage.RESOLVED)
        return self._load(self._db.execute(query).all())

    def alert(self, id: str) -> Alert | None:
        """Return one alert by id, or by a code used within the last 7 days; the unresolved one first."""
        if found := self._load(self._rows(_ONE, {"wanted": id})):
            return found[0]
        query = SELECTED.where(_alerts.c.code == id.strip().upper())
        recent = self._recent()
        if recent is not None:
            query = query.where(or_(_alerts.c.live == true(), _alerts.c.opened_at >= recent, self._ended(recent)))
        first = (_alerts.c.stage == Stage.RESOLVED, _alerts.c.opened_at.desc())
        return next(iter(self._load(self._db.execute(query.order_by(*first).limit(1)).all())), None)

    def alerts_ended(self, homes: Iterable[str], since: datetime) -> list[Alert]:
        """Return alerts of these homes that were resolved after `since`, oldest first."""
        found: list[Alert] = []
        for some in chunks(list(dict.fromkeys(homes))):
            question, values = _ended_of(some)
            found += self._load(self._rows(question, {**values, "since": since}))
        return sorted(found, key=lambda alert: (alert.resolved_at or since, alert.id))

    def codes_since(self, since: datetime) -> set[str]:
        """Return the codes of alerts opened since then or still unresolved."""
        return {code for (code,) in self._rows(_CODES, {"since": since})}

    def save_alert(self, alert: Alert, entries: Sequence[Entry] = ()) -> None:
        """Insert or replace an alert with its duties; append to its history. Raises AlertConflict."""
        try:
            self._upsert(_alerts, _row(alert))
        except IntegrityError as error:
            raise AlertConflict(f"home {alert.home_id} has an unresolved alert with cause {alert.cause}") from error
        self._run(_DROP_DUTIES, {"of_alert": alert.id})
        duties = [
            {"alert_id": alert.id, "kind": kind, "due_at": duty.due_at, "wait_us": duty.wait}
            for kind, duty in alert.duties.items()
        ]
        self._insert(_duties, duties)
        lines = [
            {"alert_id": alert.id, "at": e.at, "who": e.who, "event": e.event, "detail": dict(e.detail)}
            for e in entries
        ]
        self._insert(tables.history, lines)

    def history(self, alert_id: str) -> list[Entry]:
        """Return who did what when, as it was written."""
        c = tables.history.c
        query = select(c.at, c.who, c.event, c.detail).where(c.alert_id == alert_id).order_by(c.id)
        return [Entry(*row) for row in self._db.execute(query)]

    def due_alerts(self, now: datetime, limit: int) -> list[Alert]:
        """Return alerts with a duty due at `now`, most severe and oldest first; locked against other workers."""
        return self._load(self._rows(_LOOK_DUE if self._lane is None else _TAKE_DUE, {"at": now, "most": limit}))

    def _recent(self) -> datetime | None:
        last = self._last_committed()
        return None if last is None else last - RECENT

    def _ended(self, since: datetime) -> Any:
        return _alerts.c.resolved_at >= since

    def _load(self, rows: Sequence[Sequence[Any]]) -> list[Alert]:
        if not rows:
            return []
        duties: dict[str, dict[DutyKind, Duty]] = {row[0]: {} for row in rows}
        for some in chunks(list(duties)):
            for alert_id, kind, due_at, wait in self._rows(*_duties_of(some)):
                duties[alert_id][kind] = Duty(due_at, wait)
        return [read_alert(row, duties[row[0]]) for row in rows]

    def _next_alert(self) -> datetime | None:
        found: datetime | None = self._rows(_NEXT)[0][0]
        return found
