"""Load, decide, commit: every write passes here."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import structlog

from hub.alerts.alert import Alert
from hub.alerts.events import Event
from hub.alerts.links import Said, Tap
from hub.alerts.notification import Notification
from hub.alerts.policy import Policy, Severity
from hub.clock import Clock
from hub.decide import World, due
from hub.engine import fates, people, watching
from hub.engine.intake import digest, take_in
from hub.engine.links import Sight, look, tap
from hub.engine.modes import set_away, set_mode
from hub.engine.news import Listener, News
from hub.engine.work import Work
from hub.homes import SITE, Home, HomeMode, Registry
from hub.ports import (
    LAST_COMMITTED,
    Accepted,
    Arrival,
    Connection,
    FateReport,
    Inbound,
    Lane,
    NoAnswer,
    Rejected,
    Session,
    SessionRow,
    Store,
    StoreUnavailable,
    Transaction,
)
from hub.rules import faults
from hub.rules.gaps import HUB, SHORTEST, Gap

T = TypeVar("T")
log = structlog.get_logger("engine")

LANES = {Session.SOS: Lane.SOS, Session.LIFE: Lane.LIFE, Session.MAIN: Lane.SLOW, Session.WATCH: Lane.SLOW}
URGENT = frozenset({Lane.SOS, Lane.LIFE})
TRIES_BEFORE_SHELF = 3
EARLY_REPORTS = 1000
# While thousands of changed homes are read aside, what is committed goes by those before: reading them all in the
# transaction of each press took seconds. Not for longer than this: then the reading has failed.
MOST_BEHIND = timedelta(seconds=30)


class Launch(Protocol):
    """Sends the emergencies of one transaction as soon as it is durable, without another one in between."""

    def claim(self, work: Work) -> None:
        """Mark them as being sent; called inside the transaction, and again if that runs again."""
        ...

    def go(self) -> int:
        """Send them: the transaction is durable."""
        ...

    def drop(self) -> None:
        """Forget them: the transaction is void."""
        ...


class Engine:
    """The one caller of the pure middle that has a database."""

    def __init__(self, store: Store, clock: Clock, site: str, policies: Mapping[Severity, Policy]) -> None:
        """Work on `store`; call `load` before anything else."""
        self.store = store
        self.clock = clock
        self.world = World(site, Registry(), policies)
        self.counters: dict[str, int] = {"received": 0, "redelivered": 0, "unreadable": 0, "shelved": 0}
        # What was set aside, unreadable or not to be handled, by session.
        self.shelved: Counter[Session] = Counter()
        # Reports that overtook the answer to the request they are about, by provider id.
        self.early: OrderedDict[str, FateReport] = OrderedDict()
        # A cry for help whose handling failed three times must not end on a shelf.
        self.on_shelved: Callable[[Arrival], None] = lambda _: None
        self.at_once: Callable[[], Launch] | None = None
        # Whether a text with a link gets through the way a message went; without it nobody gets one.
        self.passes: Callable[[Notification], bool] | None = None
        # Whether what is not said may be judged: all that waited for us is committed.
        self.caught_up: Callable[[], bool] = lambda: True
        self.awaited = watching.Awaited()
        # Looks that calls for help made due. Lost with the process: then they come when they would have come anyway.
        self.later: dict[tuple[str, str, str], datetime] = {}
        self._stepping = False
        self._behind_since: datetime | None = None
        self._wakers: list[asyncio.Event] = []
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Have `listener` called with what each commit changed, right after it."""
        self._listeners.append(listener)

    def tell(self, news: News) -> None:
        """Tell whoever shows something that it changed."""
        if news != News():
            for listener in self._listeners:
                listener(news)

    def wakes(self, event: asyncio.Event) -> None:
        """Set `event` after each commit that may have made something due."""
        self._wakers.append(event)

    def wake(self) -> None:
        """Say that something may be due."""
        for event in self._wakers:
            event.set()

    async def load(self) -> Registry:
        """Read people, homes and devices if they changed; return them."""
        known = self.world.registry
        # What is looked up in it is sorted out where nobody waits for it.
        registry = await self.store.read(lambda t: t.registry_from(known).ready())
        if registry is not known:
            self.world = World(self.world.site, registry, self.world.policies)
        self._behind_since = None
        return self.world.registry

    async def write(self, lane: Lane, work: Callable[[Work], T], durable: Callable[[], object] | None = None) -> T:
        """Run `work` in one transaction and write what it changed; wake the dispatcher after the commit.

        `durable` is called as soon as it is committed, before anything else.
        """

        def run(transaction: Transaction) -> tuple[T, bool, Work]:
            now = self.clock.now()
            current = Work(transaction, self._current(transaction), now, self.awaited.homes)
            current.passes = self.passes
            current.defers_looks = lane in URGENT
            result = work(current)
            changed = current.finish()
            transaction.set_fact(LAST_COMMITTED, now.isoformat())
            return result, changed, current

        result, changed, done = await self.store.write(lane, run, durable)
        if durable is not None:
            await asyncio.sleep(0)  # what it began has its turn first: a carrier's request is on the wire after it
        for said in done.story():
            log.info("alert", **said)
        self.awaited.see(done.touched())
        if self._listeners:
            self.tell(done.news())
        self.later |= done.later
        if changed or done.later:
            self.wake()
        return result

    def _current(self, transaction: Transaction) -> World:
        """Return the world as this transaction sees it: people and homes may have been edited meanwhile.

        After an import of many homes it is that of before, until `load` has read them.
        """
        known = self.world.registry
        if transaction.registry_version() == known.version:
            return self.world
        registry = transaction.registry_near(known)
        if registry is None:
            now = self.clock.now()
            self._behind_since = self._behind_since or now
            if known.homes and now - self._behind_since < MOST_BEHIND:
                return self.world
            registry = transaction.registry_from(known)
        return World(self.world.site, registry, self.world.policies)

    # --- people and carriers

    async def received(self, inbound: Inbound) -> None:
        """Take one message a person sent us."""
        await self.write(Lane.DUTY, lambda work: people.received(work, inbound))

    async def command(self, ref: str, event: Callable[[Alert], Event]) -> Alert:
        """Do what a person asked for; raises NoSuchAlert, InvalidTransition, StillDangerous."""
        return await self.write(Lane.DUTY, lambda work: people.command(work, ref, event))

    async def look_at_page(self, token: str) -> Sight:
        """Return what the page with this token shows; raises NoSuchLink, LinkExpired, StoreUnavailable."""
        registry, now = self.world.registry, self.clock.now()
        return await self.store.read(lambda t: look(t, registry, token, now))

    async def tap(self, token: str, what: Tap, *, watched: bool = False, until: datetime | None = None) -> Said:
        """Do what a person tapped on their page; raises NoSuchLink, LinkExpired, StoreUnavailable."""
        return await self.write(Lane.DUTY, lambda work: tap(work, token, what, watched=watched, until=until))

    async def answered(self, id: str, result: Accepted | Rejected | NoAnswer) -> None:
        """Take the outcome of one attempt, and the receipt that may have overtaken it."""
        provider_id = await self.write(Lane.DUTY, lambda work: fates.answered(work, id, result))
        early = self.early.pop(provider_id, None) if provider_id else None
        if early is not None:
            await self.write(Lane.DUTY, lambda work: fates.reported(work, early))

    async def looked_up(self, id: str, result: Accepted | NoAnswer | None) -> None:
        """Take what the carrier said of a message of unknown fate."""
        await self.write(Lane.DUTY, lambda work: fates.looked_up(work, id, result))

    async def silent(self, id: str) -> None:
        """Take that the carrier says nothing of an accepted emergency."""
        await self.write(Lane.DUTY, lambda work: fates.silent(work, id))

    async def report(self, report: FateReport) -> bool:
        """Take a receipt; False if we do not know its message (it may have overtaken our own answer)."""
        known = await self.write(Lane.DUTY, lambda work: fates.reported(work, report))
        if known:
            return True
        self.early[report.provider_id] = report
        while len(self.early) > EARLY_REPORTS:
            self.early.popitem(last=False)
        # Our own answer may have been committed between the look and the note: look once more.
        known = await self.write(Lane.DUTY, lambda work: fates.reported(work, report))
        if known:
            self.early.pop(report.provider_id, None)
        return known

    async def due(self, limit: int = 200) -> int:
        """Do the duties of alerts that are due; return how many alerts moved."""

        def run(work: Work) -> int:
            alerts = work.transaction.due_alerts(work.now, limit)
            moved = 0
            for found in alerts:
                alert = work.hold(found)
                try:
                    work.take(due(alert, work.world, work.now, work.sent(alert.id)))
                    moved += 1
                except StoreUnavailable:
                    raise
                except Exception as error:
                    # One alert's fault stays its own; the audit says that it does not move.
                    log.error("duty_failed", alert=alert.id, error=repr(error))
            return moved

        return await self.write(Lane.DUTY, run)

    # --- what is not said

    async def follow(self) -> None:
        """Bring what is watched in line with people, homes and devices; pull in what a clock put out of reach."""
        # Found aside of the transaction: the writer is held for what is written, not for what is thought about it.
        wished = await asyncio.to_thread(watching.wishes, self.world.registry)
        self.awaited.begin(await self.write(Lane.SLOW, lambda work: watching.follow(work, wished)))
        self.wake()

    @property
    def may_look(self) -> bool:
        """Whether silence may be judged now: nothing that was said waits to be heard, and time stands firm."""
        return not self._stepping and self.caught_up()

    async def look(self, limit: int = 50) -> int:
        """Judge what is watched and due; return at how much was looked."""
        later, self.later = self.later, {}

        def run(work: Work) -> int:
            work.hurry(later)
            return 0 if self._stepping else watching.look(work, limit)

        try:
            return len(later) + await self.write(Lane.DUTY, run)
        except StoreUnavailable:
            self.later = later | self.later
            raise

    async def follow_clock(self) -> timedelta:
        """Follow a wall clock that was set forward; nobody watched in the time that never was."""
        # Set before the step: a look that reads the new time has to see that its gap is not kept yet.
        self._stepping = True
        try:
            jump = self.clock.step()
            if jump > SHORTEST:
                now = self.clock.now()
                await self.write(Lane.DUTY, lambda work: watching.step(work, Gap(HUB, now - jump, now)))
        except StoreUnavailable:
            # The next marker keeps it: no session has surely been heard since before the step.
            log.warning("step_not_kept", jump_s=jump.total_seconds())
        finally:
            self._stepping = False
        if jump:
            self.wake()
        return jump

    async def away(self, home_id: str, until: datetime, by: str) -> Home:
        """Note that a home is away until then, or back if that is not ahead; return it. Raises NoSuchHome.

        Stillness is not judged until then, and counts from then. It silences nothing else.
        """
        before = await self.write(Lane.DUTY, lambda work: set_away(work, home_id, until, by))
        return (await self.load()).homes.get(home_id, before)

    async def mode(self, home_id: str, mode: HomeMode | None, until: datetime | None, by: str) -> Home:
        """Note what a home is in until then, or that it is as always (None); return it.

        Raises NoSuchHome, NoSuchTime. No mode silences a call, a hazard or a fall (P9).
        """
        before = await self.write(Lane.DUTY, lambda work: set_mode(work, home_id, mode, until, by))
        return (await self.load()).homes.get(home_id, before)

    # --- what the sessions hand in (hub.ports.Intake)

    async def connected(self, session: Session, *, session_present: bool) -> Connection:
        """Note a new connection; tell staff if the broker lost our session, or if we lost our database."""

        def note(work: Work) -> Connection:
            row = work.transaction.session(session)
            number = row.connection + 1 if row else 1
            alive_at = row.alive_at if row else work.now
            work.transaction.save_session(SessionRow(session, number, alive_at, row.filters if row else ()))
            if session is Session.WATCH:
                return Connection(session, number, None)
            if row is not None and not session_present:
                _report_loss(work, row.alive_at)
            if row is None and session_present:
                work.report(faults.database_lost(work.now))
            away_since = row.alive_at if row and session_present else None
            return Connection(session, number, away_since, row.filters if row else ())

        return await self.write(LANES[session], note)

    async def subscribed(self, session: Session, filters: Sequence[str]) -> None:
        """Keep which filters the broker may hold for the session."""

        def note(work: Work) -> None:
            row = work.transaction.session(session)
            if row is not None:
                work.transaction.save_session(replace(row, filters=tuple(filters)))

        await self.write(LANES[session], note)

    async def marker(self, connection: Connection, number: int, acknowledged: Sequence[int]) -> None:
        """Note that all before our own marker is drained; acks before it have surely reached the broker."""

        def note(work: Work) -> None:
            transaction = work.transaction
            row = transaction.session(connection.session)
            filters = row.filters if row else ()
            if row and connection.session is Session.MAIN and work.now - row.alive_at > SHORTEST:
                transaction.add_gap(Gap(HUB, row.alive_at, work.now))  # nobody watched since we last surely heard
            transaction.save_session(SessionRow(connection.session, connection.number, work.now, filters))
            transaction.forget_deliveries(connection.session, before=connection.number, mids=acknowledged)

        await self.write(LANES[connection.session], note)
        log.debug("drained", session=connection.session.value, marker=number)

    async def commit(self, arrivals: Sequence[Arrival]) -> None:
        """Commit one session's batch; after a failure each message is tried alone, a poisonous one is shelved."""
        lane = self._lane(arrivals)
        try:
            known = await self._take_in(lane, lambda work: take_in(arrivals, work))
        except StoreUnavailable:
            raise
        except Exception as error:
            log.error("batch_failed", error=repr(error), messages=len(arrivals))
            for arrival in arrivals:
                await self._alone(lane, arrival)
            known = 0
        self.counters["received"] += len(arrivals)
        self.counters["redelivered"] += known
        self.counters["unreadable"] += (unreadable := sum(a.fault is not None for a in arrivals))
        self.shelved[arrivals[0].delivery.session] += unreadable

    async def _take_in(self, lane: Lane, work: Callable[[Work], T]) -> T:
        """Write what arrived; what cries for help in it has left when this returns."""
        if self.at_once is None or lane not in URGENT:
            return await self.write(lane, work)
        launch = self.at_once()

        def claimed(current: Work) -> T:
            result = work(current)
            launch.claim(current)
            return result

        try:
            return await self.write(lane, claimed, launch.go)
        finally:
            launch.drop()  # what has not left by now was not committed

    async def _alone(self, lane: Lane, arrival: Arrival) -> None:
        """Handle one message of a failed batch; its tries are counted before, so that a crash counts too."""
        session, mark, reason = arrival.delivery.session, digest(arrival.delivery), "handling ended the hub"
        for _ in range(TRIES_BEFORE_SHELF):
            tries = await self.write(lane, lambda work: work.transaction.count_try(session, mark))
            if tries > TRIES_BEFORE_SHELF:
                break
            try:
                await self._take_in(lane, lambda work: _handled(work, arrival))
            except StoreUnavailable:
                raise
            except Exception as error:
                reason = f"handling failed: {type(error).__name__}: {error}"
                log.error("message_failed", error=repr(error), tries=tries)
            else:
                return
        await self.write(lane, lambda work: _shelved(work, arrival, reason))
        self.counters["shelved"] += 1
        self.shelved[session] += 1
        self.on_shelved(arrival)

    @staticmethod
    def _lane(arrivals: Sequence[Arrival]) -> Lane:
        session = arrivals[0].delivery.session
        cries = session is Session.WATCH and any(r.sos or r.maybe_sos for a in arrivals for r in a.readings)
        return Lane.SOS if cries else LANES[session]


def _handled(work: Work, arrival: Arrival) -> None:
    """Handle one message; the next one of the same bytes has its tries of its own."""
    take_in([arrival], work)
    work.transaction.forget_tries(arrival.delivery.session, digest(arrival.delivery))


def _shelved(work: Work, arrival: Arrival, reason: str) -> None:
    session = arrival.delivery.session
    work.transaction.shelve(session, arrival.delivery.message, reason, TRIES_BEFORE_SHELF)
    work.transaction.forget_tries(session, digest(arrival.delivery))


def _report_loss(work: Work, away_since: datetime) -> None:
    """Tell staff that the broker lost our sessions, once for all of them."""
    recent = [a for a in work.of(SITE) if a.cause.startswith(faults.SESSION_LOST)]
    if not any(work.now - a.opened_at < faults.ONE_LOSS for a in recent):
        work.report(faults.session_lost(work.now, away_since))


def floor(transaction: Transaction) -> datetime | None:
    """Return the last committed instant: hub time never falls below it."""
    kept = transaction.fact(LAST_COMMITTED)
    return datetime.fromisoformat(kept) if kept else None
