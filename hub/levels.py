"""The tree of areas, village to township to county to city to province, and sums that agree on each level of it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import TypeVar

from hub.homes import area_stem

K = TypeVar("K")

# Above all areas.
WHOLE = "000000000000"
_LENGTH = 12


class Level(StrEnum):
    """What a 12-digit code stands for, by its trailing groups of zeros."""

    WHOLE = "whole"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"


# Source: the statistical codes of the National Bureau of Statistics: province 2, city 2, county 2, township 3,
# village 3 digits. JGJ/T 484-2019 3 asks for the four levels from village to city.
_LEVELS = {
    0: Level.WHOLE,
    2: Level.PROVINCE,
    4: Level.CITY,
    6: Level.COUNTY,
    9: Level.TOWNSHIP,
    _LENGTH: Level.VILLAGE,
}


def is_code(code: str) -> bool:
    """Whether this is a 12-digit code; others have no place in the tree but right below its top."""
    return len(code) == _LENGTH and code.isascii() and code.isdigit()


def level(code: str) -> Level:
    """Return what a code stands for; one that is no 12-digit code is taken for a village."""
    return _LEVELS[len(area_stem(code))] if is_code(code) else Level.VILLAGE


def above(code: str) -> str | None:
    """Return the next wider area, None for the whole."""
    if not is_code(code):
        return WHOLE
    stem = len(area_stem(code))
    wider = max((cut for cut in _LEVELS if cut < stem), default=None)
    return None if wider is None else code[:wider].ljust(_LENGTH, "0")


@lru_cache(maxsize=16384)
def path(code: str) -> tuple[str, ...]:
    """Return an area and all that contain it, narrowest first."""
    found = [code]
    while (wider := above(found[-1])) is not None:
        found.append(wider)
    return tuple(found)


def is_within(code: str, outer: str) -> bool:
    """Whether `outer` is this area or contains it."""
    return outer in path(code)


def children(codes: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return for each area in which one of `codes` lies the areas right below that hold one, in order."""
    found: dict[str, set[str]] = {}
    for code in set(codes):
        way = path(code)
        for narrow, wide in pairwise(way):
            found.setdefault(wide, set()).add(narrow)
    return {wide: tuple(sorted(narrow)) for wide, narrow in found.items()}


def roll_up(counts: Mapping[str, Counter[K]]) -> dict[str, Counter[K]]:
    """Return the sums of what is counted by area: each area has its own and those of all areas below it."""
    found: dict[str, Counter[K]] = {}
    for code, own in counts.items():
        for wide in path(code):
            found.setdefault(wide, Counter()).update(own)
    return found


def tops(areas: Iterable[str], homes: Iterable[str]) -> tuple[str, ...]:
    """Return with which areas somebody who has `areas` begins, each once.

    Of those that lie in each other the wider; and as long as all `homes` (codes of homes' areas) of one lie in a
    single narrower area, that one: whoever has everything begins with their county if there is only one.
    """
    wanted = sorted(set(areas))
    widest = [code for code in wanted if not any(code != other and is_within(code, other) for other in wanted)]
    below = children(homes)
    held = set(homes)

    def narrowed(code: str) -> str:
        while code not in held and len(under := below.get(code, ())) == 1 and under[0] in below:
            code = under[0]
        return code

    return tuple(narrowed(code) for code in widest)
