"""A device that stops speaking is one notice, and nothing is said of what is back in time or was never its fault."""

from dataclasses import replace
from datetime import timedelta

import pytest

from devices.reading import Kind, State
from hub.alerts import events as ev
from hub.alerts.alert import Outcome, Stage
from hub.homes import Device, DeviceKind
from tests.engine.guarded import DAY, HOUR, MINUTE, SECOND, Guarded, guarded_home

NURSE_SILENT, NURSE_OVER = ("nurse", "silent"), ("nurse", "recovered")


def a_home_that_speaks(*homes, **others) -> Guarded:  # type: ignore[no-untyped-def]
    hub = Guarded(*homes, **others)
    hub.all_speak()
    return hub


# --- silence by time --------------------------------------------------------------------------------------------


@pytest.mark.promise("P6")
@pytest.mark.requirement("9")
def test_a_sensor_with_100_percent_that_never_speaks_again_is_one_notice_after_a_day() -> None:
    hub = a_home_that_speaks()
    hub.day_goes_on(DAY - MINUTE, without=("hall-motion",))
    assert (hub.open(), hub.told()) == ([], [])
    hub.day_goes_on(MINUTE, without=("hall-motion",))
    assert (hub.open(), hub.told()) == (["silent:hall-motion"], [NURSE_SILENT])
    assert hub.alert().facts["h"] == 24
    hub.day_goes_on(3 * DAY, without=("hall-motion",))
    assert hub.open() == ["silent:hall-motion"]
    assert set(hub.told()) <= {NURSE_SILENT}  # said again once a day, as every notice that nobody takes


@pytest.mark.promise("P6")
def test_when_it_speaks_again_the_notice_ends_and_who_was_told_hears_it() -> None:
    hub = a_home_that_speaks()
    hub.day_goes_on(25 * HOUR, without=("hall-motion",))
    hub.told()
    hub.says("hall-motion")
    assert (hub.open(), hub.told()) == ([], [NURSE_OVER])
    alert = hub.alert()
    assert (alert.stage, alert.resolved_by, alert.outcome) == (Stage.RESOLVED, "hub", Outcome.GENUINE)
    hub.day_goes_on(2 * DAY)
    assert (hub.open(), hub.told()) == ([], [])


def test_who_took_it_hears_that_it_works_again() -> None:
    hub = a_home_that_speaks()
    hub.day_goes_on(25 * HOUR, without=("hall-motion",))
    hub.reply("nurse", "1")
    hub.told()
    hub.says("hall-motion")
    assert (hub.open(), hub.told()) == ([], [NURSE_OVER])


def test_closed_while_it_is_still_silent_it_is_told_again_a_day_later() -> None:
    hub = a_home_that_speaks()
    hub.day_goes_on(25 * HOUR, without=("hall-motion",))
    hub.command(lambda _: ev.Resolve("nurse", Outcome.GENUINE, "battery changed", via="command"))
    hub.told()
    hub.day_goes_on(DAY, without=("hall-motion",))
    assert (hub.open(), hub.told()) == (["silent:hall-motion"], [NURSE_SILENT])


@pytest.mark.promise("P7")
def test_what_a_bridge_remembers_after_its_start_proves_nothing() -> None:
    hub = a_home_that_speaks()
    hub.bridge(State.ONLINE)
    for _ in range(5):
        hub.day_goes_on(5 * HOUR - MINUTE, without=("hall-motion",))
        hub.bridge(State.OFFLINE)
        hub.forward(MINUTE)
        hub.bridge(State.ONLINE)
        hub.says("hall-motion")  # the cache: nothing changed, and no time of the device
    assert hub.open() == ["silent:hall-motion"]


@pytest.mark.promise("P7")
def test_a_retained_state_proves_nothing_but_a_change_does() -> None:
    hub = a_home_that_speaks()
    hub.day_goes_on(23 * HOUR, without=("hall-motion",))
    hub.says("hall-motion", retained=True)
    hub.day_goes_on(HOUR, without=("hall-motion",))
    assert hub.open() == ["silent:hall-motion"]
    hub.says("hall-motion", state=State.ACTIVE, retained=True)
    assert hub.open() == []


