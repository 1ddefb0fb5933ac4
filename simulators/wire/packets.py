"""Where one MQTT packet ends and the next begins, in a stream of bytes.

Source: MQTT 5.0, section 2.1 (fixed header) and 1.5.5 (variable byte integer).
"""

PUBLISH, PUBACK, PUBCOMP = 3, 4, 7
_LONGEST_LENGTH = 4  # bytes of a variable byte integer


def carries_a_message(packet: bytes) -> bool:
    """Whether the packet is a publish or belongs to its acknowledgement: what a bad link may lose unnoticed."""
    return bool(packet) and PUBLISH <= packet[0] >> 4 <= PUBCOMP


class Splitter:
    """Cuts what arrives into whole packets. What is no MQTT passes as it comes, uncut."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._is_mqtt = True

    def feed(self, data: bytes) -> list[bytes]:
        """Return the packets that are complete now."""
        if not self._is_mqtt:
            return [data]
        self._kept += data
        packets = []
        while (size := self._size()) is not None:
            if size == 0:  # the length goes on and on: another protocol speaks here
                self._is_mqtt = False
                size = len(self._kept)
            if len(self._kept) < size:
                break
            packets.append(bytes(self._kept[:size]))
            del self._kept[:size]
        return packets

    def _size(self) -> int | None:
        """Return the size of the first packet, header included; None if that is not known yet, 0 if it has none."""
        length = 0
        for place in range(_LONGEST_LENGTH):
            if len(self._kept) < place + 2:
                return None
            byte = self._kept[place + 1]
            length += (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                return place + 2 + length
        return 0
