"""The door of ingest: all sessions of one hub, started, watched, reconfigured and stopped together."""

import asyncio
import contextlib
from collections.abc import Sequence

import structlog

from devices.dialect import Dialect
from hub.clock import Clock
from hub.homes import Registry
from hub.ingest.client import Broker
from hub.ingest.decoding import Decoder
from hub.ingest.filters import plan, same_routes
from hub.ingest.grants import Grants
from hub.ingest.learning import Learning, kinds_of
from hub.ingest.session import MARKER_LIMIT_S, BrokerSession, SessionState, Surroundings
from hub.ports import Intake, Lifeline, Session, Store

_LOG = structlog.get_logger(__name__)

RECONFIGURE_S = 10.0


class Ingest:
    """Receives everything that homes say. Make it on the event loop that runs it."""

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        registry: Registry,
        dialects: Sequence[Dialect],
        intake: Intake,
        clock: Clock,
        lifeline: Lifeline | None = None,
        *,
        marker_limit_s: float = MARKER_LIMIT_S,
        store: Store | None = None,
    ) -> None:
        """`store` keeps what bridges told of their devices."""
        self._changing = asyncio.Lock()
        self._client_id = client_id
        self._dialects = tuple(dialects)
        self._planned = registry
        first = plan(registry, self._dialects, client_id)
        self.faults = first.faults
        self._grants = Grants(first, asyncio.get_running_loop().time)
        around = Surroundings(broker, client_id, self._grants, intake, clock, lifeline, marker_limit_s)
        self._learning = Learning(registry, clock, store)
        decoder = self._decoder = Decoder(registry, self._dialects, self._learning)
        self._sessions = {session: BrokerSession(session, around, decoder) for session in Session}

    async def recall(self) -> None:
        """Take what bridges told before, so that what waited at the broker is understood; at most about a second."""
        await self._learning.recall(self._decoder.route)

    def start(self) -> None:
        """Begin; returns at once, also when the broker is not there yet."""
        for fault in self.faults:
            _LOG.warning("not subscribed as configured", why=fault)
        for session in self._sessions.values():
            session.start()

    async def stop(self) -> None:
        """Take no more, finish and acknowledge what is in hand, say goodbye; at the latest after about 2 s."""
        self._learning.stop()
        await asyncio.gather(*(session.stop() for session in self._sessions.values()))

    async def kill(self) -> None:
        """End as a killed process does: no acknowledgement, no goodbye. For tests of what a crash leaves behind."""
        self._learning.stop()
        await asyncio.gather(*(session.kill() for session in self._sessions.values()))

    async def reconfigure(self, registry: Registry, dialects: Sequence[Dialect] | None = None) -> None:
        """Follow changed homes and dialects without reconnecting: new topics are subscribed, then old ones dropped.

        Returns when the broker has granted what it grants; sessions that are away follow when they are back.
        """
        async with self._changing:
            if dialects is None and same_routes(self._planned, registry):
                return
            self._dialects = self._dialects if dialects is None else tuple(dialects)
            await self._follow(registry)
            self._planned = registry

    async def _follow(self, registry: Registry) -> None:
        # Ten thousand homes take a second to plan; a press must not wait for it.
        wanted = await asyncio.to_thread(plan, registry, self._dialects, self._client_id)
        self.faults = wanted.faults
        self._learning.use(registry, await asyncio.to_thread(kinds_of, registry))
        decoder = self._decoder = Decoder(registry, self._dialects, self._learning)
        for session in self._sessions.values():
            session.decoder = decoder
        self._grants.replace(wanted)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RECONFIGURE_S):
                while not all(session.is_settled for session in self._sessions.values()):
                    await self._grants.changed.wait()
                return
        _LOG.warning("the broker is slow to grant new filters; they follow")

    async def barrier(self) -> None:
        """Return when all that the broker had for us before the call is committed. Waits for a broker that is away."""
        await asyncio.gather(*(session.barrier() for session in self._sessions.values()))

    def states(self) -> tuple[SessionState, ...]:
        """Return how each session is, most urgent first."""
        return tuple(session.state() for session in self._sessions.values())

    @property
    def caught_up(self) -> bool:
        """Whether every session is connected and has committed all that had waited for it."""
        return all(state.caught_up for state in self.states())

    @property
    def idle(self) -> bool:
        """Whether nothing that was received waits to be committed."""
        return all(session.is_idle for session in self._sessions.values())
