"""What a simulated home gives out: messages for the broker, and what a person beside it would see."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Said:
    """One publish. `device` is the id of the device that spoke, None for a bridge.

    `by_broker`: the broker says it, because it lost somebody (a last will).
    """

    at: datetime
    topic: str
    payload: str
    qos: int = 0
    retain: bool = False
    device: str | None = None
    by_broker: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What happened, in a sentence for people, in both languages. `what` groups them: resident, poke, world, fault."""

    at: datetime
    what: str
    zh: str
    en: str

    def text(self, language: str) -> str:
        """Return the sentence in a language: zh-CN, or English."""
        return self.zh if language.startswith("zh") else self.en


Happening = Said | Told


class PublisherAway(Exception):
    """The broker cannot be reached now; what was to be published was not."""


class Publisher(Protocol):
    """Where messages go. Raises PublisherAway when there is no connection."""

    async def publish(self, topic: str, payload: str, qos: int, retain: bool) -> None:
        """Publish; with QoS 1 return when the broker has it."""
        ...
