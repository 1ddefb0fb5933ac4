"""Make a text fit: what is left out first, what is never left out."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from hub.alerts.limits import cut, tail, units

# A value and its shorter forms, longest first; an empty last one means that it may be left out where the text allows.
Forms = Mapping[str, Sequence[str]]

# The advice a text can do without, written as a bracketed part without a name.
ADVICE = "advice"

# In this order, each as far as it goes before the next begins. The address is shortened first but at first not
# given up; the name of the person in need is cut when nothing else is left. Not in the list: never shortened.
_LOSSES = (
    ("addr", True),
    *((name, False) for name in ("list", "error", "channel", "dev", "area", "note", "outcome", "by", "next", "who2")),
    ("room", False),
    ("addr", False),
    *((name, False) for name in ("what", "eta", "at", "type", "h2", "n", "h", "from", "to", ADVICE, "late")),
    *((name, False) for name in ("home", "site", "who")),
)
_REGION = re.compile(r".{1,10}?(?:街道|[省市州盟县区旗乡镇])(?![省市州盟县区旗乡镇])")
_VILLAGE = re.compile(r".{1,10}?(?:村|社区)")
_NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a text: literals and names in turn, beginning and ending with a literal."""

    pieces: tuple[str, ...]
    optional: bool

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name.lower() for name in self.pieces[1::2])

    def fill(self, values: Mapping[str, str]) -> str:
        if self.optional and not all(values.get(name) for name in self.names or (ADVICE,)):
            return ""
        filled = (_value(piece, values) if index % 2 else piece for index, piece in enumerate(self.pieces))
        return "".join(filled)


def _value(name: str, values: Mapping[str, str]) -> str:
    value = values.get(name.lower(), "")
    return value if name.islower() else value[:1].upper() + value[1:]


@cache
def _parts(template: str) -> tuple[_Part, ...]:
    return tuple(
        _Part(tuple(_NAME.split(piece)), bool(index % 2)) for index, piece in enumerate(re.split(r"[\[\]]", template))
    )


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return the text with its values; see `hub.alerts.catalogue` for how it is written."""
    return "".join(part.fill(values) for part in _parts(template))


@cache
def names(template: str) -> frozenset[str]:
    """Return the names in a template, and the advice that it can do without."""
    return frozenset({ADVICE, *(name for part in _parts(template) for name in part.names)})


@cache
def _needed(template: str) -> frozenset[str]:
    return frozenset(name for part in _parts(template) if not part.optional for name in part.names)


def shorten(template: str, forms: Forms, fits: Callable[[str], bool]) -> str:
    """Return the text with as much of its values as fits; if nothing fits, with the least of each.

    Values are shortened one after the other in a fixed order; then each, the most important first, gets back what
    there is room for.
    """
    forms = {name: _allowed(name, template, of) for name, of in forms.items()}
    level = dict.fromkeys(forms, 0)

    def text() -> str:
        return fill(template, {name: of[level[name]] for name, of in forms.items()})

    def enough() -> bool:
        for name, keep_one in _LOSSES:
            of = forms.get(name, ())
            last = len(of) - (2 if keep_one and len(of) > 1 else 1)
            while level.get(name, last) < last:
                level[name] += 1
                if fits(text()):
                    return True
        return False

    if fits(text()) or not enough():
        return text()
    for name in dict.fromkeys(name for name, _ in reversed(_LOSSES) if name in level):
        given_up = level[name]
        level[name] = 0
        while level[name] < given_up and not fits(text()):
            level[name] += 1
    return text()


def _allowed(name: str, template: str, forms: Sequence[str]) -> tuple[str, ...]:
    """Leave the empty form out where the text cannot be read without the value."""
    needed = name in _needed(template)
    return tuple(form for form in forms if form or not needed) or ("",)


def name_forms(name: str, lengths: Sequence[int], *least: str) -> tuple[str, ...]:
    """Return a value, its shorter forms of these lengths, and the `least` that can be said instead."""
    size = units(name)
    shorter = (cut(name, length) for length in lengths if length < size)
    return tuple(dict.fromkeys((name, *shorter, *(word for word in least if units(word) < size))))


def list_forms(items: Sequence[str], joint: str) -> tuple[str, ...]:
    """Return a list, then its beginnings, then nothing."""
    whole = [joint.join(items[:count]) for count in range(min(len(items), 5), 0, -1)]
    return tuple(dict.fromkeys((*whole, *(cut(item, 12) for item in items[:1]), "")))


def address_forms(address: str) -> tuple[str, ...]:
    """Return an address and its shorter forms.

    Where the region stands first (甘州区柳沟乡上堡村12号) it goes from the front, then the village; the house number
    stays. Where it stands last (Shangbao Village 13-112, Liugou) it goes from the end, then the middle.
    """
    forms = [address]
    if any(char >= "⺀" for char in address):
        rest = address
        for pattern in (_REGION, _REGION, _REGION, _REGION, _VILLAGE):
            found = pattern.match(rest)
            if found and units(rest[found.end() :]) >= 3:
                rest = rest[found.end() :]
                forms.append(rest)
        forms += [tail(rest, 12), tail(rest, 8), tail(rest, 5)]
    else:
        rest = address
        while ", " in rest:
            rest = rest.rpartition(", ")[0]
            forms.append(rest)
        forms += [_middle(rest, 16), _middle(rest, 11)]
    return (*dict.fromkeys(forms), "")


def _middle(text: str, length: int) -> str:
    return text if units(text) <= length else cut(text, length // 2) + tail(text, length - length // 2, "")
