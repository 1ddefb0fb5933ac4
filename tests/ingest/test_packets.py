"""Packets split and read as MQTT 5.0 writes them, however the bytes arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hub.ingest.packets import PUBLISH, Malformed, Packets, Publish, pubacks, read_publish

LARGEST = 5 * 1024 * 1024


def sized(head: int, body: bytes) -> bytes:
    size, length = len(body), b""
    while True:
        size, low = divmod(size, 128)
        length += bytes([low | (0x80 if size else 0)])
        if not size:
            return bytes([head]) + length + body


def written(publish: Publish, properties: bytes = b"\0") -> bytes:
    topic = publish.topic.encode()
    head = PUBLISH | publish.duplicate << 3 | publish.qos << 1 | publish.retained
    mid = publish.mid.to_bytes(2) if publish.qos else b""
    return sized(head, len(topic).to_bytes(2) + topic + mid + properties + publish.payload)


publishes = st.builds(
    lambda topic, payload, mid, qos, duplicate, retained: Publish(
        topic, payload, mid if qos else 0, qos, duplicate, retained
    ),
    st.text(st.characters(codec="utf-8"), max_size=200),
    st.binary(max_size=400),
    st.integers(1, 65535),
    st.integers(0, 1),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(publishes, max_size=8), st.integers(1, 300))
def test_publishes_come_out_as_they_went_in_however_the_bytes_are_cut(sent: list[Publish], cut: int) -> None:
    data = b"".join(map(written, sent))
    packets, found = Packets(LARGEST), []
    for start in range(0, len(data), cut):
        packets.add(data[start : start + cut])
        while packet := packets.next():
            found.append(read_publish(packet))
    assert found == sent


def test_properties_are_skipped() -> None:
    properties = Properties(PacketTypes.PUBLISH)
    properties.UserProperty = [("who", "x" * 200)]
    properties.MessageExpiryInterval = 60
    sent = Publish("a/b", b"{}", 7, 1, False, True)
    packets = Packets(LARGEST)
    packets.add(written(sent, properties.pack()))
    packet = packets.next()
    assert packet is not None
    assert read_publish(packet) == sent


def test_a_topic_that_is_not_utf_8_has_a_form_that_no_dialect_claims() -> None:
    packets = Packets(LARGEST)
    packets.add(sized(PUBLISH, b"\0\2\xff\xfe\0payload"))
    packet = packets.next()
    assert packet is not None
    assert read_publish(packet) == Publish("\ufffd", b"payload", 0, 0, False, False)


@given(st.binary(max_size=60))
def test_any_bytes_are_packets_or_malformed(data: bytes) -> None:
    packets = Packets(1000)
    packets.add(data)
    try:
        while packet := packets.next():
            if packet.head & 0xF0 == PUBLISH:
                read_publish(packet)
    except Malformed:
        pass


@pytest.mark.parametrize("data", [b"\x30\xff\xff\xff\xff\x01", b"\x30\x80\x80\x80\x40", sized(0x34, b"\0\1a\0\7\0")])
def test_what_no_broker_should_send_is_malformed(data: bytes) -> None:
    packets = Packets(LARGEST)
    packets.add(data)

    def read() -> None:
        packet = packets.next()
        assert packet is not None
        read_publish(packet)

    with pytest.raises(Malformed):
        read()


def test_a_packet_that_ends_before_its_payload_does_not_read_the_next_one() -> None:
    packets = Packets(LARGEST)
    packets.add(sized(PUBLISH, b"\0\x09abc") + written(Publish("d", b"e", 0, 0, False, False)))
    packet = packets.next()
    assert packet is not None
    with pytest.raises(Malformed):
        read_publish(packet)


def test_acknowledgements_are_written_one_after_the_other() -> None:
    assert pubacks([1, 65535]) == b"\x40\x02\x00\x01\x40\x02\xff\xff"
