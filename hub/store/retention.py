"""What has been kept long enough: found in a snapshot, deleted by key in small transactions.

To find may take long, and is done beside the writer. To delete some hundred rows by their keys takes milliseconds, so
that no press waits for it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Select, delete, false, or_, select, tuple_

from hub.alerts.alert import Stage
from hub.alerts.kept import Kept, Key
from hub.store import tables
from hub.store.rows import Rows, chunks

_ANSWERS = "answers:"


def _answered(before: datetime) -> Select[Any]:
    c = tables.notifications.c
    return select(c.id).where(c.alert_id.is_(None), c.created_at < before)


def _ended_alerts(before: datetime) -> Select[Any]:
    c = tables.alerts.c
    ended = (c.live == false(), c.stage == Stage.RESOLVED, c.resolved_at < before)
    # What ended before that was opened before that, and for that there is an index.
    return select(c.id).where(c.opened_at < before, *ended).order_by(c.opened_at)


def _closed_gaps(before: datetime) -> Select[Any]:
    return select(tables.gaps.c.id).where(tables.gaps.c.until < before)


def _homeless_states(before: datetime) -> Select[Any]:
    """States of homes that are gone; those of the site and of devices nobody configured have a home that never was."""
    c = tables.device_states.c
    gone = (c.home_id.not_in(select(tables.homes.c.id)), c.home_id.not_like("@%"))
    return select(c.home_id, c.device_id, c.kind, c.property).where(c.at < before, *gone)


def _strangers_counts(_before: datetime) -> Select[Any]:
    """Counts of answers to numbers that are nobody's any more; they have no time."""
    name = tables.facts.c.name
    known = select(tables.people.c.id).where(name.endswith(":" + tables.people.c.phone)).exists()
    return select(name).where(name.startswith(_ANSWERS), ~known)


def _over_sign_ins(before: datetime) -> Select[Any]:
    """Browsers in which nobody was seen since then, or whose time has run out however busy they were."""
    c = tables.sign_ins.c
    return select(c.digest).where(or_(c.seen_at < before, c.created_at < before))


def _older(table: Any, column: str) -> Callable[[datetime], Select[Any]]:
    return lambda before: select(*table.primary_key).where(table.c[column] < before)


_FIND: dict[Kept, Callable[[datetime], Select[Any]]] = {
    Kept.ALERTS: _ended_alerts,
    Kept.ANSWERS: _answered,
    Kept.INBOUND: _older(tables.inbound, "at"),
    Kept.ACTS: _older(tables.acts, "at"),
    Kept.SHELF: _older(tables.shelf, "at"),
    Kept.LINKS: _older(tables.links, "expires_at"),
    Kept.SIGN_INS: _over_sign_ins,
    Kept.INVITATIONS: _older(tables.invitations, "expires_at"),
    Kept.GAPS: _closed_gaps,
    Kept.STATES: _homeless_states,
    Kept.NUMBERS: _strangers_counts,
    Kept.TESTS: _older(tables.home_tests, "began_at"),
}
_TABLES = {
    Kept.READINGS: tables.readings,
    Kept.ANSWERS: tables.notifications,
    Kept.INBOUND: tables.inbound,
    Kept.ACTS: tables.acts,
    Kept.SHELF: tables.shelf,
    Kept.LINKS: tables.links,
    Kept.SIGN_INS: tables.sign_ins,
    Kept.INVITATIONS: tables.invitations,
    Kept.GAPS: tables.gaps,
    Kept.STATES: tables.device_states,
    Kept.NUMBERS: tables.facts,
    Kept.TESTS: tables.home_tests,
}


class RetentionRows(Rows):
    """The part of a transaction that forgets."""

    def old(self, what: Kept, before: datetime, limit: int) -> list[Key]:
        """Return the keys of at most `limit` rows that were over before then; unresolved alerts never are."""
        if what is Kept.READINGS:
            return self._old_readings(before, limit)
        return [tuple(row) for row in self._db.execute(_FIND[what](before).limit(limit))]

    def _old_readings(self, before: datetime, limit: int) -> list[Key]:
        # Readings have no index by time: it would cost every one of them. Their ids rise with hub time, which never
        # falls, so the oldest are in front.
        c = tables.readings.c
        front = self._db.execute(select(c.id, c.received_at).order_by(c.id).limit(limit))
        return [(id_,) for id_, received_at in front if received_at < before]

    def forget(self, what: Kept, keys: Sequence[Key]) -> int:
        """Delete these rows, and what hangs on them; return how many there were. Their bytes are overwritten."""
        wipes = None if self._on_postgres else self._db.exec_driver_sql("PRAGMA secure_delete").scalar()
        if wipes is not None:
            self._db.exec_driver_sql("PRAGMA secure_delete=ON")
        try:
            wanted = self._forget_alerts if what is Kept.ALERTS else partial(self._forget_rows, _TABLES[what])
            return sum(wanted(some) for some in chunks(keys))
        finally:
            if wipes is not None:
                self._db.exec_driver_sql(f"PRAGMA secure_delete={wipes}")

    def _forget_rows(self, table: Any, keys: Sequence[Key]) -> int:
        columns = list(table.primary_key)
        if len(columns) == 1:
            statement = delete(table).where(columns[0].in_([key[0] for key in keys]))
        elif self._on_postgres:
            statement = delete(table).where(tuple_(*columns).in_(keys))
        else:  # SQLite reads the whole table for a tuple in a list
            same = (_all_equal(columns, key) for key in keys)
            statement = delete(table).where(or_(*same))
        return int(self._db.execute(statement).rowcount)

    def _forget_alerts(self, keys: Sequence[Key]) -> int:
        """Delete alerts that are still over, with their history, messages and links."""
        c = tables.alerts.c
        over = (c.live == false(), c.stage == Stage.RESOLVED)
        ids = [*self._db.execute(select(c.id).where(c.id.in_([key[0] for key in keys]), *over)).scalars()]
        for table in (tables.history, tables.notifications, tables.links):
            self._db.execute(delete(table).where(table.c.alert_id.in_(ids)))
        return int(self._db.execute(delete(tables.alerts).where(c.id.in_(ids))).rowcount)


def _all_equal(columns: Sequence[Any], key: Key) -> Any:
    first, *rest = (column == value for column, value in zip(columns, key, strict=True))
    for one in rest:
        first = first & one
    return first
