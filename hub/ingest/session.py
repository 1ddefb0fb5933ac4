"""One broker session: connect, subscribe, receive, prove the round trip with markers, begin again when it breaks."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from devices.message import Message
from hub.clock import Clock
from hub.ingest.client import SESSION_EXPIRY, AckClient, Broker, ConnectionLost
from hub.ingest.committing import Committer
from hub.ingest.decoding import DEVICE_LIMIT, GATEWAY_LIMIT, Decoder
from hub.ingest.filters import DURABLE, marker_topic
from hub.ingest.grants import Grants
from hub.ingest.inbox import Inbox, MarkerBack, Opened, Received
from hub.ingest.link import Link
from hub.ingest.packets import Publish
from hub.ingest.precedence import Precedence
from hub.ports import Intake, Lifeline, Session

_LOG = structlog.get_logger(__name__)

# Hub time: how often a quiet session proves that the way to the broker and back is whole. A press during a restart
# is at most this much less late than it may seem, so it stays well below the 60 s from which a press is late.
MARKER_EVERY = timedelta(seconds=20)

# Real time: a marker that is away for so long, with nothing else coming in, means that the session is sick.
MARKER_LIMIT_S = 20.0

# Real time: how long subscribing waits for the store to number the connection, and the watch for the others.
STORE_PATIENCE_S = 5.0
WATCH_PATIENCE_S = 5.0

# Real time: connections that come about and end so soon, so many in a row, are another hub's doing, or a broken link's.
SHORT_S = 5.0
SHORT_LIVED = 3

STOP_S = 1.4


@dataclass(frozen=True, slots=True)
class SessionState:
    """How a session is; what `/readyz` and the audit ask for.

    `caught_up`: connected, subscribed, and all that had waited at the broker is committed. `refused`: filters the
    broker does not grant, and why. `counts`: received, redelivered, unreadable, oversize, left (to a durable
    session), foreign, committed, failed_commits, lost, pauses, connections.
    """

    session: Session
    connected: bool
    caught_up: bool
    fault: str | None
    refused: Mapping[str, str]
    connection: int
    last_marker_at: datetime | None
    waiting: int
    waiting_bytes: int
    most_waiting: int
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all sessions of one hub share."""

    broker: Broker
    client_id: str
    grants: Grants
    intake: Intake
    clock: Clock
    lifeline: Lifeline | None = None
    marker_limit_s: float = MARKER_LIMIT_S
    precedence: Precedence = field(default_factory=Precedence)


