"""What the broker has granted, so that the watch knows what it may leave to the durable sessions."""

import asyncio
from collections.abc import Callable, Iterable

from hub.ingest.filters import DURABLE, FilterTree, Plan
from hub.ports import Session

# A message that the broker took before a filter was granted reaches us through the watch only, and perhaps after the
# grant: so long the watch still handles the filter's topics. A press may then count twice; it must not be lost.
OVERLAP_S = 5.0

_TOPICS = 50_000


class Signal:
    """Wakes all who wait at the moment it is fired."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def fire(self) -> None:
        """Wake them."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self) -> None:
        """Wait for the next time."""
        await self._event.wait()


class Grants:
    """The plan and, of each session, the filters that the broker holds; shared by all sessions of one hub."""

    def __init__(self, plan: Plan, clock_s: Callable[[], float]) -> None:
        """Begin with nothing granted; `clock_s` is the event loop's own, for time spans on the network."""
        self.plan = plan
        self.changed = Signal()
        self.version = 0  # rises with every change
        self._clock_s = clock_s
        self._held: dict[Session, set[str]] = {session: set() for session in Session}
        self._granted: dict[Session, dict[str, float]] = {session: {} for session in Session}
        self._tree: FilterTree[dict[Session, float]] = FilterTree()
        self._serving: set[Session] = set()
        self._covered: set[str] = set()

    def replace(self, plan: Plan) -> None:
        """Make `plan` what is wanted from now on; what is held changes only as sessions follow."""
        self.plan = plan
        self._note()

    def _note(self) -> None:
        self.version += 1
        self.changed.fire()

    def hold(self, session: Session, filters: Iterable[str]) -> None:
        """Note filters that the broker may have from earlier."""
        self._held[session].update(filters)

    def held(self, session: Session) -> tuple[str, ...]:
        """Return all filters the broker may have for this session."""
        return tuple(sorted(self._held[session]))

    def grant(self, session: Session, filters: Iterable[str]) -> None:
        """Note that the broker subscribed the session to these."""
        effective_at = self._clock_s() + OVERLAP_S if Session.WATCH in self._serving else 0.0
        for filter in filters:
            if filter not in self._granted[session]:
                self._granted[session][filter] = effective_at
                if session in DURABLE:
                    self._tree.put(filter, {**(self._tree.get(filter) or {}), session: effective_at})
            self._held[session].add(filter)
        self._note()

    def withdraw(self, session: Session, filters: Iterable[str]) -> None:
        """Note that these are subscribed no more."""
        for filter in list(filters):
            self._held[session].discard(filter)
            self._granted[session].pop(filter, None)
            if session in DURABLE and (entry := self._tree.get(filter)) is not None:
                entry = {s: at for s, at in entry.items() if s is not session}
                self._tree.put(filter, entry) if entry else self._tree.remove(filter)
        self._covered.clear()
        self._note()

    def forget(self, session: Session) -> None:
        """Note that the broker has lost the session, or that it never lasts."""
        self.withdraw(session, self.held(session))

    def missing(self, session: Session, but: Iterable[str] = ()) -> list[str]:
        """Return filters that are planned but not granted, without those in `but`."""
        known = {*self._granted[session], *but}
        return [f for f in self.plan.filters.get(session, ()) if f not in known]

    def stale(self, session: Session) -> list[str]:
        """Return filters that may go: not planned, and all that takes their place is granted."""
        planned = set(self.plan.filters.get(session, ()))
        return sorted(f for f in self._held[session] - planned if self._replaced(f))

    def _replaced(self, filter: str) -> bool:
        return all(planned in self._granted[session] for planned, session in self.plan.tree.overlapping(filter))

    def serve(self, session: Session, serving: bool) -> None:
        """Note that the session is connected and has been granted what it gets, or is not."""
        (self._serving.add if serving else self._serving.discard)(session)
        if session is Session.WATCH:
            self._watch(serving)
        self._note()

    def durable_serve(self) -> bool:
        """Whether all durable sessions serve."""
        return self._serving.issuperset(DURABLE)

    def _watch(self, watching: bool) -> None:
        # What the watch hears from now on was published after all grants so far: the durable sessions have it.
        if watching:
            for _, entry in self._tree.overlapping("#"):
                entry.update(dict.fromkeys(entry, 0.0))

    def covers(self, topic: str) -> bool:
        """Whether a durable session surely hears this topic, so that the watch may leave it alone."""
        if topic in self._covered:
            return True
        now = self._clock_s()
        covered = any(at <= now for _, entry in self._tree.matching(topic) for at in entry.values())
        if covered:
            if len(self._covered) >= _TOPICS:
                self._covered.clear()
            self._covered.add(topic)
        return covered
