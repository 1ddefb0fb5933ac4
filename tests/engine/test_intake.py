"""From what devices say to alerts: merged, counted, late, retained, delivered twice, unreadable, unknown."""

from dataclasses import replace
from datetime import timedelta

import pytest

from devices.reading import Kind, Reading, State
from hub.alerts import events as ev
from hub.alerts.alert import Lateness, Outcome, Stage
from hub.alerts.policy import Severity
from hub.homes import SITE
from hub.ports import Session
from hub.rules import faults
from tests.engine.pocket import CHEN, HOUR, MINUTE, PEOPLE, SECOND, WANG, Pocket, button

MS = timedelta(milliseconds=1)


def causes(hub: Pocket) -> list[str]:
    return sorted(a.cause for a in hub.memory.by_id.values() if a.stage is not Stage.RESOLVED)


# --- presses --------------------------------------------------------------------------------------------------


def test_a_press_opens_an_alert_and_tells_the_family_at_once() -> None:
    hub = Pocket()
    hub.press()
    assert hub.said() == [("daughter", "sos")]
    assert (hub.alert().severity, hub.alert().room, hub.alert().count) == (Severity.EMERGENCY, "bedroom", 1)
    assert hub.events() == ["opened", "step"]


@pytest.mark.requirement("23")
def test_five_presses_in_five_seconds_are_one_alert_that_counts_five() -> None:
    hub = Pocket()
    for _ in range(5):
        hub.press()
        hub.forward(SECOND)
    assert causes(hub) == ["sos"]
    assert hub.alert().count == 5
    assert hub.said() == [("daughter", "sos")]


def test_six_radio_copies_within_half_a_second_are_one_press() -> None:
    hub = Pocket()
    for _ in range(6):
        hub.press()
        hub.forward(90 * MS)
    assert hub.alert().count == 1


def test_holding_the_button_down_is_not_one_press_for_ever() -> None:
    hub = Pocket()
    for _ in range(10):
        hub.press()
        hub.forward(400 * MS)
    assert hub.alert().count == 5


def test_an_action_and_a_state_in_one_message_are_one_press() -> None:
    hub = Pocket()
    both = (button(action="emergency", sos=True), button(property="sos", action=None, sos=True))
    hub.arrive(replace(hub.arrival(both[0]), readings=both))
    assert hub.alert().count == 1


def test_a_state_that_is_said_again_is_no_second_press_and_after_its_clear_it_is() -> None:
    hub = Pocket()
    for state in (State.ACTIVE, State.ACTIVE, State.CLEAR, State.ACTIVE):
        hub.arrive(hub.arrival(button(property="sos", action=None, state=state, sos=True)))
        hub.forward(MINUTE)
    assert hub.alert().count == 2


def test_two_buttons_in_two_rooms_are_one_alert_and_helpers_go_to_the_last_room() -> None:
    hub = Pocket()
    hub.press("bed-sos")
    hub.forward(5 * SECOND)
    hub.press("bath-sos")
    assert causes(hub) == ["sos"]
    assert (hub.alert().count, hub.alert().room) == (2, "bathroom")
    hub.said()
    hub.forward(56 * SECOND)
    assert hub.said() == [("nurse", "sos")]


def test_a_press_from_another_room_takes_the_alert_from_its_holder() -> None:
    hub = Pocket()
    hub.press("bed-sos")
    hub.reply("daughter", "1")
    hub.said()
    hub.forward(MINUTE)
    hub.press("bath-sos")
    assert hub.alert().stage is Stage.OPEN
    assert hub.said() == [("daughter", "again"), ("daughter", "sos")]