@pytest.mark.promise("P7")
def test_the_same_report_said_again_with_the_same_time_proves_nothing() -> None:
    hub = a_home_that_speaks()
    said_at = hub.now
    hub.says("hall-motion", device_at=said_at)
    for _ in range(24):
        hub.day_goes_on(HOUR, without=("hall-motion",))
        hub.says("hall-motion", device_at=said_at)
    assert hub.open() == ["silent:hall-motion"]
    hub.says("hall-motion", device_at=said_at + 24 * HOUR)
    assert hub.open() == []


def test_a_device_that_says_only_numbers_speaks() -> None:
    thermometer = Device("wang", "cellar", DeviceKind.TEMPERATURE, "zigbee2mqtt/cellar")
    home = guarded_home()
    hub = a_home_that_speaks(replace(home, devices=(*home.devices, thermometer)))
    for _ in range(60):
        hub.day_goes_on(HOUR)
        hub.says("cellar", Kind.TEMPERATURE, None, value=8.5)
    assert hub.open() == []
    hub.day_goes_on(25 * HOUR)
    assert hub.open() == ["silent:cellar"]


@pytest.mark.promise("P4")
@pytest.mark.promise("P8")
def test_time_in_which_the_hub_was_away_is_not_the_devices_silence() -> None:
    hub = a_home_that_speaks()
    hub.forward(12 * HOUR)
    hub.is_gone(3 * DAY)
    assert (hub.open(), hub.told()) == ([], [])
    hub.forward(11 * HOUR)
    assert (hub.open(), hub.told()) == ([], [])
    hub.day_goes_on(2 * HOUR, without=("hall-motion",))
    assert hub.open() == ["silent:hall-motion"]


# --- buttons ----------------------------------------------------------------------------------------------------


def test_a_button_that_speaks_only_when_pressed_is_to_be_tried_after_thirty_days() -> None:
    hub = a_home_that_speaks()
    hub.day_goes_on(29 * DAY)
    assert hub.open() == []
    hub.day_goes_on(DAY)
    assert (hub.open(), hub.told()) == (["silent:switch"], [("nurse", "unproven")])
    hub.says("switch", Kind.BUTTON, State.ACTIVE, action="single", property="action")
    assert (hub.open(), hub.told()) == ([], [NURSE_OVER])


def test_a_button_that_reports_by_habit_is_missed_after_a_day() -> None:
    hub = a_home_that_speaks()
    for _ in range(4):
        hub.day_goes_on(4 * HOUR)
        hub.says("switch", Kind.BATTERY, percent=100)
    hub.day_goes_on(DAY - MINUTE)
    assert hub.open() == []
    hub.day_goes_on(MINUTE)
    assert hub.open() == ["silent:switch"]


def test_the_end_of_a_press_is_no_habit() -> None:
    hub = a_home_that_speaks()
    for _ in range(6):
        hub.says("switch", Kind.BUTTON, State.ACTIVE, action="single", property="action")
        hub.forward(SECOND)
        hub.says("switch", Kind.BATTERY, percent=100)
        hub.day_goes_on(4 * HOUR)
    hub.day_goes_on(3 * DAY)
    assert hub.open() == []


# --- silence by the word of a bridge, or of the broker ------------------------------------------------------------


@pytest.mark.requirement("8")
def test_offline_is_told_after_five_minutes_and_one_that_ends_before_is_nothing() -> None:
    hub = a_home_that_speaks()
    hub.link("kitchen-gas", State.ONLINE)
    hub.forward(HOUR)
    hub.link("kitchen-gas", State.OFFLINE)
    hub.forward(5 * MINUTE - SECOND)
    hub.link("kitchen-gas", State.ONLINE)
    hub.forward(HOUR)
    assert (hub.open(), hub.told()) == ([], [])
    hub.link("kitchen-gas", State.OFFLINE)
    hub.forward(5 * MINUTE)
    assert (hub.open(), hub.told()) == (["silent:kitchen-gas"], [NURSE_SILENT])


