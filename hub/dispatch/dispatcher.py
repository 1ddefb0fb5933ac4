"""Does what is due: moves alerts, hands messages to carriers, asks for the fate of those in doubt."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from hub.alerts.links import is_link
from hub.alerts.notification import Fate, Notification
from hub.clock import Clock
from hub.decide import SILENT_CARRIER
from hub.dispatch.launch import Launch, Slot, Slots
from hub.dispatch.words import Words
from hub.engine import Engine, fates
from hub.engine.work import Work
from hub.ports import Channel, Channels, FateReport, Lane, NoAnswer, StoreUnavailable, Transaction

T = TypeVar("T")
log = structlog.get_logger("dispatch")

# How long a carrier may take to answer, and how long we ask it about a message of unknown fate.
SEND_LIMIT = timedelta(seconds=10)
LOOK_UP_LIMIT = timedelta(seconds=5)
# Beyond the limit an attempt without a committed result is of unknown fate: the hub died, or the store did.
GRACE = timedelta(seconds=20)
# Emergencies have slots of their own, so that nothing else can hold them up.
EMERGENCY_SLOTS, OTHER_SLOTS = 60, 20
LONGEST_SLEEP = timedelta(seconds=60)
STUCK_SLEEP = timedelta(seconds=0.1)
# How soon it is asked again whether silence may be judged.
CATCHING_UP = timedelta(seconds=5)
# While texts of emergencies are under way, silence is judged at most so often: five hundred presses must not share
# the writer with looks that judge hours.
LOOK_GAP = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Job:
    """One claimed message; its fate says what to do: send, look up, or ask for its fate."""

    message: Notification
    channel: Channel


@dataclass(frozen=True, slots=True)
class _Due:
    """What is due: alerts, messages by "is an emergency"; when the next of them is, and the next look at silence."""

    alerts: bool
    messages: Mapping[bool, bool]
    next_at: datetime | None
    look_at: datetime | None


class Dispatcher:
    """Claims due work in one transaction, then talks to carriers; each result is a transaction of its own.

    The first texts of a press or hazard are claimed by the very transaction that holds it (`at_once`): behind a burst
    each further transaction would wait for one of the burst's.
    """

    def __init__(self, engine: Engine, channels: Channels, clock: Clock, words: Words) -> None:
        """Dispatch for `engine` over `channels`."""
        self.engine = engine
        self.channels = channels
        self.clock = clock
        self.words = words
        self.send_limit = SEND_LIMIT
        self.look_up_limit = LOOK_UP_LIMIT
        self.healthy = True
        self.emergency = asyncio.Event()
        self._wake = asyncio.Event()
        self._running: dict[bool, set[asyncio.Task[None]]] = {True: set(), False: set()}
        self._slots = {True: Slots(EMERGENCY_SLOTS), False: Slots(OTHER_SLOTS)}
        self._turning = False
        self._turned_s: float | None = None
        self._looked_s = -math.inf
        engine.wakes(self._wake)
        engine.at_once = self.at_once

    @property
    def idle(self) -> bool:
        """Whether nothing is being claimed or sent, and nothing was woken for."""
        return not (self._turning or self._wake.is_set() or self._running[True] or self._running[False])

    @property
    def turns(self) -> bool:
        """Whether it comes round: it looks for work at least each minute, unless the store keeps it waiting."""
        if self._turning or self._turned_s is None:
            return True
        return asyncio.get_running_loop().time() - self._turned_s < 2 * LONGEST_SLEEP.total_seconds()

    @property
    def sending(self) -> Mapping[bool, int]:
        """How many attempts are under way, by "is an emergency"."""
        return {emergency: len(tasks) for emergency, tasks in self._running.items()}

    async def recover(self) -> None:
        """After a start: what was being sent when the hub ended is of unknown fate; all that was asked is asked anew.

        A claim puts its message off for as long as it may take; nobody works on those claims any more.
        """

        def note(work: Work) -> None:
            for message in work.transaction.open_notifications([Fate.SENDING, Fate.UNKNOWN, Fate.ACCEPTED]):
                if message.due_at is not None:
                    work.update(_unclaimed(message, work.now))

        await self.engine.write(Lane.DUTY, note)

    async def run(self) -> None:
        """Work until cancelled; a sick store is tried again each second."""
        try:
            while True:
                try:
                    await self._turn()
                    self.healthy = True
                except StoreUnavailable as error:
                    if self.healthy:
                        log.error("dispatch_store_unavailable", error=str(error))
                    self.healthy = False
                    await asyncio.sleep(1)
        finally:
            await self._end()

    async def _turn(self) -> None:
        """Look what is due without writing; do it; else sleep until something is, or somebody wakes us."""
        self._wake.clear()
        self._turning = True
        self._turned_s = asyncio.get_running_loop().time()
        try:
            due = await self.engine.store.read(self._look)
            moved = await self.engine.due() if due.alerts else 0
            for emergency in (True, False):
                if due.messages[emergency]:
                    moved += await self._claim(emergency=emergency)
            look_at = self._look_at(due)
            if look_at is not None and look_at <= self.clock.now():
                if self._is_too_busy_to_look():
                    look_at = self.clock.now() + LOOK_GAP
                else:
                    moved += await self.engine.look()
        finally:
            self._turning = False
        if moved:
            return
        now = self.clock.now()
        next_at = min((at for at in (due.next_at, look_at) if at is not None), default=None)
        if next_at is not None and next_at <= now:
            # Due, but all its slots are taken: the message that ends wakes us.
            next_at = now + (LONGEST_SLEEP if self._running[True] or self._running[False] else STUCK_SLEEP)
        span = min(next_at - now, LONGEST_SLEEP) if next_at is not None else LONGEST_SLEEP
        await self.clock.sleep(span, self._wake)

    def _look(self, transaction: Transaction) -> _Due:
        now = self.clock.now()
        messages = {e: bool(transaction.due_notifications(now, 1, emergency=e)) for e in (True, False)}
        alerts = bool(transaction.due_alerts(now, 1))
        return _Due(alerts, messages, transaction.next_due(), transaction.next_watch())

    def _look_at(self, due: _Due) -> datetime | None:
        """Return when to look at what is not said; not before all that was said has been heard."""
        now = self.clock.now()
        look_at = now if self.engine.later else due.look_at
        if look_at is None or look_at > now or self.engine.may_look:
            return look_at
        return now + CATCHING_UP

    def _is_too_busy_to_look(self) -> bool:
        """Whether emergencies are under way and the last look is not long ago; else this is the next look."""
        now_s = asyncio.get_running_loop().time()
        if self._running[True] and now_s - self._looked_s < LOOK_GAP.total_seconds():
            return True
        self._looked_s = now_s
        return False

    def at_once(self) -> Launch[_Job]:
        """Return what sends the emergencies of one transaction as soon as it is durable."""
        return Launch(self._slots[True], _own_emergencies, self._prepared_at_once, partial(self._start, True))

    async def _claim(self, *, emergency: bool) -> int:
        def due(work: Work, most: int) -> Sequence[Notification]:
            found = work.transaction.due_notifications(work.now, most, emergency=emergency)
            return found if emergency else _links_last(found, work)

        launch = Launch(self._slots[emergency], due, self._prepared_alone, partial(self._start, emergency))
        try:
            await self.engine.write(Lane.DUTY, launch.claim)
        except BaseException:
            launch.drop()
            raise
        return launch.go()

    def _start(self, emergency: bool, job: _Job) -> None:
        slot = Slot(self._slots[emergency], self._wake.set)
        task = asyncio.create_task(self._do(job, slot))
        self._running[emergency].add(task)
        task.add_done_callback(partial(self._ended, emergency, slot))
        if emergency:
            self.emergency.set()

    def _ended(self, emergency: bool, slot: Slot, task: asyncio.Task[None]) -> None:
        self._running[emergency].discard(task)
        slot.give()
        self._wake.set()

    def _prepared_at_once(self, message: Notification, work: Work) -> _Job | None:
        """Leave what has no channel, number or words to the next turn: it must not void the press."""
        if message.channel not in self.channels.by_name or not self.words.address(message, work.world.registry):
            return None
        try:
            return self._prepared(message, work)
        except Exception as error:
            log.error("not_sent_at_once", notification=message.id, error=repr(error))
            return None

    def _prepared_alone(self, message: Notification, work: Work) -> _Job | None:
        """One message's fault stays its own: it is undelivered, and its next way or step is due."""
        try:
            return self._prepared(message, work)
        except StoreUnavailable:
            raise
        except Exception as error:
            log.error("not_sendable", notification=message.id, error=repr(error))
            self._unsendable(message, work, f"cannot be worded: {type(error).__name__}")
            return None

    def _prepared(self, message: Notification, work: Work) -> _Job | None:
        """Mark what is about to happen before it happens, so that a crash in between is known as unknown."""
        message = self._by_one_that_is(message, work)
        channel = self.channels.by_name.get(message.channel)
        if channel is None:
            self._unsendable(message, work, "no such channel any more")
            return None
        if message.fate is Fate.QUEUED:
            filled = self.words.filled(message, channel, work.world.registry, work.now)
            if filled is None:
                self._unsendable(message, work, "no number any more")
                return None
            due_at = work.now + self.send_limit + GRACE
            if is_link(filled.key) and self.words.links is not None:
                self.words.links.keep(work, filled)
            message = replace(filled, fate=Fate.SENDING, tries=message.tries + 1, sending_since=work.now, due_at=due_at)
        elif message.fate is Fate.SENDING:  # its attempt ended without a word: the store was away, or the hub
            message = replace(message, fate=Fate.UNKNOWN, due_at=work.now + self.look_up_limit + GRACE)
        else:
            message = replace(message, due_at=work.now + self.look_up_limit + GRACE)
        work.update(message)
        return _Job(message, channel)

    def _by_one_that_is(self, message: Notification, work: Work) -> Notification:
        """Return what has not left by a channel that was taken away or renamed by one that is configured.

        An open alert keeps the ladder it began with; that must not make it mute. Nobody is told twice the same way.
        """
        ways = self.channels.by_name
        if message.channel in ways or message.fate is not Fate.QUEUED or not ways.keys().isdisjoint(message.then):
            return message
        beside = work.sent(message.alert_id) if message.alert_id is not None else ()
        told = {n.channel for n in beside if n.id != message.id and _is_beside(n, message)}
        other = next((name for name in ways if name not in told), None)
        if other is None:
            return message
        log.warning("channel_gone", notification=message.id, channel=message.channel, instead=other)
        return replace(message, channel=other)

    @staticmethod
    def _unsendable(message: Notification, work: Work, why: str) -> None:
        fates.unsendable(work, message, why)

    async def _do(self, job: _Job, slot: Slot) -> None:
        acts: dict[Fate, Callable[[_Job], Awaitable[None]]] = {
            Fate.SENDING: partial(self._send, slot),
            Fate.UNKNOWN: self._look_up,
            Fate.ACCEPTED: self._ask,
        }
        try:
            await acts[job.message.fate](job)
        except StoreUnavailable as error:
            # The row still says "sending": when the store is back it is due, and looked up at the carrier.
            log.error("result_not_kept", notification=job.message.id, error=str(error))

    async def _send(self, slot: Slot, job: _Job) -> None:
        message = job.message
        text = self.words.whole(message)
        result = await _safely(job.channel.send(message.to or "", text, limit=self.send_limit))
        slot.give()  # the carrier has room for the next one, however long this answer waits for its commit
        log.info("sent", notification=message.id, alert=message.alert_id, key=message.key, result=type(result).__name__)
        await self.engine.answered(message.id, result)

    async def _look_up(self, job: _Job) -> None:
        message = job.message
        since = message.sending_since or message.created_at
        answer = await _safely(
            job.channel.look_up(message.to or "", self.words.whole(message), since, limit=self.look_up_limit)
        )
        await self.engine.looked_up(message.id, answer)

    async def _ask(self, job: _Job) -> None:
        """An accepted emergency without a final fate for 45 s: ask once, then the next step waits no longer."""
        report = await _safely(job.channel.fate(job.message.provider_id or "", limit=self.look_up_limit))
        if isinstance(report, FateReport):
            await self.engine.report(report)
        await self.engine.silent(job.message.id)

    def kill(self) -> None:
        """Drop what is under way, as a killed process does."""
        for task in self._running[True] | self._running[False]:
            task.cancel()

    async def _end(self) -> None:
        """Wait for what is under way: a carrier that is being told should be heard."""
        tasks = self._running[True] | self._running[False]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=2)
            for task in late:
                task.cancel()


