"""Pages of a long list: which one is shown, and the addresses of those before and after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

T = TypeVar("T")

AT_ONCE = 50


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
