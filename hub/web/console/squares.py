"""A village as squares, one for each home: runs of equal ones are one stroke, so that 10,000 homes are few bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

# Units of the picture: a square with its gap; symbols of alerts stand out a little.
SIDE, SYMBOL = 20, 24
# Up to so many homes the rows are short, as in a list; a large village gets smaller squares.
_COLUMNS = ((168, 14), (700, 28))
_WIDEST = 56
# On the screen a picture is never wider than this.
_WIDTH = 560


class Square(StrEnum):
    """What a square shows. The last three are alerts, drawn as symbols."""

    OK = "ok"
    GAP = "gap"
    NONE = "no"
    UNKNOWN = "off"
    OUT = "out"
    EMERGENCY = "em"
    HELD = "held"
    WARNING = "wa"


SYMBOLS = (Square.WARNING, Square.HELD, Square.EMERGENCY)


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG: a path for each kind of square, a place for each symbol."""

    view: str
    width: int
    height: int
    paths: Sequence[tuple[Square, str]]
    symbols: Sequence[tuple[Square, int, int]]


def picture(squares: Sequence[Square]) -> Picture:
    """Return the picture of these homes, in their order, row by row."""
    count = len(squares)
    columns = next((wide for most, wide in _COLUMNS if count <= most), _WIDEST)
    rows = max(1, -(-count // columns))
    paths: dict[Square, list[str]] = {}
    symbols: list[tuple[Square, int, int]] = []
    for row in range(rows):
        column = 0
        for square, run in groupby(squares[row * columns : (row + 1) * columns]):
            length = len(list(run))
            if square in SYMBOLS:
                shift = (SYMBOL - SIDE) // 2
                symbols += [(square, (column + n) * SIDE - shift, row * SIDE - shift) for n in range(length)]
            else:
                paths.setdefault(square, []).append(_stroke(column, row, length))
            column += length
    wide, high = columns * SIDE + 4, rows * SIDE + 4
    shown = min(_WIDTH, wide)
    drawn = [(square, "".join(strokes)) for square, strokes in paths.items()]
    return Picture(f"-2 -2 {wide} {high}", shown, round(high * shown / wide), drawn, symbols)


def _stroke(column: int, row: int, length: int) -> str:
    return f"M{column * SIDE} {row * SIDE}h{length * SIDE}v{SIDE}h-{length * SIDE}z"
