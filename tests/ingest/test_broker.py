"""The broker as carehub configures it, and the one that the hub runs by itself."""

import base64
import hashlib
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from hub.ingest import broker as module
from hub.ingest.broker import BrokerProblem, ensure_embedded, find_mosquitto, stop_embedded
from hub.ports import Session
from tests.harness.broker import BRIDGE, DEVICE, HUB, BrokerProcess, free_port
from tests.ingest.conftest import MakeBroker, MakeHub
from tests.ingest.fakes import button, eventually, registry_of

SOS = "zigbee2mqtt/bed_sos"
HOME = registry_of(button("bed_sos"))


@pytest.mark.promise("P1")
@pytest.mark.parametrize("qos", [0, 1])
async def test_presses_that_wait_survive_a_killed_broker(broker: BrokerProcess, make_hub: MakeHub, qos: int) -> None:
    hub = await make_hub(broker, HOME).start()
    await hub.kill()
    async with broker.client() as device:
        for n in range(3):
            await device.publish(SOS, str(n).encode(), qos=qos)
        await device.publish("zigbee2mqtt/other", b"", qos=1)  # the broker has taken all before this one
    # It writes after it has answered, in the same turn of its loop; who can connect now has waited for that turn.
    async with broker.client():
        pass
    broker.kill()
    broker.start()
    await hub.start()
    assert hub.intake.payloads(Session.SOS) == [b"0", b"1", b"2"]
    assert (Session.SOS, True) in hub.intake.connections


@pytest.mark.promise("P1")
async def test_a_press_that_the_sick_store_cannot_take_survives_a_killed_broker(
    broker: BrokerProcess, make_hub: MakeHub
) -> None:
    hub = await make_hub(broker, HOME).start()
    hub.intake.sick = True
    async with broker.client() as device:
        await device.publish(SOS, b"single", qos=1)
    await eventually(lambda: hub.counts(Session.SOS).get("redelivered", 0) >= 1)
    await hub.kill()
    broker.kill()
    broker.start()
    hub.intake.sick = False
    await hub.start()
    assert hub.intake.payloads(Session.SOS) == [b"single"]


async def test_the_broker_asks_who_is_there(broker: BrokerProcess) -> None:
    for username, password in [(None, None), ("hub", "wrong"), ("nobody", "hub-secret")]:
        with pytest.raises(aiomqtt.MqttError):
            async with aiomqtt.Client("127.0.0.1", broker.port, username=username, password=password):
                pass


async def test_devices_write_to_their_trees_and_read_nothing(broker: BrokerProcess) -> None:
    async with broker.client(HUB) as hub, broker.client(DEVICE) as device, broker.client(BRIDGE) as bridge:
        await hub.subscribe("#", qos=1)
        await device.subscribe("#", qos=1)
        await bridge.subscribe("#", qos=1)
        await device.publish("carehub-hub/carehub/marker/sos", b"forged", qos=1)
        await device.publish(SOS, b"single", qos=1)
        await hub.publish("zigbee2mqtt/bed_sos/set", b"command", qos=1)
        await hub.publish("other/tree", b"end", qos=1)
        heard = [str(m.payload) async for m in first(hub, 3)]
        assert heard == ["b'single'", "b'command'", "b'end'"]
        assert [m.payload async for m in first(bridge, 2)] == [b"single", b"command"]
        await hub.unsubscribe("#")
        assert len(device.messages) == 0


async def first(client: aiomqtt.Client, count: int) -> AsyncIterator[aiomqtt.Message]:
    """Yield so many messages."""
    for _ in range(count):
        yield await anext(aiter(client.messages))


async def test_what_the_hub_would_not_read_is_refused_at_the_sender(broker: BrokerProcess, make_hub: MakeHub) -> None:
    hub = await make_hub(broker, HOME).start()
    async with broker.client() as device:
        await device.publish(SOS, bytes(4_300_000), qos=1)
        await device.publish(SOS, b"single", qos=1)
    await hub.barrier()
    assert hub.intake.payloads(Session.SOS) == [b"single"]


