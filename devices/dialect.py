"""What every dialect offers the hub. Topics here are without the home's prefix."""

from collections.abc import Sequence
from typing import Protocol

from devices.directory import NOTHING_KNOWN, Directory
from devices.message import Message
from devices.reading import Reading


class Dialect(Protocol):
    """One published way of writing messages; a value without state of its own."""

    @property
    def name(self) -> str:
        """The key of its settings under `dialects:`."""
        ...

    def claims(self, topic: str) -> bool:
        """Whether a message or device topic belongs to this dialect."""
        ...

    def filters(self, topic: str) -> tuple[str, ...]:
        """Return the subscription filters of one configured device."""
        ...

    def bridge_filters(self) -> tuple[str, ...]:
        """Return the filters of the bridges themselves (their state, their device list)."""
        ...

    def watch_filters(self) -> tuple[str, ...]:
        """Return the wildcards that cover all of this dialect, unknown devices included."""
        ...

    def teaches(self, topic: str) -> bool:
        """Whether messages on this topic are large lists, to be learned from away from the messages of devices."""
        ...

    def learn(self, message: Message, topic: str, directory: Directory) -> Directory:
        """Return what is known after the message; the same object if it teaches nothing. Never raises."""
        ...

    def decode(self, message: Message, topic: str, directory: Directory = NOTHING_KNOWN) -> Sequence[Reading]:
        """Return what the message says; empty if it tells nothing. `topic`: `message.topic` without the prefix.

        Raises Undecodable; never anything else, whatever the bytes.
        """
        ...
