"""What a resident usually does, and the words for it."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

Span = tuple[timedelta, timedelta]


class Doing(StrEnum):
    """What a resident is busy with."""

    SLEEPING = "sleeping"
    NAPPING = "napping"
    LYING = "lying"
    PASSING = "passing"
    TOILET = "toilet"
    WASHING = "washing"
    COOKING = "cooking"
    EATING = "eating"
    TEA = "tea"
    SITTING = "sitting"
    PUTTERING = "puttering"
    YARD = "yard"
    ANSWERING = "answering"
    VISITED = "visited"
    OUT = "out"
    AT_NEIGHBOURS = "at_neighbours"
    ON_FLOOR = "on_floor"


IN_BED = frozenset({Doing.SLEEPING, Doing.NAPPING, Doing.LYING})
AWAY = frozenset({Doing.OUT, Doing.AT_NEIGHBOURS})


def minutes(least: float, most: float) -> Span:
    """Return a span in minutes."""
    return timedelta(minutes=least), timedelta(minutes=most)


def clock(least: float, most: float) -> Span:
    """Return a span of the day in hours since midnight."""
    return timedelta(hours=least), timedelta(hours=most)


# How long until somebody moves again while doing this: a PIR sees hands in the kitchen and hardly a sleeper. Chosen so
# that a day has 200 to 700 movements, as days in recorded homes of single old people have.
STIRS: dict[Doing, Span] = {
    Doing.SLEEPING: minutes(35, 100),
    Doing.NAPPING: minutes(20, 45),
    Doing.LYING: minutes(5, 15),
    Doing.TOILET: minutes(0.7, 2),
    Doing.WASHING: minutes(0.5, 1.5),
    Doing.COOKING: minutes(0.5, 2),
    Doing.EATING: minutes(2, 5),
    Doing.TEA: minutes(1, 3),
    Doing.SITTING: minutes(3, 14),
    Doing.PUTTERING: minutes(0.8, 3),
    Doing.YARD: minutes(1, 4),
    Doing.ANSWERING: minutes(0.3, 0.6),
    Doing.VISITED: minutes(1, 5),
}

# How long each lasts when it is chosen between two meals.
LASTS: dict[Doing, Span] = {
    Doing.TOILET: minutes(2, 7),
    Doing.TEA: minutes(5, 12),
    Doing.SITTING: minutes(20, 70),
    Doing.PUTTERING: minutes(8, 30),
    Doing.YARD: minutes(10, 40),
    Doing.LYING: minutes(15, 35),
}

# From what she does to what she does next, between two meals: weights of a Markov chain.
NEXT: dict[Doing, dict[Doing, float]] = {
    Doing.SITTING: {Doing.TEA: 3, Doing.TOILET: 3, Doing.PUTTERING: 2, Doing.YARD: 2, Doing.LYING: 0.5},
    Doing.TEA: {Doing.SITTING: 5, Doing.PUTTERING: 2, Doing.YARD: 1},
    Doing.TOILET: {Doing.SITTING: 4, Doing.PUTTERING: 2, Doing.TEA: 1, Doing.YARD: 1},
    Doing.PUTTERING: {Doing.SITTING: 4, Doing.TEA: 2, Doing.TOILET: 1, Doing.YARD: 1},
    Doing.YARD: {Doing.TEA: 2, Doing.TOILET: 2, Doing.SITTING: 3},
    Doing.LYING: {Doing.TOILET: 3, Doing.TEA: 1, Doing.SITTING: 1},
}

_RISES, _LUNCH, _SUPPER, _TO_BED = clock(5.6, 7.2), clock(11.0, 11.8), clock(17.0, 17.8), clock(20.3, 21.8)
_NAP, _OUTING, _VISIT = minutes(40, 90), minutes(30, 95), minutes(20, 60)


@dataclass(frozen=True, slots=True)
class Habits:
    """When one resident does what, as spans since midnight, and how likely. Defaults: 88, alone, in the country."""

    rises: Span = _RISES
    lunch: Span = _LUNCH
    supper: Span = _SUPPER
    to_bed: Span = _TO_BED
    night_trips: tuple[float, ...] = (0.1, 0.4, 0.35, 0.15)  # how likely none, one, two, three are
    nap: float = 0.85
    goes_out: float = 0.55
    visitor: float = 0.3
    nap_lasts: Span = _NAP
    out_lasts: Span = _OUTING
    visit_lasts: Span = _VISIT
