"""A person on the way: stays in rooms, and walks through the doors between them, as a list of timed acts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators.home.dice import Dice, between
from simulators.home.habits import AWAY, IN_BED, STIRS, Doing
from simulators.home.house import OUTSIDE, House

# How long an old person takes from door to door, and to rise from bed.
_ROOM = (timedelta(seconds=6), timedelta(seconds=16))
_RISE = (timedelta(seconds=15), timedelta(seconds=60))


@dataclass(frozen=True, slots=True)
class Act:
    """From `at` on the resident is in `room`, doing this. `stirs`: she has been, and moves again."""

    at: datetime
    room: str
    doing: Doing
    stirs: bool = False


class Route:
    """Builds acts one after the other; `at` is how far they have come."""

    def __init__(self, house: House, rng: Dice, at: datetime, room: str, doing: Doing = Doing.PASSING) -> None:
        self.house, self.rng = house, rng
        self.at, self.room, self.doing = at, room, doing
        self.acts: list[Act] = []

    def go(self, room: str, doing: Doing) -> None:
        """Walk to a room, door by door, and begin to do something there."""
        if self.doing in IN_BED and doing not in IN_BED:
            self._act(self.room, Doing.PASSING)
            self.at += between(self.rng, _RISE)
        for step in self.house.path(self.room, room):
            self.at += between(self.rng, _ROOM)
            if step != room:
                self._act(step, Doing.PASSING)
            self.room = step
        self._act(room, doing)

    def stay(self, lasting: timedelta) -> None:
        """Stay and go on with it, moving now and then as one does."""
        end = self.at + lasting
        usual = STIRS.get(self.doing)
        if usual is not None and self.room != OUTSIDE:
            at = self.at + between(self.rng, usual)
            while at < end:
                self.acts.append(Act(at, self.room, self.doing, stirs=True))
                at += between(self.rng, usual)
        self.at = max(self.at, end)

    def do(self, room: str, doing: Doing, lasting: timedelta) -> None:
        """Go there, and stay for a while."""
        self.go(room, doing)
        self.stay(lasting)

    def leave(self, doing: Doing = Doing.OUT) -> None:
        """Go out of the house."""
        if doing not in AWAY:
            raise ValueError(f"{doing} is not done outside")
        self.go(OUTSIDE, doing)

    def _act(self, room: str, doing: Doing) -> None:
        self.doing = doing
        self.room = room
        self.acts.append(Act(self.at, room, doing))