def test_a_press_while_somebody_has_it_opens_the_ladder_again_unless_confirmed() -> None:
    hub = Pocket()
    hub.press()
    hub.reply("daughter", "1")
    hub.forward(MINUTE)
    hub.said()
    hub.press()
    assert hub.said() == [("daughter", "again")]
    hub.reply("daughter", "1")
    hub.forward(3 * MINUTE)
    assert hub.alert().stage is Stage.ACKNOWLEDGED
    hub.press()
    hub.said()
    hub.forward(61 * SECOND)
    assert hub.alert().stage is Stage.OPEN
    assert hub.said() == [("daughter", "sos")]


def test_a_press_long_after_arrival_opens_the_ladder_at_once() -> None:
    hub = Pocket()
    hub.press()
    hub.reply("daughter", "3")
    hub.forward(16 * MINUTE)
    hub.said()
    hub.press()
    assert hub.alert().stage is Stage.OPEN
    assert ("daughter", "sos") in hub.said()


def test_a_press_after_the_end_is_a_new_alert() -> None:
    hub = Pocket()
    hub.press()
    hub.reply("daughter", "1")
    hub.reply("daughter", "4误按")
    hub.forward(SECOND)
    hub.press()
    assert len(hub.memory.by_id) == 2
    assert hub.alert().stage is Stage.OPEN


def test_a_call_button_goes_its_own_way_beside_an_sos() -> None:
    hub = Pocket()
    hub.press("call")
    hub.press("bed-sos")
    assert causes(hub) == ["call", "sos"]


def test_two_homes_with_a_press_each_are_two_alerts() -> None:
    hub = Pocket(WANG, CHEN)
    hub.press()
    hub.press(prefix="homes/chen/")
    assert {a.home_id for a in hub.memory.by_id.values()} == {"wang", "chen"}
    assert hub.said() == [("daughter", "sos"), ("son", "sos")]


# --- native devices -------------------------------------------------------------------------------------------


def native(hub: Pocket, seq: int, at: timedelta) -> None:
    reading = button(action=None, property=None, seq=seq, device_at=hub.memory.clock.now() + at)
    hub.arrive(hub.arrival(reading))


def test_a_native_press_said_twice_is_one_and_a_rebooted_device_presses_anew() -> None:
    hub = Pocket()
    native(hub, 42, timedelta(0))
    hub.forward(2 * SECOND)
    native(hub, 42, -2 * SECOND)
    assert hub.alert().count == 1
    native(hub, 43, timedelta(0))
    native(hub, 0, timedelta(0))
    assert hub.alert().count == 3


# --- retained, redelivered, late ------------------------------------------------------------------------------


@pytest.mark.promise("P7")
def test_a_retained_press_calls_nobody() -> None:
    hub = Pocket()
    hub.press(retained=True)
    hub.press(retained=True, sos=True)
    assert hub.memory.by_id == {}


@pytest.mark.promise("P7")
def test_after_a_lost_session_staff_hear_of_a_retained_press_that_nobody_knew() -> None:
    hub = Pocket()
    hub.press(action="single")
    hub.do(lambda work: work.report(faults.session_lost(work.now, work.now - HOUR)))
    hub.press(action="single", retained=True)  # the last one known
    hub.press("bath-sos", retained=True)
    hub.arrive(hub.arrival(button("call", action=None, property="sos", state=State.CLEAR, retained=True)))
    hub.said()
    hub.forward(6 * SECOND)
    assert hub.said() == [("nurse", "session_lost")]
    [lost] = [a for a in hub.memory.by_id.values() if faults.is_loss(a.cause)]
    assert lost.facts["list"] == "王秀兰"


@pytest.mark.promise("P7")
def test_a_retained_hazard_is_still_a_hazard() -> None:
    hub = Pocket()
    hub.hazard(retained=True)
    assert causes(hub) == ["gas:kitchen-gas"]
    hub.hazard(retained=True)
    assert hub.alert().count == 1


