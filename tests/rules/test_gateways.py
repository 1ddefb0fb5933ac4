"""A bridge or gateway that is lost is one notice for all behind it, and one for a village that lost many."""

from dataclasses import replace

import pytest

from devices.reading import Kind, State
from hub.alerts import events as ev
from hub.alerts.alert import Outcome
from hub.homes import SITE, Device, DeviceKind, Resident
from hub.rules.areas import place
from tests.engine.guarded import DAY, HOUR, MINUTE, SECOND, VILLAGE, Guarded, guarded_home

NAMES = ("hall-motion", "front-door", "kitchen-gas")


def village(homes: int, *, base: str = "zigbee2mqtt") -> Guarded:
    """Homes with a gateway each; all of them spoke."""
    where = [(f"h{n:02d}", f"homes/h{n:02d}/", f"王{n}", f"上堡村{n}号") for n in range(homes)]
    hub = Guarded(*(guarded_home(id, prefix=prefix, base=base, name=who, address=at) for id, prefix, who, at in where))
    for n in range(homes):
        hub.all_speak(prefix=f"homes/h{n:02d}/", base=base)
        if base == "zigbee2mqtt":
            hub.bridge(State.ONLINE, prefix=f"homes/h{n:02d}/")
    return hub


# --- one home -----------------------------------------------------------------------------------------------------


@pytest.mark.promise("P12")
@pytest.mark.parametrize("marked", [False, True], ids=["bridge alone", "devices marked offline too"])
def test_a_dead_bridge_is_one_notice_and_the_devices_behind_it_none(marked: bool) -> None:
    many = tuple(Device("wang", f"motion-{n}", DeviceKind.MOTION, f"zigbee2mqtt/motion-{n}") for n in range(12))
    hub = Guarded(guarded_home(devices=many))
    for device in many:
        hub.says(device.id)
        hub.link(device.id, State.ONLINE)
    hub.bridge(State.ONLINE)
    hub.forward(HOUR)
    hub.bridge(State.OFFLINE)
    for device in many if marked else ():
        hub.forward(SECOND)
        hub.link(device.id, State.OFFLINE)
    hub.forward(5 * MINUTE)
    assert (hub.open(), hub.told()) == (["gateway:zigbee2mqtt/bridge"], [("nurse", "gateway")])
    hub.forward(3 * DAY)
    assert hub.open() == ["gateway:zigbee2mqtt/bridge"]
    hub.told()
    hub.bridge(State.ONLINE)
    for device in many if marked else ():
        hub.link(device.id, State.ONLINE)
        hub.forward(20 * SECOND)
    hub.forward(5 * MINUTE)
    assert (hub.open(), {key for _, key in hub.told()}) == ([], {"recovered"})


@pytest.mark.requirement("8")
def test_a_bridge_that_restarts_is_nothing_and_at_once_in_the_data() -> None:
    hub = Guarded()
    hub.all_speak()
    hub.bridge(State.ONLINE)
    for _ in range(20):
        hub.bridge(State.OFFLINE)
        assert hub.memory.states["wang", "zigbee2mqtt/bridge", "bridge", ""].state == "offline"
        hub.forward(4 * MINUTE)
        hub.bridge(State.ONLINE)
        hub.forward(HOUR)
        hub.all_speak()
    assert (hub.open(), hub.told()) == ([], [])


@pytest.mark.requirement("37")
def test_a_bridge_that_comes_and_goes_is_one_alert() -> None:
    hub = Guarded()
    hub.all_speak()
    hub.bridge(State.ONLINE)
    for _ in range(6):
        hub.bridge(State.OFFLINE)
        hub.forward(6 * MINUTE)
        hub.bridge(State.ONLINE)
        hub.forward(3 * MINUTE)
    assert (hub.open(), hub.told()) == (["gateway:zigbee2mqtt/bridge"], [("nurse", "gateway")])
    hub.forward(HOUR)
    assert (hub.open(), hub.told()) == ([], [("nurse", "recovered")])


def test_a_bridge_that_no_longer_reports_its_health_is_lost() -> None:
    hub = Guarded()
    hub.all_speak()
    hub.bridge(State.ONLINE)
    for _ in range(10):
        hub.bridge(State.ALIVE)
        hub.forward(10 * MINUTE)
    hub.forward(50 * MINUTE - SECOND)
    assert hub.open() == []
    hub.forward(10 * MINUTE)
    assert hub.open() == ["gateway:zigbee2mqtt/bridge"]
    hub.bridge(State.ALIVE)
    hub.forward(10 * MINUTE)
    assert hub.open() == []


def test_devices_that_speak_disprove_the_last_will_of_an_old_connection() -> None:
    hub = Guarded()
    hub.all_speak()
    hub.bridge(State.ONLINE)
    hub.bridge(State.OFFLINE)
    hub.forward(2 * MINUTE)
    hub.says("hall-motion", state=State.ACTIVE)
    hub.day_goes_on(DAY)
    assert (hub.open(), hub.told()) == ([], [])
    assert hub.memory.gaps(["zigbee2mqtt/bridge"], hub.now) == []


