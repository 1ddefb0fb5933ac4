"""A message from the shelf goes the way of all others, as old as it is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from devices.reading import Kind, Reading, State
from hub.alerts.alert import Stage
from hub.engine.shelf import Retried, delivery_of, retry
from hub.ports import Arrival, Session, Shelved
from tests.engine.pocket import HOUR, MINUTE, button
from tests.engine.test_engine import Bench
from tests.harness.memory import NOON
from tests.store.samples import a_message


@pytest.fixture
async def hub() -> Bench:
    """Return an engine with homes, and a pocket hub beside it."""
    found = Bench()
    await found.engine.load()
    return found


def shelve(hub: Bench, topic: str = "zigbee2mqtt/bed-sos", reason: str = "no JSON") -> Shelved:
    """Set a message aside now; return its row."""
    message = a_message(topic, b"{}", received_at=hub.pocket.now)
    hub.memory.shelve(Session.SOS, message, reason)
    return hub.memory.shelved[-1]


async def again(hub: Bench, row: Shelved, *readings: Reading, fault: str | None = None) -> Retried:
    """Hand a row in again, read so."""
    return await retry(hub.engine, row, Arrival(delivery_of(row, hub.pocket.now), "", readings, fault))


def gas(state: State) -> Reading:
    return Reading("zigbee2mqtt/kitchen-gas", "kitchen-gas", Kind.GAS, state)


@pytest.mark.promise("P7")
async def test_a_press_from_the_shelf_is_raised_as_late_with_its_age(hub: Bench) -> None:
    row = shelve(hub)
    hub.pocket.forward(3 * HOUR)
    done = await again(hub, row, button("bed-sos"))
    (alert,) = hub.memory.by_id.values()
    assert done == Retried(None, (alert.code,))
    (call,) = hub.memory.messages.values()
    assert (call.key, call.facts["mins"]) == ("sos.late", 180)
    assert hub.memory.shelved == []


async def test_one_that_is_retried_at_once_is_not_late(hub: Bench) -> None:
    await again(hub, shelve(hub), button("bed-sos"))
    (call,) = hub.memory.messages.values()
    assert call.key == "sos"


async def test_what_is_still_unreadable_stays_with_the_new_reason(hub: Bench) -> None:
    row = shelve(hub)
    assert await again(hub, row, fault="native: seq is missing") == Retried("native: seq is missing")
    assert hub.memory.shelved == [replace(row, reason="native: seq is missing")]
    assert (hub.memory.readings, hub.memory.by_id) == ([], {})


@pytest.mark.promise("P12")
async def test_what_still_cannot_be_handled_stays_and_leaves_nothing_behind(hub: Bench) -> None:
    row = shelve(hub)
    hub.pocket.forward(HOUR)
    bad = Reading("zigbee2mqtt/bed-sos", "bed-sos", Kind.BUTTON, State.ACTIVE, device_at="never")  # type: ignore[arg-type]
    done = await again(hub, row, bad)
    assert done.why is not None
    assert done.why.startswith("handling failed: TypeError")
    (kept,) = hub.memory.shelved
    assert (kept.id, kept.tries, kept.reason) == (row.id, 1, done.why)
    assert (hub.memory.readings, hub.memory.by_id) == ([], {})


async def test_a_message_is_handled_once(hub: Bench) -> None:
    row = shelve(hub)
    await again(hub, row, button("bed-sos"))
    assert (await again(hub, row, button("bed-sos"))).why == "it is not on the shelf any more"
    assert len(hub.memory.readings) == 1


@pytest.mark.promise("P7")
async def test_old_gas_calls_but_does_not_undo_what_the_detector_said_since(hub: Bench) -> None:
    row = shelve(hub, "zigbee2mqtt/kitchen-gas")
    hub.pocket.forward(MINUTE)
    await hub.engine.commit([hub.pocket.arrival(gas(State.CLEAR))])
    hub.pocket.forward(HOUR)
    await again(hub, row, gas(State.ACTIVE))
    (alert,) = hub.memory.by_id.values()
    assert (alert.what, alert.stage) == ("gas", Stage.OPEN)
    (state,) = [s for s in hub.memory.states.values() if s.kind == "gas"]
    assert (state.state, state.at) == ("clear", NOON + MINUTE)


async def test_a_device_was_heard_when_the_message_came_not_when_it_was_retried(hub: Bench) -> None:
    row = shelve(hub, "zigbee2mqtt/motion")
    hub.pocket.forward(5 * HOUR)
    await again(hub, row, Reading("zigbee2mqtt/motion", "motion", Kind.MOTION, State.ACTIVE))
    (state,) = hub.memory.states.values()
    assert (state.at, state.since) == (NOON, NOON)
    assert state.life_at is None or state.life_at <= NOON


@pytest.mark.promise("P7")
async def test_nothing_the_broker_sends_is_taken_for_what_the_shelf_held(hub: Bench) -> None:
    row = shelve(hub)
    await again(hub, row, button("bed-sos"))
    assert hub.memory.deliveries == {}
    hub.pocket.forward(timedelta(minutes=1))
    press = hub.pocket.arrival(button("bed-sos"), payload=b"{}")
    await hub.engine.commit([replace(press, delivery=replace(press.delivery, duplicate=True))])
    (alert,) = hub.memory.by_id.values()
    assert alert.count == 2
