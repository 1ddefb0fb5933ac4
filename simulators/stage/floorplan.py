"""Draws rooms that nobody has drawn: rooms on both sides of the one through which all others are reached.

Gives places for the devices and for whoever lives there, and the way from room to room through the doors.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

WIDTH = 640.0
MARGIN = 6.0
# A device takes so much room with its label.
CELL_W, CELL_H = 92.0, 58.0
HEAD, FOOT = 34.0, 44.0
DOOR = 44.0
OUTSIDE = "outside"

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Room:
    """One room with the ids of the devices in it. `outdoors`: drawn without a floor."""

    id: str
    devices: tuple[str, ...] = ()
    outdoors: bool = False


@dataclass(slots=True)
class _Box:
    room: Room
    x: float
    y: float
    w: float
    h: float

    @property
    def stand(self) -> Point:
        """Where somebody in this room is drawn: below the devices."""
        return round(self.x + self.w * 0.32, 1), round(self.y + self.h - FOOT / 2, 1)


@dataclass(slots=True)
class Drawing:
    """Lines and places, in units of a picture `width` wide."""

    width: float
    height: float
    rooms: list[dict[str, Any]] = field(default_factory=list)
    walls: list[str] = field(default_factory=list)
    places: dict[str, Point] = field(default_factory=dict)
    stands: dict[str, Point] = field(default_factory=dict)
    doors: dict[tuple[str, str], Point] = field(default_factory=dict)

    def path(self, way: Sequence[str]) -> list[Point]:
        """Return the points somebody passes who goes through these rooms."""
        points: list[Point] = []
        for number, room in enumerate(way):
            door = self.doors.get((way[number - 1], room)) if number else None
            points += [at for at in (door, self.stands.get(room)) if at is not None]
        return points

    def to_json(self) -> Mapping[str, Any]:
        """Return what the page draws."""
        return {"width": self.width, "height": self.height, "rooms": self.rooms, "walls": self.walls}


def draw(rooms: Sequence[Room], centre: str, entrance: str | None = None) -> Drawing:
    """Draw the rooms: half of them above the `centre`, half below it; `entrance` is the room with the front door."""
    rows = _rows(rooms, centre)
    drawing = Drawing(WIDTH, (rows[-1][0].y + rows[-1][0].h if rows else 100.0) + MARGIN)
    for box in (box for row in rows for box in row):
        drawing.rooms.append({"id": box.room.id, "outdoors": box.room.outdoors})
        drawing.rooms[-1] |= {"x": box.x, "y": box.y, "w": box.w, "h": box.h}
        drawing.stands[box.room.id] = box.stand
        drawing.places |= dict(_places(box))
    if rows:
        _outline(drawing, rows, entrance or centre)
    for row in rows:
        _walls_within(drawing, row, centre)
    for upper, lower in itertools.pairwise(rows):
        _wall_between(drawing, upper, lower)
    return drawing


def _rows(rooms: Sequence[Room], centre: str) -> list[list[_Box]]:
    others = sorted((room for room in rooms if room.id != centre), key=lambda room: room.outdoors)
    half = (len(others) + 1) // 2
    lines = [others[:half], [room for room in rooms if room.id == centre], others[half:]]
    placed: list[list[_Box]] = []
    y = MARGIN
    for line in (line for line in lines if line):
        # A room with one device may be narrow, one with more wants two columns.
        weights = [1.0 + 0.45 * min(len(room.devices), 3) for room in line]
        widths = [round((WIDTH - 2 * MARGIN) * weight / sum(weights), 1) for weight in weights]
        deepest = max(-(-len(room.devices) // _columns(width)) for room, width in zip(line, widths, strict=True))
        x, boxes = MARGIN, []
        for room, width in zip(line, widths, strict=True):
            boxes.append(_Box(room, x, y, width, HEAD + max(1, deepest) * CELL_H + FOOT))
            x = round(x + width, 1)
        placed.append(boxes)
        y += boxes[0].h
    return placed


def _columns(width: float) -> int:
    return max(1, int((width + 8) // CELL_W))


def _places(box: _Box) -> Iterable[tuple[str, Point]]:
    columns = min(_columns(box.w), max(1, len(box.room.devices)))
    for number, device in enumerate(box.room.devices):
        line, column = divmod(number, columns)
        yield device, (round(box.x + box.w * (column + 0.5) / columns, 1), box.y + HEAD + line * CELL_H + 20)


def _outline(drawing: Drawing, rows: list[list[_Box]], entrance: str) -> None:
    """Draw the outer walls, with the front door below its room or, where others lie below, at its left side."""
    left, top, right, bottom = MARGIN, MARGIN, WIDTH - MARGIN, drawing.height - MARGIN
    own = next((box for row in rows for box in row if box.room.id == entrance), rows[-1][0])
    if own in rows[-1]:
        gap: Point = (own.x + own.w * 0.7, bottom)
        drawing.walls.append(
            f"M{left} {top}H{right}V{bottom}H{gap[0] + DOOR / 2}M{gap[0] - DOOR / 2} {bottom}H{left}V{top}"
        )
    else:
        gap = (left, own.y + own.h - FOOT / 2)
        drawing.walls.append(f"M{left} {gap[1] - DOOR / 2}V{top}H{right}V{bottom}H{left}V{gap[1] + DOOR / 2}")
    drawing.doors[own.room.id, OUTSIDE] = drawing.doors[OUTSIDE, own.room.id] = gap
    drawing.stands[OUTSIDE] = (gap[0] + (18 if gap[0] == left else 0), gap[1] - (16 if gap[1] == bottom else 0))


def _walls_within(drawing: Drawing, row: list[_Box], centre: str) -> None:
    """Draw the walls between neighbours; where no centre runs beside them they have a door."""
    through = all(box["id"] != centre for box in drawing.rooms)
    for one, other in itertools.pairwise(row):
        top, bottom, at = one.y, one.y + one.h, one.y + one.h - FOOT / 2
        if through:
            drawing.doors[one.room.id, other.room.id] = drawing.doors[other.room.id, one.room.id] = (other.x, at)
            drawing.walls.append(f"M{other.x} {top}V{at - DOOR / 2}M{other.x} {at + DOOR / 2}V{bottom}")
        else:
            drawing.walls.append(f"M{other.x} {top}V{bottom}")


def _wall_between(drawing: Drawing, upper: list[_Box], lower: list[_Box]) -> None:
    """Draw the wall between two rows, with a door for each room of the longer one."""
    y = lower[0].y
    many, few = (upper, lower) if len(upper) >= len(lower) else (lower, upper)
    line = f"M{MARGIN} {y}"
    for box in many:
        x = round(box.x + box.w * 0.62, 1)
        other = next((b for b in few if b.x <= x <= b.x + b.w), few[0])
        drawing.doors[box.room.id, other.room.id] = drawing.doors[other.room.id, box.room.id] = (x, y)
        line += f"H{x - DOOR / 2}M{x + DOOR / 2} {y}"
    drawing.walls.append(f"{line}H{WIDTH - MARGIN}")
