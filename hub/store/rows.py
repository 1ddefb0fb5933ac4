"""What all parts of a transaction share: its connection, and statements that differ between the databases."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from hub.ports import Lane

T = TypeVar("T")

# Fewer than any SQLite allows in one statement.
MOST_VALUES = 500


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
        self._dialect = db.dialect.name

    @property
    def _on_postgres(self) -> bool:
        return self._dialect == "postgresql"

    def _upsert(self, table: Table, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self._db.execute(upsert(table, self._dialect), rows)
