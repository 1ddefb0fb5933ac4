"""What bridges tell of their devices reaches every session's decoder, survives a restart, and delays no press."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from devices.dialects import build
from devices.message import Message
from devices.reading import Kind, Reading, State
from hub.homes import Registry
from hub.ingest import learning as module
from hub.ingest.decoding import Decoder
from hub.ingest.learning import MOST_STRANGERS, Learning
from hub.ingest.reception import Ingest
from hub.ports import Lane, Session, StoreUnavailable
from tests.harness.broker import BRIDGE, BrokerProcess
from tests.harness.memory import Memory, MemoryStore, StillClock
from tests.ingest.fakes import FakeIntake, HandClock, button, gas, home_of, registry_of

AT = datetime(2026, 3, 1, tzinfo=UTC)
LIST = "zigbee2mqtt/bridge/devices"
DIALECTS = build({})
HOME = registry_of(button("bed"), gas("kitchen"))


def listed(name: str, description: str, *exposes: dict[str, Any]) -> dict[str, Any]:
    about = {"vendor": "Nobody", "model": "ZX-1", "description": description, "exposes": list(exposes)}
    return {"ieee_address": f"0x{name}", "type": "EndDevice", "friendly_name": name, "definition": about}


KITCHEN = listed("kitchen", "Gas sensor", {"type": "enum", "property": "sensor_state", "values": ["calm", "gas_alarm"]})
BED = listed("bed", "Emergency button", {"type": "enum", "property": "action", "values": ["off", "single"]})
DEVICES = json.dumps([KITCHEN, BED]).encode()


class Learner:
    """A hub's learning with a decoder, and the store that outlives it."""

    def __init__(self, store: MemoryStore | None = None, registry: Registry = HOME) -> None:
        self.store = store or MemoryStore(Memory())
        self.learning = Learning(registry, StillClock(), self.store)
        self.decoder = Decoder(registry, DIALECTS, self.learning)

    async def hear(self, topic: str, payload: bytes) -> None:
        message = Message(topic, payload, AT, retained=True)
        said = self.decoder.read(message)
        assert said.teaches
        assert said.readings == ()
        route = self.decoder.route(topic)
        assert route is not None
        await self.learning.learn(*route, message)

    def says(self, topic: str, payload: object) -> list[tuple[Kind, State | None]]:
        return [(r.kind, r.state) for r in self.read(topic, payload)]

    def read(self, topic: str, payload: object) -> tuple[Reading, ...]:
        return self.decoder.read(Message(topic, json.dumps(payload).encode(), AT)).readings


ALARM = {"sensor_state": "gas_alarm"}


async def test_what_was_learned_is_known_after_a_restart() -> None:
    first = Learner()
    assert first.says("zigbee2mqtt/kitchen", ALARM) == []
    await first.hear(LIST, DEVICES)
    assert first.says("zigbee2mqtt/kitchen", ALARM) == [(Kind.GAS, State.ACTIVE)]
    second = Learner(first.store)
    await second.learning.recall(second.decoder.route)
    assert second.says("zigbee2mqtt/kitchen", ALARM) == [(Kind.GAS, State.ACTIVE)]
    assert second.read("zigbee2mqtt/bed", {"action": "single"})[0].maybe_sos


@pytest.mark.parametrize("payload", [b"", b"[]", b"{", b"[null]", b"\xff", b"[" * 100_000])
async def test_a_list_that_is_empty_or_broken_forgets_nothing_and_is_not_kept(payload: bytes) -> None:
    learner = Learner()
    await learner.hear(LIST, DEVICES)
    await learner.hear(LIST, payload)
    assert learner.says("zigbee2mqtt/kitchen", ALARM) == [(Kind.GAS, State.ACTIVE)]
    assert learner.store.memory.published == {LIST: DEVICES}


async def test_a_list_that_is_no_news_is_not_written_again() -> None:
    learner = Learner()
    for _ in range(3):
        await learner.hear(LIST, DEVICES)
    assert learner.store.commits[Lane.SLOW] == 1


async def test_what_a_sick_store_could_not_keep_is_kept_when_the_list_comes_again() -> None:
    learner = Learner()
    learner.store.fails.append(StoreUnavailable("the disk is full"))
    await learner.hear(LIST, DEVICES)
    assert learner.says("zigbee2mqtt/kitchen", ALARM) == [(Kind.GAS, State.ACTIVE)]
    assert learner.store.memory.published == {}
    await learner.hear(LIST, DEVICES)
    assert learner.store.memory.published == {LIST: DEVICES}