def test_a_return_holds_when_it_has_lasted_five_minutes() -> None:
    hub = a_home_that_speaks()
    hub.link("kitchen-gas", State.OFFLINE)
    hub.forward(HOUR)
    hub.told()
    hub.link("kitchen-gas", State.ONLINE)
    hub.says("kitchen-gas", Kind.GAS)
    hub.forward(5 * MINUTE - SECOND)
    assert hub.open() == ["silent:kitchen-gas"]
    hub.forward(SECOND)
    assert (hub.open(), hub.told()) == ([], [NURSE_OVER])


@pytest.mark.requirement("37")
def test_a_link_that_comes_and_goes_is_one_alert_until_it_holds_for_an_hour() -> None:
    hub = a_home_that_speaks()
    for _ in range(20):
        hub.link("kitchen-gas", State.OFFLINE)
        hub.forward(6 * MINUTE)
        hub.link("kitchen-gas", State.ONLINE)
        hub.forward(4 * MINUTE)
    assert (hub.open(), hub.told()) == (["silent:kitchen-gas"], [NURSE_SILENT])
    hub.forward(55 * MINUTE)
    assert hub.open() == ["silent:kitchen-gas"]
    hub.forward(MINUTE)
    assert (hub.open(), hub.told()) == ([], [NURSE_OVER])


@pytest.mark.promise("P7")
def test_a_retained_offline_of_unknown_age_begins_its_grace_anew() -> None:
    hub = a_home_that_speaks()
    hub.is_gone(3 * DAY)
    hub.link("kitchen-gas", State.OFFLINE, retained=True)
    hub.forward(5 * MINUTE - SECOND)
    assert hub.open() == []
    hub.forward(SECOND)
    assert hub.open() == ["silent:kitchen-gas"]
    hub.link("kitchen-gas", State.OFFLINE, retained=True)  # said again at each start of the hub
    hub.forward(HOUR)
    assert (hub.open(), hub.told()) == (["silent:kitchen-gas"], [NURSE_SILENT])


def test_the_grace_counts_only_while_the_hub_is_there() -> None:
    hub = a_home_that_speaks()
    hub.link("kitchen-gas", State.OFFLINE)
    hub.forward(2 * MINUTE)
    hub.is_gone(2 * HOUR)
    assert hub.open() == []
    hub.forward(3 * MINUTE)
    assert hub.open() == ["silent:kitchen-gas"]


def test_a_powered_device_whose_bridge_says_online_owes_no_word() -> None:
    siren = Device("wang", "siren", DeviceKind.SIREN, "zigbee2mqtt/siren")
    home = guarded_home()
    hub = a_home_that_speaks(replace(home, devices=(*home.devices, siren)))
    hub.says("siren", Kind.FAULT)
    hub.link("siren", State.ONLINE)
    hub.day_goes_on(10 * DAY)
    assert hub.open() == []


# --- never heard ------------------------------------------------------------------------------------------------


@pytest.mark.promise("P6")
def test_devices_that_never_spoke_are_one_notice_for_the_home_after_a_day() -> None:
    hub = Guarded()
    hub.says("hall-motion")
    hub.day_goes_on(DAY - MINUTE, without=("front-door", "kitchen-gas"))
    assert hub.open() == []
    hub.day_goes_on(MINUTE, without=("front-door", "kitchen-gas"))
    assert (hub.open(), hub.told()) == (["unheard"], [("nurse", "unheard")])
    assert hub.alert().facts["list"] == "front-door、kitchen-gas、switch"
    hub.says("front-door", Kind.CONTACT)
    assert hub.alert().facts["list"] == "kitchen-gas、switch"
    hub.says("kitchen-gas", Kind.GAS)
    assert (hub.open(), hub.told()) == (["unheard"], [])
    hub.says("switch", Kind.BUTTON, State.ACTIVE, action="single", property="action")
    assert (hub.open(), hub.told()) == ([], [NURSE_OVER])


def test_homes_that_were_only_configured_are_one_notice_for_the_village() -> None:
    homes = [guarded_home(f"h{n:02d}", prefix=f"homes/h{n:02d}/", address=f"上堡村三社{n}号") for n in range(30)]
    hub = Guarded(*homes)
    hub.forward(DAY + HOUR)
    assert (hub.open(), hub.told()) == (["unheard:620702207200"], [("nurse", "unheard.homes")])
    assert (hub.alert().facts["n"], hub.alert().facts["area"]) == (30, "上堡村三社")
    for home in homes:
        hub.all_speak(prefix=home.prefix)
    assert (hub.open(), hub.told()) == ([], [NURSE_OVER])


