"""`carehub simulate wire` as a process: a press passes it to a real broker, and what it does is said."""

import asyncio
import sys

import aiomqtt

from tests.harness.broker import BRIDGE, BrokerProcess


async def test_a_press_passes_and_what_passed_is_said(broker: BrokerProcess) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", "import sys; from hub.cli import main; sys.exit(main())", "simulate", "wire"),
        *("--to", broker.url, "--port", "0", "--delay", "0.01", "--cut-every", "3600"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        said = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        port = int(said.partition("mqtt://127.0.0.1:")[2].partition(";")[0])
        async with broker.client() as listener:
            await listener.subscribe("zigbee2mqtt/#", qos=1)
            async with aiomqtt.Client("127.0.0.1", port, username=BRIDGE.username, password=BRIDGE.password) as bridge:
                await bridge.publish("zigbee2mqtt/bed_sos", b"pressed", qos=1)
            message = await asyncio.wait_for(anext(aiter(listener.messages)), 10)
            assert message.payload == b"pressed"
        process.terminate()
        said = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        assert "ended: " in said
        assert await asyncio.wait_for(process.wait(), 5) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
