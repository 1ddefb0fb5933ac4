"""Devices fail as real ones do, and the bridge says only what a real one would know of it."""

from datetime import timedelta
from itertools import pairwise

import pytest

from devices.dialects import build, route
from devices.events import Events
from devices.message import Message
from devices.reading import Kind
from simulators.home import CannotPoke, Fault, Happening, Plan
from simulators.home.bridge import SILENT_BATTERY
from tests.simulators.home.simulated import START, content, failing, machine_of, said

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def presses(happened: list[Happening]) -> int:
    """Count the presses that a reader of the stream finds."""
    events, count = Events(), 0
    for one in said(happened):
        dialect = route(build({}), one.topic)
        assert dialect is not None
        readings = dialect.decode(Message(one.topic, one.payload.encode(), one.at, False), one.topic)
        count += sum(event.kind is Kind.BUTTON for event in events.of(readings, one.topic, one.at))
    return count


def test_a_battery_that_claimed_100_percent_dies_without_a_word(plan: Plan) -> None:
    happened = failing(Fault.DEAD_BATTERY, plan, 2 * DAY, "bath-leak")
    states = said(happened, "zigbee2mqtt/bath_leak")
    assert content(states[-1])["battery"] == 100
    assert states[-1].at <= START + timedelta(minutes=5)
    link = said(happened, "zigbee2mqtt/bath_leak/availability")[-1]
    assert content(link) == {"state": "offline"}
    assert SILENT_BATTERY <= link.at - states[-1].at <= SILENT_BATTERY + timedelta(minutes=10)


def test_a_new_battery_brings_the_device_back(plan: Plan) -> None:
    machine = machine_of(plan)
    machine.start()
    machine.poke(START, "bath-leak", "battery-dead")
    assert said(machine.poke(START, "bath-leak", "on")) == []
    out = said(machine.poke(START + HOUR, "bath-leak", "battery-new"))
    assert content(out[0]) == {
        "data": {"friendly_name": "bath_leak", "ieee_address": content(out[0])["data"]["ieee_address"]},
        "type": "device_announce",
    }
    assert content(out[-1])["battery"] == 100


def test_a_stuck_sensor_goes_on_seeing_somebody(plan: Plan) -> None:
    happened = failing(Fault.STUCK, plan, DAY, "bath-motion")
    seen = [content(one)["occupancy"] for one in said(happened, "zigbee2mqtt/bath_motion")]
    assert seen[0] is False  # what the bridge remembered
    assert all(seen[1:])


@pytest.mark.parametrize("spoken", ["plan", "native"])
def test_six_copies_within_half_a_second_are_one_press(spoken: str, request: pytest.FixtureRequest) -> None:
    machine = machine_of(request.getfixturevalue(spoken))
    machine.start()
    machine.add_fault(START, Fault.SIX_COPIES)
    copies = machine.poke(START, "bed-sos", "press")
    copies += [one for one in said(machine.advance(START + timedelta(seconds=1))) if one.topic == said(copies)[0].topic]
    assert len(said(copies)) == 6
    assert said(copies)[-1].at - START < timedelta(milliseconds=500)
    assert presses(copies) == 1


def test_a_clock_of_1970_is_told_and_changes_nothing_else(plan: Plan, native: Plan) -> None:
    bridged = said(failing(Fault.CLOCK_1970, plan, HOUR), "zigbee2mqtt/kitchen_gas")
    assert content(bridged[-1])["last_seen"].startswith("1970-01-01T")
    own = said(failing(Fault.CLOCK_1970, native, HOUR), "carehub/kitchen_gas")
    assert content(own[-1])["at"].startswith("1970-01-01T08:")


def test_a_loose_contact_chatters_and_ends_as_the_door_is(plan: Plan) -> None:
    happened = failing(Fault.CHATTER, plan, timedelta(minutes=30), "fridge")
    flaps = said(happened, "zigbee2mqtt/fridge")
    closed = [content(one)["contact"] for one in flaps]
    assert sum(one != other for one, other in pairwise(closed)) >= 8
    assert closed[-1] is True


def test_a_fault_strikes_what_it_can_and_says_so_otherwise(plan: Plan) -> None:
    machine = machine_of(plan)
    machine.start()
    with pytest.raises(CannotPoke, match="bath-leak is a leak; stuck strikes motion"):
        machine.add_fault(START, Fault.STUCK, "bath-leak")
    with pytest.raises(CannotPoke, match="has no device attic; it has: bed-sos"):
        machine.add_fault(START, Fault.STUCK, "attic")
    for _ in range(3):
        machine.add_fault(START, Fault.STUCK)
    with pytest.raises(CannotPoke, match="none that is sound"):
        machine.add_fault(START, Fault.STUCK)


def test_what_cannot_be_done_to_a_device_is_refused_with_what_can(plan: Plan) -> None:
    machine = machine_of(plan)
    machine.start()
    with pytest.raises(CannotPoke, match="kitchen-gas is a gas and knows no 'press'; what can be done to it: on, off"):
        machine.poke(START, "kitchen-gas", "press")
