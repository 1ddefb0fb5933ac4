"""A store in memory that keeps what `hub.ports.Transaction` promises, and a clock that stands until it is moved."""

import asyncio
import copy
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from devices.message import Message
from devices.reading import Reading
from hub.alerts.alert import Alert, Entry, Stage
from hub.alerts.notification import Fate, Notification
from hub.homes import DeviceState, Home, HomeMode, Person, Registry
from hub.ports import Act, Delivery, KeptReading, Lane, PageLink, Session, SessionRow, Shelved, Transaction
from hub.rules.gaps import Gap
from hub.rules.watch import Watch
from hub.walktest import WalkTest

T = TypeVar("T")
NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
RECENT = timedelta(days=7)
SHELF, SHELF_OF_A_TOPIC = 1000, 20


class AlertConflict(Exception):
    """Another unresolved alert of this home has the same cause."""


class StillClock:
    """Hub time that moves only when it is told to, and never back."""

    def __init__(self, now: datetime = NOON) -> None:
        self.instant = now

    def now(self) -> datetime:
        return self.instant

    def raise_to(self, floor: datetime) -> None:
        self.instant = max(self.instant, floor)

    def step(self) -> timedelta:
        return timedelta(0)

    async def sleep(self, span: timedelta, wake: asyncio.Event | None = None) -> None:
        self.instant += max(span, timedelta(0))