def test_passwords_are_kept_as_mosquitto_reads_them() -> None:
    _, kind, iterations, salt, digest = module.hashed("secret", b"0123456789ab", 101).split("$")
    assert (kind, iterations) == ("7", "101")
    again = hashlib.pbkdf2_hmac("sha512", b"secret", base64.b64decode(salt), 101)
    assert base64.b64decode(digest) == again


def test_what_is_written_is_for_the_owner_only(broker: BrokerProcess) -> None:
    for name in ("mosquitto.conf", "passwd", "acl"):
        assert (broker.folder / name).stat().st_mode & 0o777 == 0o600
    assert "hub-secret" not in "".join(
        (broker.folder / name).read_text() for name in ("mosquitto.conf", "passwd", "acl")
    )


# Mosquitto's ACL file denies at delivery only; its security plugin refuses at the subscription already.
def _refusing(folder: Path, topic: str) -> tuple[str, str]:
    salt = b"0123456789ab"
    secret = base64.b64encode(hashlib.pbkdf2_hmac("sha512", HUB.password.encode(), salt, 101)).decode()
    acls = [
        {"acltype": "subscribePattern", "topic": topic, "priority": 10, "allow": False},
        {"acltype": "subscribePattern", "topic": "#", "priority": 1, "allow": True},
        {"acltype": "unsubscribePattern", "topic": "#", "allow": True},
        {"acltype": "publishClientSend", "topic": "#", "allow": True},
        {"acltype": "publishClientReceive", "topic": "#", "allow": True},
    ]
    client = {
        "username": HUB.username,
        "password": secret,
        "salt": base64.b64encode(salt).decode(),
        "iterations": 101,
        "roles": [{"rolename": "hub"}],
    }
    path = folder / "security.json"
    path.write_text(json.dumps({"clients": [client], "roles": [{"rolename": "hub", "acls": acls}]}))
    plugin = next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))
    return f"plugin {plugin}", f"plugin_opt_config_file {path}"


async def test_a_refused_filter_is_named_and_the_others_go_on(
    make_broker: MakeBroker, make_hub: MakeHub, tmp_path: Path
) -> None:
    broker = make_broker(extra=_refusing(tmp_path, f"{SOS}/#"))
    hub = await make_hub(broker, registry_of(button("bed_sos"), button("bath_sos"))).start()
    state = hub.states()[0]
    assert dict(state.refused) == {f"{SOS}/#": "Not authorized"}
    assert state.caught_up
    async with broker.client(HUB) as device:
        await device.publish("zigbee2mqtt/bath_sos", b"single", qos=1)
        await device.publish(SOS, b"refused", qos=1)
    await hub.barrier()
    assert hub.intake.payloads(Session.SOS) == [b"single"]
    assert hub.intake.payloads(Session.WATCH) == [b"refused"]  # the watch hears what no granted filter covers


# --- run by the hub -------------------------------------------------------------------------------------------------


async def test_a_hub_adopts_the_broker_that_an_earlier_one_started(tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    try:
        broker = await ensure_embedded(folder, port=0)
        pid = module._pid(folder)
        assert pid is not None
        assert os.getsid(pid) != os.getsid(0)
        assert await ensure_embedded(folder, port=0) == broker
        assert module._pid(folder) == pid
        assert (folder / "password").stat().st_mode & 0o777 == 0o600
        os.kill(pid, signal.SIGKILL)
        await eventually(lambda: module._pid(folder) is None)
        assert await ensure_embedded(folder, port=0) == broker
    finally:
        stop_embedded(folder)


async def test_a_broker_of_somebody_else_is_not_taken(broker: BrokerProcess, tmp_path: Path) -> None:
    with pytest.raises(BrokerProblem, match="another broker has port"):
        await ensure_embedded(tmp_path / "own", port=broker.port)


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        port = taken.getsockname()[1]
        with pytest.raises(BrokerProblem, match=str(port)):
            await ensure_embedded(tmp_path / "own", port=port)


def test_a_missing_mosquitto_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(module, "_SYSTEM_PATHS", "/nowhere")
    with pytest.raises(BrokerProblem, match="apt-get install mosquitto"):
        find_mosquitto()
