"""The alert machine: what each event does in each stage, and that nothing else is possible."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.alerts import events as ev
from hub.alerts.alert import Alert, Duty, DutyKind, Lateness, Outcome, Stage
from hub.alerts.change import Change, Scene
from hub.alerts.machine import (
    TRANSITIONS,
    InvalidTransition,
    StillDangerous,
    apply,
    clamped,
    due,
    needs_the_ladder_anew,
)
from hub.alerts.notification import Fate, Notification
from hub.alerts.policy import Ladder, Rung, Severity

OPEN, ACKNOWLEDGED, RESOLVED = Stage.OPEN, Stage.ACKNOWLEDGED, Stage.RESOLVED
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
NAMES = {"daughter": "王丽", "son": "王刚", "nurse": "李强", "boss": "赵敏"}
LADDER = Ladder(
    (
        Rung(("daughter", "son"), ("sms",), 60 * SECOND),
        Rung(("nurse",), ("sms",), 120 * SECOND),
        Rung(("boss",), ("sms",), 180 * SECOND),
    ),
    5 * MINUTE,
    20 * MINUTE,
    staff=("nurse",),
    supervisors=("boss",),
)

EVENTS: dict[type[ev.Event], ev.Event] = {
    ev.StepDue: ev.StepDue(),
    ev.Hurry: ev.Hurry("failed"),
    ev.Again: ev.Again(NOON),
    ev.Acknowledge: ev.Acknowledge("daughter"),
    ev.Pass: ev.Pass("daughter"),
    ev.Withdraw: ev.Withdraw("daughter"),
    ev.HandOver: ev.HandOver("daughter", "son"),
    ev.Arrived: ev.Arrived("daughter"),
    ev.NeedHelp: ev.NeedHelp("daughter"),
    ev.Resolve: ev.Resolve("daughter", Outcome.GENUINE),
    ev.Noted: ev.Noted("daughter", "said", {"text": "在路上"}),
    ev.Cleared: ev.Cleared(NOON),
    ev.TellHolder: ev.TellHolder(),
    ev.Unconfirmed: ev.Unconfirmed(),
    ev.Reminder: ev.Reminder(),
    ev.PromiseExpired: ev.PromiseExpired(),
    ev.ConfirmTest: ev.ConfirmTest("daughter"),
    ev.StillActive: ev.StillActive(),
    ev.WatchEnded: ev.WatchEnded(),
}
EVERY = [(stage, kind) for stage in Stage for kind in EVENTS]


def an_alert(**fields: object) -> Alert:
    """An SOS whose first step went out at noon."""
    first = Alert("A", "wang", "sos", "sos", Severity.EMERGENCY, "K7", NOON, LADDER, "bed-sos", "bedroom")
    step = {DutyKind.STEP: Duty(NOON + MINUTE, MINUTE)}
    first = replace(first, told=("daughter", "son"), step=1, last_step_at=NOON, round_at=NOON, last_press_at=NOON)
    return replace(first, **{"duties": step, **fields})


def a_message(person: str, fate: Fate = Fate.DELIVERED, step: int | None = 0, **fields: object) -> Notification:
    one = Notification(f"N{person}{step}", "A", "wang", person, None, "sms", "sos", Severity.EMERGENCY, NOON, None)
    return replace(one, fate=fate, step=step, **fields)


TOLD_BOTH = (a_message("daughter"), a_message("son"))


def scene(after: timedelta = timedelta(0), *sent: Notification) -> Scene:
    return Scene(NOON + after, sent or TOLD_BOTH, NAMES, tuple(NAMES))


def taken(by: str = "daughter", after: timedelta = 10 * SECOND, **fields: object) -> Alert:
    return replace(apply(an_alert(), ev.Acknowledge(by), scene(after)).alert, **fields)


def closed(**fields: object) -> Alert:
    return replace(apply(taken(), ev.Resolve("daughter", Outcome.GENUINE), scene(MINUTE)).alert, **fields)


STAGES = {OPEN: an_alert, ACKNOWLEDGED: taken, RESOLVED: closed}


def told(change: Change) -> list[tuple[str, str]]:
    return [(tell.person, tell.key) for tell in change.tells]


# --- the table ------------------------------------------------------------------------------------------------


@pytest.mark.promise("P3")
@pytest.mark.parametrize(("stage", "kind"), EVERY, ids=lambda v: getattr(v, "__name__", str(v)))
def test_each_row_leads_where_the_table_says_and_a_missing_row_is_an_error(stage: Stage, kind: type[ev.Event]) -> None:
    alert = STAGES[stage]()
    wanted = TRANSITIONS.get((stage, kind))
    if wanted is None:
        with pytest.raises(InvalidTransition, match=kind.__name__):
            apply(alert, EVENTS[kind], scene(2 * MINUTE))
        return
    after = apply(alert, EVENTS[kind], scene(2 * MINUTE)).alert
    assert after.stage is wanted
    if wanted is OPEN:
        assert DutyKind.STEP in after.duties
        assert after.holder is None
    if wanted is ACKNOWLEDGED:
        assert DutyKind.PROMISE in after.duties
        assert after.holder is not None
    assert all(duty.due_at <= NOON + 2 * MINUTE + duty.wait for duty in after.duties.values())


def test_the_table_knows_every_event() -> None:
    assert {kind for _, kind in TRANSITIONS} == set(EVENTS)


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_a_resolved_alert_wakes_nobody_but_who_writes(kind: type[ev.Event]) -> None:
    if (RESOLVED, kind) not in TRANSITIONS or kind in (ev.StillActive, ev.NeedHelp):
        return
    change = apply(closed(), EVENTS[kind], scene(2 * MINUTE))
    assert {person for person, _ in told(change)} <= {"daughter"}
    assert replace(change.alert, duties={}) == closed(duties={})


# --- taking ---------------------------------------------------------------------------------------------------


def test_who_takes_has_it_and_the_others_told_hear_who_comes() -> None:
    change = apply(an_alert(), ev.Acknowledge("daughter"), scene(10 * SECOND))
    assert change.cancel
    assert change.alert.holder == "daughter"
    assert change.alert.promised_until == NOON + 10 * SECOND + 20 * MINUTE
    assert told(change) == [("daughter", "answer.take"), ("son", "taken")]
    assert change.tells[1].facts["by"] == "王丽"


def test_who_was_not_reached_does_not_hear_that_it_is_taken() -> None:
    sent = (a_message("daughter"), a_message("son", Fate.QUEUED))
    assert told(apply(an_alert(), ev.Acknowledge("daughter"), scene(MINUTE, *sent))) == [("daughter", "answer.take")]


def test_a_second_taker_hears_who_has_it_and_joins_by_saying_it_again() -> None:
    first = apply(taken(), ev.Acknowledge("son"), scene(MINUTE))
    assert told(first) == [("son", "answer.taken_already")]
    assert first.alert.helpers == ("daughter",)
    second = apply(first.alert, ev.Acknowledge("son"), scene(2 * MINUTE))
    assert told(second) == [("son", "answer.take")]
    assert second.alert.helpers == ("daughter", "son")
    assert second.alert.holder == "daughter"


def test_a_second_taker_does_not_confirm_for_the_holder_before_joining() -> None:
    pressed = apply(taken(), ev.Again(NOON + MINUTE), scene(MINUTE)).alert
    offered = apply(pressed, ev.Acknowledge("son"), scene(MINUTE)).alert
    assert DutyKind.CONFIRM in offered.duties
    joined = apply(offered, ev.Acknowledge("son"), scene(MINUTE)).alert
    assert DutyKind.CONFIRM not in joined.duties


def test_a_taker_from_the_desk_who_was_never_told_hears_how_it_ends() -> None:
    mine = apply(an_alert(), ev.Acknowledge("nurse", via="command"), scene(MINUTE)).alert
    sent = (*TOLD_BOTH, a_message("nurse", step=None))
    ended = apply(mine, ev.Resolve("daughter", Outcome.FALSE), scene(2 * MINUTE, *sent))
    assert ("nurse", "resolved") in told(ended)


def test_the_duty_desk_has_no_name_that_a_text_could_spell_wrong() -> None:
    assert scene().name("@desk") == ""
    assert scene().name("hub") == ""
    assert scene().name("gone-person") == "gone-person"


@pytest.mark.parametrize("kind", [ev.Acknowledge, ev.Arrived, ev.Pass, ev.Withdraw])
def test_replying_late_is_answered_and_changes_nothing(kind: type[ev.Acknowledge]) -> None:
    change = apply(closed(), kind("son"), scene(HOUR))
    assert told(change) == [("son", "answer.closed_already")]
    assert change.alert == closed()
    assert len(change.entries) == 1


def test_taking_twice_and_resolving_twice_are_harmless() -> None:
    twice = apply(taken(), ev.Acknowledge("daughter"), scene(MINUTE))
    assert twice.alert == taken()
    again = apply(closed(), ev.Resolve("daughter", Outcome.TEST), scene(HOUR))
    assert again.alert.outcome is Outcome.GENUINE
    assert told(again) == [("daughter", "answer.closed_already")]


# --- Again ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "due_after"), [(20, 60), (59, 60), (60, 60)])
def test_pressed_again_while_open_hurries_at_most_one_step_a_minute(after: int, due_after: int) -> None:
    waits_long = an_alert(duties={DutyKind.STEP: Duty(NOON + HOUR, HOUR)})
    at = NOON + after * SECOND
    change = apply(waits_long, ev.Again(at), scene(after * SECOND))
    assert change.alert.count == 2
    assert change.alert.duties[DutyKind.STEP].due_at == NOON + due_after * SECOND
    assert told(change) == []


def test_pressed_again_within_15_s_only_counts() -> None:
    alert = an_alert(duties={DutyKind.STEP: Duty(NOON + HOUR, HOUR)})
    change = apply(alert, ev.Again(NOON + 14 * SECOND, counts_only=True), scene(14 * SECOND))
    assert change.alert.count == 2
    assert change.alert.duties == alert.duties
    held = apply(taken(), ev.Again(NOON + 14 * SECOND, counts_only=True), scene(14 * SECOND))
    assert told(held) == []
    assert held.alert.duties == taken().duties


def test_pressed_again_after_the_last_step_begins_no_new_round() -> None:
    last = an_alert(step=3, duties={DutyKind.STEP: Duty(NOON + 5 * MINUTE, 5 * MINUTE)})
    change = apply(last, ev.Again(NOON + 2 * MINUTE), scene(2 * MINUTE))
    assert change.alert.duties == last.duties


def test_the_holder_is_told_at_once_and_has_60_s_to_confirm() -> None:
    change = apply(taken(), ev.Again(NOON + MINUTE), scene(MINUTE))
    assert told(change) == [("daughter", "again")]
    assert change.tells[0].facts["n"] == 2
    assert change.alert.duties[DutyKind.CONFIRM].due_at == NOON + 2 * MINUTE
    confirmed = apply(change.alert, ev.Acknowledge("daughter"), scene(MINUTE + 30 * SECOND)).alert
    assert DutyKind.CONFIRM not in confirmed.duties
    opened = apply(change.alert, ev.Unconfirmed(), scene(2 * MINUTE)).alert
    assert (opened.stage, opened.step, opened.holder) == (OPEN, 0, None)
    assert opened.duties[DutyKind.STEP].due_at == NOON + 2 * MINUTE


def test_the_holder_is_told_at_most_once_a_minute_and_with_the_count() -> None:
    alert = apply(taken(), ev.Again(NOON + MINUTE), scene(MINUTE)).alert
    for after in (20, 40):
        change = apply(alert, ev.Again(NOON + MINUTE + after * SECOND), scene(MINUTE + after * SECOND))
        assert told(change) == []
        alert = change.alert
    assert alert.duties[DutyKind.TELL].due_at == NOON + 2 * MINUTE
    # Confirming in between answers the first word; the presses since then are still told.
    alert = apply(alert, ev.Acknowledge("daughter"), scene(MINUTE + 50 * SECOND)).alert
    assert isinstance(due(alert, NOON + 2 * MINUTE), ev.TellHolder)
    later = apply(alert, ev.TellHolder(), scene(2 * MINUTE))
    assert told(later) == [("daughter", "again")]
    assert later.tells[0].facts["n"] == 4
    assert DutyKind.TELL not in later.alert.duties


def test_arrived_more_than_15_minutes_ago_a_press_needs_the_ladder_anew() -> None:
    there = apply(taken(), ev.Arrived("daughter"), scene(MINUTE)).alert
    again = ev.Again(NOON, room="bedroom")
    assert needs_the_ladder_anew(there, again, scene(16 * MINUTE)) is None
    assert needs_the_ladder_anew(there, again, scene(16 * MINUTE + SECOND)) == "arrived_long_ago"
    assert needs_the_ladder_anew(an_alert(), again, scene(HOUR)) is None


def test_a_press_from_another_room_needs_the_ladder_anew_and_leads_helpers_there() -> None:
    again = ev.Again(NOON + MINUTE, room="bathroom")
    assert needs_the_ladder_anew(taken(), again, scene(MINUTE)) == "another_room"
    assert needs_the_ladder_anew(taken(), ev.Again(NOON, room=None), scene(MINUTE)) is None
    assert apply(an_alert(), again, scene(MINUTE)).alert.room == "bathroom"


def test_a_press_from_another_room_hurries_even_within_15_s() -> None:
    alert = an_alert(duties={DutyKind.STEP: Duty(NOON + HOUR, HOUR)})
    change = apply(alert, ev.Again(NOON + 5 * SECOND, room="bathroom", counts_only=True), scene(5 * SECOND))
    assert change.alert.duties[DutyKind.STEP].due_at == NOON + MINUTE


@pytest.mark.promise("P7")
def test_a_press_that_did_not_wait_is_not_told_as_late() -> None:
    late = an_alert(late=Lateness(HOUR, exact=False), step=1)
    stale = apply(late, ev.Again(NOON, late=Lateness(HOUR, exact=False)), scene(MINUTE))
    assert apply(stale.alert, ev.StepDue(), scene(MINUTE)).tells[0].key == "sos.late"
    assert stale.entries[0].detail["late_s"] == 3600
    fresh = apply(stale.alert, ev.Again(NOON + MINUTE), scene(MINUTE)).alert
    assert apply(fresh, ev.StepDue(), scene(2 * MINUTE)).tells[0].key == "sos"
    assert fresh.late is not None


# --- promises -------------------------------------------------------------------------------------------------


def test_half_the_promise_over_the_holder_is_reminded_once() -> None:
    alert = taken(after=timedelta(0))
    assert due(alert, NOON + 10 * MINUTE - SECOND) is None
    assert isinstance(due(alert, NOON + 10 * MINUTE), ev.Reminder)
    change = apply(alert, ev.Reminder(), scene(10 * MINUTE))
    assert told(change) == [("daughter", "remind")]
    assert due(change.alert, NOON + 20 * MINUTE - SECOND) is None
    assert isinstance(due(change.alert, NOON + 20 * MINUTE), ev.PromiseExpired)


@pytest.mark.promise("P3")
def test_a_lapsed_promise_lets_the_ladder_go_on_and_says_whose_it_was() -> None:
    change = apply(taken(), ev.PromiseExpired(), scene(20 * MINUTE))
    assert told(change) == [("daughter", "lapsed.you")]
    assert change.tells[0].facts["next"] == "李强"
    assert change.alert.stage is OPEN
    step = apply(change.alert, ev.StepDue(), scene(20 * MINUTE))
    assert told(step) == [("nurse", "lapsed.others")]
    assert step.tells[0].facts["by"] == "王丽"
    following = apply(step.alert, ev.StepDue(), scene(22 * MINUTE))
    assert told(following) == [("boss", "sos")]


def test_a_promise_that_lapses_after_the_last_step_keeps_its_words_in_the_new_round() -> None:
    alert = replace(taken(), step=3)
    lapsed = apply(alert, ev.PromiseExpired(), scene(20 * MINUTE))
    assert lapsed.tells[0].facts["next"] == "王刚"
    step = apply(lapsed.alert, ev.StepDue(), scene(20 * MINUTE))
    assert told(step) == [("daughter", "sos"), ("son", "lapsed.others")]  # nobody is told of their own silence
    assert step.alert.round == 2
    assert step.tells[1].facts["by"] == "王丽"


def test_who_alone_is_asked_anew_gets_one_text_and_is_not_told_that_somebody_else_was_asked() -> None:
    alert = taken("nurse", step=1)
    lapsed = apply(alert, ev.PromiseExpired(), scene(20 * MINUTE))
    assert told(lapsed) == []
    step = apply(lapsed.alert, ev.StepDue(), scene(20 * MINUTE))
    assert told(step) == [("nurse", "sos")]


def test_arrived_gives_two_hours_for_the_outcome_then_staff_are_asked() -> None:
    there = apply(taken(), ev.Arrived("daughter"), scene(5 * MINUTE))
    assert told(there) == [("daughter", "answer.arrived"), ("son", "arrived")]
    assert there.alert.duties[DutyKind.PROMISE].due_at == NOON + 2 * HOUR + 5 * MINUTE
    assert told(apply(there.alert, ev.Reminder(), scene(HOUR))) == [("daughter", "remind.outcome")]
    asked = apply(replace(there.alert, step=3), ev.PromiseExpired(), scene(3 * HOUR)).alert
    assert asked.stage is OPEN
    assert "nurse" in asked.helpers  # who is asked how it ended may say so
    step = apply(asked, ev.StepDue(), scene(3 * HOUR))
    assert told(step) == [("nurse", "outcome_missing")]
    assert step.tells[0].facts == {"at": (NOON + 5 * MINUTE).isoformat(), "by": "王丽"}
    assert (step.alert.round, step.alert.step) == (2, 2)


def test_arrived_twice_wakes_nobody_twice() -> None:
    there = apply(taken(), ev.Arrived("daughter"), scene(5 * MINUTE)).alert
    assert told(apply(there, ev.Arrived("daughter"), scene(6 * MINUTE))) == [("daughter", "answer.arrived")]
    second = apply(there, ev.Arrived("son"), scene(7 * MINUTE))
    assert ("daughter", "arrived") in told(second)
    assert second.alert.holder == "daughter"


@pytest.mark.promise("P3")
def test_who_is_there_and_needs_help_stays_and_the_next_rung_is_asked_at_once() -> None:
    there = apply(taken(), ev.Arrived("daughter"), scene(5 * MINUTE)).alert
    change = apply(there, ev.NeedHelp("daughter"), scene(6 * MINUTE))
    assert (change.alert.stage, change.alert.holder, change.alert.helpers) == (OPEN, None, ("daughter",))
    assert change.alert.duties[DutyKind.STEP].due_at == NOON + 6 * MINUTE
    step = apply(change.alert, ev.StepDue(), scene(6 * MINUTE))
    assert told(step) == [("nurse", "need_help")]
    assert step.tells[0].facts == {"by": "王丽"}
    assert apply(step.alert, ev.StepDue(), scene(8 * MINUTE)).tells[0].key == "sos"


def test_help_is_asked_of_the_staff_when_the_ladder_has_nobody_left_above() -> None:
    there = apply(taken(step=3), ev.Arrived("son"), scene(5 * MINUTE)).alert
    change = apply(there, ev.NeedHelp("son"), scene(6 * MINUTE))
    assert (change.alert.step, change.alert.round) == (1, 2)
    assert told(apply(change.alert, ev.StepDue(), scene(6 * MINUTE))) == [("nurse", "need_help")]


def test_nobody_is_asked_to_help_themselves() -> None:
    family = Ladder((Rung(("daughter", "son"), ("sms",), MINUTE),), 5 * MINUTE, 20 * MINUTE)
    there = apply(taken(ladder=family), ev.Arrived("daughter"), scene(5 * MINUTE)).alert
    change = apply(there, ev.NeedHelp("daughter"), scene(6 * MINUTE))
    assert ("son", "need_help") in told(apply(change.alert, ev.StepDue(), scene(6 * MINUTE)))
    assert "daughter" not in dict(told(apply(change.alert, ev.StepDue(), scene(6 * MINUTE))))


def test_somebody_who_is_there_and_needs_help_opens_what_was_closed_too_early() -> None:
    change = apply(closed(), ev.NeedHelp("son"), scene(5 * MINUTE))
    assert (change.alert.stage, change.alert.outcome, change.alert.resolved_at) == (OPEN, None, None)
    assert told(apply(change.alert, ev.StepDue(), scene(5 * MINUTE))) == [("nurse", "need_help")]


def test_arrived_without_having_taken_it_is_taking_it() -> None:
    change = apply(an_alert(lapsed="son", ask_with="lapsed.others"), ev.Arrived("daughter"), scene(5 * MINUTE))
    assert change.cancel
    assert change.alert.holder == "daughter"
    assert change.alert.lapsed is None


# --- passing on -----------------------------------------------------------------------------------------------


def test_who_cannot_makes_the_next_step_due_now() -> None:
    change = apply(an_alert(), ev.Pass("daughter"), scene(10 * SECOND))
    assert told(change) == [("daughter", "answer.pass")]
    assert change.alert.duties[DutyKind.STEP].due_at == NOON + 10 * SECOND


def test_a_refusal_from_a_step_that_is_over_does_not_hurry_the_next_people() -> None:
    second = apply(an_alert(), ev.StepDue(), scene(MINUTE)).alert
    sent = (*TOLD_BOTH, a_message("nurse", step=1))
    change = apply(second, ev.Pass("son"), scene(MINUTE + SECOND, *sent))
    assert told(change) == [("son", "answer.pass")]
    assert change.alert.duties == second.duties
    assert apply(second, ev.Pass("son", via="page"), scene(MINUTE + SECOND, *sent)).alert.duties == second.duties
    by_hand = apply(second, ev.Pass("son", via="command"), scene(MINUTE + SECOND, *sent)).alert
    assert by_hand.duties[DutyKind.STEP].due_at == NOON + MINUTE + SECOND


def test_the_holder_who_cannot_lets_the_ladder_go_on_now() -> None:
    change = apply(taken(), ev.Pass("daughter"), scene(5 * MINUTE))
    assert change.alert.stage is OPEN
    assert told(apply(change.alert, ev.StepDue(), scene(5 * MINUTE))) == [("nurse", "sos")]


def test_the_holder_of_the_last_step_who_cannot_begins_a_new_round_now() -> None:
    change = apply(taken(step=3), ev.Pass("daughter"), scene(5 * MINUTE))
    step = apply(change.alert, ev.StepDue(), scene(5 * MINUTE))
    assert step.alert.round == 2
    assert ("daughter", "sos") in told(step)


def test_only_empty_steps_left_the_holder_who_cannot_begins_a_new_round_now() -> None:
    rungs = (LADDER.rungs[0], replace(LADDER.rungs[1], people=()))
    alert = replace(taken(), ladder=replace(LADDER, rungs=rungs))
    step = apply(apply(alert, ev.Pass("daughter"), scene(MINUTE)).alert, ev.StepDue(), scene(MINUTE))
    assert ("son", "sos") in told(step)


def test_a_helper_who_withdraws_leaves_the_holder_in_place() -> None:
    both = replace(taken(), helpers=("daughter", "son"))
    change = apply(both, ev.Withdraw("son"), scene(5 * MINUTE))
    assert change.alert.stage is ACKNOWLEDGED
    assert change.alert.helpers == ("daughter",)
    assert told(change) == [("son", "answer.pass")]


@pytest.mark.promise("P3")
@pytest.mark.parametrize("alert", [an_alert(), taken()], ids=["open", "held"])
def test_handed_over_one_person_is_asked_now_and_the_ladder_waits_one_step(alert: Alert) -> None:
    change = apply(alert, ev.HandOver("daughter", "nurse"), scene(5 * MINUTE))
    assert told(change) == [("nurse", "handed_over")]
    assert change.cancel
    assert change.alert.stage is OPEN
    assert change.alert.duties[DutyKind.STEP].due_at == NOON + 6 * MINUTE
    asked = a_message("nurse", step=None, key="handed_over", created_at=NOON + 5 * MINUTE)
    refused = apply(change.alert, ev.Pass("nurse"), scene(5 * MINUTE + SECOND, *TOLD_BOTH, asked)).alert
    assert refused.duties[DutyKind.STEP].due_at == NOON + 5 * MINUTE + SECOND


# --- the end --------------------------------------------------------------------------------------------------


def test_resolved_with_outcome_and_note_everybody_told_hears_it() -> None:
    change = apply(taken(), ev.Resolve("daughter", Outcome.FALSE, "误按"), scene(5 * MINUTE))
    assert (change.alert.outcome, change.alert.note, change.alert.duties) == (Outcome.FALSE, "误按", {})
    assert told(change) == [("daughter", "answer.resolved"), ("son", "resolved")]
    assert change.entries[0].detail == {"via": "sms", "outcome": "false", "note": "误按"}


def test_an_alert_that_the_hub_ends_itself_answers_nobody() -> None:
    assert told(apply(an_alert(), ev.Resolve("hub", Outcome.GENUINE), scene(MINUTE, a_message("son")))) == [
        ("son", "recovered")
    ]


GAS = {"what": "gas", "cause": "gas:g", "active": True}


def test_an_active_hazard_is_resolved_only_under_watch() -> None:
    with pytest.raises(StillDangerous):
        apply(taken(**GAS), ev.Resolve("daughter", Outcome.GENUINE), scene(MINUTE))
    change = apply(taken(**GAS), ev.Resolve("daughter", Outcome.GENUINE, watched=True), scene(MINUTE))
    assert told(change)[0] == ("daughter", "answer.resolved_active")
    assert change.alert.duties[DutyKind.WATCH].due_at == NOON + 16 * MINUTE


def test_a_hazard_under_watch_that_stays_opens_again_from_the_first_step() -> None:
    ended = apply(taken(**GAS), ev.Resolve("daughter", Outcome.GENUINE, watched=True), scene(MINUTE)).alert
    event = due(ended, NOON + 16 * MINUTE)
    assert isinstance(event, ev.StillActive)
    anew = apply(ended, event, scene(16 * MINUTE)).alert
    assert (anew.stage, anew.outcome, anew.resolved_at) == (OPEN, None, None)
    assert told(apply(anew, ev.StepDue(), scene(16 * MINUTE)))[0] == ("daughter", "still_active")


def test_a_hazard_under_watch_that_went_away_stays_closed() -> None:
    ended = apply(taken(**GAS), ev.Resolve("daughter", Outcome.GENUINE, watched=True), scene(MINUTE)).alert
    quiet = apply(ended, ev.Cleared(NOON + 5 * MINUTE), scene(5 * MINUTE)).alert
    event = due(quiet, NOON + 16 * MINUTE)
    assert isinstance(event, ev.WatchEnded)
    assert apply(quiet, event, scene(16 * MINUTE)).alert.next_due is None


@pytest.mark.parametrize("stage", [OPEN, ACKNOWLEDGED])
def test_the_sensors_clear_is_recorded_and_closes_nothing(stage: Stage) -> None:
    alert = replace(STAGES[stage](), **GAS)
    change = apply(alert, ev.Cleared(NOON + MINUTE), scene(MINUTE))
    assert change.alert == replace(alert, active=False)
    assert told(change) == []
    back = apply(change.alert, ev.Again(NOON + HOUR, active=True), scene(HOUR)).alert
    assert back.active


# --- duties ---------------------------------------------------------------------------------------------------


def test_each_step_has_the_wait_that_the_audit_holds_it_to() -> None:
    step = apply(an_alert(), ev.StepDue(), scene(MINUTE)).alert
    assert step.duties[DutyKind.STEP] == Duty(NOON + 3 * MINUTE, 2 * MINUTE)
    last = apply(replace(step, step=2), ev.StepDue(), scene(MINUTE)).alert
    assert last.duties[DutyKind.STEP] == Duty(NOON + 6 * MINUTE, 5 * MINUTE)


@pytest.mark.promise("P8")
def test_no_duty_lies_further_ahead_than_its_own_wait() -> None:
    alert = an_alert()
    back = NOON - 3 * HOUR
    assert clamped(alert, NOON) is alert
    assert clamped(alert, back).duties[DutyKind.STEP].due_at == back + MINUTE


def test_the_duty_that_was_due_first_comes_first() -> None:
    alert = taken(after=timedelta(0))
    assert isinstance(due(alert, NOON + 11 * MINUTE), ev.Reminder)
    assert due(closed(), NOON + HOUR) is None


def test_nobody_is_reminded_of_a_promise_that_is_over() -> None:
    alert = taken(after=timedelta(0))
    assert isinstance(due(alert, NOON + HOUR), ev.PromiseExpired)
