"""What happened at the carrier, in order, for tests, pages and the log."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

KEPT_EVENTS = 20_000


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    `what`: accepted, refused, status, arrived, inbound, callback, webhook, held. `fate` is the status a
    message has reached or the outcome of a callback; `phone` the person's number.
    """

    number: int
    at: datetime
    what: str
    phone: str = ""
    sid: str = ""
    text: str = ""
    fate: str = ""
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as the control API shows it."""
        return {
            "n": self.number,
            "at": self.at.isoformat(),
            "what": self.what,
            "phone": self.phone,
            "sid": self.sid,
            "text": self.text,
            "fate": self.fate,
            "error": self.error,
        }


class EventLog:
    """The last events, numbered from 1; whoever waits for the next one is woken."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self._number = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._listeners: list[Callable[[Event], None]] = []

    @property
    def last(self) -> int:
        """The number of the newest event, 0 before the first."""
        return self._number

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call `listener` with every event to come."""
        self._listeners.append(listener)

    def add(self, at: datetime, what: str, **details: str) -> None:
        """Note that something happened."""
        self._number += 1
        event = Event(self._number, at, what, **details)
        self._events.append(event)
        for listener in self._listeners:
            listener(event)
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    def after(self, number: int) -> list[Event]:
        """Return the kept events later than `number`, oldest first."""
        fresh = min(len(self._events), self._number - number)
        return [self._events[place] for place in range(len(self._events) - fresh, len(self._events))]

    async def wait(self, number: int, wait_s: float) -> list[Event]:
        """Return the events after `number`; if there are none, wait for one, `wait_s` of real time at most."""
        if number < self._number or wait_s <= 0:
            return self.after(number)
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            async with asyncio.timeout(wait_s):
                await waiting
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(waiting)
        return self.after(number)
