"""What the HTTP server needs from the rest of the hub, and what it needs of a channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

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
