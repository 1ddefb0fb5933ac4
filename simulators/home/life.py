"""The resident's life: her planned days, and what a scenario makes of them."""

from collections import deque
from datetime import datetime, timedelta

from simulators.home.day import plan_day
from simulators.home.dice import Dice
from simulators.home.habits import Doing, Habits
from simulators.home.plan import Plan
from simulators.home.resident import Resident
from simulators.home.route import Act, Route

_DAY = timedelta(days=1)


class Life:
    """Where the resident is, and what she will do next. She never leaves a room but through one of its doors."""

    def __init__(self, plan: Plan, start: datetime, seed: int, habits: Habits, rng: Dice) -> None:
        self._plan, self._seed, self._habits, self._rng = plan, seed, habits, rng
        self._acts: deque[Act] = deque()
        self._planned = start.astimezone(plan.zone).date()
        self._by_plan = True
        self.act, self.since, self._came_from = self._wanted(start)

    @property
    def resident(self) -> Resident:
        """Return what can be seen of her."""
        act, plan = self.act, self._plan
        return Resident(plan.who, act.room, act.doing, self.since, self._came_from, plan.rooms)

    def next_due(self) -> datetime | None:
        """When she does something next; None if a scenario leaves her lying."""
        if not self._acts and self._by_plan:
            self._planned += _DAY
            self._acts.extend(self._day(0))
        return self._acts[0].at if self._acts else None

    def go_on(self) -> tuple[Act, Act]:
        """Do the next act; return the one before it and the act itself."""
        before, act = self.act, self._acts.popleft()
        if act.room != before.room and act.room not in self._plan.house.neighbours(before.room):
            # A scenario left her elsewhere than her day wants her: she walks there first.
            self._acts.appendleft(act)
            self.walk(act.at, act.room, act.doing)
            act = self._acts.popleft()
        self.act = act
        if not act.stirs:
            self.since = act.at
        if act.room != before.room:
            self._came_from = before.room
        return before, act

    def stop_plan(self) -> None:
        """Forget her plans: a scenario says what she does."""
        self._acts.clear()
        self._by_plan = False

    def resume(self, now: datetime) -> bool:
        """Let her go on with the day as planned, from where she is. False if she lives by it already."""
        if self._by_plan:
            return False
        self._by_plan = True
        wanted, _, _ = self._wanted(now)
        self.walk(now, wanted.room, wanted.doing)
        return True

    def walk(self, now: datetime, room: str, doing: Doing, lasting: timedelta = timedelta(0)) -> None:
        """Let her walk there now and stay, before whatever else she would do."""
        route = Route(self._plan.house, self._rng, now, self.act.room, self.act.doing)
        route.go(room, doing)
        route.stay(lasting)
        self._acts = deque((*route.acts, *(act for act in self._acts if act.at > route.acts[-1].at)))

    def _wanted(self, now: datetime) -> tuple[Act, datetime, str]:
        """Plan the days around now; return what she should be at, since when, and where she came from."""
        self._planned = now.astimezone(self._plan.zone).date()
        acts = [act for offset in (-1, 0) for act in self._day(offset)]
        past = [act for act in acts if act.at <= now]
        self._acts = deque(act for act in acts if act.at > now)
        since = next(act for act in reversed(past) if not act.stirs)
        rooms = [act.room for act in past if act.room != since.room]
        return past[-1], since.at, rooms[-1] if rooms else since.room

    def _day(self, offset: int) -> list[Act]:
        day = self._planned + offset * _DAY
        return list(plan_day(self._seed, day, self._habits, self._plan.house, self._plan.zone))
