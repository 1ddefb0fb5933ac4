"""Figures: percentiles, a table for people, JSON for machines."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that `percent` of all are not above (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds of one thing done many times."""

    p50: float
    p99: float
    most: float
    count: int

    @classmethod
    def of(cls, spans_s: Sequence[float]) -> "Spread":
        """Summarise spans given in seconds."""
        ms = [1000 * span for span in spans_s]
        return cls(round(percentile(ms, 50), 2), round(percentile(ms, 99), 2), round(max(ms), 2), len(ms))


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the result: what the hub took, what the floor took, what is asked for."""

    name: str
    hub: object
    floor: object = None
    ratio: float | None = None
    wanted: str = ""
    holds: bool | None = None
    more: dict[str, object] = field(default_factory=dict)


def line(figure: Figure) -> str:
    """Return the figure as lines of text."""
    verdict = {True: "holds", False: "MISSED", None: ""}[figure.holds]
    text = [f"{figure.name}"]
    text.append(f"    hub    {_said(figure.hub)}")
    if figure.floor is not None:
        text.append(f"    floor  {_said(figure.floor)}")
    if figure.ratio is not None:
        text.append(f"    ratio  {figure.ratio:.2f}")
    if figure.wanted:
        text.append(f"    wanted {figure.wanted}: {verdict}")
    text += [f"    {name}: {_said(value)}" for name, value in figure.more.items()]
    return "\n".join(text)


def _said(value: object) -> str:
    if isinstance(value, Spread):
        return f"p50 {value.p50:.1f} ms   p99 {value.p99:.1f} ms   max {value.most:.1f} ms   (n={value.count})"
    return str(value)
