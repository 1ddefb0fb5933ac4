"""Figures: percentiles, lines as they are measured, one table at the end, JSON for machines."""

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
    """One row of the result: what the hub took, what the floor took, what is asked for; `part` measures it alone."""

    part: str
    name: str
    hub: object
    floor: object = None
    ratio: float | None = None
    wanted: str = ""
    holds: bool | None = None
    more: dict[str, object] = field(default_factory=dict)


def line(figure: Figure) -> str:
    """Return the figure as lines of text."""
    text = [f"{figure.name}"]
    text.append(f"    hub    {_said(figure.hub)}")
    if figure.floor is not None:
        text.append(f"    floor  {_said(figure.floor)}")
    if figure.ratio is not None:
        text.append(f"    ratio  {figure.ratio:.2f}")
    if figure.wanted:
        text.append(f"    wanted {figure.wanted}: {_verdict(figure)}")
    text += [f"    {name}: {_said(value)}" for name, value in figure.more.items()]
    return "\n".join(text)


def table(figures: Sequence[Figure]) -> str:
    """Return all figures as one table."""
    rows = [("part", "what", "hub", "floor", "ratio", "wanted", "")]
    for figure in figures:
        floor = "" if figure.floor is None else _short(figure.floor)
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        rows.append((figure.part, figure.name, _short(figure.hub), floor, ratio, figure.wanted, _verdict(figure)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def _verdict(figure: Figure) -> str:
    return {True: "holds", False: "MISSED", None: ""}[figure.holds]


def _short(value: object) -> str:
    return f"p50 {value.p50:.1f}  p99 {value.p99:.1f} ms" if isinstance(value, Spread) else str(value)


def _said(value: object) -> str:
    if isinstance(value, Spread):
        return f"p50 {value.p50:.1f} ms   p99 {value.p99:.1f} ms   max {value.most:.1f} ms   (n={value.count})"
    return str(value)