# --- what a sensor that is lost means -----------------------------------------------------------------------------


@pytest.mark.requirement("35")
def test_a_home_whose_sensors_are_all_lost_is_unknown_and_not_still() -> None:
    home = guarded_home()
    alone = replace(home.residents[0], inactivity_after=30 * HOUR)
    hub = Guarded(replace(home, residents=(alone,), devices=home.devices[:3]))
    hub.says("hall-motion", state=State.ACTIVE)
    hub.says("front-door", Kind.CONTACT, State.ACTIVE)
    for _ in range(24 * 3):
        hub.says("kitchen-gas", Kind.GAS)
        hub.forward(HOUR)
    assert hub.open() == ["silent:front-door", "silent:hall-motion"]


def test_one_homes_broken_sensor_is_nothing_to_its_neighbour() -> None:
    near = guarded_home("chen", prefix="homes/chen/", name="陈桂英")
    hub = a_home_that_speaks(guarded_home(), near)
    hub.all_speak(prefix="homes/chen/")
    for _ in range(26):
        hub.day_goes_on(HOUR, without=("hall-motion",))
        for device, kind in (("hall-motion", Kind.MOTION), ("front-door", Kind.CONTACT), ("kitchen-gas", Kind.GAS)):
            hub.says(device, kind, prefix="homes/chen/")
    assert [(a.home_id, a.cause) for a in hub.memory.alerts()] == [("wang", "silent:hall-motion")]


@pytest.mark.parametrize("away", [timedelta(minutes=20), timedelta(hours=30)])
def test_a_start_of_the_hub_is_no_storm(away: timedelta) -> None:
    hub = a_home_that_speaks()
    hub.bridge(State.ONLINE)
    for device in ("hall-motion", "front-door", "kitchen-gas", "switch"):
        hub.link(device, State.ONLINE)
    hub.day_goes_on(12 * HOUR)
    hub.is_gone(away)
    hub.bridge(State.ONLINE, retained=True)
    for device in ("hall-motion", "front-door", "kitchen-gas", "switch"):
        hub.link(device, State.ONLINE, retained=True)
    hub.day_goes_on(12 * HOUR)
    assert (hub.open(), hub.told()) == ([], [])


@pytest.mark.parametrize("answers", [True, False])
def test_what_a_bridge_says_of_devices_as_it_starts_counts_once_it_has_asked_them(answers: bool) -> None:
    hub = Guarded()
    hub.all_speak(battery=None)
    hub.bridge(State.ONLINE)
    hub.link("kitchen-gas", State.ONLINE)
    hub.forward(HOUR)
    hub.bridge(State.OFFLINE)  # the power went, and came back
    hub.forward(4 * MINUTE)
    hub.bridge(State.ONLINE)
    hub.link("kitchen-gas", State.OFFLINE)
    hub.forward(11 * MINUTE)
    assert (hub.open(), hub.told()) == ([], [])
    if answers:
        hub.link("kitchen-gas", State.ONLINE)
    hub.forward(5 * MINUTE)
    assert hub.open() == ([] if answers else ["silent:kitchen-gas"])


@pytest.mark.requirement("36")
def test_what_hangs_on_the_mains_is_not_lost_while_there_are_none() -> None:
    meter = Device("wang", "meter", DeviceKind.MAINS, "zigbee2mqtt/meter")
    home = guarded_home()
    hub = Guarded(replace(home, devices=(*home.devices, meter)))
    hub.all_speak(battery=None)
    hub.bridge(State.ONLINE)
    hub.link("kitchen-gas", State.ONLINE)
    hub.says("meter", Kind.MAINS, State.ACTIVE)
    hub.forward(10 * MINUTE)
    hub.link("kitchen-gas", State.OFFLINE)
    hub.forward(3 * HOUR)
    assert hub.open() == ["mains:meter"]
    hub.says("meter", Kind.MAINS, State.CLEAR)
    hub.forward(10 * MINUTE)
    assert hub.open() == ["mains:meter"]
    hub.forward(21 * MINUTE)
    assert hub.open() == ["mains:meter", "silent:kitchen-gas"]
