"""One picture of all open alerts, kept fresh for all consoles together.

Loaded when the first console asks. After a commit only what it changed is read again, with a fixed number of
questions; what follows within a moment is read together. While nobody looks, nothing is read.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from hub.alerts.alert import Alert, Stage
from hub.clock import Clock
from hub.engine import Engine
from hub.engine.news import News
from hub.ports import StoreUnavailable, Transaction
from hub.web.console.board import Item

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = structlog.get_logger(__name__)

# Real time: a text is queued, sent, accepted and delivered within moments; consoles are told once.
# It is part of the second that a change may take to a screen.
COALESCE_S = 0.15
RETRY_S = 1.0
ASKED_LATELY = timedelta(minutes=5)
# What ended lately, and how much there was: shown beside the open alerts.
RECENT, MOST_RECENT = timedelta(hours=24), 500


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All unresolved alerts by id, and those that were opened or closed lately, newest first.

    `revision` rises with every change, of whatever; that of an item with its own.
    """

    revision: int = 0
    at: datetime | None = None
    items: Mapping[str, Item] = field(default_factory=dict)
    recent: Sequence[Alert] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    """What one look at the database brought; `ids`: about these alone, None: about all."""

    ids: frozenset[str] | None
    alerts: Sequence[Alert]
    items: Mapping[str, Item]
    recent: Sequence[Alert] = ()


class Feed:
    """Follows the engine's commits. `snapshot` is the newest picture; `fresh` makes sure that it is one."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._ids: set[str] = set()
        self._all = True
        self._reading = asyncio.Lock()
        self._watchers = 0
        self._asked_at: datetime | None = None
        self._news = asyncio.Event()
        self._following: asyncio.Task[None] | None = None
        self.snapshot = Snapshot()
        engine.listen(self._heard)

    async def fresh(self) -> Snapshot:
        """Return the picture as of all commits so far; raises StoreUnavailable."""
        self._asked_at = self._clock.now()
        return await self._read()

    async def _read(self) -> Snapshot:
        async with self._reading:
            if self._all or self._ids:
                await self._refresh()
            return self.snapshot

    @contextmanager
    def watched(self) -> "Iterator[None]":
        """Keep the picture fresh by itself as long as somebody looks."""
        self._watchers += 1
        try:
            self._follow()
            yield
        finally:
            self._watchers -= 1

    async def changed(self, since: int, within_s: float, stopping: asyncio.Event | None = None) -> bool:
        """Wait for a picture newer than `since`, at most so long in real time; return whether there is one.

        Returns at once when `stopping` is set.
        """
        if self.snapshot.revision == since:
            waits = [asyncio.ensure_future(event.wait()) for event in (self._news, stopping) if event is not None]
            try:
                await asyncio.wait(waits, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
        return self.snapshot.revision != since

    # --- following

    def _heard(self, news: News) -> None:
        if news.everything:
            self._all = True
        elif news.alerts:
            self._ids |= news.alerts
        else:
            return  # what devices say changes no alert
        self._follow()

    def _follow(self) -> None:
        idle = self._following is None or self._following.done()
        if self._is_wanted() and idle and (self._all or self._ids):
            self._following = asyncio.create_task(self._catch_up(), name="console feed")

    def _is_wanted(self) -> bool:
        """Whether somebody looks, or did a moment ago: other pages show how many alerts wait."""
        lately = self._asked_at is not None and self._clock.now() - self._asked_at < ASKED_LATELY
        return bool(self._watchers) or lately

    async def _catch_up(self) -> None:
        while self._is_wanted() and (self._all or self._ids):
            await asyncio.sleep(COALESCE_S)
            try:
                await self._read()
            except StoreUnavailable:
                await asyncio.sleep(RETRY_S)
            except Exception:  # a console must not go blind because of one alert
                _log.exception("feed_failed")
                await asyncio.sleep(RETRY_S)

    async def _refresh(self) -> None:
        everything, ids = self._all, frozenset(self._ids)
        self._all, self._ids = False, set()
        since = self._clock.now() - RECENT
        try:
            read = await self._engine.store.read(lambda t: _everything(t, since) if everything else _some(t, ids))
        except BaseException:
            self._all, self._ids = self._all or everything, self._ids | ids
            raise
        self._take(read, since)

    def _take(self, read: _Read, since: datetime) -> None:
        revision = self.snapshot.revision + 1
        before = self.snapshot.items
        fresh = {id: _renewed(before.get(id), item, revision) for id, item in read.items.items()}
        kept = {} if read.ids is None else {id: item for id, item in before.items() if id not in read.ids}
        recent = read.recent
        if read.ids is not None:
            others = [alert for alert in self.snapshot.recent if alert.id not in read.ids]
            recent = [*read.alerts, *others]
        self.snapshot = Snapshot(revision, self._clock.now(), {**kept, **fresh}, _lately(recent, since))
        news, self._news = self._news, asyncio.Event()
        news.set()


def _renewed(before: Item | None, now: Item, revision: int) -> Item:
    """Return the item as it was if nothing changed, so that nobody draws it again."""
    same = before is not None and (before.alert, before.history, before.messages) == (
        now.alert,
        now.history,
        now.messages,
    )
    return before if same and before is not None else Item(now.alert, now.history, now.messages, revision)


def _lately(alerts: Sequence[Alert], since: datetime) -> Sequence[Alert]:
    found = [alert for alert in alerts if _touched(alert) > since]
    return sorted(found, key=lambda alert: (_touched(alert), alert.id), reverse=True)[:MOST_RECENT]


def _touched(alert: Alert) -> datetime:
    return alert.resolved_at or alert.opened_at


def _everything(transaction: Transaction, since: datetime) -> _Read:
    alerts = [alert for alert in transaction.unresolved() if alert.stage is not Stage.RESOLVED and not alert.only_test]
    opened = [alert for alert in transaction.alerts_opened(since, MOST_RECENT) if not alert.only_test]
    return _Read(None, alerts, _items(transaction, alerts), opened)


def _some(transaction: Transaction, ids: frozenset[str]) -> _Read:
    alerts = [alert for alert in transaction.alerts_named(sorted(ids)) if not alert.only_test]
    open_now = [alert for alert in alerts if alert.stage is not Stage.RESOLVED]
    return _Read(ids, alerts, _items(transaction, open_now))


def _items(transaction: Transaction, alerts: Sequence[Alert]) -> dict[str, Item]:
    ids = [alert.id for alert in alerts]
    histories, messages = transaction.histories(ids), transaction.messages_of(ids)
    return {alert.id: Item(alert, histories[alert.id], messages[alert.id]) for alert in alerts}