def _own_emergencies(work: Work, most: int) -> Sequence[Notification]:
    return work.due_emergencies()[:most]


def _links_last(found: Sequence[Notification], work: Work) -> Sequence[Notification]:
    """Return what may leave: links do when nobody's first text waits, whoever's alert it is about."""
    others = [message for message in found if not is_link(message.key)]
    if others or not found or work.transaction.due_notifications(work.now, 1, emergency=True):
        return others
    return found


def _unclaimed(message: Notification, now: datetime) -> Notification:
    """Return a message as it is due when nobody works on it; `now` is the start of the hub."""
    if message.fate is Fate.ACCEPTED:  # its carrier's silence counts from when it accepted
        again_at = (message.accepted_at or now) + SILENT_CARRIER
        return replace(message, due_at=min(message.due_at or again_at, again_at))
    if message.fate is Fate.SENDING:  # what our own end cut off says nothing against this way: it is no try
        message = replace(message, error="the hub ended meanwhile", tries=max(0, message.tries - 1))
    return replace(message, fate=Fate.UNKNOWN, due_at=now)


def _is_beside(one: Notification, other: Notification) -> bool:
    """Whether two messages tell the same person the same at the same step."""
    return (one.person_id, one.key, one.round, one.step) == (other.person_id, other.key, other.round, other.step)


async def _safely(attempt: Awaitable[T]) -> T | NoAnswer:
    """Turn a channel's own failure into an unknown fate: one provider's fault stays its own."""
    try:
        return await attempt
    except (OSError, RuntimeError, ValueError, TypeError, LookupError) as error:
        log.error("channel_failed", error=type(error).__name__)
        return NoAnswer(f"channel failed: {type(error).__name__}")