@pytest.mark.promise("P7")
def test_a_redelivery_is_swallowed_once_and_a_second_press_with_the_same_bytes_is_not() -> None:
    hub = Pocket()
    press = hub.arrival(button(), payload=b"on", mid=7)
    hub.arrive(press)
    hub.connection = 2
    hub.forward(5 * SECOND)
    redelivered = hub.arrival(button(), payload=b"on", mid=7, dup=True)
    assert hub.arrive(redelivered) == 1
    assert hub.alert().count == 1
    hub.forward(5 * SECOND)
    assert hub.arrive(hub.arrival(button(), payload=b"on", mid=8, dup=True)) == 0, "one row swallows one message"
    assert hub.alert().count == 2


@pytest.mark.promise("P7")
@pytest.mark.parametrize(
    ("dup", "connection", "payload"), [(False, 2, b"on"), (True, 1, b"on"), (True, 2, b"other")],
    ids=["without DUP", "on the same connection", "with other bytes"],
)  # fmt: skip
def test_what_is_not_surely_a_redelivery_is_a_new_press(dup: bool, connection: int, payload: bytes) -> None:
    hub = Pocket()
    hub.arrive(hub.arrival(button(), payload=b"on", mid=7))
    hub.connection = connection
    hub.forward(5 * SECOND)
    hub.arrive(hub.arrival(button(), payload=payload, mid=9, dup=dup))
    assert hub.alert().count == 2


@pytest.mark.promise("P7")
def test_a_press_that_was_cut_off_is_not_taken_for_an_earlier_one_with_the_same_bytes() -> None:
    hub = Pocket()
    hub.arrive(hub.arrival(button(), payload=b"on", mid=7))  # acknowledged, though no marker has proved it yet
    hub.forward(20 * SECOND)
    # The next press came over connection 2, was not committed there, and comes again over connection 3.
    hub.connection = 3
    assert hub.arrive(hub.arrival(button(), payload=b"on", mid=8, dup=True)) == 0
    assert hub.alert().count == 2


@pytest.mark.promise("P7")
def test_a_redelivery_that_is_cut_off_again_is_known_on_the_third_connection() -> None:
    hub = Pocket()
    for connection in (1, 2, 3):
        hub.connection = connection
        hub.arrive(hub.arrival(button(), payload=b"on", mid=7, dup=connection > 1))
        hub.memory.forget_deliveries(Session.SOS, before=connection)
        hub.forward(5 * SECOND)
    assert hub.alert().count == 1


def test_two_identical_presses_in_one_redelivered_batch_are_both_known() -> None:
    hub = Pocket()
    hub.arrive(*(hub.arrival(button(), payload=b"on", mid=mid) for mid in (1, 2)))
    hub.connection = 2
    batch = [hub.arrival(button(), payload=b"on", mid=mid, dup=True) for mid in (1, 2, 3)]
    assert hub.arrive(*batch) == 2


@pytest.mark.promise("P7")
@pytest.mark.parametrize(
    ("device_ago", "late"),
    [
        (None, Lateness(190 * MINUTE, exact=False)),
        (2 * HOUR, Lateness(2 * HOUR, exact=True)),
        (24 * HOUR, Lateness(190 * MINUTE, exact=False)),  # implausible
        (10 * SECOND, None),  # pressed just now
    ],
)
def test_a_press_from_the_backlog_is_raised_with_its_age(device_ago: timedelta | None, late: Lateness | None) -> None:
    hub = Pocket()
    hub.waiting_since = hub.now - 190 * MINUTE
    hub.press(device_at=hub.now - device_ago if device_ago is not None else None)
    assert hub.said() == [("daughter", "sos.late" if late else "sos")]
    assert hub.alert().late == (replace(late, away_since=hub.waiting_since) if late else None)


@pytest.mark.promise("P7")
def test_presses_that_waited_together_are_all_counted() -> None:
    hub = Pocket()
    hub.waiting_since = hub.now - HOUR
    hub.arrive(*(hub.arrival(button(), payload=b"on") for _ in range(4)))
    assert hub.alert().count == 4


# --- hazards --------------------------------------------------------------------------------------------------


