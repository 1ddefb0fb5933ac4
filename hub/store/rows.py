"""What all parts of a transaction share: its connection, and statements that differ between the databases."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import BindParameter, Connection, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from hub.ports import Lane
from hub.store.prepared import Prepared, Question, Values

T = TypeVar("T")

# Fewer than any SQLite allows in one statement.
MOST_VALUES = 500
# After so many rows slow work looks again whether something more urgent waits: about a millisecond.
ROWS_BETWEEN_LOOKS = 50
_NOTHING: Values = {}


class Postponed(BaseException):
    """This job has to wait for a lock: what came before it in its transaction commits first.

    Two transactions that wait while they hold locks of several jobs could wait for each other. Not an Exception, so
    that no job swallows it.
    """


class Overtaken(BaseException):
    """Something more urgent waits for the writer: this transaction is undone, and its job runs again afterwards.

    Like Postponed no Exception, so that no job swallows it.
    """


class Polite:
    """Stands for a connection, and looks before each statement whether something more urgent waits."""

    def __init__(self, db: Connection, is_overtaken: Callable[[], bool]) -> None:
        self._db = db
        self._is_overtaken = is_overtaken

    def execute(self, *arguments: Any) -> Any:
        """Run one statement; raises Overtaken instead."""
        if self._is_overtaken():
            raise Overtaken
        return self._db.execute(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)


@cache
def insert(table: Table, dialect: str) -> Any:
    """Return the dialect's insert, which knows ON CONFLICT."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def upsert(table: Table, dialect: str) -> Any:
    """Return an insert that replaces the row with the same primary key."""
    statement = insert(table, dialect)
    keys = [column.name for column in table.primary_key]
    rest = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)


@cache
def _upserting(table: Table, dialect: str, keys: tuple[str, ...]) -> Prepared:
    return Prepared(upsert(table, dialect), keys)


@cache
def _inserting(table: Table, keys: tuple[str, ...]) -> Prepared:
    return Prepared(table.insert(), keys)


def several(
    build: Callable[[list[BindParameter[Any]]], Question],
) -> Callable[[Sequence[Any]], tuple[Prepared, Values]]:
    """Return what asks about a list of values: a statement for 1, 2, 4, 8 ... of them, the last one repeated."""

    @cache
    def prepared(size: int) -> Prepared:
        return Prepared(build([bindparam(f"value_{n}") for n in range(size)]))

    def asked(values: Sequence[Any]) -> tuple[Prepared, Values]:
        size = 1 << (len(values) - 1).bit_length()
        filled = [*values, *[values[-1]] * (size - len(values))]
        return prepared(size), {f"value_{n}": value for n, value in enumerate(filled)}

    return asked


def chunks(items: Sequence[T], size: int = MOST_VALUES) -> Iterator[Sequence[T]]:
    """Split a sequence into pieces that fit one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


class Rows:
    """A part of a transaction. `lane` is None in a snapshot; `may_wait`: no earlier job's locks are held.

    With `is_overtaken` the transaction gives way to more urgent ones between its statements.
    """

    def __init__(
        self,
        db: Connection,
        lane: Lane | None,
        *,
        may_wait: bool = True,
        is_overtaken: Callable[[], bool] | None = None,
    ) -> None:
        self._db = cast(Connection, Polite(db, is_overtaken)) if is_overtaken else db
        self._lane = lane
        self._may_wait = may_wait
        self._is_overtaken = is_overtaken
        self._dialect = db.dialect.name
        self._raw = cast(sqlite3.Connection, db.connection.driver_connection) if self._dialect == "sqlite" else None

    @property
    def _on_postgres(self) -> bool:
        return self._dialect == "postgresql"

    def _rows(self, question: Prepared, values: Values = _NOTHING) -> list[tuple[Any, ...]]:
        """Ask, and return all rows."""
        if self._raw is None:
            return [tuple(row) for row in self._db.execute(question.statement, values)]
        self.give_way()
        return question.rows(self._raw, values)

    def _run(self, statement: Prepared, values: Values | Sequence[Values]) -> None:
        """Write, once or for each of many."""
        if self._raw is None:
            self._db.execute(statement.statement, values)
            return
        if isinstance(values, Mapping):
            values = [values]
        for some in chunks(values, ROWS_BETWEEN_LOOKS):
            self.give_way()
            statement.run(self._raw, some)

    def give_way(self) -> None:
        """Undo this transaction if something more urgent waits; its work runs again afterwards."""
        if self._is_overtaken is not None and self._is_overtaken():
            raise Overtaken

    def _upsert(self, table: Table, rows: Values | Sequence[Values]) -> None:
        if rows:
            first = rows if isinstance(rows, Mapping) else rows[0]
            self._run(_upserting(table, self._dialect, tuple(first)), rows)

    def _insert(self, table: Table, rows: Sequence[Values]) -> None:
        if rows:
            self._run(_inserting(table, tuple(rows[0])), rows)
