"""A simulated home and the whole hub: what a scenario expects is what the phones get."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from simulators.home import SCENARIOS, Fault, Happening, Machine, Plan, Said
from tests.harness.world import StoryHome, World


class Lived:
    """A simulated home on the story's clock, behind the story's broker."""

    def __init__(self, world: World, home: StoryHome) -> None:
        entry: dict[str, Any] = world.homes[home.id]
        described = {"id": home.id, "who": home.who, "timezone": "Asia/Shanghai", "devices": entry["devices"]}
        self.world = world
        self.machine = Machine(Plan.of(described), world.clock.now(), seed=3)

    async def start(self) -> None:
        await self._say(self.machine.start())

    async def do(self, act: Callable[[], list[Happening]]) -> None:
        await self._say(act())

    async def live(self, span: timedelta) -> None:
        """Let time pass, stopping whenever something happens in the home."""
        end = self.world.clock.now() + span
        while (due := self.machine.next_due()) <= end:
            await self.world.forward(max(due - self.world.clock.now(), timedelta(0)))
            await self._say(self.machine.advance(due))
        await self.world.forward(end - self.world.clock.now())

    async def _say(self, happened: list[Happening]) -> None:
        messages = [one for one in happened if isinstance(one, Said)]
        for one in messages:
            await self.world.publish(one.topic, one.payload, retain=one.retain, settle=False)
        if messages:
            await self.world.published()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    found = World(tmp_path)
    found.person("nurse", "Nurse", "staff")
    yield found
    await found.close()


@pytest.fixture
async def lived(world: World) -> Lived:
    """A home in which somebody lives, with its hub; it is 06:42 in the morning, and she gets up."""
    world.clock.set(world.clock.now() + timedelta(hours=3, minutes=30))
    found = Lived(world, world.home())
    await world.start()
    await found.start()
    return found


async def test_a_fall_and_a_press_reach_the_daughter_once(world: World, lived: Lived) -> None:
    lived.machine.add_fault(world.clock.now(), Fault.SIX_COPIES, "bed-sos")
    await lived.do(lambda: lived.machine.play(world.clock.now(), SCENARIOS["sos"]))
    await lived.live(timedelta(seconds=75))
    await world.phone("daughter").gets("EMERGENCY", "Wang Xiulan", "bedroom")
    (alert,) = await world.alerts()
    assert (alert.cause, alert.count) == ("sos", 1)
    await world.no_more_messages()


async def test_a_bridge_that_restarts_in_a_gas_alarm_opens_no_second_alert(world: World, lived: Lived) -> None:
    await lived.do(lambda: lived.machine.poke(world.clock.now(), "kitchen-gas", "on"))
    await lived.live(timedelta(seconds=5))
    await world.phone("daughter").gets("GAS ALARM", "Wang Xiulan", "kitchen")
    await lived.do(lambda: lived.machine.play(world.clock.now(), SCENARIOS["bridge-restart"]))
    await lived.live(timedelta(seconds=20))
    (alert,) = await world.alerts()
    assert alert.cause == "gas:kitchen-gas"
    await world.no_more_messages()


async def test_a_morning_as_usual_tells_nobody_anything(world: World, lived: Lived) -> None:
    await lived.live(timedelta(minutes=40))
    assert not lived.machine.resident.is_in_bed
    assert await world.alerts(everything=True) == []
    await world.no_more_messages()
