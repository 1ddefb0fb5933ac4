"""How values lie in columns: the same bytes, the same order on SQLite and on PostgreSQL."""

# SQLAlchemy hands each conversion the dialect; these are the same on all.
# ruff: noqa: ARG002

import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Dialect, Integer, SmallInteger, Text
from sqlalchemy.types import TypeDecorator

from hub.alerts.policy import Severity

# json.dumps makes one for each call.
_PLAINLY = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_INT64 = range(-(2**63), 2**63)
_SEVERITIES = sorted(Severity, key=lambda severity: severity.rank)

# SQLite counts by itself only in a column of exactly this type.
Counter = BigInteger().with_variant(Integer(), "sqlite")


def storable(text: str) -> str:
    """Return `text` without what a database cannot hold: NUL (PostgreSQL) and halves of surrogate pairs (both)."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def dump(value: object) -> str:
    """Return compact JSON; characters no database can hold stay escaped, so that they come back exactly."""
    text = _PLAINLY.encode(value)
    return text if storable(text) == text else json.dumps(value, separators=(",", ":"))


class Instant(TypeDecorator[datetime]):
    """An aware instant as whole microseconds since 1970 UTC: exact, sortable, no time zone of a server in it."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuse naive instants: they would silently be somebody's local time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Span(TypeDecorator[timedelta]):
    """A duration as whole microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        """Return whole microseconds."""
        return None if value is None else value // MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> timedelta | None:
        """Return the duration."""
        return None if value is None else timedelta(microseconds=value)


class Words(TypeDecorator[str]):
    """Free text from outside the hub; what no database can hold is replaced, so that it never poisons a commit."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return storable text."""
        return None if value is None else storable(value)


class Whole(TypeDecorator[int]):
    """A whole number from outside the hub; one that needs more than 64 bits is nonsense and kept as nothing."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """Return the number if it fits."""
        return value if value is not None and value in _INT64 else None


class Json(TypeDecorator[Any]):
    """A JSON value as text; the hub never searches inside it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        """Return compact JSON."""
        return None if value is None else dump(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any | None:
        """Return the value."""
        return None if value is None else json.loads(value)


# The same few lists (roles, areas, filters) lie in tens of thousands of rows.
@lru_cache(4096)
def _tuple_of(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


class Names(TypeDecorator[tuple[str, ...]]):
    """A tuple of words as a JSON list."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        """Return a JSON list."""
        return None if value is None else dump(list(value))

    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[str, ...] | None:
        """Return the tuple."""
        return None if value is None else _tuple_of(value)


class Word(TypeDecorator[StrEnum]):
    """A word of a fixed list. The list itself is a CHECK constraint of the table, see `one_of`."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        """Take the enumeration whose values are allowed."""
        super().__init__()
        self.words = words
        self._members: dict[str, StrEnum] = {word.value: word for word in words}

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        """Return the plain word."""
        return None if value is None else str(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> StrEnum | None:
        """Return the member."""
        return None if value is None else self._members[value]


class Rank(TypeDecorator[Severity]):
    """A severity as its rank, so that the most severe sorts first."""

    impl = SmallInteger
    cache_ok = True

    def process_bind_param(self, value: Severity | None, dialect: Dialect) -> int | None:
        """Return the rank."""
        return None if value is None else value.rank

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Severity | None:
        """Return the severity."""
        return None if value is None else _SEVERITIES[value]


def one_of(column: str, words: type[StrEnum], *, optional: bool = False) -> CheckConstraint:
    """Return the CHECK constraint that keeps `column` within `words`."""
    allowed = ", ".join(f"'{word.value}'" for word in words)
    rule = f"{column} IN ({allowed})"
    return CheckConstraint(f"{column} IS NULL OR {rule}" if optional else rule, name=f"{column}_known")
