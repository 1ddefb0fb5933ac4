"""What leaves: channels, and what carriers say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from hub.alerts.notification import Fate


class Verdict(StrEnum):
    """What a failed attempt means for what comes next."""

    LATER = "later"  # the provider is busy or broken: the same again, with back-off
    NEXT_CHANNEL = "next_channel"  # this way cannot reach this person now
    DEAD_NUMBER = "dead_number"  # this number cannot be reached at all: tell staff
    REFUSED = "refused"  # our side is wrong (credentials, credit, sender): nobody is reached this way, tell staff


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier has the message. `fate` is what it already said of it."""

    provider_id: str
    fate: Fate = Fate.ACCEPTED
    error: str | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The carrier answered that it does not take it. `again_in`: what it asked us to wait."""

    verdict: Verdict
    error: str
    again_in: timedelta | None = None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """We do not know: no answer to our request. It must be looked up before it is sent again."""

    error: str


@dataclass(frozen=True, slots=True)
class FateReport:
    """What a carrier said later of one of our messages."""

    provider_id: str
    fate: Fate
    error: str | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message a person sent us. `sender` is E.164; `sent_at` is hub time, None for "just now"."""

    channel: str
    provider_id: str
    sender: str
    text: str
    sent_at: datetime | None = field(default=None, compare=False)


class Channel(Protocol):
    """One configured way to reach people."""

    @property
    def name(self) -> str:
        """Its key under `channels:`."""
        ...

    def replies(self, to: str) -> bool:
        """Whether an answer from this number can reach us (else the one-way text is used)."""
        ...

    def links(self, to: str) -> bool:
        """Whether a text with a link gets through to this number, and the link leads from there to this hub."""
        ...

    @property
    def signature(self) -> str | None:
        """What the carrier or law wants in front of Chinese texts."""
        ...

    @property
    def polled(self) -> bool:
        """Whether fates and replies must be fetched because no webhook can reach us."""
        ...

    async def send(self, to: str, text: str, *, limit: timedelta) -> Accepted | Rejected | NoAnswer:
        """Hand one message to the carrier, waiting at most `limit` for its answer."""
        ...

    async def look_up(self, to: str, text: str, since: datetime, *, limit: timedelta) -> Accepted | None | NoAnswer:
        """Ask whether the carrier has this message, sent since then; None: it surely does not."""
        ...

    async def fate(self, provider_id: str, *, limit: timedelta) -> FateReport | None:
        """Ask for the fate of one message; None if there was no answer."""
        ...

    async def inbox(self, since: datetime, *, limit: timedelta) -> Sequence[Inbound] | None:
        """Fetch what people sent us since then; raises nothing, None if there was no answer."""
        ...


@dataclass(frozen=True, slots=True)
class Channels:
    """The configured channels by name."""

    by_name: Mapping[str, Channel] = field(default_factory=dict)
