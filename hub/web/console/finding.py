"""Finding a home by what people know of it: a name, a village, a house number, a device."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from itertools import islice
from unicodedata import normalize

from hub.homes import Home, Registry

# Nobody reads further; a longer list asks for one word more.
MOST, CONSIDERED = 200, 1_000
_LONGEST = 60
# Stands between what belongs together only by its home, so that no word is met across it.
_BETWEEN = "\x00"
_MOST_WORDS = 6


class By(IntEnum):
    """What of a home a search met, the surest first."""

    NAME = 0
    HOME_ID = 1
    ADDRESS = 2
    AREA = 3
    CONTACT = 4
    DEVICE = 5


@dataclass(frozen=True, slots=True)
class Hit:
    """A home that was found, and by what; `detail` is the contact's name or the device's id."""

    home: Home
    by: By
    detail: str = ""


def folded(text: str) -> str:
    """Return a text as it is compared: full-width as half-width, without case and spaces."""
    return "".join(normalize("NFKC", text).casefold().split())


def words_of(query: str) -> tuple[str, ...]:
    """Return the words of a search; each of them must be met."""
    found = (folded(word) for word in normalize("NFKC", query[:_LONGEST].replace(_BETWEEN, " ")).split())
    return tuple(dict.fromkeys(word for word in found if word))[:_MOST_WORDS]


def find(registry: Registry, query: str, may: Callable[[str], bool]) -> list[Hit]:
    """Return the homes that a search means, the surest first, of areas that `may` allows; at most MOST.

    Numbers are not searched: whoever may see only masked ones must not learn them digit by digit.
    """
    words = words_of(query)
    if not words:
        return []
    allowed = {area for area in registry.homes_by_area if may(area)}
    met = (
        home
        for home, text in _index(registry.version, _Same(registry))
        if home.area in allowed and all(word in text for word in words)
    )
    hits = [_hit(home, registry, words) for home in islice(met, CONSIDERED)]
    return sorted(hits, key=lambda hit: (hit.by, len(hit.home.who), hit.home.address, hit.home.id))[:MOST]


def areas(registry: Registry, query: str, may: Callable[[str], bool]) -> list[str]:
    """Return the codes of named areas that a search means."""
    words = words_of(query)
    if not words:
        return []
    met = (c for c, name in registry.areas.items() if all(word in folded(name) or word == c for word in words))
    return sorted(code for code in met if may(code))[:20]


class _Same:
    """A registry as a key: the one that was asked about, not one that is equal."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.registry is self.registry

    def __hash__(self) -> int:
        return id(self.registry)


@lru_cache(maxsize=1)
def _index(_version: int, same: _Same) -> tuple[tuple[Home, str], ...]:
    """Return each home with all its words, made once for people and homes as they are."""
    registry = same.registry
    return tuple((home, _text(home, registry)) for home in registry.homes.values())


def _text(home: Home, registry: Registry) -> str:
    return folded(_BETWEEN.join(text for _, text in _fields(home, registry)))


def _fields(home: Home, registry: Registry) -> list[tuple[By, str]]:
    """Return by what a home can be found."""
    people = (registry.people[c.person].name for c in home.contacts if c.person in registry.people)
    return [
        *((By.NAME, resident.name) for resident in home.residents),
        (By.HOME_ID, home.id),
        (By.ADDRESS, home.address),
        (By.AREA, home.area),
        (By.AREA, registry.areas.get(home.area, "")),
        *((By.CONTACT, name) for name in people),
        *((By.DEVICE, text) for device in home.devices for text in (device.id, device.subsidy) if text),
    ]


def _hit(home: Home, registry: Registry, words: Iterable[str]) -> Hit:
    """Return by what a home was met: the surest field that holds one of the words."""
    fields = ((by, text, folded(text)) for by, text in _fields(home, registry))
    met = [(by, text) for by, text, within in fields if any(word in within for word in words)]
    by, text = min(met, key=lambda one: one[0], default=(By.DEVICE, ""))
    return Hit(home, by, text)
