"""Rooms with doors between them: who walks through a home passes from room to neighbouring room."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

OUTSIDE = "outside"

# A room through which all others are reached, the first that a home has.
_CENTRES = ("hall", "living", "corridor")
# What nobody can live without; a home whose devices name no such room has it all the same.
_NEEDED = (("hall", "living", "corridor"), ("bedroom",), ("kitchen",), ("bathroom", "toilet"), ("living",))
# Which neighbour a room has, where it is not the centre; the first that the home has.
_BESIDE: Mapping[str, tuple[str, ...]] = {
    "dining": ("kitchen", "living"),
    "balcony": ("living", "bedroom"),
    "study": ("living",),
    "stairs": ("corridor",),
}


@dataclass(frozen=True)
class House:
    """The rooms, the doors between them, and the room behind the outer door (`entrance`)."""

    rooms: tuple[str, ...]
    centre: str
    entrance: str
    doors: frozenset[frozenset[str]]

    @classmethod
    def of(cls, named: Iterable[str], entrance: str | None = None) -> "House":
        """Build a believable house around the rooms that its devices name. `entrance`: where the outer door is."""
        rooms = list(dict.fromkeys(room for room in named if room != OUTSIDE))
        rooms += [choices[0] for choices in _NEEDED if not any(room in rooms for room in choices)]
        centre = next(room for room in _CENTRES if room in rooms)
        way_in = entrance if entrance in rooms else centre
        doors = {frozenset((room, _beside(room, rooms, centre, way_in))) for room in rooms if room != centre}
        yard = "yard" in rooms
        doors.add(frozenset((OUTSIDE, "yard" if yard else way_in)))
        return cls(tuple(rooms), centre, way_in, frozenset(doors))

    @cached_property
    def sitting(self) -> str:
        """Where a person sits by day."""
        return "living" if "living" in self.rooms else self.centre

    @cached_property
    def toilet(self) -> str:
        """Where the toilet is."""
        return "toilet" if "toilet" in self.rooms else "bathroom"

    @cached_property
    def washroom(self) -> str:
        """Where a person washes."""
        return "bathroom" if "bathroom" in self.rooms else "toilet"

    @cached_property
    def table(self) -> str:
        """Where a person eats."""
        return "dining" if "dining" in self.rooms else "kitchen"

    def place(self, name: str) -> str:
        """Return the room that a word means: bed, toilet, sitting, entrance; any other word is a room itself."""
        rooms = {"bed": "bedroom", "toilet": self.toilet, "sitting": self.sitting, "entrance": self.entrance}
        return rooms.get(name, name)

    def neighbours(self, room: str) -> tuple[str, ...]:
        """Return the rooms behind the doors of a room."""
        return self._neighbours[room]

    @cached_property
    def _neighbours(self) -> Mapping[str, tuple[str, ...]]:
        return {
            room: tuple(other for other in (*self.rooms, OUTSIDE) if frozenset((room, other)) in self.doors)
            for room in (*self.rooms, OUTSIDE)
        }

    def path(self, start: str, end: str) -> Sequence[str]:
        """Return the rooms to enter one after the other, `end` last; empty if somebody is there already."""
        ways: dict[str, tuple[str, ...]] = {start: ()}
        waiting = [start]
        for room in waiting:
            for other in self._neighbours[room]:
                if other not in ways:
                    ways[other] = (*ways[room], other)
                    waiting.append(other)
        return ways[end]

    def is_outer_door(self, one: str, other: str) -> bool:
        """Whether who goes from one room to the other passes the outer door."""
        return {one, other} == {self.entrance, *self._behind}

    @cached_property
    def _behind(self) -> frozenset[str]:
        yard = "yard" in self.rooms and self.entrance != "yard"
        return frozenset({"yard" if yard else OUTSIDE})


def _beside(room: str, rooms: Sequence[str], centre: str, entrance: str) -> str:
    if room == "yard":
        return centre if entrance == "yard" else entrance
    return next((other for other in _BESIDE.get(room, ()) if other in rooms), centre)
