"""What a device says of itself: its battery, the mains, tampering and faults."""

from dataclasses import replace
from datetime import timedelta

import pytest

from devices.reading import Kind, State
from hub.alerts import events as ev
from hub.alerts.alert import Outcome
from hub.homes import Contact, Device, DeviceKind, Role
from tests.engine.guarded import DAY, HOUR, MINUTE, SECOND, Guarded, guarded_home


def charge(hub: Guarded, percent: int, device: str = "hall-motion", *, retained: bool = False) -> None:
    state = State.ACTIVE if percent <= 10 else State.CLEAR
    hub.says(device, Kind.BATTERY, state, percent=percent, retained=retained)


# --- batteries ----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("10")
def test_a_low_battery_is_one_task_until_it_is_changed() -> None:
    hub = Guarded()
    hub.all_speak()
    charge(hub, 11)
    assert hub.open() == []
    charge(hub, 10)
    assert (hub.open(), hub.told()) == (["battery:hall-motion"], [("nurse", "battery")])
    assert hub.alert().facts["pct"] == 10
    for percent in (9, 11, 10, 12, 8):  # it warms up and cools down
        hub.forward(HOUR)
        charge(hub, percent)
    assert (hub.open(), hub.told()) == (["battery:hall-motion"], [])
    charge(hub, 100)
    assert (hub.open(), hub.told()) == ([], [("nurse", "recovered")])


def test_a_battery_that_was_said_to_be_changed_is_told_again_only_when_it_falls_anew() -> None:
    hub = Guarded()
    hub.all_speak()
    charge(hub, 9)
    hub.command(lambda _: ev.Resolve("nurse", Outcome.GENUINE, via="command"))
    hub.told()
    for percent in (9, 8, 8):
        charge(hub, percent)
    charge(hub, 8, retained=True)
    assert (hub.open(), hub.told()) == ([], [])


def test_a_flag_without_percent_opens_and_ends_it() -> None:
    hub = Guarded()
    hub.all_speak(battery=None)
    hub.says("kitchen-gas", Kind.BATTERY, State.ACTIVE)
    assert hub.open() == ["battery:kitchen-gas"]
    assert "pct" not in hub.alert().facts
    hub.says("kitchen-gas", Kind.BATTERY, State.CLEAR)
    assert hub.open() == []


# --- mains --------------------------------------------------------------------------------------------------------


def powered() -> Guarded:
    meter = Device("wang", "meter", DeviceKind.MAINS, "carehub/meter")
    home = guarded_home()
    family = (Contact("daughter", Role.FAMILY),)
    return Guarded(replace(home, devices=(*home.devices, meter), contacts=family))


def mains(hub: Guarded, *, lost: bool) -> None:
    hub.says("meter", Kind.MAINS, State.ACTIVE if lost else State.CLEAR, base="carehub")


@pytest.mark.requirement("11")
def test_a_power_cut_is_seen_at_once_and_told_to_the_family_after_an_hour() -> None:
    hub = powered()
    mains(hub, lost=True)
    assert (hub.open(), hub.told()) == (["mains:meter"], [])
    hub.forward(HOUR - SECOND)
    assert hub.told() == []
    hub.forward(SECOND)
    assert hub.told() == [("daughter", "mains")]
    hub.forward(5 * HOUR)
    mains(hub, lost=False)
    hub.forward(HOUR - SECOND)
    assert (hub.open(), hub.told()) == (["mains:meter"], [])
    hub.forward(SECOND)
    assert (hub.open(), hub.told()) == ([], [("daughter", "recovered")])


@pytest.mark.requirement("11")
@pytest.mark.parametrize(("flickers", "texts"), [(50 * MINUTE, []), (65 * MINUTE, [("daughter", "mains")])])
def test_power_that_flickers_is_told_once_and_only_after_an_hour(
    flickers: timedelta, texts: list[tuple[str, str]]
) -> None:
    hub = powered()
    end = hub.now + flickers
    while hub.now < end:
        mains(hub, lost=True)
        hub.forward(3 * MINUTE)
        mains(hub, lost=False)
        hub.forward(2 * MINUTE)
    assert (hub.open(), hub.told()) == (["mains:meter"], texts)
    hub.forward(2 * HOUR)
    assert (hub.open(), hub.told()) == ([], [("daughter", "recovered")] if texts else [])


def test_nobody_takes_a_power_cut_and_staff_hear_of_it_the_next_day() -> None:
    hub = powered()
    mains(hub, lost=True)
    hub.forward(DAY + 2 * HOUR)
    assert [said for said in hub.told() if said[1] == "mains"] == [("daughter", "mains"), ("nurse", "mains")]


def test_nobody_is_told_that_the_button_works_when_the_gateway_is_lost() -> None:
    hub = powered()
    hub.all_speak()
    mains(hub, lost=True)
    hub.forward(40 * MINUTE)
    hub.bridge(State.OFFLINE)
    hub.forward(3 * HOUR)
    assert (hub.open(), hub.told()) == (["gateway:zigbee2mqtt/bridge"], [("nurse", "gateway")])


def test_a_home_without_family_has_its_staff_told() -> None:
    hub = powered()
    home = hub.memory.registry().homes["wang"]
    hub = Guarded(replace(home, contacts=()))
    mains(hub, lost=True)
    hub.forward(HOUR)
    assert hub.told() == [("nurse", "mains")]


# --- tampering and faults -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.TAMPER, Kind.FAULT])
def test_a_life_safety_device_that_is_not_well_is_one_notice_if_it_lasts(kind: Kind) -> None:
    hub = Guarded()
    hub.all_speak()
    hub.says("kitchen-gas", kind)
    for _ in range(3):  # whoever changes its battery opens it
        hub.says("kitchen-gas", kind, State.ACTIVE)
        hub.forward(2 * MINUTE)
        hub.says("kitchen-gas", kind, State.CLEAR)
        hub.forward(HOUR)
    assert (hub.open(), hub.told()) == ([], [])
    for _ in range(20):
        hub.says("kitchen-gas", kind, State.ACTIVE)
        hub.forward(MINUTE)
    assert (hub.open(), hub.told()) == ([f"{kind.value}:kitchen-gas"], [("nurse", kind.value)])
    hub.says("kitchen-gas", kind, State.CLEAR)
    assert (hub.open(), hub.told()) == ([], [("nurse", "recovered")])


def test_other_devices_and_what_the_hub_cannot_read_are_no_fault_of_a_life_safety_device() -> None:
    hub = Guarded()
    hub.all_speak()
    hub.says("hall-motion", Kind.TAMPER, State.ACTIVE)
    hub.says("kitchen-gas", Kind.FAULT, State.ACTIVE, property="gas_value", reason="cannot be read: neither on nor off")
    hub.forward(HOUR)
    assert hub.open() == []