class BrokerSession:
    """Runs one of the hub's sessions until it is stopped; nothing that goes wrong ends it."""

    def __init__(self, session: Session, around: Surroundings, decoder: Decoder) -> None:
        self.session = session
        self.decoder = decoder
        self._around = around
        self._grants = around.grants
        self._durable = session in DURABLE
        self._id = around.client_id if session is Session.MAIN else f"{around.client_id}-{session.value}"
        self._marker_topic = marker_topic(around.client_id, session)
        self._limit = DEVICE_LIMIT if session in (Session.SOS, Session.LIFE) else GATEWAY_LIMIT
        self._inbox = Inbox(on_low=self._resume)
        self._committer = Committer(session, self._inbox, around.intake, around.clock, around.lifeline)
        self._committer.on_idle = partial(around.precedence.end, session)
        self._committer.learn = self._learn
        around.precedence.holds(session, self._hold)
        self._counts = self._committer.counts
        self._loop_time = asyncio.get_running_loop().time
        self._link = Link()
        self._fault: str | None = "not connected yet"
        self._short_lived = 0
        self._recorded: tuple[str, ...] | None = None
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    # --- from outside ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to connect and to work."""
        self._tasks = [
            asyncio.create_task(self._committer.run(), name=f"{self._id} commits"),
            asyncio.create_task(self._run(), name=f"{self._id} connection"),
        ]

    async def stop(self) -> None:
        """Stop reading, finish what is in hand, acknowledge it, say goodbye; at the latest after 2 s."""
        self._stopping.set()
        if self._tasks:
            await asyncio.wait(self._tasks[1:], timeout=STOP_S + 0.5)
        await self.kill()

    async def kill(self) -> None:
        """End at once, as a killed process does: nothing more is acknowledged, the broker hears nothing."""
        self._stopping.set()
        self._cut(self._link)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def barrier(self) -> None:
        """Return when all that the broker had for this session before the call is committed."""
        while True:
            link = self._link
            if self.is_connected:
                if await link.ask_marker():
                    return
            else:
                await self._grants.changed.wait()

    @property
    def is_connected(self) -> bool:
        """Whether the broker hears and serves us now."""
        return self._link.subscribed and not self._link.is_lost

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits here, and no message to ourselves is on its way."""
        return self._committer.is_idle and not (self.is_connected and self._link.markers.is_outstanding)

    @property
    def is_settled(self) -> bool:
        """Whether subscriptions are as planned, as far as the broker grants them and is there."""
        link = self._link
        if not self.is_connected:
            return True
        return not self._grants.missing(self.session, but=link.refused) and not self._grants.stale(self.session)

    def state(self) -> SessionState:
        """Return how the session is."""
        link = self._link
        return SessionState(
            session=self.session,
            connected=self.is_connected,
            caught_up=self.is_connected and link.drained and not link.failed.done(),
            fault=self._fault,
            refused=dict(link.refused),
            connection=link.connection.number if link.connection else 0,
            last_marker_at=link.last_marker_at,
            waiting=self._inbox.messages,
            waiting_bytes=self._inbox.size,
            most_waiting=self._inbox.most,
            counts=dict(self._counts),
        )

    # --- connection after connection ------------------------------------------------------------------------------

    async def _run(self) -> None:
        backoff = self._committer.backoff
        while not self._stopping.is_set():
            link = self._link = Link()
            link.may_reset = self._short_lived < SHORT_LIVED
            delay_s: float | None = None
            try:
                delay_s = await self._serve(link)
            except ConnectionLost as error:
                self._say(str(error))
                # Whoever took our id has our messages; fighting for it would only tear both connections.
                delay_s = backoff.longest() if error.taken_over else None
            except Exception as error:
                _LOG.exception("session failed", session=self.session.value)
                self._say(f"an error of the hub: {type(error).__name__}")
            finally:
                self._cut(link)
            self._judge(link)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(backoff.next() if delay_s is None else delay_s):
                    await self._stopping.wait()

    def _cut(self, link: Link) -> None:
        if link.client:
            link.client.abort()
        link.end()
        self._grants.serve(self.session, False)

    def _judge(self, link: Link) -> None:
        """Slow down when connections keep ending; Mosquitto 2.0 does not say when another client takes our id."""
        is_short = link.drained and asyncio.get_running_loop().time() - link.opened_at_s < SHORT_S
        self._short_lived = self._short_lived + 1 if is_short else 0
        if self._short_lived >= SHORT_LIVED:
            self._say(f"{self._fault}; it keeps ending: is there another hub with the client id {self._id}?")

    async def _serve(self, link: Link) -> float | None:
        """Live through one connection; return how long to wait before the next, if that is known."""
        around = self._around
        client = link.client = AckClient(
            around.broker,
            self._id,
            durable=self._durable,
            on_open=partial(self._opened, link),
            on_message=partial(self._received, link),
        )
        client.hold(around.precedence.is_held(self.session))
        await client.open()
        self._fault = _expiry_fault(client) if self._durable else None
        lost = asyncio.create_task(client.closed())
        work: list[asyncio.Task[None]] = [
            asyncio.create_task(step) for step in (self._tend(link), self._check(link, client), self._relay(link))
        ]
        stop = asyncio.create_task(self._stopping.wait())
        ends: list[asyncio.Future[Any]] = [lost, stop, *work]
        try:
            await asyncio.wait([*ends, link.failed], return_when=asyncio.FIRST_COMPLETED)
            delay_s = None
            if link.failed.done() and not any(task.done() for task in ends):
                # The store is sick. Hear presses as long as we wait: the lifeline can tell people of them.
                self._say(link.why)
                link.wake.set()
                await asyncio.wait(ends, timeout=self._committer.backoff.next(), return_when=asyncio.FIRST_COMPLETED)
                delay_s = 0.0
            for task in work:
                if task.done():
                    task.result()
            if lost.done():
                raise lost.result()
            await self._leave(client)
            return delay_s
        finally:
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)

    async def _leave(self, client: AckClient) -> None:
        if self._stopping.is_set():
            client.pause()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await self._committer.drained()
        await client.close()

    def _say(self, fault: str) -> None:
        if fault != self._fault:
            _LOG.warning("session disturbed", session=self.session.value, why=fault)
        self._fault = fault

    # --- while connected ------------------------------------------------------------------------------------------

    async def _tend(self, link: Link) -> None:
        """Subscribe, follow the plan, publish markers."""
        # The store must know of a session that the broker lost before we make it whole: killed in between, the next
        # start would find it present and nothing would tell of the gap. But presses cannot wait for a sick store.
        await asyncio.wait([link.announced], timeout=STORE_PATIENCE_S)
        if link.connection:
            self._recorded = link.connection.filters
            self._grants.hold(self.session, link.connection.filters)
        if not self._durable:
            await self._others_ready()
        await self._subscribe(link, list(self._grants.plan.filters[self.session]))
        link.subscribed = True
        self._grants.serve(self.session, True)
        clock = self._around.clock
        due_at = clock.now()
        seen = -1
        while True:
            link.wake.clear()
            if seen != self._grants.version:
                seen = self._grants.version
                await self._subscribe(link, self._grants.missing(self.session, but=link.refused))
                await self._drop(link, self._grants.stale(self.session))
            if clock.now() >= due_at:
                due_at = clock.now() + MARKER_EVERY
                link.marker_wanted = True
                await self._subscribe(link, self._grants.missing(self.session))  # perhaps no longer refused
            if link.unsaved and link.failed.done() and link.client:
                # Mosquitto writes its memory at a subscription, not when it hands a message to a connected client.
                link.unsaved = False
                with self._asking(link):
                    await link.client.subscribe_all([self._marker_topic], qos=1)
            if link.marker_wanted:
                await self._publish_marker(link)
            await clock.sleep(due_at - clock.now(), link.wake)

    async def _others_ready(self) -> None:
        """Let the durable sessions have their filters first: what both hear would be handled twice."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WATCH_PATIENCE_S):
                while not self._grants.durable_serve():
                    await self._grants.changed.wait()

    async def _subscribe(self, link: Link, filters: list[str]) -> None:
        if not filters or not link.client:
            return
        await self._record(link, {*self._grants.held(self.session), *filters})
        with self._asking(link):
            refused = await link.client.subscribe_all(filters, qos=1 if self._durable else 0)
        granted = [filter for filter in filters if filter not in refused]
        planned = self._grants.plan.filters[self.session]
        for filter, reason in refused.items():
            if filter not in link.refused:
                _LOG.error("filter refused", session=self.session.value, filter=filter, reason=reason)
        link.refused = {f: why for f, why in {**link.refused, **refused}.items() if f in planned and f not in granted}
        self._grants.grant(self.session, granted)

    async def _drop(self, link: Link, filters: list[str]) -> None:
        if not filters or not link.client:
            return
        with self._asking(link):
            await link.client.unsubscribe_all(filters)
        self._grants.withdraw(self.session, filters)
        await self._record(link, set(self._grants.held(self.session)))

    async def _record(self, link: Link, filters: set[str]) -> None:
        """Have the store know what the broker may hold, so that a later run can drop what is planned no more."""
        names = tuple(sorted(filters))
        if not self._durable or link.connection is None or link.failed.done() or names == self._recorded:
            return
        try:
            await self._around.intake.subscribed(self.session, names)
            self._recorded = names
        except Exception as error:
            link.fail(f"the filters cannot be kept: {error or type(error).__name__}")

    async def _publish_marker(self, link: Link) -> None:
        if not link.client:
            return
        link.published_at_s = asyncio.get_running_loop().time()
        with self._asking(link):
            await link.client.send(self._marker_topic, link.next_marker())
        if link.client.refused_publish:
            self._say(f"the broker does not let us publish to {self._marker_topic}: {link.client.refused_publish}")

    async def _relay(self, link: Link) -> None:
        while True:
            await self._grants.changed.wait()
            link.wake.set()

    async def _check(self, link: Link, client: AckClient) -> None:
        """Keep the connection alive and notice when it is sick."""
        loop = asyncio.get_running_loop()
        limit_s = self._around.marker_limit_s
        while True:
            await asyncio.sleep(min(1.0, limit_s / 4))
            client.tend()
            if client.paused:
                continue
            now_s = loop.time()
            heard_at_s = max(link.heard_at_s, client.answered_at_s)
            if link.asked_at_s is not None and now_s - max(link.asked_at_s, heard_at_s) > limit_s:
                raise ConnectionLost(f"the broker has not answered for {limit_s:.0f} s")
            if not link.markers.is_outstanding or link.failed.done():
                continue
            if now_s - max(link.published_at_s, link.heard_at_s) > limit_s:
                raise ConnectionLost(f"a message to ourselves did not come back within {limit_s:.0f} s")
            if now_s - link.published_at_s > limit_s:
                link.want_marker()  # messages flow, but a full queue at the broker has swallowed the marker

    @contextlib.contextmanager
    def _asking(self, link: Link) -> Iterator[None]:
        link.asked_at_s = asyncio.get_running_loop().time()
        yield
        link.asked_at_s = None

    # --- called by the connection, on the event loop --------------------------------------------------------------

    def _opened(self, link: Link, session_present: bool) -> None:
        link.session_present = session_present
        link.opened_at_s = asyncio.get_running_loop().time()
        self._counts["connections"] += 1
        if not session_present:
            self._grants.forget(self.session)
        self._inbox.put(Opened(link))

    def _received(self, link: Link, raw: Publish) -> None:
        if link.is_lost or link.client is None:
            return
        link.heard_at_s = started_s = self._loop_time()
        if raw.topic == self._marker_topic:
            self._marker_came(link, raw)
            return
        self._counts["received"] += 1
        if not self._durable and self._grants.covers(raw.topic):
            self._counts["left"] += 1
            return
        message = Message(raw.topic, raw.payload, self._around.clock.now(), raw.retained, raw.qos)
        said = self.decoder.read(message, self._limit)
        if said.foreign and not self._durable:
            self._counts["foreign"] += 1
            return
        decoding_s = self._loop_time() - started_s
        self._take(link, Received(link, message, said, raw.mid, raw.duplicate, link.caught_up, decoding_s))

    async def _learn(self, message: Message) -> None:
        route = self.decoder.route(message.topic)
        if route is not None and self.decoder.learning is not None:
            await self.decoder.learning.learn(*route, message)

    def _take(self, link: Link, item: Received) -> None:
        self._counts["redelivered"] += item.duplicate
        self._counts["unreadable"] += item.said.fault is not None
        self._counts["oversize"] += len(item.message.payload) > self._limit
        if item.message.qos:
            link.markers.received(item.mid)
            link.unsaved = True
            if link.failed.done():
                link.wake.set()
        self._inbox.put(item)
        self._around.precedence.begin(self.session)
        if self._around.lifeline:
            self._around.lifeline.arrived(item.arrival(self.session))
        if self._inbox.is_full and link.client and not link.client.paused:
            self._counts["pauses"] += 1
            link.client.pause()

    def _resume(self) -> None:
        if self._link.client and self._link.client.paused and not self._stopping.is_set():
            self._link.client.resume()

    def _hold(self, held: bool) -> None:
        if self._link.client:
            self._link.client.hold(held)

    def _marker_came(self, link: Link, raw: Publish) -> None:
        number = link.markers.read(raw.payload)
        mid = raw.mid if raw.qos else None
        if number is not None:
            link.caught_up = True
            self._inbox.put(MarkerBack(link, number, mid))
        elif mid is not None and link.client:
            link.client.ack(mid)  # of an earlier connection: it proves nothing, and must not wait in the broker


def _expiry_fault(client: AckClient) -> str | None:
    granted = client.session_expiry
    if granted is None or granted >= SESSION_EXPIRY:
        return None
    return f"the broker keeps our session for {granted} only; allow {SESSION_EXPIRY}"
