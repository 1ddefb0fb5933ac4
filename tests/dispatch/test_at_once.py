"""The first texts of a press are claimed in its own transaction and leave as soon as it is durable."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.alerts.notification import Fate
from hub.dispatch.dispatcher import EMERGENCY_SLOTS, Dispatcher
from hub.dispatch.launch import Slots
from hub.dispatch.words import Words
from hub.engine import Engine
from hub.ports import Accepted, Channels, Lane, StoreUnavailable
from tests.engine.pocket import POLICIES, Pocket, button
from tests.harness.memory import MemoryStore


class Slow:
    """A carrier that notes each text and answers when it is let go."""

    name, signature, polled = "sms", None, False

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.go = asyncio.Event()

    def replies(self, to: str) -> bool:
        return True

    async def send(self, to: str, text: str, *, limit: timedelta) -> Accepted:
        self.texts.append(to)
        await self.go.wait()
        return Accepted(f"SM{len(self.texts)}", Fate.DELIVERED)


class Hub:
    """Engine and dispatcher on rows in memory; the dispatcher's own turns do not run."""

    def __init__(self) -> None:
        self.pocket = Pocket()
        self.memory = self.pocket.memory
        self.store = MemoryStore(self.memory)
        self.engine = Engine(self.store, self.memory.clock, "site", POLICIES)
        self.carrier: Any = Slow()
        channels = Channels({"sms": self.carrier})
        words = Words("zh-CN", ZoneInfo("Asia/Shanghai"))
        self.dispatcher = Dispatcher(self.engine, channels, self.memory.clock, words)

    async def press(self, name: str = "bed-sos") -> None:
        await self.engine.commit([self.pocket.arrival(button(name))])
        await asyncio.sleep(0)  # the attempt begins in the loop's next turn

    def fates(self) -> list[Fate]:
        return [message.fate for message in self.memory.messages.values()]


@pytest.fixture
async def hub() -> Hub:
    hub = Hub()
    await hub.engine.load()
    return hub


async def test_a_press_leaves_with_its_own_transaction(hub: Hub) -> None:
    await hub.press()
    assert hub.carrier.texts == ["+447700900101"]
    assert hub.store.commits == {Lane.SOS: 1}
    assert hub.fates() == [Fate.SENDING]


@pytest.mark.promise("P1")
async def test_nothing_leaves_of_a_press_that_is_not_durable(hub: Hub) -> None:
    hub.store.fails.append(StoreUnavailable("disk full"))
    with pytest.raises(StoreUnavailable):
        await hub.press()
    assert hub.carrier.texts == []
    await hub.press()
    assert hub.carrier.texts == ["+447700900101"]


async def test_what_finds_no_room_is_left_to_the_next_turn(hub: Hub) -> None:
    taken = hub.dispatcher._slots[True].take()
    assert taken == EMERGENCY_SLOTS
    await hub.press()
    assert hub.carrier.texts == []
    assert hub.fates() == [Fate.QUEUED]
    hub.dispatcher._slots[True].give(taken)
    assert await hub.dispatcher._claim(emergency=True) == 1
    await asyncio.sleep(0)
    assert hub.carrier.texts == ["+447700900101"]


@pytest.mark.promise("P12")
async def test_words_that_cannot_be_made_do_not_void_the_press(hub: Hub) -> None:
    hub.dispatcher.words = SimpleNamespace(address=lambda *_: "+447700900101")  # type: ignore[assignment]
    await hub.press()
    assert len(hub.memory.by_id) == 1
    assert hub.fates() == [Fate.QUEUED]
    assert hub.dispatcher._slots[True].take() == EMERGENCY_SLOTS


async def test_a_slot_is_free_again_when_its_attempt_has_ended(hub: Hub) -> None:
    await hub.press()
    slots: Slots = hub.dispatcher._slots[True]
    assert slots.take() == EMERGENCY_SLOTS - 1
    hub.carrier.go.set()
    while not hub.dispatcher.idle:
        hub.dispatcher._wake.clear()
        await asyncio.sleep(0)
    assert slots.take() == 1
    assert hub.fates() == [Fate.DELIVERED]


async def test_a_reading_that_calls_nobody_sends_nothing(hub: Hub) -> None:
    await hub.engine.commit([hub.pocket.arrival(button("switch"))])
    assert hub.fates() == []


@pytest.mark.promise("P3")
async def test_a_channel_that_was_renamed_makes_no_ladder_mute(hub: Hub) -> None:
    hub.dispatcher.channels = Channels({"text": hub.carrier})  # the ladder of the press says sms
    await hub.press()
    assert hub.carrier.texts == []
    assert await hub.dispatcher._claim(emergency=True) == 1
    await asyncio.sleep(0)
    assert hub.carrier.texts == ["+447700900101"]
    (message,) = hub.memory.messages.values()
    assert (message.fate, message.channel) == (Fate.SENDING, "text")


async def test_who_is_told_by_what_is_left_is_not_told_twice(hub: Hub) -> None:
    await hub.press()
    (first,) = hub.memory.messages.values()
    gone = replace(first, id="second", channel="voice", fate=Fate.QUEUED, due_at=hub.memory.clock.now())
    hub.memory.messages[gone.id] = gone
    await hub.dispatcher._claim(emergency=True)
    await asyncio.sleep(0)
    assert hub.carrier.texts == ["+447700900101"]
    assert hub.memory.messages[gone.id].fate is Fate.FAILED
