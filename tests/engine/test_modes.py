"""What somebody says of a home until a time: what waits for its end, what never does, how it ends."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from devices.reading import Kind, State
from hub.alerts.policy import Severity
from hub.engine import watching
from hub.engine.modes import LONGEST, NoSuchHome, NoSuchTime, end_test, set_mode
from hub.homes import Device, DeviceKind, DeviceRole, Home, HomeMode
from tests.engine.guarded import DAY, HOUR, MINUTE, SECOND, Guarded, guarded_home, sensors
from tests.engine.pocket import WANG, Pocket
from tests.engine.test_watching import Watched

MODES = list(HomeMode)
AWAY, VISITOR, HOSPITAL, MAINTENANCE = (
    HomeMode.AWAY,
    HomeMode.VISITOR,
    HomeMode.HOSPITAL,
    HomeMode.MAINTENANCE,
)
HUB_BOX = Device("wang", "box", DeviceKind.MAINS, "zigbee2mqtt/box")
WORKED_ON = guarded_home(devices=(*sensors("wang"), HUB_BOX))
LIFE = replace(
    WANG,
    devices=(
        *WANG.devices,
        Device("wang", "smoke", DeviceKind.SMOKE, "zigbee2mqtt/smoke", None, "hall"),
        Device("wang", "co", DeviceKind.CO, "zigbee2mqtt/co", None, "hall"),
        Device("wang", "fall", DeviceKind.FALL, "zigbee2mqtt/fall", None, "bathroom"),
    ),
)


def sets(hub: Pocket, mode: HomeMode | None, span: timedelta = HOUR, home: str = "wang") -> Home:
    """Say that the home is in this mode for so long; return it."""
    hub.do(lambda work: set_mode(work, home, mode, hub.now + span, "nurse"))
    hub.do(watching.follow)
    return hub.world.registry.homes[home]


# --- what no mode silences ------------------------------------------------------------------------------------


def _presses(hub: Pocket) -> None:
    hub.press()


def _hazard(name: str, kind: Kind) -> Callable[[Pocket], None]:
    return lambda hub: hub.hazard(name=name, kind=kind)


CRIES = {
    "sos": _presses,
    "gas": _hazard("kitchen-gas", Kind.GAS),
    "smoke": _hazard("smoke", Kind.SMOKE),
    "co": _hazard("co", Kind.CO),
    "fall": _hazard("fall", Kind.FALL),
}


@pytest.mark.promise("P9")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cry", CRIES)
def test_no_mode_silences_life(mode: HomeMode, cry: str) -> None:
    hub = Pocket(LIFE)
    sets(hub, mode)
    hub.forward(5 * MINUTE)
    CRIES[cry](hub)
    alert = hub.alert()
    assert (alert.what, alert.severity) == (cry, Severity.EMERGENCY)
    assert hub.said() == [("daughter", cry)]
    hub.forward(3 * MINUTE)
    assert [to for to, _ in hub.said()] == ["nurse", "boss"], "its ladder climbs as always"


@pytest.mark.promise("P9")
@pytest.mark.parametrize("mode", MODES)
def test_a_leak_and_a_call_for_service_are_no_notices_and_wait_for_nothing(mode: HomeMode) -> None:
    hub = Pocket(LIFE)
    sets(hub, mode)
    hub.hazard(name="sink-leak", kind=Kind.LEAK)
    hub.press("call")
    assert hub.said() == [("daughter", "leak"), ("daughter", "call")]


@pytest.mark.promise("P9")
def test_what_comes_in_a_mode_says_so_for_whoever_counts_alerts() -> None:
    hub = Pocket(LIFE)
    hub.hazard()
    assert "mode" not in hub.alert().facts
    sets(hub, MAINTENANCE)
    hub.press()
    assert hub.alert().facts["mode"] == "maintenance"


# --- what waits during work -----------------------------------------------------------------------------------

TROUBLES = {
    "battery": ("hall-motion", Kind.BATTERY, "battery:hall-motion"),
    "tamper": ("kitchen-gas", Kind.TAMPER, "tamper:kitchen-gas"),
    "fault": ("kitchen-gas", Kind.FAULT, "fault:kitchen-gas"),
    "mains": ("box", Kind.MAINS, "mains:box"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_what_a_device_says_of_itself_is_told_after_the_work_if_it_is_still_so(trouble: str) -> None:
    device, kind, cause = TROUBLES[trouble]
    hub = Guarded(WORKED_ON)
    hub.all_speak()
    sets(hub, MAINTENANCE, 2 * HOUR)
    hub.says(device, kind, State.ACTIVE)
    hub.forward(2 * HOUR - SECOND)
    assert hub.open() == []
    hub.forward(SECOND)
    assert hub.open() == [cause]
    assert [w for w in hub.memory.watches() if w.rule == "maintenance"] == [], "looked at once, and done"


@pytest.mark.parametrize("trouble", TROUBLES)
def test_what_was_mended_by_then_is_never_told(trouble: str) -> None:
    device, kind, _ = TROUBLES[trouble]
    hub = Guarded(WORKED_ON)
    hub.all_speak()
    sets(hub, MAINTENANCE, 2 * HOUR)
    hub.says(device, kind, State.ACTIVE)
    hub.forward(HOUR)
    hub.says(device, kind, State.CLEAR, **({"percent": 100} if kind is Kind.BATTERY else {}))
    hub.forward(2 * HOUR)
    assert hub.open() == []
    assert hub.told() == []


def test_what_somebody_closed_before_the_work_is_not_told_again_by_it() -> None:
    hub = Guarded(WORKED_ON)
    hub.all_speak()
    hub.says("hall-motion", Kind.BATTERY, State.ACTIVE)
    hub.reply("nurse", "1")
    hub.reply("nurse", "4 done")
    hub.forward(SECOND)
    sets(hub, MAINTENANCE)
    hub.says("hall-motion", Kind.BATTERY, State.ACTIVE)
    hub.forward(2 * HOUR)
    assert hub.open() == []


def test_what_was_open_before_the_work_ends_in_it() -> None:
    hub = Guarded(WORKED_ON)
    hub.all_speak()
    hub.says("hall-motion", Kind.BATTERY, State.ACTIVE)
    sets(hub, MAINTENANCE)
    hub.says("hall-motion", Kind.BATTERY, State.CLEAR, percent=100)
    assert hub.open() == []


def test_work_that_ends_early_or_late_is_looked_at_then() -> None:
    hub = Guarded(WORKED_ON)
    hub.all_speak()
    sets(hub, MAINTENANCE, 2 * HOUR)
    hub.says("kitchen-gas", Kind.TAMPER, State.ACTIVE)
    hub.forward(HOUR)
    sets(hub, MAINTENANCE, 3 * HOUR)
    hub.says("hall-motion", Kind.BATTERY, State.ACTIVE)
    hub.forward(2 * HOUR)
    assert hub.open() == []
    sets(hub, None)
    hub.turn()
    assert hub.open() == ["battery:hall-motion", "tamper:kitchen-gas"]


@pytest.mark.promise("P4")
def test_a_restart_and_an_edit_forget_nothing_of_it() -> None:
    hub = Guarded(WORKED_ON)
    hub.all_speak()
    sets(hub, MAINTENANCE, 2 * HOUR)
    hub.says("kitchen-gas", Kind.TAMPER, State.ACTIVE)
    home = hub.world.registry.homes["wang"]
    hub.memory.replace_registry(replace(hub.world.registry, homes={"wang": replace(home, devices=home.devices[:-1])}))
    hub.restart()
    hub.do(watching.follow)
    hub.forward(2 * HOUR)
    assert hub.open() == ["tamper:kitchen-gas"]


@pytest.mark.promise("P6")
def test_a_silent_device_and_a_lost_gateway_are_told_after_the_work() -> None:
    hub = Guarded(WORKED_ON)
    hub.all_speak()
    hub.bridge(State.ONLINE)
    sets(hub, MAINTENANCE, 8 * HOUR)
    hub.bridge(State.OFFLINE)
    hub.forward(8 * HOUR - SECOND)
    assert hub.open() == []
    hub.forward(MINUTE)
    assert [cause.partition(":")[0] for cause in hub.open()] == ["gateway"]


def test_a_gateway_of_several_homes_is_told_at_once_whoever_works_in_one_of_them() -> None:
    other = guarded_home("chen", name="陈桂英", devices=tuple(replace(d, home="chen", topic=f"{d.topic}2")
                                                              for d in sensors("chen")))  # fmt: skip
    hub = Guarded(WORKED_ON, other)
    hub.all_speak()
    hub.bridge(State.ONLINE)
    sets(hub, MAINTENANCE, 8 * HOUR)
    hub.bridge(State.OFFLINE)
    hub.forward(6 * MINUTE)
    assert [cause.partition(":")[0] for cause in hub.open()] == ["gateway"]


def test_only_work_makes_notices_wait() -> None:
    for mode in (AWAY, VISITOR, HOSPITAL):
        hub = Guarded(WORKED_ON)
        hub.all_speak()
        sets(hub, mode)
        hub.says("hall-motion", Kind.BATTERY, State.ACTIVE)
        assert hub.open() == ["battery:hall-motion"]


# --- stillness ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [AWAY, HOSPITAL])
def test_nobody_is_still_who_is_not_there_and_it_counts_from_the_end(mode: HomeMode) -> None:
    hub = Watched()
    hub.moves()
    sets(hub, mode, 10 * HOUR)
    hub.forward(22 * HOUR - SECOND)
    assert hub.still == []
    hub.forward(SECOND)
    assert len(hub.still) == 1


@pytest.mark.parametrize("mode", [VISITOR, MAINTENANCE, HomeMode.TEST])
def test_whoever_has_company_can_be_still(mode: HomeMode) -> None:
    hub = Watched()
    hub.moves()
    sets(hub, mode, min(LONGEST[mode], 2 * DAY))
    hub.forward(12 * HOUR)
    assert len(hub.still) == 1


def test_coming_back_from_hospital_begins_the_count_and_ending_a_visit_does_not() -> None:
    hub = Watched()
    hub.moves()
    sets(hub, HOSPITAL, 2 * DAY)
    hub.forward(DAY)
    home = sets(hub, None)
    assert (home.mode_at(hub.now), home.away_until) == (None, hub.now)
    hub.forward(6 * HOUR)
    hub.moves()
    sets(hub, VISITOR)
    sets(hub, None)
    hub.forward(12 * HOUR - SECOND)
    assert hub.still == []
    hub.forward(SECOND)
    assert len(hub.still) == 1


def test_work_in_an_empty_home_leaves_it_empty_and_a_visitor_does_not() -> None:
    hub = Watched()
    sets(hub, AWAY, 3 * DAY)
    end = hub.now + 3 * DAY
    home = sets(hub, MAINTENANCE)
    assert home.mode_at(hub.now) == (MAINTENANCE, hub.now + HOUR)
    assert home.mode_at(hub.now + 2 * HOUR) == (AWAY, end)
    assert sets(hub, None).mode_at(hub.now) == (AWAY, end)
    assert sets(hub, VISITOR).mode_at(hub.now + 2 * HOUR) is None


# --- who, when ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_each_ends_by_itself_and_who_said_it_is_kept(mode: HomeMode) -> None:
    hub = Watched()
    home = sets(hub, mode, 2 * HOUR)
    assert home.mode_at(hub.now + 2 * HOUR - SECOND) == (mode, hub.now + 2 * HOUR)
    assert home.mode_at(hub.now + 2 * HOUR) is None
    (act,) = hub.memory.acts("wang")
    assert (act.who, act.event, act.area) == ("nurse", mode.value, WANG.area)
    assert act.detail == {"until": (hub.now + 2 * HOUR).isoformat()}
    sets(hub, None)
    last = hub.memory.acts("wang")[-1]
    ended = "back" if mode in (AWAY, HOSPITAL) else "mode_ended"
    assert (last.event, last.detail) == (ended, {"until": hub.now.isoformat(), "before": mode.value})


@pytest.mark.parametrize("mode", MODES)
def test_a_time_that_is_past_or_too_far_ahead_changes_nothing(mode: HomeMode) -> None:
    hub = Watched()
    for span in (timedelta(0), -HOUR, LONGEST[mode] + SECOND):
        with pytest.raises(NoSuchTime):
            sets(hub, mode, span)
    with pytest.raises(NoSuchTime):
        hub.do(lambda work: set_mode(work, "wang", mode, None, "nurse"))
    with pytest.raises(NoSuchHome):
        sets(hub, mode, home="nowhere")
    assert hub.memory.acts("wang") == []


def test_the_role_of_a_device_is_no_way_around_it() -> None:
    """A button that is opened says so after the work, and its press at once."""
    button = Device("wang", "sos", DeviceKind.BUTTON, "zigbee2mqtt/sos", DeviceRole.SOS, "bedroom")
    hub = Guarded(guarded_home(devices=(*sensors("wang"), button)))
    sets(hub, MAINTENANCE)
    hub.says("sos", Kind.TAMPER, State.ACTIVE)
    assert hub.open() == []
    hub.says("sos", Kind.BUTTON, State.ACTIVE, action="single", property="action")
    assert hub.open() == ["sos"]


def test_work_that_begins_anew_before_the_look_keeps_what_waited() -> None:
    hub = Guarded(WORKED_ON)
    hub.all_speak()
    sets(hub, MAINTENANCE)
    hub.forward(MINUTE)
    hub.says("kitchen-gas", Kind.TAMPER, State.ACTIVE)
    hub.is_away = True
    hub.memory.clock.instant += 2 * HOUR
    sets(hub, MAINTENANCE)
    hub.is_away = False
    hub.turn()
    assert hub.open() == []
    hub.forward(HOUR)
    assert hub.open() == ["tamper:kitchen-gas"]


def test_the_end_of_a_test_moves_no_stillness_and_brings_nobody_back() -> None:
    hub = Watched()
    hub.moves()
    hub.forward(6 * HOUR)
    sets(hub, HomeMode.TEST)
    hub.forward(2 * HOUR)  # its time is over before somebody ends it
    hub.do(lambda work: end_test(work, "wang"))
    assert hub.world.registry.homes["wang"].mode is None
    hub.forward(4 * HOUR - SECOND)
    assert hub.still == []
    hub.forward(SECOND)
    assert len(hub.still) == 1
    sets(hub, AWAY, 3 * DAY)
    away_until = hub.now + 3 * DAY
    sets(hub, HomeMode.TEST)
    hub.forward(2 * HOUR)
    hub.do(lambda work: end_test(work, "wang"))
    assert hub.world.registry.homes["wang"].mode_at(hub.now) == (AWAY, away_until)


def test_whoever_says_that_they_are_back_begins_the_count_anew() -> None:
    hub = Watched()
    hub.moves()
    hub.forward(6 * HOUR)
    hub.away("wang", hub.now)
    hub.forward(12 * HOUR - SECOND)
    assert hub.still == []
    hub.forward(SECOND)
    assert len(hub.still) == 1
