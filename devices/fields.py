"""Bounded reading of what devices publish: JSON, flags, numbers, words and times. Only `Undecodable` ever leaves.

Source of the odd forms: tests/recorded/dialects ("True", "ON", 1, "100.00"; times as ISO text, seconds, milliseconds).
"""

import json
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import accumulate

from devices.reading import Undecodable

# A device's state has a few hundred bytes; with everything a bridge can add, some ten thousand.
STATE_LIMIT = 256 * 1024
# A bridge lists all its devices with their definitions in one message: about 3.5 KB each.
LIST_LIMIT = 4 * 1024 * 1024
MAX_DEPTH = 64
MAX_WORD = 64

# A clock before or after this is not set: 1970, 2000 and 2106 are what clocks without a battery say.
EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

_TRUE = frozenset({"true", "on", "1", "yes"})
_FALSE = frozenset({"false", "off", "0", "no"})
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_PLAIN = 2**53  # up to here a float holds every whole number
_MILLISECONDS_FROM = 1e11  # as seconds this is the year 5138, as milliseconds 1973


def text(payload: bytes, limit: int = STATE_LIMIT) -> str:
    """Return the payload as text without surrounding blanks; raises Undecodable if it is too long or not UTF-8."""
    if len(payload) > limit:
        raise Undecodable(f"the payload has {len(payload)} bytes, at most {limit} are read")
    try:
        return payload.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise Undecodable(f"the payload is not UTF-8 at byte {error.start}") from None


def json_value(payload: bytes, limit: int = STATE_LIMIT) -> object:
    """Return the JSON value of a payload; of doubled keys the last counts, NaN and Infinity become None.

    Raises Undecodable if it is no JSON, not UTF-8, longer than `limit` bytes or nested deeper than MAX_DEPTH.
    """
    content = text(payload, limit)
    # Checked before parsing: the parser recurses. Brackets inside strings count too, which no real payload notices.
    if _depth(payload) > MAX_DEPTH:
        raise Undecodable(f"the payload is nested deeper than {MAX_DEPTH} levels")
    try:
        value: object = _JSON.decode(content)
    except json.JSONDecodeError as error:
        raise Undecodable(f"the payload is not JSON: {error.msg} at character {error.pos}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits
        raise Undecodable("the payload is JSON that cannot be read") from None
    return value


def json_object(payload: bytes, limit: int = STATE_LIMIT) -> dict[str, object]:
    """Return the JSON object of a payload. Raises Undecodable as `json_value` does, and for any other JSON value."""
    value = json_value(payload, limit)
    if not isinstance(value, dict):
        raise Undecodable(f"the payload is JSON but not an object: {_named(value)}")
    return value


def json_items(payload: bytes, most: int, limit: int = LIST_LIMIT) -> Iterator[object]:
    """Yield the first `most` items of a JSON list, each read by itself so that other threads have their turn between.

    Raises Undecodable, at any item, as `json_value` does, and if it is no list.
    """
    content = text(payload, limit)
    if _depth(payload) > MAX_DEPTH:
        raise Undecodable(f"the payload is nested deeper than {MAX_DEPTH} levels")
    if not content.startswith("["):
        raise Undecodable("the payload is not a JSON list")
    at = _past_blanks(content, 1)
    if content[at : at + 1] == "]":
        return
    for _ in range(most):
        try:
            item, at = _JSON.raw_decode(content, at)
        except (ValueError, RecursionError):
            raise Undecodable(f"the list is not JSON at character {at}") from None
        yield item
        at = _past_blanks(content, at)
        if content[at : at + 1] != ",":
            return
        at = _past_blanks(content, at + 1)


def _past_blanks(content: str, at: int) -> int:
    while content[at : at + 1] in _BLANKS:
        at += 1
    return at


def flag(value: object) -> bool | None:
    """Return true or false as written by any firmware: true, "True", "ON", 1, "1"; None if it is neither."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return bool(value) if value in (0, 1) else None
    if isinstance(value, str):
        low = value.strip().lower()
        return True if low in _TRUE else False if low in _FALSE else None
    return None


def number(value: object) -> float | None:
    """Return a finite number, also from numeric text ("100.00"); booleans are none."""
    if type(value) is float or (type(value) is int and -_PLAIN < value < _PLAIN):  # nearly all there are
        return float(value) if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > MAX_WORD:
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def percent(value: object) -> int | None:
    """Return whole percent; None outside of 0 to 100: such values mean that the device does not know."""
    found = number(value)
    return round(found) if found is not None and 0 <= found <= 100 else None


def word(value: object) -> str | None:
    """Return short plain text without control characters; None for anything else, longer or empty."""
    if not isinstance(value, str) or len(value) > MAX_WORD:
        return None
    # A lone surrogate or NUL, legal in JSON, would be refused by the database when the press is already decided.
    clean = "".join(c for c in value if c.isprintable()).strip()
    return clean or None


def instant(value: object) -> datetime | None:
    """Return the time a device claims: ISO 8601 with a zone, or seconds or milliseconds since 1970.

    None for what is no time, has no zone, or lies before 2015 or after 2100: a clock that is not set.
    """
    try:
        found = _from_text(value) if isinstance(value, str) and number(value) is None else _from_number(number(value))
        return found if found is not None and EARLIEST <= found < LATEST else None
    except (ValueError, OverflowError, OSError):
        return None


def _from_text(value: str) -> datetime | None:
    found = datetime.fromisoformat(value.strip()) if len(value) <= MAX_WORD else None
    # Without a zone it could be any hour of the day.
    return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None


def _from_number(value: float | None) -> datetime | None:
    if value is None:
        return None
    return datetime.fromtimestamp(value / 1000 if value >= _MILLISECONDS_FROM else value, UTC)


def _depth(payload: bytes) -> int:
    brackets = payload.translate(None, _NOT_BRACKETS)
    if len(brackets) <= MAX_DEPTH:
        return 0
    return max(accumulate(_STEP[b] for b in brackets))


def _nothing(_: str) -> None:
    """NaN and Infinity are no values."""


# json.loads makes a new one for each message.
_JSON = json.JSONDecoder(parse_constant=_nothing)
_BLANKS = (" ", "\n", "\r", "\t")


def _named(value: object) -> str:
    names: Sequence[tuple[type, str]] = ((bool, "a boolean"), (int, "a number"), (float, "a number"), (str, "text"))
    return next((name for kind, name in names if isinstance(value, kind)), "a list" if value is not None else "null")
