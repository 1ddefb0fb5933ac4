"""Chance that comes out the same each time: seeded, for simulation only."""

import random
from datetime import timedelta

Dice = random.Random


def dice(*seed: object) -> Dice:
    """Return a generator whose numbers depend on the seed alone."""
    return random.Random("/".join(str(part) for part in seed))  # noqa: S311  # repeatable, not secret


def between(rng: Dice, span: tuple[timedelta, timedelta]) -> timedelta:
    """Return a time in a span, to the tenth of a second."""
    return timedelta(seconds=round(rng.uniform(span[0].total_seconds(), span[1].total_seconds()), 1))
