"""The other end of a session's inbox: commit in order, and only then acknowledge."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import structlog

from devices.message import Message
from hub.clock import Clock
from hub.ingest.backoff import Backoff
from hub.ingest.grants import Signal
from hub.ingest.inbox import Inbox, MarkerBack, Opened, Received
from hub.ingest.link import Link
from hub.ports import Intake, Lifeline, Session, StoreUnavailable

_LOG = structlog.get_logger(__name__)

# With so many acks on record at the store, a marker is sent early: what it proves can then be forgotten there.
ACKS_PER_MARKER = 1_000

# What is not life safety is committed at most every 20 ms while it keeps coming, or when this much waits: a commit
# costs as much as ten messages, and at 1,000 messages a second one for each two of them kept a whole core busy. Well
# below RECEIVE_MAXIMUM, so that the broker goes on sending meanwhile.
PAUSE_S = 0.02
ENOUGH = 100
_AT_ONCE = (Session.SOS, Session.LIFE)


class Committer:
    """Works through a session's inbox, batch by batch, across connections.

    What is in hand is committed even if its connection is gone: a press need not wait for the broker's return.
    """

    def __init__(self, session: Session, inbox: Inbox, intake: Intake, clock: Clock, lifeline: Lifeline | None) -> None:
        self.backoff = Backoff()
        self.counts: Counter[str] = Counter()
        self.is_busy = False
        self.progress = Signal()
        self.on_idle: Callable[[], None] = lambda: None
        # What learns from a bridge's list; until it has, the list is not acknowledged and the next is not read.
        self.learn: Callable[[Message], Awaitable[None]] | None = None
        self._session = session
        self._inbox = inbox
        self._intake = intake
        self._clock = clock
        self._lifeline = lifeline
        # A store that could not be told of a lost session is told at the next chance.
        self._lost_session = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is under way."""
        return not self.is_busy and not len(self._inbox)

    async def run(self) -> None:
        """Work until cancelled."""
        time_s = asyncio.get_running_loop().time
        ended_s = 0.0
        while True:
            if self._session not in _AT_ONCE:
                await self._inbox.gathered(ENOUGH, within_s=ended_s + PAUSE_S - time_s())
            work = await self._inbox.next()
            self.is_busy = True
            try:
                match work:
                    case Opened(link):
                        await self._open(link)
                    case MarkerBack(link, number, mid):
                        if mid is not None and link.client and not link.is_lost:
                            # Also where nothing else may be acknowledged: markers must not fill the broker's queue.
                            link.client.ack(mid)
                        await self._marker(link, number)
                    case _:
                        await self._commit(work)
            finally:
                self.is_busy = False
                ended_s = time_s()
                if self.is_idle:
                    self.on_idle()
                self.progress.fire()

    async def drained(self) -> None:
        """Wait until nothing is left to do."""
        while not self.is_idle:
            await self.progress.wait()

    async def _open(self, link: Link) -> None:
        """Have the store number the connection before anything that came over it."""
        if self._session is not Session.WATCH:
            present = link.session_present and not self._lost_session
            try:
                link.connection = await self._intake.connected(self._session, session_present=present)
            except Exception as error:
                self._lost_session = not present
                self._fail(link, error)
                return
            self._lost_session = False
        if not link.announced.done():
            link.announced.set_result(None)
        self._inbox.give_back(link)

    async def _commit(self, batch: list[Received]) -> None:
        link = batch[0].link
        if link.failed.done():
            self._set_aside(batch)
            return
        for item in batch:
            if item.said.teaches and self.learn is not None:
                await self.learn(item.message)
        arrivals = [item.arrival(self._session) for item in batch]
        try:
            await self._intake.commit(arrivals)
        except Exception as error:
            await self._not_committed(link, batch, error)
            return
        self.counts["committed"] += len(batch)
        if self._lifeline:
            self._lifeline.committed(arrivals)
        if link.may_ack and link.client:
            mids = [item.mid for item in batch if item.message.qos]
            link.client.ack(*mids)
            link.markers.acked(mids)
            if link.markers.acked_since >= ACKS_PER_MARKER and not link.markers.is_outstanding:
                link.want_marker()

    async def _not_committed(self, link: Link, batch: list[Received], error: Exception) -> None:
        if self._session is not Session.WATCH:
            # Whether the commit took place is not known. Only a redelivery says so with its DUP flag, and the broker
            # redelivers only on a new connection; trying again here could count a press twice.
            self._fail(link, error)
            self._set_aside(batch)
            return
        self._set_aside(batch)
        await asyncio.sleep(self.backoff.next())
        self._inbox.give_back(link)

    async def _marker(self, link: Link, number: int) -> None:
        if link.failed.done():
            return
        if link.connection is not None:
            try:
                await self._intake.marker(link.connection, number, link.markers.settled(number))
            except Exception as error:
                self._fail(link, error)
                return
        if link.may_reset:
            self.backoff.reset()
        link.drained = True
        link.last_marker_at = self._clock.now()
        link.marker_handled(number)

    def _fail(self, link: Link, error: Exception) -> None:
        self.counts["failed_commits"] += 1
        if isinstance(error, StoreUnavailable):
            _LOG.warning("store unavailable, nothing is acknowledged", session=self._session.value, why=str(error))
        else:
            _LOG.error("commit failed, nothing is acknowledged", session=self._session.value, exc_info=error)
        link.fail(f"what arrives cannot be kept: {error or type(error).__name__}")

    def _set_aside(self, batch: list[Received]) -> None:
        """Leave to the broker what it will send again, and keep the rest ourselves."""
        lost = self._inbox.keep([item for item in batch if item.message.qos == 0])
        if lost:
            self.counts["lost"] += len(lost)
            _LOG.error("no room to keep messages published with QoS 0", session=self._session.value, lost=len(lost))
