"""What was received and waits to be committed: in order, and bounded."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from devices.message import Message
from hub.ingest.decoding import Said
from hub.ingest.link import Link
from hub.ports import Arrival, Delivery, Session

# Reading stops when this much waits; TCP and the broker then hold the senders back.
MOST_WAITING = 2_000
MOST_BYTES = 8 * 1024 * 1024

# One commit takes at most this much, so that the first of a burst does not wait for the last.
BATCH = 200
BATCH_DECODING_S = 0.010


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection came to be; all that follows was received on it."""

    link: Link


@dataclass(frozen=True, slots=True)
class MarkerBack:
    """Our own marker came back; all before it was published before it.

    `mid` is its packet id if it is to be acknowledged: in its place, since MQTT wants acknowledgements in the order of
    the messages (MQTT 5.0, section 4.6) and some brokers break off a connection that does it otherwise.
    """

    link: Link
    number: int
    mid: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """One message. `live`: it came after the connection's first marker, so it did not wait for us at the broker."""

    link: Link
    message: Message
    said: Said
    mid: int
    duplicate: bool
    live: bool
    decoding_s: float

    @property
    def size(self) -> int:
        """What it takes in memory, roughly."""
        return len(self.message.payload) + len(self.message.topic)

    def arrival(self, session: Session) -> Arrival:
        """Return what the intake is given; the connection's number is 0 as long as the store does not know it."""
        connection = self.link.connection
        delivery = Delivery(
            self.message,
            session,
            connection.number if connection else 0,
            self.mid,
            self.duplicate,
            connection.away_since if connection and not self.live else None,
        )
        return Arrival(delivery, self.said.prefix, self.said.readings, self.said.fault)


Item = Opened | MarkerBack | Received


class Inbox:
    """First in, first out. It never refuses; `is_full` says when reading must stop, `is_low` when it may go on."""

    def __init__(self, on_low: Callable[[], None]) -> None:
        """`on_low` is called when reading may go on."""
        self._on_low = on_low
        self._items: deque[Item] = deque()
        self._ready = asyncio.Event()
        self._enough = asyncio.Event()
        self._wanted = 0
        self._kept: list[Received] = []
        self._kept_size = 0
        self.messages = 0
        self.size = 0
        self.most = 0

    def __len__(self) -> int:
        return len(self._items) + len(self._kept)

    @property
    def is_full(self) -> bool:
        """Whether reading must stop."""
        return self.messages >= MOST_WAITING or self.size >= MOST_BYTES

    @property
    def is_low(self) -> bool:
        """Whether reading may go on."""
        return self.messages <= MOST_WAITING // 2 and self.size <= MOST_BYTES // 2

    def put(self, item: Item) -> None:
        """Add at the end."""
        if isinstance(item, Received):
            self._count(item, 1)
            if self.messages == self._wanted:
                self._enough.set()
        self._items.append(item)
        self._ready.set()

    def keep(self, batch: list[Received]) -> list[Received]:
        """Keep messages that the broker will not send again until `give_back`; return those that find no place."""
        lost: list[Received] = []
        for item in batch:
            fits = len(self._kept) < MOST_WAITING and self._kept_size + item.size <= MOST_BYTES
            (self._kept if fits else lost).append(item)
            self._kept_size += item.size if fits else 0
        return lost

    def give_back(self, link: Link) -> None:
        """Put what was kept in front of all else, as if received on `link`."""
        for item in reversed(self._kept):
            self._count(item, 1)
            self._items.appendleft(replace(item, link=link))
        self._kept.clear()
        self._kept_size = 0
        self._ready.set()

    async def gathered(self, count: int, within_s: float) -> None:
        """Return when `count` messages wait, at the latest after `within_s`."""
        if self.messages >= count or within_s <= 0:
            return
        self._wanted = count
        timer = asyncio.get_running_loop().call_later(within_s, self._enough.set)
        try:
            self._enough.clear()
            await self._enough.wait()
        finally:
            timer.cancel()

    async def next(self) -> Opened | MarkerBack | list[Received]:
        """Wait for the next event, or take the next batch of one connection."""
        while not self._items:
            self._ready.clear()
            await self._ready.wait()
        first = self._items[0]
        if not isinstance(first, Received):
            self._items.popleft()
            return first
        batch: list[Received] = []
        decoding_s = 0.0
        while self._items and len(batch) < BATCH and decoding_s < BATCH_DECODING_S:
            item = self._items[0]
            if not isinstance(item, Received) or item.link is not first.link:
                break
            batch.append(item)
            decoding_s += item.decoding_s
            self._items.popleft()
            self._count(item, -1)
        if self.is_low:
            self._on_low()
        return batch

    def _count(self, item: Received, sign: int) -> None:
        self.messages += sign
        self.size += sign * item.size
        self.most = max(self.most, self.messages)
