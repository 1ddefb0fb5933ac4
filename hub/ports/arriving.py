"""What arrives: sessions, deliveries, and whom the sessions hand their work to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from devices.message import Message
from devices.reading import Reading


class Session(StrEnum):
    """The broker sessions with disjoint filters."""

    SOS = "sos"
    LIFE = "life"
    MAIN = "main"
    WATCH = "watch"


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection of a session. `number` rises over restarts; `away_since`: when we last surely received.

    `filters` are those the broker may still hold for the session, as last told to `Intake.subscribed`.
    """

    session: Session
    number: int
    away_since: datetime | None
    filters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as a session delivered it. `waited_since`: it may have waited at the broker from then on."""

    message: Message
    session: Session
    connection: int
    mid: int
    duplicate: bool = False
    waited_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery and what it says; `fault` says why it could not be read. `prefix`: its home's, already stripped."""

    delivery: Delivery
    prefix: str = ""
    readings: tuple[Reading, ...] = ()
    fault: str | None = None


class Intake(Protocol):
    """What the sessions hand their work to; every call is one durable transaction when it returns.

    The watch session has no memory at the broker: only `commit` is called for it, with connection 0 and QoS 0.
    """

    async def connected(self, session: Session, *, session_present: bool) -> Connection:
        """Note a new connection, compare with what we knew of the session, tell staff of a lost one."""
        ...

    async def subscribed(self, session: Session, filters: Sequence[str]) -> None:
        """Keep which filters the broker may hold for the session; called before a change, and after it."""
        ...

    async def commit(self, arrivals: Sequence[Arrival]) -> None:
        """Decide and commit one session's batch; raises StoreUnavailable, then nothing may be acknowledged."""
        ...

    async def marker(self, connection: Connection, number: int, acknowledged: Sequence[int]) -> None:
        """Our own marker came back: all before it is drained and the broker has seen the acks of these packet ids."""
        ...


class Lifeline(Protocol):
    """Hears of life-safety messages that wait for their commit too long. It must return at once and never raise.

    A message that comes again after a failed commit is another object: match by topic and payload.
    """

    def arrived(self, arrival: Arrival) -> None:
        """Note a message at the moment it is received; its connection may not have a number yet (0)."""
        ...

    def committed(self, arrivals: Sequence[Arrival]) -> None:
        """Note that these are durable."""
        ...
