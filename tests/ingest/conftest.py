"""A broker of its own for each test, and a hub's ingest around a fake store."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hub.homes import Registry
from hub.ingest.broker import BrokerConfig
from hub.ingest.reception import Ingest
from hub.ingest.session import SessionState
from hub.ports import Session
from tests.harness.broker import BrokerProcess
from tests.ingest.fakes import WIRE, FakeIntake, FakeLifeline, HandClock

MakeBroker = Callable[..., BrokerProcess]


@pytest.fixture
def make_broker(tmp_path: Path) -> Iterator[MakeBroker]:
    """Start brokers; the configuration's fields can be overridden."""
    made: list[BrokerProcess] = []

    def make(**overrides: object) -> BrokerProcess:
        config = BrokerConfig(**overrides)  # type: ignore[arg-type]
        made.append(BrokerProcess(tmp_path / f"broker{len(made)}", config).start())
        return made[-1]

    yield make
    for broker in made:
        broker.kill()


@pytest.fixture
def broker(make_broker: MakeBroker) -> BrokerProcess:
    """A broker as the product configures it."""
    return make_broker()


@dataclass
class Hub:
    """Ingest, what it hands over, and its clock; `restart` makes the next process of the same hub."""

    broker: BrokerProcess
    registry: Registry
    marker_limit_s: float = 20.0
    password: str | None = None
    intake: FakeIntake = field(default_factory=FakeIntake)
    lifeline: FakeLifeline = field(default_factory=FakeLifeline)
    clock: HandClock = field(default_factory=HandClock)
    ingest: Ingest | None = None

    async def start(self) -> "Hub":
        """Connect and wait until all that had waited is committed."""
        self.begin()
        await self.barrier()
        return self

    def begin(self) -> None:
        """Connect, and do not wait."""
        self.ingest = Ingest(
            replace(self.broker.as_hub, password=self.password) if self.password else self.broker.as_hub,
            "carehub",
            self.registry,
            [WIRE],
            self.intake,
            self.clock,
            self.lifeline,
            marker_limit_s=self.marker_limit_s,
        )
        self.ingest.start()

    async def barrier(self) -> None:
        """Wait until everything published so far is committed."""
        assert self.ingest is not None
        await self.ingest.barrier()

    async def kill(self) -> None:
        """End as kill -9 would."""
        if self.ingest:
            await self.ingest.kill()

    async def stop(self) -> None:
        """End as SIGTERM does."""
        assert self.ingest is not None
        await self.ingest.stop()

    def states(self) -> tuple[SessionState, ...]:
        """Return how the sessions are."""
        assert self.ingest is not None
        return self.ingest.states()

    def is_busy(self) -> bool:
        """Whether something that was received waits to be committed."""
        assert self.ingest is not None
        return not self.ingest.idle

    def counts(self, session: Session) -> dict[str, int]:
        """Return a session's counters."""
        return dict(next(s.counts for s in self.states() if s.session is session))


MakeHub = Callable[..., Hub]


@pytest.fixture
async def make_hub() -> AsyncIterator[MakeHub]:
    """Prepare hubs; they are killed at the end."""
    hubs: list[Hub] = []

    def make(broker: BrokerProcess, registry: Registry, **more: object) -> Hub:
        hubs.append(Hub(broker, registry, **more))  # type: ignore[arg-type]
        return hubs[-1]

    yield make
    for hub in hubs:
        with contextlib.suppress(Exception):
            await hub.kill()
