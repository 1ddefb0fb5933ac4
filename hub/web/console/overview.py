"""How all homes are covered and what is open, kept in memory: pages about areas ask it, not the database.

It listens to what commits changed and looks only at homes for which that can matter: at one whose alerts changed, at
one that lacks something and spoke, at one whose time has come. With 10,000 homes and 1,000 messages a second these
are few; a page never waits for the others.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from hub.alerts.alert import Stage
from hub.alerts.policy import Severity
from hub.clock import Clock
from hub.coverage import Coverage, Covered, Missing, judge
from hub.engine import Engine
from hub.engine.news import News
from hub.homes import SITE, DeviceState, Home, Registry
from hub.levels import children, roll_up
from hub.ports import StoreUnavailable, Transaction
from hub.ports.overview import AlertMark
from hub.rules.gaps import HUB, sources

log = structlog.get_logger(__name__)

# So many homes are read and judged in one go, about 25 ms of a reading thread; then others have their turn.
AT_ONCE, PAUSE_S = 200, 0.005
# Real time: how long a page waits for homes that are being judged before it shows what is known. Of a large county
# the first page after a start shows that homes are being counted; a small one is counted within the wait.
PATIENCE_S, LARGE, PATIENCE_OF_LARGE_S = 1.0, 2_000, 0.1
# Hub gaps older than the longest limit of any device tell nothing.
LOOK_BACK = timedelta(days=31)
# A home that lacks something and speaks is looked at again, but not at every word.
AGAIN_AFTER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Overview:
    """All homes and open alerts at one moment. `serial` is another one whenever anything changed.

    `sums` and `alerts` count by area what it holds with all below it (alerts: whether they wait), `lost` the homes
    without connection; `below` names the areas right below one.
    """

    registry: Registry
    at: datetime
    covered: Mapping[str, Covered] = field(default_factory=dict)
    marks: Sequence[AlertMark] = ()
    sums: Mapping[str, Counter[Coverage]] = field(default_factory=dict)
    below: Mapping[str, Sequence[str]] = field(default_factory=dict)
    alerts: Mapping[str, Counter[tuple[Severity, bool]]] = field(default_factory=dict)
    lost: Mapping[str, int] = field(default_factory=dict)
    serial: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether all homes were judged."""
        return len(self.covered) >= len(self.registry.homes)

    def coverage(self, home_id: str) -> Coverage:
        """Return a home's coverage; not known until it was judged."""
        found = self.covered.get(home_id)
        return found.coverage if found else Coverage.NOT_KNOWN

    def missing(self, home_id: str) -> tuple[Missing, ...]:
        """Return what a home lacks."""
        found = self.covered.get(home_id)
        return found.missing if found else ()