@pytest.mark.requirement("13")
def test_gas_that_clears_by_itself_stays_an_alert_and_its_return_is_news() -> None:
    hub = Pocket()
    hub.hazard()
    hub.hazard(active=False)
    assert (hub.alert().stage, hub.alert().active) == (Stage.OPEN, False)
    hub.forward(20 * SECOND)
    hub.hazard()
    assert (hub.alert().count, hub.alert().active) == (2, True)
    assert hub.events()[:3] == ["opened", "step", "cleared"]


def test_gas_said_again_and_again_is_one_alert_without_news() -> None:
    hub = Pocket()
    for _ in range(20):
        hub.hazard()
        hub.forward(10 * SECOND)
    assert hub.alert().count == 1


def test_gas_resolved_while_active_is_looked_at_after_15_minutes() -> None:
    hub = Pocket()
    hub.hazard()
    hub.reply("daughter", "1")
    hub.reply("daughter", "4")
    assert hub.alert().stage is Stage.RESOLVED
    hub.hazard()  # only said again
    hub.said()
    hub.forward(15 * MINUTE - SECOND)
    assert hub.said() == []
    hub.forward(SECOND)
    assert hub.alert().stage is Stage.OPEN
    assert hub.said() == [("daughter", "still_active")]


def test_gas_that_returns_under_watch_is_a_new_alert_and_the_watch_ends() -> None:
    hub = Pocket()
    hub.hazard()
    hub.reply("daughter", "1")
    hub.reply("daughter", "4")
    hub.hazard(active=False)
    hub.hazard()
    assert len(hub.memory.by_id) == 2
    hub.forward(HOUR)
    assert sum(a.stage is not Stage.RESOLVED for a in hub.memory.by_id.values()) == 1


def test_a_detectors_own_test_that_ends_in_time_tells_nobody() -> None:
    hub = Pocket()
    hub.hazard(test=True)
    hub.forward(30 * SECOND)
    hub.hazard(active=False, test=True)
    hub.forward(HOUR)
    assert hub.said() == []
    assert hub.alert().outcome is Outcome.TEST


@pytest.mark.promise("P9")
def test_a_detectors_own_test_does_not_hide_the_alarm_that_follows_it() -> None:
    hub = Pocket()
    hub.hazard(test=True)
    hub.forward(5 * SECOND)
    hub.hazard()
    assert hub.said() == [("daughter", "gas")]
    hub.hazard(active=False)
    assert hub.alert().stage is Stage.OPEN


@pytest.mark.promise("P9")
def test_a_test_that_does_not_end_is_an_alarm() -> None:
    hub = Pocket()
    hub.hazard(test=True)
    hub.forward(MINUTE)
    assert hub.said() == [("daughter", "gas")]


# --- devices nobody configured --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prefix", "home", "told"),
    [("homes/chen/", "chen", "son"), ("", "wang", "daughter"), ("homes/new/", SITE, "nurse")],
)
def test_an_unknown_device_calls_for_the_home_of_its_prefix_or_for_the_site(prefix: str, home: str, told: str) -> None:
    hub = Pocket(WANG, CHEN)
    stray = Reading("zigbee2mqtt/stray", "stray", Kind.BUTTON, State.ACTIVE, "action", action="sos", sos=True)
    hub.arrive(hub.arrival(stray, prefix=prefix, session=Session.WATCH, qos=0))
    assert (hub.alert().home_id, hub.alert().what) == (home, "unknown")
    assert (told, "unknown") in hub.said()
    hub.forward(SECOND)
    hub.arrive(hub.arrival(stray, prefix=prefix, session=Session.WATCH, qos=0))
    assert (len(hub.memory.by_id), hub.alert().count) == (1, 2)


def test_an_unknown_detectors_clear_is_recorded() -> None:
    hub = Pocket()
    for state in (State.ACTIVE, State.CLEAR):
        hub.arrive(hub.arrival(Reading("zigbee2mqtt/stray", "stray", Kind.SMOKE, state, "smoke")))
    assert not hub.alert().active
    assert hub.events()[-1] == "cleared"