def test_a_home_of_own_devices_that_all_go_is_one_notice() -> None:
    hub = Guarded(guarded_home(base="carehub"))
    hub.all_speak(base="carehub")
    for name in NAMES:
        hub.link(name, State.ONLINE, base="carehub")
    hub.forward(HOUR)
    for name in NAMES:
        hub.link(name, State.OFFLINE, base="carehub")
        hub.forward(20 * SECOND)
    hub.forward(6 * MINUTE)
    assert (hub.open(), hub.told()) == (["gateway:wang"], [("nurse", "gateway")])
    for name in NAMES[:2]:  # one comes back after the other; the third does not
        hub.link(name, State.ONLINE, base="carehub")
        hub.forward(MINUTE)
    hub.forward(2 * MINUTE)
    assert hub.open() == ["gateway:wang"]
    hub.forward(HOUR)
    assert (hub.open(), hub.told()) == (["silent:kitchen-gas"], [("nurse", "recovered"), ("nurse", "silent")])


def test_a_home_that_went_quiet_without_a_word_is_one_notice() -> None:
    hub = Guarded()
    hub.all_speak()
    hub.bridge(State.ONLINE)
    for name, kind in zip(NAMES, (Kind.MOTION, Kind.CONTACT, Kind.GAS), strict=True):
        hub.forward(HOUR)
        hub.says(name, kind)
    hub.forward(DAY)
    assert (hub.open(), hub.told()) == (["gateway:wang"], [("nurse", "gateway")])
    hub.says("hall-motion")
    hub.forward(10 * MINUTE)
    assert hub.open() != ["gateway:wang"]


def test_one_bridge_of_several_homes_is_one_fault_of_the_site() -> None:
    homes = [guarded_home("wang"), guarded_home("chen", devices=(
        Device("chen", "chen-motion", DeviceKind.MOTION, "zigbee2mqtt/chen-motion"),), name="陈桂英")]  # fmt: skip
    hub = Guarded(*homes)
    hub.all_speak()
    hub.says("chen-motion")
    hub.bridge(State.ONLINE)
    hub.bridge(State.OFFLINE)
    hub.forward(2 * DAY)
    assert [(a.home_id, a.cause) for a in hub.memory.alerts()] == [(SITE, "gateway:zigbee2mqtt/bridge")]
    assert hub.alert().facts["who"] == "王秀兰、陈桂英"
    hub.bridge(State.ONLINE)
    hub.forward(10 * MINUTE)
    assert hub.open() == []


# --- a village ----------------------------------------------------------------------------------------------------


@pytest.mark.promise("P12")
@pytest.mark.requirement("36")
@pytest.mark.parametrize("base", ["zigbee2mqtt", "carehub"])
def test_thirty_homes_that_lose_power_are_one_notice(base: str) -> None:
    hub = village(30, base=base)
    prefixes = [f"homes/h{n:02d}/" for n in range(30)]
    if base == "carehub":
        for prefix in prefixes:
            for name in NAMES:
                hub.link(name, State.ONLINE, prefix=prefix, base=base)
    hub.forward(HOUR)
    for prefix in prefixes:  # brokers notice it one after the other
        hub.forward(3 * SECOND)
        if base == "carehub":
            for name in NAMES:
                hub.link(name, State.OFFLINE, prefix=prefix, base=base)
        else:
            hub.bridge(State.OFFLINE, prefix=prefix)
    hub.forward(2 * HOUR)
    assert (hub.open(), hub.told()) == (["area:620702207200"], [("nurse", "area")])
    alert = hub.alert()
    assert (alert.home_id, alert.facts["n"], alert.facts["area"]) == (SITE, 30, "上堡村")
    for prefix in prefixes[2:]:
        hub.forward(2 * SECOND)
        if base == "carehub":
            for name in NAMES:
                hub.link(name, State.ONLINE, prefix=prefix, base=base)
        else:
            hub.bridge(State.ONLINE, prefix=prefix)
    hub.forward(10 * MINUTE)
    # two did not come back: those are told one by one
    assert sorted(hub.told()) == [("nurse", "gateway")] * 2 + [("nurse", "recovered")]
    assert len(hub.open()) == 2


def test_three_gateways_are_told_one_by_one_and_a_fourth_makes_it_the_village() -> None:
    hub = village(10)
    for n in range(3):
        hub.bridge(State.OFFLINE, prefix=f"homes/h{n:02d}/")
    hub.forward(6 * MINUTE)
    assert (len(hub.open()), hub.told()) == (3, [("nurse", "gateway")] * 3)
    hub.bridge(State.OFFLINE, prefix="homes/h03/")
    hub.forward(6 * MINUTE)
    assert [a for a in hub.open() if a.startswith("area")] == ["area:620702207200"]
    assert (len(hub.open()), hub.told()) == (4, [("nurse", "area")])
    assert hub.alert("area:620702207200").facts["n"] == 4


