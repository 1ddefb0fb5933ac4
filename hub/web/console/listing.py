"""Long lists: in which order, which page is shown, and the addresses of those before and after it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar
from urllib.parse import urlencode

from hub.homes import Home

T = TypeVar("T")

AT_ONCE = 50
_NUMBERS = re.compile(r"(\d+)")


@lru_cache(maxsize=32_768)
def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """Return a text as people order it: house 9 comes before house 10."""
    return tuple((int(piece), "") if piece.isdecimal() else (-1, piece) for piece in _NUMBERS.split(text[:200]))


def by_address(home: Home) -> tuple[tuple[tuple[int, str], ...], str]:
    """Return what sorts homes in the order in which somebody walks by."""
    return _natural(home.address), home.id


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """One page of a list: `first` to `last` of `total`, counted from 1."""

    items: Sequence[T]
    first: int
    last: int
    total: int
    before: str | None
    after: str | None


def listed(items: Sequence[T], path: str, query: Mapping[str, str], at_once: int = AT_ONCE) -> Listed[T]:
    """Return the page that `query` asks for with `page`; the last one if there are fewer."""
    pages = max(1, -(-len(items) // at_once))
    asked = query.get("page", "1")
    page = min(pages, max(1, int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 8 else 1))
    start = (page - 1) * at_once
    some = items[start : start + at_once]

    def address(number: int) -> str:
        return f"{path}?{urlencode({**query, 'page': str(number)})}"

    return Listed(
        some,
        start + 1 if some else 0,
        start + len(some),
        len(items),
        address(page - 1) if page > 1 else None,
        address(page + 1) if page < pages else None,
    )