async def test_a_newer_list_is_not_undone_by_what_was_kept() -> None:
    first = Learner()
    await first.hear(LIST, DEVICES)
    second = Learner(first.store)
    renamed = json.dumps([{**KITCHEN, "friendly_name": "stove"}]).encode()
    await second.hear(LIST, renamed)
    await second.learning.recall(second.decoder.route)
    assert second.says("zigbee2mqtt/stove", ALARM) == [(Kind.GAS, State.ACTIVE)]
    assert second.says("zigbee2mqtt/kitchen", ALARM) == []


async def test_a_start_does_not_wait_long_for_what_was_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RECALL_PATIENCE_S", 0.01)
    never = asyncio.Event()

    class Slow(MemoryStore):
        async def read(self, work: Callable[[Any], Any]) -> Any:
            await never.wait()

    learner = Learner(Slow(Memory()))
    await learner.learning.recall(learner.decoder.route, module.RECALL_PATIENCE_S)
    learner.learning.stop()


async def test_homes_that_change_keep_what_was_learned_and_bring_their_kinds() -> None:
    learner = Learner()
    await learner.hear(LIST, json.dumps([listed("kitchen", "Input", {"type": "binary", "property": "alarm"})]).encode())
    assert learner.says("zigbee2mqtt/kitchen", {"alarm": True}) == [(Kind.GAS, State.ACTIVE)]
    changed = registry_of(button("bed"))
    learner.learning.use(changed, module.kinds_of(changed))
    assert learner.says("zigbee2mqtt/kitchen", {"alarm": True}) == []
    assert learner.learning.directory.network("zigbee2mqtt").devices


async def test_each_home_has_a_bridge_of_its_own_and_strangers_are_few() -> None:
    learner = Learner(registry=Registry.of([], [home_of(gas("kitchen"), prefix="homes/a/")]))
    await learner.hear(f"homes/a/{LIST}", DEVICES)
    for n in range(MOST_STRANGERS + 50):
        await learner.hear(f"homes/{n}/{LIST}", DEVICES)
    assert learner.says("homes/a/zigbee2mqtt/kitchen", ALARM) == [(Kind.GAS, State.ACTIVE)]
    assert len(learner.learning.directory.networks) == MOST_STRANGERS + 1


async def test_a_huge_list_is_learned_while_others_work() -> None:
    """10,000 devices, no two alike: the event loop has its turns meanwhile, and the number that is kept has a limit."""
    many = [
        listed(
            f"d{n}", f"Gas sensor {n}", {"type": "enum", "property": "gas_state", "values": ["normal", f"alarm_{n}"]}
        )
        for n in range(10_000)
    ]
    payload = json.dumps(many).encode()
    learner = Learner()
    hearing = asyncio.create_task(learner.hear(LIST, payload))
    turns = 0
    while not hearing.done():
        assert learner.says("zigbee2mqtt/other", {"gas": True}) == [(Kind.GAS, State.ACTIVE)]
        turns += 1
        await asyncio.sleep(0)
    await hearing
    assert turns > 10
    assert len(learner.learning.directory.network("zigbee2mqtt").devices) == 2_000


# --- through a broker -----------------------------------------------------------------------------------------------


@pytest.fixture
async def ingests() -> AsyncIterator[Callable[[BrokerProcess, FakeIntake, MemoryStore], Ingest]]:
    async with AsyncExitStack() as stack:

        def make(broker: BrokerProcess, intake: FakeIntake, store: MemoryStore) -> Ingest:
            ingest = Ingest(broker.as_hub, "carehub", HOME, DIALECTS, intake, HandClock(), store=store)
            stack.push_async_callback(ingest.kill)
            return ingest

        yield make


async def test_a_press_from_the_backlog_is_understood_before_the_list_comes(
    broker: BrokerProcess, ingests: Callable[[BrokerProcess, FakeIntake, MemoryStore], Ingest]
) -> None:
    store, intake = MemoryStore(Memory()), FakeIntake()
    first = ingests(broker, intake, store)
    first.start()
    await first.barrier()
    async with broker.client(BRIDGE) as bridge:
        await bridge.publish(LIST, DEVICES, qos=1, retain=True)
        await first.barrier()
        assert store.memory.published == {LIST: DEVICES}
        await first.stop()
        await bridge.publish(LIST, b"", qos=1, retain=True)  # the bridge is gone, and its list with it
        await bridge.publish("zigbee2mqtt/bed", b'{"action":"single"}', qos=1)
    intake.arrivals.clear()
    second = ingests(broker, intake, store)
    await second.recall()
    second.start()
    await second.barrier()
    (press,) = [a for a in intake.arrivals if a.delivery.session is Session.SOS]
    assert press.readings[0].maybe_sos
