"""A home on a clock: publishes in order, takes pokes, remembers what devices of their own could not send."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from simulators.carrier import VirtualClock
from simulators.home import Clocks, Happening, Machine, Plan, PublisherAway, Said, SimulatedHome, Told
from tests.simulators.home.simulated import START, content, described

HOUR = timedelta(hours=1)


class Wire:
    """Where a home publishes to; it can be away."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, int, bool]] = []
        self.away = False

    async def publish(self, topic: str, payload: str, qos: int, retain: bool) -> None:
        if self.away:
            raise PublisherAway
        self.got.append((topic, payload, qos, retain))


class Living:
    """A home on virtual time, with what it published and told."""

    def __init__(self, plan: Plan) -> None:
        self.clock, self.wire = VirtualClock(START), Wire()
        self.asked: list[bool] = []
        self.home = SimulatedHome(plan, self.clock, self.wire, broker=self.broker)
        self.heard: list[Happening] = []
        self.home.listen(self.heard.append)
        self.clock.join(self.home)

    async def broker(self, on: bool) -> None:
        self.asked.append(on)


@pytest.fixture
async def living(plan: Plan) -> AsyncIterator[Living]:
    found = Living(plan)
    await found.home.start()
    yield found
    await found.home.stop()


async def test_a_home_publishes_on_its_clock_what_the_machine_says(living: Living, plan: Plan) -> None:
    machine = Machine(plan, START)
    expected = [*machine.start(), *machine.advance(START + 3 * HOUR)]
    await living.clock.advance(3 * HOUR)
    assert living.heard == expected
    assert living.wire.got == [(s.topic, s.payload, s.qos, s.retain) for s in expected if isinstance(s, Said)]


async def test_a_poke_is_published_at_once_and_clears_in_time(living: Living) -> None:
    await living.clock.advance(timedelta(minutes=1))
    await living.home.poke("bath-leak", "leak")
    topic, payload, _, _ = living.wire.got[-1]
    assert topic == "zigbee2mqtt/bath_leak"
    assert '"water_leak":true' in payload
    assert next(view for view in living.home.devices if view.id == "bath-leak").active is True
    (line,) = [one for one in living.heard if isinstance(one, Told) and one.what == "poke"]
    assert (line.zh, line.en) == ("卫生间的 bath-leak 遇到水", "bath-leak in the bathroom gets wet")


async def test_a_sensor_poked_between_two_events_clears_on_time(living: Living) -> None:
    await living.home.poke("bath-motion", "motion")
    await living.clock.advance(timedelta(seconds=91))
    states = [content(s) for s in living.heard if isinstance(s, Said) and s.topic == "zigbee2mqtt/bath_motion"]
    assert [state["occupancy"] for state in states][1:] == [True, False]


async def test_while_the_broker_is_away_a_bridge_forgets_and_a_device_of_its_own_remembers() -> None:
    mixed = described()
    mixed["devices"][0]["topic"] = "carehub/bed-sos"
    living = Living(Plan.of(mixed))
    await living.home.start()
    living.wire.away = True
    await living.home.poke("bed-sos", "press")
    await living.home.poke("kitchen-gas", "on")
    living.wire.got.clear()
    living.wire.away = False
    await living.home.reconnected()
    topics = [topic for topic, *_ in living.wire.got]
    assert "carehub/bed-sos" in topics
    assert "zigbee2mqtt/kitchen_gas" not in topics
    words = [one.en for one in living.heard if isinstance(one, Told) and one.what == "world"]
    assert words == ["the broker is out of reach: what bridges publish is lost", "the broker is there again"]
    await living.home.stop()


async def test_a_scenario_asks_whoever_has_the_broker(living: Living) -> None:
    await living.home.play("broker-restart")
    await living.clock.advance(timedelta(seconds=9))
    assert living.asked == [False, True]


async def test_the_world_can_be_switched(living: Living) -> None:
    home = living.home
    assert (home.mains, home.network, home.clocks) == (True, True, Clocks.RIGHT)
    await home.set_network(False)
    await home.set_mains(False)
    await home.set_clocks(Clocks.AHEAD)
    assert (home.mains, home.network, home.clocks) == (False, False, Clocks.AHEAD)
    await home.set_mains(True)
    await home.set_network(True)
    await living.clock.advance(timedelta(minutes=1))
    states = [s for s in living.heard if isinstance(s, Said) and s.topic == "zigbee2mqtt/kitchen_gas"]
    assert content(states[-1])["last_seen"].startswith("2026-03-01T03:00:")


async def test_a_home_that_ends_says_goodbye(plan: Plan) -> None:
    living = Living(plan)
    await living.home.start()
    await living.home.stop()
    assert living.wire.got[-1] == ("zigbee2mqtt/bridge/state", '{"state":"offline"}', 1, True)