def test_an_unknown_button_that_does_not_say_sos_stays_quiet() -> None:
    hub = Pocket()
    hub.arrive(hub.arrival(button("stray")))
    assert hub.memory.by_id == {}
    assert len(hub.memory.readings) == 1


# --- standing faults ------------------------------------------------------------------------------------------


@pytest.mark.promise("P1")
def test_a_life_safety_device_with_qos_0_is_told_once_and_its_press_at_once() -> None:
    hub = Pocket(WANG, CHEN)
    for prefix in ("", "homes/chen/"):
        hub.arrive(hub.arrival(button(), prefix=prefix, qos=0))
    assert causes(hub) == ["qos0", "sos", "sos"]
    assert hub.said().count(("nurse", "qos0")) == 1


def garbage(hub: Pocket, topic: str = "zigbee2mqtt/kitchen-gas") -> None:
    hub.arrive(hub.arrival(topic=topic, payload=b"{", fault="not JSON", session=Session.LIFE))


def test_a_detector_that_stays_unreadable_is_told_after_60_s() -> None:
    hub = Pocket()
    garbage(hub)
    hub.forward(30 * SECOND)
    garbage(hub)
    hub.forward(30 * SECOND - MS)
    assert hub.said() == []
    hub.forward(MS)
    assert hub.said() == [("nurse", "unreadable")]
    assert len(hub.memory.shelved) == 2


def test_a_detector_that_becomes_readable_in_time_is_not_told() -> None:
    hub = Pocket()
    garbage(hub)
    hub.forward(30 * SECOND)
    hub.hazard(active=False)
    hub.forward(HOUR)
    assert hub.said() == []
    assert hub.alert().stage is Stage.RESOLVED


def test_a_detector_that_becomes_readable_late_ends_its_fault() -> None:
    hub = Pocket()
    garbage(hub, "zigbee2mqtt/kitchen-gas/odd")
    hub.forward(HOUR)
    hub.said()
    hub.hazard(active=False)
    assert hub.said() == [("nurse", "recovered")]
    garbage(hub)
    assert hub.alert().stage is Stage.OPEN


def test_the_bridges_word_about_a_device_is_not_the_devices() -> None:
    hub = Pocket()
    garbage(hub)
    online = Reading("zigbee2mqtt/kitchen-gas", "kitchen-gas", Kind.AVAILABILITY, State.ONLINE)
    hub.arrive(hub.arrival(online, session=Session.LIFE))
    assert hub.alert().stage is Stage.OPEN


def test_what_no_life_hangs_on_is_only_shelved() -> None:
    hub = Pocket()
    garbage(hub, "zigbee2mqtt/motion")
    assert hub.memory.by_id == {}
    assert hub.memory.shelved[0].reason == "not JSON"


# --- homes without people -------------------------------------------------------------------------------------


@pytest.mark.promise("P3")
def test_a_resident_without_family_is_heard_by_staff_at_once() -> None:
    hub = Pocket(replace(WANG, contacts=()))
    hub.press()
    assert hub.said() == [("boss", "empty_step"), ("nurse", "sos")]


@pytest.mark.promise("P3")
def test_a_home_without_anybody_is_told_to_everybody_on_the_site() -> None:
    hub = Pocket(replace(WANG, contacts=(), area="110101001001"), people=PEOPLE[:1])
    hub.press()
    assert hub.said() == [("daughter", "nobody_reachable")]
    hub.reply("daughter", "1")
    assert hub.alert().holder == "daughter"


def test_the_command_takes_an_alert_by_its_code() -> None:
    hub = Pocket()
    hub.press()
    assert hub.command(lambda _: ev.Acknowledge("nurse", via="command"), hub.alert().code).holder == "nurse"
