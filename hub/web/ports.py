"""What the HTTP server needs from the rest of the hub, and what it needs of a channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from starlette.routing import Route

from hub.alerts.links import Said, Tap
from hub.alerts.tally import Spread, Tally
from hub.engine.links import Sight
from hub.ports import FateReport, Inbound


class Receipts(Protocol):
    """Takes what carriers report of our messages."""

    async def report(self, channel: str, report: FateReport) -> bool | None:
        """Note a fate; durable when it returns. The same report again changes nothing.

        Returns False if no message of ours has this id (yet: a receipt may overtake our own commit, and whoever
        implements this keeps it for a while). Raises StoreUnavailable; the carrier then tries again.
        """
        ...


class Inboxes(Protocol):
    """Takes what people send us."""

    async def receive(self, inbound: Inbound) -> bool | None:
        """Take a message, each id once; durable when it returns. Raises StoreUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the hub: whether it can do its share of an alarm now, and a sentence about it."""

    ready: bool
    says: str


class Health(Protocol):
    """Knows whether the hub could alarm now."""

    def ready(self) -> Mapping[str, Part]:
        """Return the parts by name (broker, database, dispatcher, audit); asks nobody, so that it cannot hang."""
        ...


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """How one broker session fares; `counts` since the hub's start."""

    connected: bool
    caught_up: bool
    waiting: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a watcher from outside may know: counts, times and flags, by words of our own; nothing of a person.

    `tally` is None while the database does not answer; ages are None for what has not happened yet.
    """

    now: datetime
    parts: Mapping[str, bool]
    sessions: Mapping[str, SessionFigures]
    shelved: Mapping[str, int]
    commits: Mapping[str, Spread]
    waiting: Mapping[str, int]
    store_sick: bool
    sending: Mapping[str, int]
    told: int
    audit_age_s: float | None
    audit_faults: int | None
    pings: int
    forgotten_age_s: float | None
    tally: Tally | None


class Measured(Protocol):
    """Knows the figures."""

    async def figures(self) -> Figures:
        """Return them all; waits for the database a moment at most."""
        ...


class Pages(Protocol):
    """What contacts' pages show and do. Both raise NoSuchLink, LinkExpired, StoreUnavailable."""

    async def look_at_page(self, token: str) -> Sight:
        """Return what the page with this token shows; changes nothing."""
        ...

    async def tap(self, token: str, what: Tap, *, watched: bool = False, until: datetime | None = None) -> Said:
        """Do what a person tapped; durable when it returns."""
        ...


class Routes(Protocol):
    """A part of the site with addresses of its own."""

    def routes(self) -> list[Route]:
        """Return them."""
        ...


class TwilioWebhooks(Protocol):
    """A channel whose carrier calls us the way Twilio does."""

    @property
    def name(self) -> str:
        """Its key under `channels:`."""
        ...

    @property
    def account_sid(self) -> str:
        """The account that sends and signs."""
        ...

    @property
    def number(self) -> str:
        """Our number on this channel."""
        ...

    def signed(self, path: str, form: Mapping[str, str], signature: str) -> bool:
        """Whether the carrier signed this request; `path` with its query."""
        ...

    def status_of(self, form: Mapping[str, str]) -> FateReport | None:
        """Return the fate a status webhook tells, if it tells one."""
        ...

    def inbound_of(self, form: Mapping[str, str]) -> Inbound | None:
        """Return the message a person sent, if there is one."""
        ...


@dataclass(frozen=True, slots=True)
class AppPorts:
    """All that the pages and webhooks call."""

    receipts: Receipts
    inboxes: Inboxes
    health: Health
    measured: Measured | None = None
    pages: Routes | None = None
    console: Routes | None = None
