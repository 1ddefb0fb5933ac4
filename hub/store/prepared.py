"""Statements that are put together once. On SQLite they then pass SQLAlchemy by: a press runs a dozen.

SQLAlchemy takes 25 us to find what it compiled and to run it, SQLite itself 2 us; and on a machine that was idle
everything takes four times as long, so that this was a third of a press (docs/performance.md). The statement, its
types and its errors stay SQLAlchemy's.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Boolean, Delete, Insert, Select
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import CompoundSelect, TextualSelect
from sqlalchemy.types import TypeDecorator, TypeEngine

from hub.store.columns import Words, storable

Convert = Callable[[Any], Any]
Values = Mapping[str, Any]
Question = Select[Any] | CompoundSelect[Any] | TextualSelect
_SQLITE = sqlite_dialect(paramstyle="qmark")


class Prepared:
    """One statement with its named values. `keys`: the columns an INSERT gets, all of the table if not given."""

    def __init__(self, statement: Question | Insert | Delete, keys: Sequence[str] | None = None) -> None:
        self.statement = statement
        compiled = statement.compile(dialect=_SQLITE, column_keys=list(keys) if keys else None)
        if not isinstance(compiled, SQLCompiler) or compiled.post_compile_params:
            raise TypeError("a list of values has another statement for each length: see rows.several")
        self._sql = compiled.string
        binds = [(name, compiled.binds[name]) for name in compiled.positiontup or ()]
        self._takes = tuple((n, _converter(b.type)) for n, b in binds)
        self._fixed = {n: b.effective_value for n, b in binds if not b.required}
        self._gives = _converters(statement)

    def rows(self, raw: sqlite3.Connection, values: Values) -> list[tuple[Any, ...]]:
        """Run it once on SQLite and return all rows."""
        try:
            found: list[tuple[Any, ...]] = raw.execute(self._sql, self._bound(values)).fetchall()
        except sqlite3.Error as error:
            raise self._told(error) from error
        if found and self._gives:
            return [tuple([c(v) if c else v for c, v in zip(self._gives, row, strict=True)]) for row in found]
        return found

    def run(self, raw: sqlite3.Connection, rows: Sequence[Values]) -> None:
        """Run it on SQLite for each of the rows."""
        try:
            if len(rows) == 1:
                raw.execute(self._sql, self._bound(rows[0]))
            else:
                raw.executemany(self._sql, map(self._bound, rows))
        except sqlite3.Error as error:
            raise self._told(error) from error

    def _bound(self, values: Values) -> list[Any]:
        given = {**self._fixed, **values} if self._fixed else values
        return [c(given[name]) if c else given[name] for name, c in self._takes]

    def _told(self, error: sqlite3.Error) -> BaseException:
        """Return the error as SQLAlchemy would raise it, without the values: they are personal data."""
        return DBAPIError.instance(
            self._sql, None, error, sqlite3.Error, hide_parameters=True, connection_invalidated=False, dialect=_SQLITE
        )


@lru_cache(maxsize=4096)
def _storable(text: str | None) -> str | None:
    return None if text is None else storable(text)


def _converters(statement: object) -> tuple[Convert | None, ...]:
    """Return what turns SQLite's values into ours, column by column; empty if nothing has to be turned."""
    if not isinstance(statement, Select | CompoundSelect | TextualSelect):
        return ()
    found = tuple(c.type.dialect_impl(_SQLITE).result_processor(_SQLITE, None) for c in statement.selected_columns)
    return found if any(found) else ()


def _converter(kind: TypeEngine[Any]) -> Convert | None:
    """Return what makes a value of ours one of SQLite's; our own types are asked directly."""
    if isinstance(kind, Boolean):
        return None  # SQLite takes them as they are
    if isinstance(kind, Words):
        return _storable  # most texts are names that come again and again
    if isinstance(kind, TypeDecorator) and kind.impl_instance.bind_processor(_SQLITE) is None:
        return partial(kind.process_bind_param, dialect=_SQLITE)
    return kind.dialect_impl(_SQLITE).bind_processor(_SQLITE)
