"""Rows that are no values of the middle: what is set aside, read back, or known of a session."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.ports.arriving import Session


class StoreUnavailable(Exception):
    """The store could not commit: disk full, locked, gone, damaged. Nothing of the work was kept."""


# The fact that every write transaction of the engine sets: hub time never falls below it.
LAST_COMMITTED = "last_committed_at"
# The fact that a restored database carries until the hub has told of it: what came after this instant is not in it.
RESTORED_FROM = "restored_from"


class Lane(StrEnum):
    """Work that shares transactions only with its own kind, most urgent first."""

    SOS = "sos"
    LIFE = "life"
    DUTY = "duty"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Shelved:
    """A message set aside: unreadable, or one whose handling failed three times. Nothing is lost, it is shown."""

    id: int
    at: datetime
    session: str
    topic: str
    payload: bytes
    reason: str
    tries: int = 0


@dataclass(frozen=True, slots=True)
class KeptReading:
    """A reading as the history holds it; `number` rises with each."""

    number: int
    received_at: datetime
    home_id: str
    device_id: str
    kind: str
    state: str | None
    percent: int | None
    action: str | None
    sos: bool
    test: bool
    retained: bool


@dataclass(frozen=True, slots=True)
class SessionRow:
    """What is known of a broker session. `alive_at`: until then surely received; `filters`: as subscribed."""

    session: Session
    connection: int
    alive_at: datetime
    filters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageLink:
    """What the link of a contact's page opens, and until when. Of its token only the digest is kept."""

    digest: bytes
    alert_id: str
    person_id: str
    created_at: datetime
    expires_at: datetime
