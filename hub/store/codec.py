"""Frozen dataclasses to JSON values and back, exactly; what equals its default is left out.

Leaving defaults out keeps rows small and lets a newer hub add fields: an old row then has the default.
Instants are ISO text in UTC, durations whole microseconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hub.store.columns import MICROSECOND

Convert = Callable[[Any], Any]
_PLAIN = (str, int, bool, float)


def _same(value: Any) -> Any:
    return value


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return value.astimezone(UTC).isoformat()


def _optional(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _default(field: "Field[Any]") -> Any:
    if field.default is not MISSING:
        return field.default
    return MISSING if field.default_factory is MISSING else field.default_factory()


def _inner(kind: Any, converter: Callable[[Any], Convert]) -> Convert | None:
    """Return the converter of an optional or plain union, or None if `kind` is no union."""
    if get_origin(kind) not in (UnionType, Union):
        return None
    rest = [one for one in get_args(kind) if one is not NoneType]
    if len(rest) == 1:
        return _optional(converter(rest[0]))
    if all(one in _PLAIN for one in rest):
        return _same
    raise TypeError(f"{kind} cannot be told apart in JSON")


@cache
def encoder(kind: Any) -> Convert:
    """Return what turns a value of this type into a JSON value."""
    if kind in _PLAIN or kind is Any:
        return _same
    if kind is datetime:
        return _moment
    if kind is timedelta:
        return lambda value: value // MICROSECOND
    if kind is date:
        return date.isoformat
    if isinstance(kind, type) and issubclass(kind, Enum):
        return lambda value: value.value
    if is_dataclass(kind) and isinstance(kind, type):
        return lambda value: encode(value)
    if (inner := _inner(kind, encoder)) is not None:
        return inner
    return _encode_many(kind)


def _encode_many(kind: Any) -> Convert:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple and arguments[1:] == (...,):
        one = encoder(arguments[0])
        return lambda value: [one(item) for item in value]
    if origin is frozenset:
        one = encoder(arguments[0])
        return lambda value: sorted(one(item) for item in value)
    if origin is Mapping:
        key, one = encoder(arguments[0]), encoder(arguments[1])
        return lambda value: {key(name): one(item) for name, item in value.items()}
    raise TypeError(f"no JSON form for {kind}")


@cache
def decoder(kind: Any) -> Convert:
    """Return what turns a JSON value into a value of this type."""
    if kind in _PLAIN or kind is Any:
        return _same
    if kind is datetime:
        return datetime.fromisoformat
    if kind is timedelta:
        return lambda value: timedelta(microseconds=value)
    if kind is date:
        return date.fromisoformat
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if is_dataclass(kind) and isinstance(kind, type):
        return lambda value: kind(**decode(kind, value))
    if (inner := _inner(kind, decoder)) is not None:
        return inner
    return _decode_many(kind)


def _decode_many(kind: Any) -> Convert:
    origin, arguments = get_origin(kind), get_args(kind)
    one = decoder(arguments[-1] if arguments[-1] is not ... else arguments[0])
    if origin is tuple:
        return lambda value: tuple(one(item) for item in value)
    if origin is frozenset:
        return lambda value: frozenset(one(item) for item in value)
    key = decoder(arguments[0])
    return lambda value: {key(name): one(item) for name, item in value.items()}


@cache
def _encoders(kind: Any) -> tuple[tuple[str, Convert, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((field.name, encoder(hints[field.name]), _default(field)) for field in fields(kind))


@cache
def _decoders(kind: type) -> Mapping[str, Convert]:
    hints = get_type_hints(kind)
    return {field.name: decoder(hints[field.name]) for field in fields(kind)}


def encode(value: Any, skip: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return a dataclass as a JSON object, without the fields in `skip`."""
    found: dict[str, Any] = {}
    for name, convert, default in _encoders(value.__class__):
        if name in skip:
            continue
        item = getattr(value, name)
        if default is MISSING or item != default:
            found[name] = convert(item)
    return found


def decode(kind: type, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a dataclass that `data` names; names the class does not know are ignored."""
    known = _decoders(kind)
    return {name: known[name](item) for name, item in data.items() if name in known}
