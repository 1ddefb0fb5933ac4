"""What people do by text and by command, and who hears of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.alerts import events as ev
from hub.alerts.alert import Outcome, Stage
from hub.alerts.machine import StillDangerous
from hub.alerts.notification import Fate
from hub.engine import NoSuchAlert
from hub.homes import SITE, Contact, Role
from hub.ports import Accepted, Rejected, Verdict
from tests.engine.pocket import CHEN, HOUR, MINUTE, PEOPLE, SECOND, WANG, Pocket

BOTH = replace(WANG, contacts=(Contact("daughter", Role.FAMILY), Contact("son", Role.FAMILY)))


def pressed(*homes: object) -> Pocket:
    hub = Pocket(*homes)
    hub.press()
    hub.said()
    return hub


def test_the_reply_that_takes_is_answered_and_all_told_before_hear_of_it() -> None:
    hub = pressed(BOTH)
    hub.reply("son", "1")
    assert hub.said() == [("son", "answer.take"), ("daughter", "taken")]
    hub.forward(5 * MINUTE)
    assert hub.said() == []


def test_a_reply_after_somebody_else_took_it_says_who_has_it_and_saying_it_again_joins() -> None:
    hub = pressed(BOTH)
    hub.reply("son", "收到")
    hub.said()
    hub.reply("daughter", "1")
    assert hub.said() == [("daughter", "answer.taken_already")]
    hub.reply("daughter", "1")
    assert hub.said() == [("daughter", "answer.take")]
    assert hub.alert().helpers == ("son", "daughter")
    hub.reply("daughter", "2")
    assert hub.said() == [("daughter", "answer.pass")]
    assert (hub.alert().holder, hub.alert().helpers) == ("son", ("son",))


def test_two_passes_on_to_the_next_step_now() -> None:
    hub = pressed()
    hub.reply("daughter", "2")
    assert hub.said() == [("daughter", "answer.pass"), ("nurse", "sos")]


def test_two_from_both_of_a_family_calls_staff_once_and_the_supervisor_in_time() -> None:
    hub = pressed(BOTH)
    hub.reply("son", "2")
    hub.reply("daughter", "2")
    assert [person for person, key in hub.said() if key == "sos"] == ["nurse"]
    hub.forward(120 * SECOND)
    assert ("boss", "sos") in hub.said()


def test_a_promise_reminds_lapses_and_asks_the_next_in_other_words() -> None:
    hub = pressed()
    hub.reply("daughter", "1")
    hub.said()
    hub.forward(10 * MINUTE)
    assert hub.said() == [("daughter", "remind")]
    hub.forward(10 * MINUTE)
    assert hub.said() == [("daughter", "lapsed.you"), ("nurse", "lapsed.others")]
    hub.forward(2 * MINUTE)
    assert hub.said() == [("boss", "sos")]


def test_arrived_without_outcome_is_asked_of_staff_who_may_then_close_it() -> None:
    hub = pressed()
    hub.reply("daughter", "1")
    hub.reply("daughter", "3")
    hub.forward(2 * HOUR)
    assert hub.said()[-2:] == [("daughter", "lapsed.you"), ("nurse", "outcome_missing")]
    hub.reply("nurse", "4送医")
    assert (hub.alert().outcome, hub.alert().note) == (Outcome.GENUINE, "送医")


@pytest.mark.parametrize("text", ["1", "2", "3", "4", "4误按", "4点到", "好的"])
def test_a_late_reply_is_answered_and_changes_nothing(text: str) -> None:
    hub = pressed()
    hub.reply("daughter", "1")
    hub.reply("daughter", "4没事")
    before = hub.alert()
    hub.said()
    hub.reply("daughter", text)
    assert hub.alert() == before
    assert {person for person, _ in hub.said()} == {"daughter"}


def test_the_same_reply_delivered_twice_is_taken_once() -> None:
    hub = pressed()
    assert hub.reply("daughter", "2", id="IN-A")
    hub.said()
    assert not hub.reply("daughter", "2", id="IN-A")
    assert hub.said() == []


def test_only_who_took_part_closes_by_text() -> None:
    hub = pressed(BOTH)
    hub.reply("son", "1")
    hub.said()
    hub.reply("daughter", "4没事")
    assert hub.alert().stage is Stage.ACKNOWLEDGED
    assert hub.said() == [("daughter", "answer.not_yours")]
    assert hub.memory.history(hub.alert().id)[-1].detail == {"text": "4没事"}


def test_a_note_about_the_time_of_arrival_is_kept_and_asked_back() -> None:
    hub = pressed()
    hub.reply("daughter", "1")
    hub.said()
    hub.reply("daughter", "4点到")
    assert hub.alert().stage is Stage.ACKNOWLEDGED
    assert hub.said() == [("daughter", "answer.note")]
    assert hub.memory.history(hub.alert().id)[-1].event == "said"


def test_an_automatic_reply_takes_nothing() -> None:
    hub = pressed()
    hub.reply("daughter", "收到，开车中")
    assert hub.alert().stage is Stage.OPEN


# --- which alert is meant -------------------------------------------------------------------------------------


def test_one_takes_all_open_emergencies_of_one_home() -> None:
    hub = pressed()
    hub.hazard()
    hub.reply("daughter", "1")
    assert {a.stage for a in hub.memory.by_id.values()} == {Stage.ACKNOWLEDGED}


def three_open() -> Pocket:
    """Staff were told of emergencies in two homes and of a leak."""
    hub = Pocket(replace(WANG, contacts=()), replace(CHEN, contacts=()))
    hub.press()
    hub.press(prefix="homes/chen/")
    hub.hazard(name="sink-leak")
    hub.said()
    return hub


@pytest.mark.promise("P3")
def test_one_from_staff_with_emergencies_of_several_homes_lists_the_codes_and_the_ladders_go_on() -> None:
    hub = three_open()
    hub.reply("nurse", "1")
    assert hub.said() == [("nurse", "answer.which_one")]
    assert {a.stage for a in hub.memory.by_id.values()} == {Stage.OPEN}
    hub.forward(2 * MINUTE)
    assert [person for person, key in hub.said() if key == "sos"] == ["boss", "boss"]


def test_a_code_takes_the_one_it_names() -> None:
    hub = three_open()
    chen = next(a for a in hub.memory.by_id.values() if a.home_id == "chen")
    hub.reply("nurse", f"1 {chen.code}")
    taken = [a.home_id for a in hub.memory.by_id.values() if a.stage is Stage.ACKNOWLEDGED]
    assert taken == ["chen"]


@pytest.mark.parametrize(
    ("fate", "may"),
    [(Fate.SENDING, True), (Fate.ACCEPTED, True), (Fate.DELIVERED, True), (Fate.UNKNOWN, True), (Fate.FAILED, False),
     (Fate.QUEUED, False), (Fate.CANCELLED, False)],
)  # fmt: skip
def test_only_who_was_told_or_may_have_been_takes_by_text(fate: Fate, may: bool) -> None:
    hub = pressed()
    (message,) = hub.memory.messages.values()
    hub.save(replace(message, fate=fate, due_at=None))
    hub.reply("daughter", "1")
    assert (hub.alert().holder == "daughter") is may


def test_a_number_shared_by_two_people_takes_for_the_one_who_was_told() -> None:
    shared = (*PEOPLE, replace(PEOPLE[0], id="aunt", name="王芳"))
    hub = Pocket(people=shared)
    hub.press()
    hub.reply("daughter", "1")
    assert hub.alert().holder == "daughter"


# --- strangers and machines -----------------------------------------------------------------------------------


def test_a_stranger_gets_nothing_and_takes_nothing() -> None:
    hub = pressed()
    hub.reply("+447700900999", "1")
    assert hub.said() == []
    assert hub.alert().stage is Stage.OPEN


def test_a_right_code_from_an_unknown_number_is_told_to_staff_once() -> None:
    hub = pressed()
    code = hub.alert().code
    hub.reply("+447700900999", f"1 {code}")
    assert hub.said() == [("nurse", "stranger_code")]
    assert hub.alert("sos").stage is Stage.OPEN
    hub.reply("+447700900999", f"1 {code}")
    assert hub.said() == []
    (entry, _) = (e for e in hub.memory.history(hub.alert("sos").id) if e.event == "stranger")
    assert entry.detail == {"number": "*********0999"}


def test_a_right_code_from_somebody_who_was_not_told_takes_nothing_either() -> None:
    hub = pressed()
    hub.reply("nurse", f"1 {hub.alert().code}")
    assert hub.alert("sos").stage is Stage.OPEN
    assert sorted(hub.said()) == [("nurse", "answer.not_understood"), ("nurse", "stranger_code")]


@pytest.mark.parametrize("text", ["自动回复：我在开会", "4点到", "收到"])
def test_two_machines_do_not_talk_all_night(text: str) -> None:
    hub = pressed()
    hub.reply("daughter", "1")
    hub.said()
    for _ in range(20):
        hub.reply("daughter", text)
    assert len(hub.said()) == 5
    hub.reply("daughter", "3")
    hub.reply("daughter", text)
    assert len(hub.said()) == 2


def test_an_act_is_never_refused_for_want_of_an_answer() -> None:
    hub = pressed()
    for _ in range(20):
        hub.reply("daughter", "？")
    hub.said()
    hub.reply("daughter", "1")
    assert hub.alert().holder == "daughter"
    assert hub.said() == [("daughter", "answer.take")]


# --- by command -----------------------------------------------------------------------------------------------


def test_a_command_for_an_alert_that_is_not_there_says_so() -> None:
    with pytest.raises(NoSuchAlert):
        pressed().command(lambda _: ev.Acknowledge("nurse", via="command"), "ZZ9")


def test_a_command_does_not_close_a_hazard_that_is_still_there() -> None:
    hub = Pocket()
    hub.hazard()
    with pytest.raises(StillDangerous):
        hub.command(lambda _: ev.Resolve("nurse", Outcome.FALSE, via="command"))
    assert hub.alert().stage is Stage.OPEN


def test_the_desk_takes_hands_over_and_nobody_reads_its_id() -> None:
    hub = pressed()
    hub.command(lambda _: ev.Acknowledge("@desk", via="command"))
    (sent,) = hub.heard
    assert (sent.to, sent.key, sent.message.facts["by"]) == ("daughter", "taken", "")
    hub.said()
    hub.command(lambda _: ev.HandOver("@desk", "nurse"))
    assert hub.said() == [("nurse", "handed_over")]
    hub.reply("nurse", "1")
    assert hub.alert().holder == "nurse"


def test_handed_over_and_not_taken_the_ladder_goes_on_after_one_step() -> None:
    hub = pressed()
    hub.command(lambda _: ev.HandOver("daughter", "boss"))
    hub.said()
    hub.forward(59 * SECOND)
    assert hub.said() == []
    hub.forward(SECOND)
    assert hub.said() == [("nurse", "sos")]


def test_a_fault_of_the_site_is_taken_and_closed_like_any_other() -> None:
    hub = Pocket()
    hub.arrive(hub.arrival(topic="zigbee2mqtt/kitchen-gas", payload=b"{", fault="not JSON"))
    hub.forward(timedelta(minutes=1))
    hub.reply("nurse", "1")
    hub.reply("nurse", "4已处理")
    assert hub.alert().stage is Stage.RESOLVED


def test_an_answer_to_a_number_that_is_dead_is_a_task_for_staff() -> None:
    hub = pressed()
    hub.carrier = lambda m: (
        Rejected(Verdict.DEAD_NUMBER, "no such number") if m.person_id == "daughter" else Accepted(f"SM{m.id}")
    )
    hub.reply("daughter", "？")
    assert (hub.alert().cause, hub.alert().home_id) == ("number:daughter", SITE)
