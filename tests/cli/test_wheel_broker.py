"""The demo's broker where Mosquitto cannot be had: it carries a press to the hub's session, and ends with the demo."""

import asyncio
from pathlib import Path

import aiomqtt
import pytest

from hub.cli.wheel_broker import WheelBroker, is_there

pytestmark = pytest.mark.skipif(not is_there(), reason="the package of the fallback broker is not installed")


async def test_it_carries_messages_to_who_may_sign_in(tmp_path: Path) -> None:
    running = WheelBroker(tmp_path / "broker")
    try:
        broker = await running.start()
        assert broker is not None
        assert (tmp_path / "broker" / "rumqttd.toml").stat().st_mode & 0o777 == 0o600
        async with aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            protocol=aiomqtt.ProtocolVersion.V5,
        ) as client:
            await client.subscribe("zigbee2mqtt/bed_sos/#", qos=1)
            await client.publish("zigbee2mqtt/bed_sos", b'{"action":"emergency"}', qos=1)
            message = await asyncio.wait_for(anext(aiter(client.messages)), 10)
            assert message.payload == b'{"action":"emergency"}'
        with pytest.raises(aiomqtt.MqttError):
            async with aiomqtt.Client(
                broker.host,
                broker.port,
                username="hub",
                password="guessed",
                protocol=aiomqtt.ProtocolVersion.V5,
                timeout=2,
            ):
                pass
    finally:
        running.stop()
    with pytest.raises(OSError):  # noqa: PT011  # refused, by whatever word this system has for it
        await asyncio.open_connection("127.0.0.1", broker.port)
