"""Links leave when nobody's first text waits, and no kept text holds one."""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.alerts.links import is_link
from hub.alerts.notification import Fate, Notification
from hub.dispatch.dispatcher import EMERGENCY_SLOTS, Dispatcher
from hub.dispatch.words import Words
from hub.engine import Engine
from hub.engine.links import Links, digest
from hub.ports import Accepted, Channels, NoAnswer
from tests.engine.pocket import CHEN, POLICIES, WANG, Pocket, button
from tests.harness.memory import MemoryStore

LINKS = Links(b"k" * 32, "https://care.example")


class Carrier:
    """A carrier that takes everything at once, and remembers it by number and words."""

    name, signature, polled = "sms", None, False

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []
        self.asked: list[str] = []
        self.silent = False

    def replies(self, to: str) -> bool:
        return True

    def links(self, to: str) -> bool:
        return True

    async def send(self, to: str, text: str, *, limit: timedelta) -> Accepted | NoAnswer:
        self.texts.append((to, text))
        return NoAnswer("timeout") if self.silent else Accepted(f"SM{len(self.texts)}", Fate.DELIVERED)

    async def look_up(self, to: str, text: str, since: object, *, limit: timedelta) -> Accepted | None:
        self.asked.append(text)
        return Accepted("SMfound", Fate.DELIVERED) if (to, text) in self.texts else None


class Hub:
    def __init__(self) -> None:
        self.pocket = Pocket(WANG, CHEN)
        self.memory = self.pocket.memory
        self.engine = Engine(MemoryStore(self.memory), self.memory.clock, "site", POLICIES)
        self.engine.passes = lambda _: True
        self.carrier = Carrier()
        words = Words("zh-CN", ZoneInfo("Asia/Shanghai"), links=LINKS)
        self.dispatcher = Dispatcher(self.engine, Channels({"sms": self.carrier}), self.memory.clock, words)  # type: ignore[dict-item]

    async def press(self, prefix: str = "") -> None:
        await self.engine.commit([self.pocket.arrival(button(), prefix=prefix)])
        await self.rest()

    async def turn(self) -> int:
        moved = 0
        for emergency in (True, False):
            moved += await self.dispatcher._claim(emergency=emergency)
            await self.rest()
        return moved

    async def rest(self) -> None:
        await asyncio.gather(*self.dispatcher._running[True], *self.dispatcher._running[False])
        await asyncio.sleep(0)  # what follows an attempt's end runs in the loop's next turn

    def link(self) -> Notification:
        return next(m for m in self.memory.messages.values() if is_link(m.key))


@pytest.fixture
async def hub() -> Hub:
    hub = Hub()
    await hub.engine.load()
    return hub


async def test_the_text_that_leaves_has_the_link_and_the_one_that_is_kept_has_not(hub: Hub) -> None:
    await hub.press()
    await hub.turn()
    (_, first), (to, second) = hub.carrier.texts
    link = hub.link()
    url = LINKS.url(link)
    assert "http" not in first
    assert (to, second.endswith(f"查看和接手：{url}")) == ("+447700900101", True)
    assert (link.text or "").endswith("查看和接手：{link}")
    assert digest(url.rpartition("/")[2]) in hub.memory.page_links
    assert url.rpartition("/")[2] not in repr(hub.memory)


@pytest.mark.promise("P5")
async def test_a_link_of_unknown_fate_is_looked_up_by_the_words_that_left(hub: Hub) -> None:
    await hub.press()
    hub.carrier.silent = True
    await hub.turn()
    assert hub.link().fate is Fate.UNKNOWN
    await hub.turn()
    assert hub.carrier.asked == [hub.carrier.texts[-1][1]]
    assert len(hub.carrier.texts) == 2
    assert (hub.link().fate, hub.link().provider_id) == (Fate.DELIVERED, "SMfound")


@pytest.mark.promise("P2")
async def test_no_link_leaves_while_another_home_waits_for_its_first_text(hub: Hub) -> None:
    await hub.press()
    taken = hub.dispatcher._slots[True].take()
    assert taken == EMERGENCY_SLOTS
    await hub.press("homes/chen/")
    assert await hub.turn() == 0
    assert [to for to, _ in hub.carrier.texts] == ["+447700900101"]
    hub.dispatcher._slots[True].give(taken)
    await hub.turn()
    await hub.turn()
    assert ["http" in text for _, text in hub.carrier.texts] == [False, False, True, True]
