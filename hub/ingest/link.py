"""One connection of a session, from its first byte to its last: its number, its markers, its acknowledgements."""

import asyncio
import secrets
from collections.abc import Iterable
from datetime import datetime

from hub.ingest.client import AckClient
from hub.ports import Connection


class Markers:
    """Numbered messages to ourselves: what came before one of them is drained, and so are the acks sent before it.

    An MQTT broker handles what one connection sends in order. When marker n comes back, it has surely taken every
    acknowledgement that we sent before we published n.
    """

    def __init__(self) -> None:
        # Markers of an earlier connection are redelivered; they prove nothing about this one.
        self._token = secrets.token_hex(6)
        self.sent = 0
        self.back = 0
        self._acked: set[int] = set()
        self._before: dict[int, set[int]] = {}

    @property
    def is_outstanding(self) -> bool:
        """Whether the last marker is still under way."""
        return self.back < self.sent

    @property
    def acked_since(self) -> int:
        """How many packet ids were acknowledged since the last marker."""
        return len(self._acked)

    def publish(self) -> bytes:
        """Return the next marker's payload."""
        self.sent += 1
        self._before[self.sent], self._acked = self._acked, set()
        return f"{self._token} {self.sent}".encode()

    def read(self, payload: bytes) -> int | None:
        """Return the number of a marker of ours that was not back yet; None for any other."""
        token, _, number = payload.decode(errors="replace").partition(" ")
        if token != self._token or not number.isdecimal() or not self.back < int(number) <= self.sent:
            return None
        self.back = int(number)
        return self.back

    def received(self, mid: int) -> None:
        """Note that the broker uses this packet id again: an older ack of it is no longer the whole story."""
        self._acked.discard(mid)
        for mids in self._before.values():
            mids.discard(mid)

    def acked(self, mids: Iterable[int]) -> None:
        """Note acknowledgements."""
        self._acked.update(mids)

    def settled(self, number: int) -> list[int]:
        """Return, once, the packet ids whose acknowledgement marker `number` proves."""
        numbers = [n for n in self._before if n <= number]
        return sorted(set().union(*(self._before.pop(n) for n in numbers)))


class Link:
    """One connection. `connection` is set when the store knows of it, `failed` when a commit did not succeed."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.client: AckClient | None = None
        self.session_present = False
        self.connection: Connection | None = None
        self.announced: asyncio.Future[None] = loop.create_future()
        self.failed: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[None] = loop.create_future()
        self.why = ""
        self.may_reset = True  # whether this connection may end the back-off
        self.unsaved = False  # the broker has something under way to us that its disk may not know
        self.subscribed = False
        self.caught_up = False  # the first marker was received: what follows is live
        self.drained = False  # and all before it is committed
        self.last_marker_at: datetime | None = None
        self.refused: dict[str, str] = {}
        self.markers = Markers()
        self.marker_wanted = False
        self.opened_at_s = 0.0
        self.published_at_s = 0.0
        self.asked_at_s: float | None = None  # since when an answer of the broker is awaited
        self.heard_at_s = 0.0
        self.wake = asyncio.Event()
        self._waiting: list[asyncio.Future[bool]] = []
        self._expected: dict[int, list[asyncio.Future[bool]]] = {}

    @property
    def is_lost(self) -> bool:
        """Whether the connection has ended."""
        return self.lost.done()

    @property
    def may_ack(self) -> bool:
        """Whether an acknowledgement still belongs to this connection."""
        return not self.is_lost and not self.failed.done()

    def fail(self, why: str) -> None:
        """Note that what came over this connection could not be kept: nothing of it is acknowledged any more."""
        self.why = why
        for future in (self.failed, self.announced):
            if not future.done():
                future.set_result(None)

    def end(self) -> None:
        """Note that the connection has ended, however that came."""
        for future in (self.lost, self.announced):
            if not future.done():
                future.set_result(None)
        for waiting in (self._waiting, *self._expected.values()):
            _answer(waiting, handled=False)
        self._waiting, self._expected = [], {}

    def ask_marker(self) -> "asyncio.Future[bool]":
        """Ask for a marker; the result is True when it is back and handled, False if the connection is lost first."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if self.is_lost:
            future.set_result(False)
        else:
            self._waiting.append(future)
            self.want_marker()
        return future

    def want_marker(self) -> None:
        """Have a marker published soon."""
        self.marker_wanted = True
        self.wake.set()

    def next_marker(self) -> bytes:
        """Return the payload to publish now; those who asked wait for this one."""
        payload = self.markers.publish()
        self._expected[self.markers.sent], self._waiting = self._waiting, []
        self.marker_wanted = False
        return payload

    def marker_handled(self, number: int) -> None:
        """Tell those who waited for this marker or an earlier one."""
        for n in [n for n in self._expected if n <= number]:
            _answer(self._expected.pop(n), handled=True)


def _answer(waiting: "list[asyncio.Future[bool]]", *, handled: bool) -> None:
    for future in waiting:
        if not future.done():
            future.set_result(handled)
