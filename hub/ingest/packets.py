"""The bytes of a connection as MQTT packets, and a PUBLISH as what it carries.

paho reads a packet with three calls of the socket and builds its properties, which we never use. The watch hears what
the durable sessions hear, so that counts twice; it was a third of all that a message cost (docs/performance.md).
Source: MQTT 5.0, sections 1.5.5 (variable byte integer), 2.1 (fixed header), 3.3 (PUBLISH).
"""

from collections.abc import Sequence
from typing import NamedTuple

PUBLISH = 0x30
PUBACK = 0x40


class Malformed(Exception):
    """What came is not MQTT."""


class Publish(NamedTuple):
    """One PUBLISH. A topic that is not UTF-8, which no broker should pass on, has a form that no dialect claims."""

    topic: str
    payload: bytes
    mid: int
    qos: int
    duplicate: bool
    retained: bool


class Packet(NamedTuple):
    """One packet: the first byte of its header, and where header and body lie in `data`."""

    head: int
    data: bytes
    start: int
    body: int
    end: int

    def whole(self) -> bytes:
        """Return its bytes."""
        return self.data[self.start : self.end]


class Packets:
    """Splits what was read into packets; holds at most one unfinished packet of `largest` bytes."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._data = b""
        self._at = 0

    def add(self, data: bytes) -> None:
        """Add what was read."""
        self._data = self._data[self._at :] + data
        self._at = 0

    def next(self) -> Packet | None:
        """Return the next packet, None if it is not whole yet. Raises Malformed."""
        data, start = self._data, self._at
        if len(data) - start < 2:
            return None
        found = _variable(data, start + 1)
        if found is None:
            return None
        size, body = found
        if size > self._largest:
            raise Malformed(f"a packet of {size} bytes")
        end = body + size
        if end > len(data):
            return None
        self._at = end
        return Packet(data[start], data, start, body, end)


def read_publish(packet: Packet) -> Publish:
    """Return what a PUBLISH of MQTT 5 carries; its properties are skipped. Raises Malformed."""
    head, data, _, at, end = packet
    if head & 0x04:
        raise Malformed("a PUBLISH with a QoS that we never subscribe with")
    try:
        after = at + 2 + (data[at] << 8 | data[at + 1])
        topic = data[at + 2 : after]
        mid = 0
        if head & 0x02:
            mid = data[after] << 8 | data[after + 1]
            after += 2
        skipped, after = _variable(data, after) or (end, end)
    except IndexError:
        skipped, after = end, end
    if after + skipped > end:
        raise Malformed("a PUBLISH that ends before its payload")
    try:
        name = topic.decode()
    except UnicodeDecodeError:
        name = "\ufffd"
    return Publish(name, data[after + skipped : end], mid, head >> 1 & 3, bool(head & 8), bool(head & 1))


def pubacks(mids: Sequence[int]) -> bytes:
    """Return the acknowledgements of these packet ids, one after the other, with reason code success."""
    return b"".join((PUBACK << 24 | 2 << 16 | mid).to_bytes(4) for mid in mids)


def _variable(data: bytes, at: int) -> tuple[int, int] | None:
    """Return a variable byte integer and where the byte after it lies; None if it is not whole. Raises Malformed."""
    value = 0
    for n in range(4):
        if at + n >= len(data):
            return None
        byte = data[at + n]
        value |= (byte & 0x7F) << 7 * n
        if byte < 0x80:
            return value, at + n + 1
    raise Malformed("a length of more than four bytes")
