"""A believable day, planned whole and beforehand: the same seed, date, habits and house give the same acts.

The day has anchors (rising, meals, going to bed), night trips to the toilet, and between the meals a Markov chain over
what a person does at home. It begins and ends at local midnight, asleep in the bedroom.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from simulators.home.dice import Dice, between, dice
from simulators.home.habits import LASTS, NEXT, Doing, Habits, Span, clock, minutes
from simulators.home.house import House
from simulators.home.route import Act, Route

_DARK = timedelta(hours=18)


def plan_day(seed: int, day: date, habits: Habits, house: House, zone: ZoneInfo) -> Sequence[Act]:
    """Return what a resident does from local midnight to the next, in order of time.

    On the days when clocks change, she lives by the hours since midnight.
    """
    start, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    planner = _Day(dice("day", seed, day), habits, house, start, end)
    planner.live()
    return sorted((act for act in planner.route.acts if act.at < end), key=lambda act: act.at)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a local day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


class _Day:
    """One day while it is planned."""

    def __init__(self, rng: Dice, habits: Habits, house: House, start: datetime, end: datetime) -> None:
        self.rng, self.habits, self.house, self.start, self.end = rng, habits, house, start, end
        self.route = Route(house, rng, start, "bedroom", Doing.SLEEPING)
        self.trips = rng.choices(range(len(habits.night_trips)), habits.night_trips)[0]
        self.outing = rng.random() < habits.goes_out and rng.choice(("morning", "afternoon"))
        self.visit = rng.random() < habits.visitor and rng.choice(("morning", "afternoon"))

    def live(self) -> None:
        habits, house, do = self.habits, self.house, self.route.do
        self.route.go("bedroom", Doing.SLEEPING)
        # Most trips lie between midnight and rising; with three, one comes before midnight.
        self._sleep(self._when(habits.rises), min(self.trips, 2))
        do(house.toilet, Doing.TOILET, self._for(minutes(3, 7)))
        do(house.washroom, Doing.WASHING, self._for(minutes(4, 10)))
        self._meal(minutes(12, 22))
        self._between("morning", self._when(habits.lunch))
        self._meal(minutes(25, 45))
        if self.rng.random() < habits.nap:
            do("bedroom", Doing.NAPPING, self._for(habits.nap_lasts))
        self._between("afternoon", self._when(habits.supper))
        self._meal(minutes(18, 35))
        self._between("evening", self._when(habits.to_bed))
        do(house.toilet, Doing.TOILET, self._for(minutes(2, 5)))
        do(house.washroom, Doing.WASHING, self._for(minutes(3, 8)))
        do("bedroom", Doing.LYING, self._for(minutes(5, 30)))
        self._sleep(self.end, max(0, self.trips - 2))

    def _sleep(self, until: datetime, trips: int) -> None:
        """Sleep, and get up for the toilet so many times on the way."""
        begin, room = self.route.at, until - self.route.at
        for trip in range(trips):
            earliest, latest = room * (trip + 0.3) / trips, room * (trip + 0.8) / trips
            self._sleep_on(begin + between(self.rng, (earliest, latest)) - timedelta(minutes=20))
            self.route.do(self.house.toilet, Doing.TOILET, self._for(LASTS[Doing.TOILET]))
        self._sleep_on(until)

    def _sleep_on(self, until: datetime) -> None:
        if self.route.doing is not Doing.SLEEPING:
            self.route.go("bedroom", Doing.SLEEPING)
        if until > self.route.at:
            self.route.stay(until - self.route.at)

    def _meal(self, cooking: Span) -> None:
        self.route.do("kitchen", Doing.COOKING, self._for(cooking))
        self.route.do(self.house.table, Doing.EATING, self._for(minutes(10, 25)))

    def _between(self, part: str, until: datetime) -> None:
        """Pass the time between two meals."""
        if self.outing == part:
            self._wander(self._part(until, 0.1, 0.4))
            self.route.leave()
            self.route.stay(self._for(self.habits.out_lasts))
            self.route.do(self.house.sitting, Doing.SITTING, self._for(minutes(8, 20)))
        if self.visit == part:
            self._wander(self._part(until, 0.2, 0.5))
            self.route.do(self.house.entrance, Doing.ANSWERING, self._for(minutes(0.4, 1)))
            self.route.do(self.house.sitting, Doing.VISITED, self._for(self.habits.visit_lasts))
            self.route.do(self.house.entrance, Doing.ANSWERING, self._for(minutes(0.4, 1)))
        self._wander(until)

    def _wander(self, until: datetime) -> None:
        """Do one thing after the other until it is time."""
        doing = Doing.SITTING
        while until - self.route.at > timedelta(minutes=3):
            self.route.do(self._room(doing), doing, min(self._for(LASTS[doing]), until - self.route.at))
            after = {what: weight for what, weight in NEXT[doing].items() if self._fits(what)}
            doing = self.rng.choices(list(after), list(after.values()))[0]

    def _part(self, until: datetime, least: float, most: float) -> datetime:
        """Return an instant in that part of the time from now until then."""
        left = until - self.route.at
        return self.route.at + between(self.rng, (left * least, left * most))

    def _fits(self, doing: Doing) -> bool:
        return doing is not Doing.YARD or ("yard" in self.house.rooms and self.route.at - self.start < _DARK)

    def _room(self, doing: Doing) -> str:
        if doing is Doing.PUTTERING:
            return self.rng.choice([room for room in self.house.rooms if room not in ("toilet", "yard", "stairs")])
        places = {
            Doing.TEA: "kitchen",
            Doing.TOILET: self.house.toilet,
            Doing.YARD: "yard",
            Doing.LYING: "bedroom",
        }
        return places.get(doing, self.house.sitting)

    def _when(self, span: Span) -> datetime:
        return self.start + between(self.rng, span)

    def _for(self, span: Span) -> timedelta:
        return between(self.rng, span)


# A day in which nothing but the usual happens: nobody comes, nobody goes.
QUIET = Habits(goes_out=0.0, visitor=0.0, rises=clock(5.9, 6.6))
