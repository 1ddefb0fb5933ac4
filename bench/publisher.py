"""A publisher that costs little: bursts are encoded before they are sent, acknowledgements are only counted.

Source: MQTT 3.1.1 (OASIS 2014), sections 3.1 to 3.4.
"""

import socket
import struct
import threading
import time
from collections.abc import Iterable

# How many messages may wait for their acknowledgement; a bridge's client library allows 20.
WINDOW = 100
_AT_ONCE = 25
_PUBACK_BYTES = 4
_ANSWER_S = 120.0


class Publisher:
    """One connection that publishes with QoS 1; the broker acknowledges in order."""

    def __init__(self, port: int, username: str, password: str, client_id: str = "publisher") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # No keep-alive: an idle publisher may stay connected as long as the measurement takes.
        body = _text("MQTT") + b"\x04\xc2\x00\x00" + _text(client_id) + _text(username) + _text(password)
        self._socket.sendall(_packet(0x10, body))
        answer = self._socket.recv(4)
        assert answer[:1] == b"\x20", f"the broker answered {answer!r}"
        assert answer[3] == 0, f"the broker refuses the publisher: {answer[3]}"
        self._socket.settimeout(None)
        self._sent = 0
        self._acked = 0
        self._news = threading.Condition()
        self._times: dict[int, float] = {}
        self._wanted: set[int] = set()
        threading.Thread(target=self._listen, daemon=True).start()

    def encode(self, messages: Iterable[tuple[str, bytes]]) -> list[bytes]:
        """Return the packets of these messages, to be published next and in this order."""
        return [self._publish(topic, payload, self._sent + n) for n, (topic, payload) in enumerate(messages, 1)]

    def burst(self, packets: list[bytes]) -> None:
        """Publish packets as fast as the broker takes them; returns when the last one was sent."""
        for start in range(0, len(packets), _AT_ONCE):
            part = packets[start : start + _AT_ONCE]
            self._await(self._sent + len(part) - WINDOW)
            self._sent += len(part)
            self._socket.sendall(b"".join(part))

    def send(self, topic: str, payload: bytes) -> tuple[float, int]:
        """Publish one message right behind all before it; return when, and its number for `acked_at`."""
        packet = self._publish(topic, payload, self._sent + 1)
        self._sent += 1
        self._wanted.add(self._sent)
        at = time.monotonic()
        self._socket.sendall(packet)
        return at, self._sent

    def acked_at(self, number: int) -> float:
        """Wait until the broker has acknowledged message `number`; return when it did."""
        self._await(number)
        return self._times.pop(number)

    def drain(self) -> None:
        """Wait until the broker has acknowledged everything."""
        self._await(self._sent)

    def close(self) -> None:
        """Say goodbye."""
        self._socket.sendall(b"\xe0\x00")
        self._socket.close()

    def _await(self, number: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: self._acked >= number, _ANSWER_S), "the broker acknowledges no more"

    def _listen(self) -> None:
        got = 0
        while True:
            try:
                data = self._socket.recv(65536)
            except OSError:
                return
            if not data:
                return
            at = time.monotonic()
            got += len(data)
            with self._news:
                self._acked = got // _PUBACK_BYTES
                for number in [n for n in self._wanted if n <= self._acked]:
                    self._wanted.discard(number)
                    self._times[number] = at
                self._news.notify_all()

    @staticmethod
    def _publish(topic: str, payload: bytes, number: int) -> bytes:
        return _packet(0x32, _text(topic) + struct.pack("!H", number % 65535 + 1) + payload)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("!H", len(data)) + data


def _packet(head: int, body: bytes) -> bytes:
    length, size = bytearray(), len(body)
    while True:
        size, low = divmod(size, 128)
        length.append(low | (0x80 if size else 0))
        if not size:
            return bytes([head]) + bytes(length) + body