@dataclass
class Memory:
    """All rows, and a transaction on them: values are frozen, so a copy of the tables is a snapshot."""

    clock: StillClock = field(default_factory=StillClock)
    people_and_homes: Registry = field(default_factory=Registry)
    facts: dict[str, str] = field(default_factory=dict)
    sessions: dict[Session, SessionRow] = field(default_factory=dict)
    deliveries: dict[tuple[Session, int, int], bytes] = field(default_factory=dict)
    tries: Counter[tuple[Session, bytes]] = field(default_factory=Counter)
    shelved: list[Shelved] = field(default_factory=list)
    readings: list[tuple[str, str, Reading, datetime]] = field(default_factory=list)
    states: dict[tuple[str, str, str, str], DeviceState] = field(default_factory=dict)
    by_id: dict[str, Alert] = field(default_factory=dict)
    entries: dict[str, tuple[Entry, ...]] = field(default_factory=dict)
    messages: dict[str, Notification] = field(default_factory=dict)
    taken: set[tuple[str, str]] = field(default_factory=set)
    watched: dict[tuple[str, str, str], Watch] = field(default_factory=dict)
    unheard: list[Gap] = field(default_factory=list)
    done: list[Act] = field(default_factory=list)
    published: dict[str, bytes] = field(default_factory=dict)
    page_links: dict[bytes, PageLink] = field(default_factory=dict)
    walk_tests: dict[str, WalkTest] = field(default_factory=dict)

    def run(self, work: Callable[[Transaction], T]) -> T:
        """Run one transaction: all of it is kept, or nothing."""
        before = {name: copy.copy(value) for name, value in vars(self).items() if name != "clock"}
        try:
            return work(self)
        except BaseException:
            vars(self).update(before)
            raise

    def restart(self) -> None:
        """What lies in rows stays; the transaction keeps nothing else."""
        return

    # --- what bridges told of their devices

    def definition_sources(self) -> list[str]:
        return sorted(self.published)

    def definition(self, source: str) -> bytes | None:
        return self.published.get(source)

    def keep_definition(self, source: str, payload: bytes, at: datetime) -> None:
        self.published[source] = payload

    # --- registry and facts

    def registry_version(self) -> int:
        return self.people_and_homes.version if self.people_and_homes.homes else 0

    def registry(self) -> Registry:
        return self.people_and_homes

    def replace_registry(self, registry: Registry) -> int:
        version = self.people_and_homes.version + 1
        self.people_and_homes = Registry(registry.people, registry.homes, version, registry.areas)
        return version

    def registry_near(self, known: Registry) -> Registry | None:
        return self.registry_from(known)

    def registry_from(self, known: Registry) -> Registry:
        return known if known.version == self.registry_version() != 0 else self.people_and_homes

    def save_people(self, people: Iterable[Person]) -> int:
        was = self.people_and_homes
        return self.replace_registry(replace(was, people={**was.people, **{each.id: each for each in people}}))

    def drop_person(self, id: str) -> int:
        was = self.people_and_homes
        return self.replace_registry(replace(was, people={key: p for key, p in was.people.items() if key != id}))

    def save_homes(self, homes: Iterable[Home]) -> int:
        was = self.people_and_homes
        return self.replace_registry(replace(was, homes={**was.homes, **{home.id: home for home in homes}}))

    def drop_home(self, id: str) -> int:
        was = self.people_and_homes
        return self.replace_registry(replace(was, homes={key: h for key, h in was.homes.items() if key != id}))

    def save_areas(self, areas: Mapping[str, str]) -> int:
        was = self.people_and_homes
        return self.replace_registry(replace(was, areas={**was.areas, **areas}))

    def set_away(self, home_id: str, until: datetime | None) -> int:
        homes = dict(self.people_and_homes.homes)
        homes[home_id] = replace(homes[home_id], away_until=until)
        return self.replace_registry(Registry(self.people_and_homes.people, homes))

    def set_mode(self, home_id: str, mode: HomeMode | None, until: datetime | None, tester: str | None = None) -> int:
        homes = dict(self.people_and_homes.homes)
        homes[home_id] = replace(homes[home_id], mode=mode, mode_until=until, tester=tester)
        return self.replace_registry(Registry(self.people_and_homes.people, homes))

    def fact(self, name: str) -> str | None:
        return self.facts.get(name)

    def set_fact(self, name: str, value: str) -> None:
        self.facts[name] = value

    # --- sessions and deliveries

    def session(self, session: Session) -> SessionRow | None:
        return self.sessions.get(session)

    def save_session(self, row: SessionRow) -> None:
        self.sessions[row.session] = row

    def record_deliveries(self, deliveries: Sequence[tuple[Delivery, bytes]]) -> None:
        for one, digest in deliveries:
            if one.message.qos:
                self.deliveries[one.session, one.connection, one.mid] = digest

    def swallow(self, session: Session, connection: int, digest: bytes) -> bool:
        rows = [k for k, d in self.deliveries.items() if k[0] is session and k[1] < connection and d == digest]
        if rows:
            del self.deliveries[min(rows)]
        return bool(rows)

    def forget_deliveries(self, session: Session, *, before: int | None = None, mids: Sequence[int] = ()) -> None:
        newest = self.sessions[session].connection if session in self.sessions else None
        for key in list(self.deliveries):
            old = before is not None and key[1] < before
            if key[0] is session and (old or (key[1] == newest and key[2] in mids)):
                del self.deliveries[key]

    def count_try(self, session: Session, digest: bytes) -> int:
        self.tries[session, digest] += 1
        return self.tries[session, digest]

    def forget_tries(self, session: Session, digest: bytes) -> None:
        self.tries.pop((session, digest), None)

    def shelve(self, session: Session, message: Message, reason: str, tries: int = 0) -> None:
        id = self.shelved[-1].id + 1 if self.shelved else 1
        row = Shelved(id, message.received_at, session, message.topic, message.payload, reason, tries)
        same = [kept for kept in self.shelved if kept.topic == message.topic][: -SHELF_OF_A_TOPIC + 1]
        self.shelved = [*(kept for kept in self.shelved if kept not in same), row][-SHELF:]

    def shelve_again(self, id: int, reason: str, tries: int) -> None:
        self.shelved = [replace(row, reason=reason, tries=tries) if row.id == id else row for row in self.shelved]

    def unshelve(self, id: int) -> bool:
        before = len(self.shelved)
        self.shelved = [row for row in self.shelved if row.id != id]
        return len(self.shelved) < before

    def shelf(self, limit: int = SHELF) -> list[Shelved]:
        return self.shelved[::-1][:limit]

    # --- readings

    def add_readings(self, rows: Sequence[tuple[str, str, Reading, datetime]]) -> None:
        self.readings.extend(rows)

    def readings_after(self, number: int, limit: int) -> list[KeptReading]:
        kept = list(enumerate(self.readings, 1))[number:][-limit:]
        return [
            KeptReading(n, at, home, device, r.kind, r.state, r.percent, r.action, r.sos, r.test, r.retained)
            for n, (home, device, r, at) in kept
        ]

    def device_states(self, devices: Iterable[tuple[str, str]]) -> list[DeviceState]:
        wanted = set(devices)
        return [state for key, state in self.states.items() if key[:2] in wanted]

    def save_device_states(self, states: Sequence[DeviceState]) -> None:
        self.states |= {(s.home_id, s.device_id, s.kind, s.property): s for s in states}

    # --- what is watched, and when nobody did

    def watches(self) -> list[Watch]:
        return list(self.watched.values())

    def due_watches(self, now: datetime, limit: int) -> list[Watch]:
        due = [watch for watch in self.watched.values() if watch.due_at <= now]
        return sorted(due, key=lambda watch: (watch.due_at, watch.home_id))[:limit]

    def next_watch(self) -> datetime | None:
        return min((watch.due_at for watch in self.watched.values()), default=None)

    def save_watches(self, watches: Sequence[Watch]) -> None:
        self.watched |= {(w.home_id, w.rule, w.subject): w for w in watches}

    def hurry_watches(self, due: Mapping[tuple[str, str, str], datetime]) -> None:
        for key, by in due.items():
            if (watch := self.watched.get(key)) is not None:
                self.watched = {**self.watched, key: replace(watch, due_at=min(watch.due_at, by))}

    def drop_watches(self, watches: Sequence[Watch]) -> None:
        for watch in watches:
            self.watched.pop((watch.home_id, watch.rule, watch.subject), None)

    def clamp_watches(self, now: datetime) -> None:
        self.watched = {k: replace(w, due_at=min(w.due_at, now + w.wait)) for k, w in self.watched.items()}

    def gaps(self, sources: Iterable[str], since: datetime) -> list[Gap]:
        wanted = set(sources)
        return [g for g in self.unheard if g.source in wanted and (g.until is None or g.until > since)]

    def add_gap(self, gap: Gap) -> None:
        if gap.until is not None or all(g.until is not None or g.source != gap.source for g in self.unheard):
            self.unheard = [*self.unheard, gap]

    def end_gap(self, source: str, until: datetime) -> None:
        ended = [replace(g, until=until) if g.source == source and g.until is None else g for g in self.unheard]
        self.unheard = ended

    def record_act(self, act: Act) -> None:
        self.record_acts([act])

    def record_acts(self, acts: Sequence[Act]) -> None:
        self.done = [*self.done, *acts]

    def acts(self, home_id: str) -> list[Act]:
        return [act for act in self.done if act.home_id == home_id]

    # --- tests of homes

    def save_home_test(self, test: WalkTest) -> None:
        self.walk_tests = {**self.walk_tests, test.id: test}

    def home_test(self, id: str) -> WalkTest | None:
        return self.walk_tests.get(id)

    def running_home_test(self, home_id: str) -> WalkTest | None:
        running = [t for t in self.walk_tests.values() if t.home_id == home_id and t.ended_at is None]
        return max(running, key=lambda t: t.began_at, default=None)

    def home_tests_over(self, now: datetime) -> list[str]:
        return [t.id for t in self.walk_tests.values() if t.ended_at is None and t.ends_at <= now]

    # --- alerts

    def give_way(self) -> None:
        return

    def lock_homes(self, homes: Iterable[str]) -> None:
        return

    def unresolved(self, homes: Iterable[str] | None = None) -> list[Alert]:
        wanted = None if homes is None else set(homes)
        live = [a for a in self.by_id.values() if a.stage is not Stage.RESOLVED or a.duties]
        return sorted((a for a in live if wanted is None or a.home_id in wanted), key=lambda a: (a.opened_at, a.id))

    def alerts(self, *, everything: bool = False, limit: int = 1000) -> list[Alert]:
        found = [a for a in self.by_id.values() if everything or a.stage is not Stage.RESOLVED]
        return sorted(found, key=lambda a: (a.opened_at, a.id), reverse=True)[:limit]

    def alert(self, id: str) -> Alert | None:
        if id in self.by_id:
            return self.by_id[id]
        same = [a for a in self.by_id.values() if a.code == id.strip().upper() and self._is_recent(a)]
        return min(same, key=lambda a: (a.stage is Stage.RESOLVED, -a.opened_at.timestamp()), default=None)

    def alerts_ended(self, homes: Iterable[str], since: datetime) -> list[Alert]:
        wanted = set(homes)
        ended = [(a.resolved_at, a.id, a) for a in self.by_id.values() if a.resolved_at and a.home_id in wanted]
        return [a for at, _, a in sorted(ended) if a.stage is Stage.RESOLVED and at > since]

    def codes_since(self, since: datetime) -> set[str]:
        return {a.code for a in self.by_id.values() if a.opened_at >= since or a.stage is not Stage.RESOLVED}

    def save_alert(self, alert: Alert, entries: Sequence[Entry] = ()) -> None:
        if alert.stage is not Stage.RESOLVED:
            for other in self.by_id.values():
                same = (other.home_id, other.cause) == (alert.home_id, alert.cause) and other.id != alert.id
                if same and other.stage is not Stage.RESOLVED:
                    raise AlertConflict(f"{alert.home_id} {alert.cause}")
        self.by_id[alert.id] = alert
        self.entries[alert.id] = (*self.entries.get(alert.id, ()), *entries)

    def history(self, alert_id: str) -> list[Entry]:
        return list(self.entries.get(alert_id, ()))

    def due_alerts(self, now: datetime, limit: int) -> list[Alert]:
        due = [(a.severity.rank, a.next_due, a.id, a) for a in self.by_id.values() if a.next_due and a.next_due <= now]
        return [alert for *_, alert in sorted(due)[:limit]]

    def _is_recent(self, alert: Alert) -> bool:
        since = self.clock.now() - RECENT
        ended = alert.resolved_at is not None and alert.resolved_at >= since
        return alert.stage is not Stage.RESOLVED or ended or alert.opened_at >= since

    # --- notifications

    def add_notifications(self, notifications: Sequence[Notification]) -> None:
        for message in notifications:
            assert message.id not in self.messages, "a message is queued once"
            self.messages[message.id] = message

    def save_notification(self, notification: Notification) -> None:
        self.messages[notification.id] = notification

    def notification(self, id: str) -> Notification | None:
        return self.messages.get(id)

    def notification_by_provider_id(self, provider_id: str) -> Notification | None:
        return next((m for m in self.messages.values() if m.provider_id == provider_id), None)

    def notifications(self, alert_id: str) -> list[Notification]:
        same = [m for m in self.messages.values() if m.alert_id == alert_id]
        return sorted(same, key=lambda m: (m.created_at, m.id))

    def notifications_told(self, people: Sequence[str]) -> list[Notification]:
        recent = {a.id for a in self.by_id.values() if self._is_recent(a)}
        return [m for m in self.messages.values() if m.person_id in people and m.alert_id in recent]

    def due_notifications(self, now: datetime, limit: int, *, emergency: bool | None = None) -> list[Notification]:
        due = [
            (m.severity.rank, m.due_at, m.id, m)
            for m in self.messages.values()
            if m.due_at and m.due_at <= now and (emergency is None or emergency == (m.severity.rank == 0))
        ]
        return [message for *_, message in sorted(due)[:limit]]

    def open_notifications(self, fates: Sequence[Fate]) -> list[Notification]:
        return [m for m in self.messages.values() if m.fate in fates]

    def next_due(self) -> datetime | None:
        alerts = [a.next_due for a in self.by_id.values()]
        return min((at for at in (*alerts, *(m.due_at for m in self.messages.values())) if at), default=None)

    def save_link(self, link: PageLink) -> None:
        self.page_links.setdefault(link.digest, link)

    def link(self, digest: bytes) -> PageLink | None:
        return self.page_links.get(digest)

    def take_inbound(self, channel: str, provider_id: str, at: datetime) -> bool:
        known = (channel, provider_id) in self.taken
        self.taken.add((channel, provider_id))
        return not known


class MemoryStore:
    """`hub.ports.Store` on one Memory; `commits` counts what was kept."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.commits: Counter[Lane] = Counter()
        self.fails: list[Exception] = []

    async def write(
        self, lane: Lane, work: Callable[[Transaction], T], durable: Callable[[], object] | None = None
    ) -> T:
        """Run `work` and keep what it wrote; the exceptions in `fails` come first, one for each call."""
        if self.fails:
            raise self.fails.pop(0)
        result = self.memory.run(work)
        self.commits[lane] += 1
        if durable is not None:
            durable()
        return result

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` without keeping anything."""
        return work(copy.copy(self.memory))
