"""What a simulated home will do, in order of time."""

import heapq
import itertools
from collections.abc import Callable, Sequence
from datetime import datetime

from simulators.home.happenings import Happening

Action = Callable[[datetime], Sequence[Happening]]


class Agenda:
    """Actions that are due at an instant; those of one instant come in the order in which they were put down."""

    def __init__(self) -> None:
        self._order = itertools.count()
        self._waiting: list[tuple[datetime, int, Action]] = []

    def put(self, at: datetime, action: Action) -> None:
        """Have something done at an instant."""
        heapq.heappush(self._waiting, (at, next(self._order), action))

    @property
    def next_due(self) -> datetime | None:
        """When the next action is due."""
        return self._waiting[0][0] if self._waiting else None

    def take(self) -> tuple[datetime, Action]:
        """Remove the next action and return it."""
        at, _, action = heapq.heappop(self._waiting)
        return at, action