def test_gateways_that_go_at_other_times_or_in_other_villages_are_told_one_by_one() -> None:
    hub = village(10)
    for n in range(6):
        hub.bridge(State.OFFLINE, prefix=f"homes/h{n:02d}/")
        hub.forward(11 * MINUTE)
    assert not [cause for cause in hub.open() if cause.startswith("area")]
    far = [replace(guarded_home(f"f{n}", prefix=f"far/{n}/"), area=f"62070220{n}200") for n in range(5)]
    hub = Guarded(*far)
    for n in range(5):
        hub.all_speak(prefix=f"far/{n}/")
        hub.bridge(State.OFFLINE, prefix=f"far/{n}/")
    hub.forward(6 * MINUTE)
    assert len(hub.open()) == 5
    assert not [cause for cause in hub.open() if cause.startswith("area")]


def test_who_needs_help_most_is_named_first() -> None:
    homes = [guarded_home(f"h{n}", prefix=f"h{n}/", name=f"王{n}", address=f"上堡村{n}号") for n in range(5)]
    homes[4] = replace(homes[4], residents=(Resident("陈桂英", needs=frozenset({"deaf", "advanced_age"})),))
    hub = Guarded(*homes)
    for n in range(5):
        hub.all_speak(prefix=f"h{n}/")
        hub.bridge(State.OFFLINE, prefix=f"h{n}/")
    hub.forward(6 * MINUTE)
    assert str(hub.alert("area:" + VILLAGE).facts["list"]).startswith("陈桂英、")


@pytest.mark.parametrize(
    ("addresses", "where"),
    [
        (["上堡村三社12号", "上堡村三社15号"], "上堡村三社"),
        (["上堡村三社12号", "上堡村十社1号"], "上堡村"),
        (["Shangbao 3-12", "Shangbao 3-15"], "Shangbao"),
        (["Shangbao Village 13-112", "Shangbao Village 2-1"], "Shangbao Village"),
        (["上堡村12号", "下堡村12号"], ""),
        ([], ""),
    ],
)
def test_a_place_is_what_the_addresses_share(addresses: list[str], where: str) -> None:
    assert place(addresses) == where


# --- what a lost link means for stillness -------------------------------------------------------------------------


def lived_in(*, base: str = "zigbee2mqtt") -> Guarded:
    """Return a hub with one home whose resident moved an hour ago, and may be still for twelve."""
    known = guarded_home(base=base)
    hub = Guarded(replace(known, residents=(Resident("王秀兰"),)))
    hub.all_speak(base=base)
    hub.says("hall-motion", state=State.ACTIVE, base=base)
    hub.says("hall-motion", base=base)
    return hub


@pytest.mark.requirement("35")
def test_a_bridge_that_died_without_a_word_makes_a_home_unknown_not_still() -> None:
    hub = lived_in()
    hub.bridge(State.ONLINE)
    for _ in range(6):
        hub.says("bridge", Kind.BRIDGE, State.ALIVE, property=None)
        hub.forward(10 * MINUTE)
    hub.forward(20 * HOUR)  # its health reports stop; that it is "online" stays at the broker
    assert hub.open() == ["gateway:zigbee2mqtt/bridge"]
    hub.says("bridge", Kind.BRIDGE, State.ALIVE, property=None)
    for _ in range(66):  # it is back, and what it did not hear is nobody's silence: one hour of twelve was watched
        hub.forward(10 * MINUTE)
        hub.says("bridge", Kind.BRIDGE, State.ALIVE, property=None)
    assert hub.open() == []
    for _ in range(3):
        hub.forward(10 * MINUTE)
        hub.says("bridge", Kind.BRIDGE, State.ALIVE, property=None)
    assert hub.open() == ["inactivity"]


@pytest.mark.requirement("35")
def test_a_home_that_went_quiet_as_a_whole_is_watched_again_once_a_sensor_of_it_speaks() -> None:
    hub = lived_in(base="carehub")
    hub.forward(13 * HOUR)
    assert "inactivity" in hub.open()  # nobody can tell yet whether it is the resident or the link
    hub.command(lambda _: ev.Resolve("nurse", Outcome.FALSE), hub.alert("inactivity").id)
    hub.forward(40 * HOUR)
    assert hub.open() == ["gateway:wang"]
    for _ in range(10):  # all speak again, and nobody moves
        hub.says("hall-motion", base="carehub")
        hub.says("front-door", Kind.CONTACT, base="carehub")
        hub.says("kitchen-gas", Kind.GAS, base="carehub")
        hub.forward(HOUR)
        assert hub.open() == []
    hub.forward(4 * HOUR)
    assert hub.open() == ["inactivity"]
