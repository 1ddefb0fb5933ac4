"""The line to a real broker: messages arrive, a cut is noticed by the broker, and it mends itself."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import aiomqtt
import pytest

from simulators.home import PublisherAway
from simulators.home.line import MqttLine, NoBroker, SignIn
from tests.harness.broker import BRIDGE, HUB, BrokerProcess, free_port

STATE = "zigbee2mqtt/bridge/state"
PATIENCE_S = 20.0


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    process = BrokerProcess(tmp_path_factory.mktemp("broker")).start()
    yield process
    process.kill()


def sign_in(broker: BrokerProcess, password: str = BRIDGE.password) -> SignIn:
    return SignIn("127.0.0.1", broker.port, BRIDGE.username, password, will=(STATE, '{"state":"offline"}'))


@pytest.fixture
async def line(broker: BrokerProcess) -> AsyncIterator[MqttLine]:
    found = MqttLine(sign_in(broker))
    await found.open()
    yield found
    await found.close()


@pytest.fixture
async def reader(broker: BrokerProcess) -> AsyncIterator[aiomqtt.Client]:
    async with broker.client(HUB) as client:
        await client.subscribe("zigbee2mqtt/#", qos=1)
        yield client


async def gets(reader: aiomqtt.Client, topic: str, payload: str) -> aiomqtt.Message:
    """Read until this message comes."""
    async with asyncio.timeout(PATIENCE_S):
        async for message in reader.messages:
            if (message.topic.value, bytes(message.payload)) == (topic, payload.encode()):  # type: ignore[arg-type]
                return message
    raise AssertionError(f"{topic} {payload} never came")


async def test_what_is_published_arrives_with_its_level_and_is_kept_if_wanted(
    line: MqttLine, reader: aiomqtt.Client, broker: BrokerProcess
) -> None:
    await line.publish("zigbee2mqtt/hall", "{}", 0, False)
    assert not (await gets(reader, "zigbee2mqtt/hall", "{}")).retain
    await line.publish(STATE, '{"state":"online"}', 1, True)
    await gets(reader, STATE, '{"state":"online"}')
    async with broker.client(HUB) as later:
        await later.subscribe(STATE)
        assert (await gets(later, STATE, '{"state":"online"}')).retain


async def test_a_cut_line_is_told_by_the_broker_and_mends_itself(line: MqttLine, reader: aiomqtt.Client) -> None:
    mended = asyncio.Event()

    async def again() -> None:
        mended.set()

    line.reconnected = again
    line.cut(timedelta(seconds=1))
    await gets(reader, STATE, '{"state":"offline"}')
    await asyncio.wait_for(mended.wait(), PATIENCE_S)
    await line.publish("zigbee2mqtt/hall", '{"back":1}', 1, False)
    await gets(reader, "zigbee2mqtt/hall", '{"back":1}')


async def test_without_a_connection_nothing_is_published(broker: BrokerProcess) -> None:
    line = MqttLine(sign_in(broker))
    with pytest.raises(PublisherAway):
        await line.publish("zigbee2mqtt/hall", "{}", 0, False)


async def test_nobody_there_and_nobody_let_in_are_said_in_a_sentence(broker: BrokerProcess) -> None:
    with pytest.raises(NoBroker, match=r"No broker answers at 127\.0\.0\.1:\d+ \(Connection refused\)\. Start it"):
        await MqttLine(SignIn("127.0.0.1", free_port())).open()
    with pytest.raises(NoBroker, match=r"does not let the user bridge in .*CAREHUB_MQTT__PASSWORD"):
        await MqttLine(sign_in(broker, "wrong")).open()
