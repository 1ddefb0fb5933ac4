"""The faulty link: what passes, what is lost, what is late, and that nothing is changed on the way."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.wire import Condition, Wire
from simulators.wire.command import _return
from simulators.wire.packets import Splitter, carries_a_message


def publish(payload: bytes) -> bytes:
    """Return a QoS 0 publish on topic "t", as MQTT 5.0 section 3.3 writes it (its length fits in one byte)."""
    body = b"\x00\x01t\x00" + payload
    return bytes([0x30, len(body)]) + body


CONNECT = bytes([0x10, 4]) + b"\x00\x00\x00\x00"


class Echo:
    """A broker that sends each byte back, and keeps what it got."""

    def __init__(self) -> None:
        self.got = bytearray()
        self.port = 0

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            self.got += data
            writer.write(data)
        writer.close()


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    broker = Echo()
    server = await broker.start()
    yield broker
    server.close()


@pytest.fixture
async def wire(echo: Echo) -> AsyncIterator[Wire]:
    link = Wire("127.0.0.1", echo.port, seed=7)
    await link.start()
    yield link
    await link.stop()


@given(st.lists(st.binary(max_size=120), max_size=8), st.data())
def test_packets_are_found_however_the_stream_is_cut(payloads: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(map(publish, payloads))
    splitter, found, place = Splitter(), [], 0
    while place < len(stream):
        size = data.draw(st.integers(1, len(stream) - place))
        found += splitter.feed(stream[place : place + size])
        place += size
    assert found == [publish(payload) for payload in payloads]


def test_another_protocol_passes_uncut() -> None:
    splitter = Splitter()
    assert b"".join(splitter.feed(b"\x16\xff\xff\xff\xff\xff no mqtt") + splitter.feed(b" at all")) == (
        b"\x16\xff\xff\xff\xff\xff no mqtt at all"
    )


def test_only_messages_and_their_acknowledgements_are_lost() -> None:
    assert carries_a_message(publish(b"x"))
    assert carries_a_message(b"\x40\x02\x00\x01")  # PUBACK
    assert not carries_a_message(CONNECT)
    assert not carries_a_message(b"\xc0\x00")  # PINGREQ


async def test_a_whole_link_changes_nothing(wire: Wire, echo: Echo) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    sent = b"".join(publish(bytes([n]) * n) for n in range(100))
    writer.write(sent)
    assert await reader.readexactly(len(sent)) == sent
    assert bytes(echo.got) == sent
    assert wire.dropped == 0
    writer.close()


async def test_a_lossy_link_loses_messages_but_no_connection(wire: Wire, echo: Echo) -> None:
    wire.set(Condition(drop=1.0))
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(CONNECT + publish(b"lost") + publish(b"lost too") + b"\xc0\x00")
    assert await reader.readexactly(len(CONNECT) + 2) == CONNECT + b"\xc0\x00"
    assert b"lost" not in echo.got
    assert wire.dropped == 2
    writer.close()


async def test_a_slow_link_keeps_the_order_and_its_delay(wire: Wire) -> None:
    wire.set(Condition(delay=timedelta(milliseconds=20), jitter=timedelta(milliseconds=20)))
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    began = asyncio.get_running_loop().time()
    sent = b"".join(publish(bytes([n])) for n in range(20))
    writer.write(sent)
    assert await reader.readexactly(len(sent)) == sent
    assert asyncio.get_running_loop().time() - began >= 0.04  # there and back
    writer.close()


async def test_a_cut_link_ends_connections_refuses_new_ones_and_heals(wire: Wire) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(CONNECT)
    await reader.readexactly(len(CONNECT))
    wire.set(Condition(is_cut=True))
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await reader.readexactly(1)
    refused, other = await asyncio.open_connection("127.0.0.1", wire.port)
    assert await refused.read() == b""
    other.close()
    wire.set(Condition())
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(CONNECT)
    assert await reader.readexactly(len(CONNECT)) == CONNECT
    writer.close()


async def test_a_frozen_link_stands_and_passes_nothing_until_it_thaws(wire: Wire, echo: Echo) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(CONNECT)
    await reader.readexactly(len(CONNECT))
    wire.set(Condition(frozen=True))
    writer.write(publish(b"held"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readexactly(1), 0.05)
    assert b"held" not in echo.got
    wire.set(replace(wire.condition, frozen=False))
    assert await reader.readexactly(len(publish(b"held"))) == publish(b"held")
    writer.close()


async def test_a_broker_that_is_away_is_said(echo: Echo) -> None:
    said: list[str] = []
    link = Wire("127.0.0.1", 1, tell=said.append)
    await link.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await reader.readexactly(1)
    assert "does not answer" in said[0]
    writer.close()
    await link.stop()


async def test_a_trouble_comes_and_goes_again_and_again() -> None:
    changes: list[bool] = []
    enough = asyncio.Event()

    def change(on: bool) -> None:
        changes.append(on)
        if len(changes) == 4:
            enough.set()

    task = asyncio.create_task(_return(change, timedelta(milliseconds=1), timedelta(milliseconds=1)))
    await asyncio.wait_for(enough.wait(), 10)
    task.cancel()
    assert changes == [True, False, True, False]


@pytest.mark.parametrize("wrong", [{"drop": 1.1}, {"drop": -0.1}, {"delay": timedelta(seconds=-1)}])
def test_no_link_is_like_that(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"link|share"):
        Condition(**wrong)  # type: ignore[arg-type]
