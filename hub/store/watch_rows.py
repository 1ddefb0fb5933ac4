"""What the timed rules watch, in rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update

from hub.rules.watch import Watch
from hub.store import tables
from hub.store.prepared import Prepared
from hub.store.rows import Rows

_watches = tables.watches
_c = _watches.c
_SELECTED = select(_c.home_id, _c.rule, _c.subject, _c.since, _c.due_at, _c.wait_us)
_DUE = _SELECTED.where(_c.due_at <= bindparam("at")).order_by(_c.due_at, _c.home_id).limit(bindparam("most"))
_LOOK_DUE, _TAKE_DUE = Prepared(_DUE), Prepared(_DUE.with_for_update(skip_locked=True))
_NEXT = Prepared(select(func.min(_c.due_at)))
_DROP = delete(_watches).where(
    _c.home_id == bindparam("of_home"), _c.rule == bindparam("of_rule"), _c.subject == bindparam("of_subject")
)
_HURRY = (
    update(_watches)
    .where(
        _c.home_id == bindparam("of_home"),
        _c.rule == bindparam("of_rule"),
        _c.subject == bindparam("of_subject"),
        _c.due_at > bindparam("by", type_=_c.due_at.type),
    )
    .values(due_at=bindparam("by", type_=_c.due_at.type))
)


def _row(watch: Watch) -> dict[str, Any]:
    return {
        "home_id": watch.home_id,
        "rule": watch.rule,
        "subject": watch.subject,
        "since": watch.since,
        "due_at": watch.due_at,
        "wait_us": watch.wait,
    }


class WatchRows(Rows):
    """The part of a transaction that keeps what is watched."""

    def watches(self) -> list[Watch]:
        """Return all watches."""
        return [Watch(*row) for row in self._db.execute(_SELECTED)]

    def due_watches(self, now: datetime, limit: int) -> list[Watch]:
        """Return watches that are due at `now`, oldest first; locked against other workers."""
        question = _LOOK_DUE if self._lane is None else _TAKE_DUE
        return [Watch(*row) for row in self._rows(question, {"at": now, "most": limit})]

    def next_watch(self) -> datetime | None:
        """Return when the next watch is due."""
        found: datetime | None = self._rows(_NEXT)[0][0]
        return found

    def save_watches(self, watches: Sequence[Watch]) -> None:
        """Insert or replace watches."""
        self._upsert(_watches, [_row(watch) for watch in watches])

    def hurry_watches(self, due: Mapping[tuple[str, str, str], datetime]) -> None:
        """Have these (home id, rule, subject) looked at by then at the latest; in one order, so that none blocks."""
        rows = [{"of_home": h, "of_rule": r, "of_subject": s, "by": due[h, r, s]} for h, r, s in sorted(due)]
        if rows:
            self._db.execute(_HURRY, rows)

    def drop_watches(self, watches: Sequence[Watch]) -> None:
        """Watch these no more."""
        if watches:
            keys = [{"of_home": w.home_id, "of_rule": w.rule, "of_subject": w.subject} for w in watches]
            self._db.execute(_DROP, keys)

    def clamp_watches(self, now: datetime) -> None:
        """Pull in what lies further ahead than its own wait, whatever a clock did."""
        latest = _c.wait_us + bindparam("at", now, type_=_c.due_at.type)
        self._db.execute(update(_watches).where(_c.due_at > latest).values(due_at=latest))
