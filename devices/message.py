"""One MQTT publish as it arrived."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One publish. `topic` is complete, the home's prefix included; `received_at` is our clock (UTC).

    `retained` means the broker kept it from before we subscribed: a state of unknown age, never an event.
    `qos` is the level it was delivered with: 0 means that the broker would have dropped it had we been away.
    """

    topic: str
    payload: bytes
    received_at: datetime
    retained: bool = False
    qos: int = 1
