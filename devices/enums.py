"""What the values of an enum mean, by the words in them.

Source: the enum values of the published Zigbee2MQTT definitions (`fall_alarm`, `no_presence`, `water_leakage`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from devices import wordlists as w
from devices.meanings import BY_KIND, DETECTORS, Meaning
from devices.reading import Kind, State

Values = Mapping[str, frozenset[str]]


def of_kind(base: Meaning, values: Sequence[str]) -> Meaning | None:
    """Return how an enum of a known kind is read; None if none of its values could say that it is so.

    Without listed values the words of the kind itself count.
    """
    if not values:
        return base
    judge = _JUDGES.get(base.kind, _hazard)
    split = _split(values)
    active = {value for value, words in split.items() if judge(words) is State.ACTIVE}
    clear = {value for value, words in split.items() if judge(words) is State.CLEAR}
    if base.kind is Kind.FALL and not active:
        # Where nothing else says that somebody fell, falling does.
        active = {value for value, words in split.items() if words & w.FALLING}
    active |= {value for value in split if value in base.active and value not in clear}
    clear |= {value for value in split if value in base.clear and value not in active}
    if not active:
        return None
    neither = frozenset(split) - active - clear
    return replace(base, active=frozenset(active), clear=frozenset(clear), neither=neither | base.neither)


def of_values(values: Sequence[str], *, is_cover: bool = False) -> Meaning | None:
    """Return how an enum is read whose name says nothing: its values name the kind, or None."""
    split = _split(values)
    said = frozenset(word for words in split.values() for word in words)
    if (w.FALLEN & said and not said & {"rise", "rising"}) or said >= {"falling", "occupied"}:
        return of_kind(BY_KIND[Kind.FALL], values)
    hazards = [kind for kind, named in _HAZARDS if said & named]
    if len(hazards) == 1:
        # Several hazards on one property stand beside plain properties of their own.
        named = next(named for kind, named in _HAZARDS if kind is hazards[0])
        return _named_only(of_kind(BY_KIND[hazards[0]], values), split, named)
    if hazards or is_cover:
        return None
    if said & w.OPEN and said & w.SHUT and not said & {"stop", "stopped", "moving", "lock", "valve"}:
        return None  # of a window, a valve or a blind: only its name can say
    if said & w.IN_BED:
        return of_kind(BY_KIND[Kind.BED], values)
    if said & w.SOMEBODY and said & (w.NOBODY | w.UNKNOWN):
        return of_kind(BY_KIND[Kind.MOTION], values)
    return None


def _named_only(meaning: Meaning | None, split: Values, named: frozenset[str]) -> Meaning | None:
    """Keep as active what names the hazard: a shortage of water on the same property is none."""
    if meaning is None:
        return None
    active = frozenset(value for value in meaning.active if split[value] & named)
    unknown = frozenset(value for value, words in split.items() if words & (w.UNKNOWN | w.UNDECIDED)) - active
    if not active:
        return None
    return replace(meaning, active=active, clear=frozenset(split) - active - unknown, neither=unknown)


def _split(values: Iterable[str]) -> Values:
    return {value.strip().lower(): frozenset(w.pieces(value)) for value in values}


_HAZARDS: Sequence[tuple[Kind, frozenset[str]]] = (
    (Kind.SMOKE, w.words("smoke fire")),
    (Kind.CO, w.words("monoxide")),
    (Kind.GAS, w.words("gas")),
    (Kind.LEAK, w.words("leak leakage leaking flood flooded wet")),
)


def _hazard(words: frozenset[str]) -> State | None:
    if words & w.NOT or (words & w.CALM and not words & w.ALARMED):
        return State.CLEAR
    if words & w.UNDECIDED and not words & {"alarm", "alarmed"}:
        return None
    return State.ACTIVE if words & w.ALARMED else None


def _motion(words: frozenset[str]) -> State | None:
    if words & w.UNKNOWN:
        return None
    return State.CLEAR if words & w.NOBODY else State.ACTIVE


def _bed(words: frozenset[str]) -> State | None:
    if words & w.UNKNOWN:
        return None
    return State.CLEAR if words & w.OUT_OF_BED else State.ACTIVE


def _contact(words: frozenset[str]) -> State | None:
    if words & w.JAMMED and "forced" not in words:
        return None
    return State.ACTIVE if words & w.OPEN else State.CLEAR if words & w.SHUT else None


def _fall(words: frozenset[str]) -> State | None:
    if words & w.UNKNOWN or words & w.SUSPECTED:
        return None
    if words & w.NOT:
        return State.CLEAR
    return State.ACTIVE if words & (w.FALLEN | {"alarm"}) else State.CLEAR


def _battery(words: frozenset[str]) -> State | None:
    if words & w.LOW:
        return State.ACTIVE
    return State.CLEAR if words & {"normal", "ok", "medium", "middle", "high", "full", "good"} else None


def _fault(words: frozenset[str]) -> State | None:
    if words & w.BROKEN and not words & w.NOT:
        return State.ACTIVE
    return State.CLEAR if words & w.CALM else None


_JUDGES: Mapping[Kind, Callable[[frozenset[str]], State | None]] = {
    **dict.fromkeys(DETECTORS, _hazard),
    Kind.MOTION: _motion,
    Kind.BED: _bed,
    Kind.CONTACT: _contact,
    Kind.FALL: _fall,
    Kind.BATTERY: _battery,
    Kind.FAULT: _fault,
}