class Overlook:
    """Keeps the overview; `now` gives it. Nothing is read before somebody asks or the first news comes."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._registry = Registry()
        self._covered: dict[str, Covered] = {}
        self._judged_at: dict[str, datetime] = {}
        self._marks: tuple[AlertMark, ...] = ()
        self._dirty: dict[str, datetime] = {}
        self._failed: StoreUnavailable | None = None
        self._marks_old = True
        self._drawn: Overview | None = None
        self._serial = 0
        self._task: asyncio.Task[None] | None = None
        engine.listen(self._hear)

    async def now(self) -> Overview:
        """Return the overview; what is still being judged after a moment is shown as it was known before.

        Raises StoreUnavailable if nothing is known at all.
        """
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._keep(), name="overview")
        large = len(self._engine.world.registry.homes) > LARGE
        await asyncio.wait([self._task], timeout=PATIENCE_OF_LARGE_S if large else PATIENCE_S)
        if self._failed is not None and not self._covered:
            raise self._failed
        return self._overview()

    def _hear(self, news: News) -> None:
        """Note what may have changed. Called after each commit: it must cost next to nothing."""
        if news.alerts or news.everything:
            self._marks_old = True
        for id in self._covered if news.everything else news.homes:
            found = self._covered.get(id)
            if found is not None and found.coverage is not Coverage.PROTECTED:
                self._dirty.setdefault(id, self._judged_at[id] + AGAIN_AFTER)

    # --- following

    async def _keep(self) -> None:
        """Bring all up to date, as far as the database answers."""
        try:
            await self._follow()
            self._failed = None
        except StoreUnavailable as error:
            self._failed = error

    async def _follow(self) -> None:
        self._adopt(self._engine.world.registry)
        if self._marks_old:
            await self._read_marks()
        now = self._clock.now()
        dirty = [id for id, at in self._dirty.items() if at <= now]
        due = [id for id, found in self._covered.items() if found.until <= now]
        new = [id for id in self._registry.homes if id not in self._covered]
        wanted = list(dict.fromkeys([*dirty, *due, *new]))
        for start in range(0, len(wanted), AT_ONCE):
            await self._judge(wanted[start : start + AT_ONCE])
            await asyncio.sleep(PAUSE_S if start + AT_ONCE < len(wanted) else 0)

    def _adopt(self, registry: Registry) -> None:
        """Take over people and homes that changed."""
        before, self._registry = self._registry, registry
        if before is registry or before.version == registry.version:
            return
        for id in [id for id in self._covered if id not in registry.homes]:
            del self._covered[id]
            del self._judged_at[id]
        self._dirty = {id: at for id, at in self._dirty.items() if id in registry.homes}
        self._look_at(id for id in self._covered if before.homes.get(id) != registry.homes[id])
        self._drawn = None

    async def _read_marks(self) -> None:
        self._marks_old = False
        try:
            marks = tuple(await self._engine.store.read(lambda t: t.alert_marks()))
        except StoreUnavailable:
            self._marks_old = True
            raise
        if marks != self._marks:
            before, after = _causes(self._marks), _causes(marks)
            changed = {id for id in before.keys() | after.keys() if before.get(id) != after.get(id)}
            self._look_at(changed & self._covered.keys())
            self._marks, self._drawn = marks, None

    def _look_at(self, homes: Iterable[str]) -> None:
        """Have these homes judged the next time."""
        now = self._clock.now()
        self._dirty |= dict.fromkeys(homes, now)

    async def _judge(self, ids: Sequence[str]) -> None:
        """Read and judge some homes, in the store's reading thread."""
        registry, now = self._registry, self._clock.now()
        homes = [registry.homes[id] for id in ids if id in registry.homes]
        notices = _causes(self._marks)
        for id in ids:
            self._dirty.pop(id, None)  # what is heard from here on makes it dirty again
        try:
            found = await self._engine.store.read(lambda t: judged(t, homes, notices, now))
        except StoreUnavailable:
            self._look_at(id for id in ids if id in self._covered)
            raise
        for id, covered in found.items():
            old = self._covered.get(id)
            if old is None or (old.coverage, old.missing) != (covered.coverage, covered.missing):
                self._drawn = None
            self._covered[id], self._judged_at[id] = covered, now

    def _overview(self) -> Overview:
        """Return what is known, summed up anew only if it changed."""
        if self._drawn is None:
            self._serial += 1
            found = summed(self._registry, self._covered, self._marks, self._clock.now())
            self._drawn = replace(found, serial=self._serial)
        return self._drawn

    async def close(self) -> None:
        """Stop judging."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task


def judged(
    transaction: Transaction,
    homes: Sequence[Home],
    notices: Mapping[str, frozenset[str]],
    now: datetime,
) -> dict[str, Covered]:
    """Return how well these homes are covered: three questions to the database, however many they are."""
    states = _states(transaction, homes)
    known = transaction.gaps([HUB], now - LOOK_BACK)
    found = {}
    for home in homes:
        try:
            found[home.id] = judge(home, states[home.id], known, notices.get(home.id, ()), now)
        except Exception as error:  # one home's fault stays its own: of it nothing is known
            log.error("coverage_failed", home=home.id, error=repr(error))
            found[home.id] = Covered(Coverage.NOT_KNOWN, (), now + AGAIN_AFTER)
    return found


def summed(registry: Registry, covered: Mapping[str, Covered], marks: Sequence[AlertMark], now: datetime) -> Overview:
    """Return the overview with its sums by area. A home that was not judged yet is not known."""
    own: dict[str, Counter[Coverage]] = {}
    lost: dict[str, Counter[bool]] = {}
    for home in registry.homes.values():
        found = covered.get(home.id)
        own.setdefault(home.area, Counter())[found.coverage if found else Coverage.NOT_KNOWN] += 1
        if found and found.coverage is Coverage.NOT_KNOWN:
            lost.setdefault(home.area, Counter())[True] += 1
    alerts: dict[str, Counter[tuple[Severity, bool]]] = {}
    for mark in marks:
        area = area_of(mark, registry)
        if area is not None:
            alerts.setdefault(area, Counter())[mark.severity, mark.stage is Stage.OPEN] += 1
    return Overview(
        registry,
        now,
        dict(covered),
        marks,
        roll_up(own),
        children(own),
        roll_up(alerts),
        {code: found[True] for code, found in roll_up(lost).items()},
    )


def area_of(mark: AlertMark, registry: Registry) -> str | None:
    """Return the area an alert belongs to: its home's, or the one that a notice about many homes names."""
    if mark.home_id != SITE:
        home = registry.homes.get(mark.home_id)
        return home.area if home is not None else None
    code = mark.cause.partition(":")[2]
    return code if code in registry.homes_by_area else None


def _states(transaction: Transaction, homes: Iterable[Home]) -> dict[str, list[DeviceState]]:
    """Return per home the last words of its devices and of the bridges above them."""
    found: dict[str, list[DeviceState]] = {home.id: [] for home in homes}
    for state in transaction.states_of_homes(found):
        found[state.home_id].append(state)
    # A bridge of several homes is kept with the site, one of a single home with that home.
    shared: dict[str, list[DeviceState]] = {}
    for state in transaction.shared_bridges():
        shared.setdefault(state.device_id, []).append(state)
    if shared:
        for home in homes:
            for topic in {topic for device in home.devices for topic in sources(home.prefix, device)[1:]}:
                found[home.id] += shared.get(topic, ())
    return found


def _causes(marks: Iterable[AlertMark]) -> dict[str, frozenset[str]]:
    """Return the causes of unresolved alerts by home."""
    found: dict[str, set[str]] = {}
    for mark in marks:
        found.setdefault(mark.home_id, set()).add(mark.cause)
    return {id: frozenset(causes) for id, causes in found.items()}
