"""The kinds of values that configuration sections are made of: each checks itself and says what is allowed.

A validator raises Wrong with its own facts; hub.settings.entry adds the key, the subject and the place.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, PlainValidator

from hub.settings.fault import Fact, Wrong, hint
from hub.settings.tree import Unquoted

Choice = TypeVar("Choice")

MAX_TEXT = 100
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_AREA = re.compile(r"[0-9]{12}")
_DURATION = re.compile(r"([0-9]{1,9})(s|m|h|d|y)")
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "y": timedelta(days=365),
}
_LONGEST = timedelta(days=36_500)


def text(value: Any, limit: int = MAX_TEXT) -> str:
    """Return a text without invisible characters and outer spaces; raises Wrong if it is none, empty or too long."""
    if isinstance(value, Unquoted):
        raise Wrong("quote", value=str(value), what=value.what)
    if not isinstance(value, str):
        raise Wrong("not_text")
    if not value.isprintable() and any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in value):
        raise Wrong("control")
    found: str = value.strip()
    if not found:
        raise Wrong("empty")
    if len(found) > limit:
        raise Wrong("too_long", limit=limit)
    return found


def identifier(value: Any) -> str:
    """Return the id of a person, home or device."""
    found = text(value)
    if not _ID.fullmatch(found):
        raise Wrong("bad_id", value=found)
    return found


def area(value: Any) -> str:
    """Return a 12-digit area code."""
    found = text(value)
    if not _AREA.fullmatch(found):
        raise Wrong("area", value=found)
    return found


def one_of(value: Any, allowed: Iterable[str]) -> str:
    """Return the value if it is one of the allowed words."""
    words = list(allowed)
    # A word in place of true or false cannot be helped by quoting it.
    found = str(value) if isinstance(value, Unquoted) else text(value)
    if found not in words:
        raise Wrong("not_one_of", value=found, hint=hint(found, words), allowed=words)
    return found


def duration(value: Any, low: timedelta, high: timedelta) -> timedelta:
    """Return a duration like `60s`, `10m`, `24h`, `7d`, `1y` that lies between `low` and `high`."""
    found = str(value) if isinstance(value, Unquoted) else text(value)
    match = _DURATION.fullmatch(found)
    if not match:
        raise Wrong("duration", value=found)
    count, unit = int(match[1]), _UNITS[match[2]]
    length = unit * count if count <= _LONGEST // unit else _LONGEST
    if not low <= length <= high:
        raise Wrong("duration_range", value=found, low=spell(low), high=spell(high))
    return length


def spell(length: timedelta) -> str:
    """Return a duration as it is written in a file, in its largest whole unit."""
    for name in "ydhm":
        if length and not length % _UNITS[name]:
            return f"{length // _UNITS[name]}{name}"
    return f"{length // _UNITS['s']}s"


def whole_number(value: Any, sentence: str, low: int, high: int) -> int:
    """Return a whole number between `low` and `high`; raises Wrong with `sentence`."""
    facts: dict[str, Fact] = {"value": str(value), "low": low, "high": high}
    found = str(value) if isinstance(value, str) else ""
    if found.startswith("0") and found.isdigit() and len(found) > 1:
        raise Wrong("leading_zero", value=found)
    if not (found.isascii() and found.isdigit() and len(found) < len(str(high)) + 1 and low <= int(found) <= high):
        raise Wrong(sentence, **facts)
    return int(found)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Wrong("not_list")
    return value


Text = Annotated[str, PlainValidator(text)]
Id = Annotated[str, PlainValidator(identifier)]
Area = Annotated[str, PlainValidator(area)]
ListOf = BeforeValidator(_list)


def span(low: timedelta, high: timedelta) -> PlainValidator:
    """Return the validator of a duration between two bounds."""
    return PlainValidator(lambda value: duration(value, low, high))


def among(allowed: Iterable[str]) -> PlainValidator:
    """Return the validator of a word out of a fixed list."""
    words = tuple(allowed)
    return PlainValidator(lambda value: one_of(value, words))
