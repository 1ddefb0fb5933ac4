"""What carriers say, in any order, and what follows from it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from hub.alerts.alert import Stage
from hub.alerts.notification import Fate, Notification
from hub.engine import fates
from hub.ports import Accepted, FateReport, NoAnswer, Rejected, Verdict
from tests.engine.pocket import CHEN, HOUR, MINUTE, PEOPLE, SECOND, WANG, Answer, Pocket

LATER, NEXT = Rejected(Verdict.LATER, "429"), Rejected(Verdict.NEXT_CHANNEL, "21610")
DEAD, REFUSED = Rejected(Verdict.DEAD_NUMBER, "21211"), Rejected(Verdict.REFUSED, "20003")


def only_accepted(message: Notification) -> Accepted:
    return Accepted(f"SM{message.id}")


def answers(answer: Answer, to: str = "daughter") -> Callable[[Notification], Answer]:
    return lambda m: answer if m.person_id == to else Accepted(f"SM{m.id}", Fate.DELIVERED)


def report(hub: Pocket, number: int, fate: Fate, verdict: Verdict | None = None) -> bool:
    provider_id = f"SM{hub.heard[number].message.id}"
    known = hub.do(lambda work: fates.reported(work, FateReport(provider_id, fate, "error", verdict)))
    hub.turn()
    return known


def steps(hub: Pocket) -> list[tuple[int, str]]:
    start = hub.alert("sos").opened_at
    return [
        (int((s.at - start).total_seconds()), s.to) for s in hub.heard if s.message.step is not None and s.key == "sos"
    ]


# --- undelivered ----------------------------------------------------------------------------------------------


@pytest.mark.promise("P5")
@pytest.mark.parametrize("answer", [NEXT, DEAD, Accepted("SM", Fate.FAILED, "30003")], ids=["next", "dead", "failed"])
def test_undelivered_moves_on_at_once(answer: Answer) -> None:
    hub = Pocket()
    hub.carrier = answers(answer)
    hub.press()
    assert [step for step in steps(hub) if step[0] == 0] == [(0, "daughter"), (0, "nurse")]


def test_a_receipt_of_failure_moves_on_at_once() -> None:
    hub = Pocket()
    hub.carrier = only_accepted
    hub.press()
    hub.forward(10 * SECOND)
    assert report(hub, 0, Fate.FAILED)
    assert steps(hub) == [(0, "daughter"), (10, "nurse")]


def test_while_one_of_a_step_may_read_it_the_step_keeps_its_wait() -> None:
    both = replace(WANG, contacts=(*WANG.contacts, replace(WANG.contacts[0], person="son")))
    hub = Pocket(both)
    hub.carrier = answers(NEXT)
    hub.press()
    hub.forward(59 * SECOND)
    assert steps(hub) == [(0, "daughter"), (0, "son")]


def test_a_message_that_cannot_even_be_handed_over_moves_on_at_once() -> None:
    hub = Pocket()
    hub.carrier = only_accepted
    hub.press()
    hub.forward(10 * SECOND)
    (message,) = hub.memory.messages.values()
    hub.do(lambda work: fates.unsendable(work, message, "no number any more"))
    hub.turn()
    assert steps(hub) == [(0, "daughter"), (10, "nurse")]


@pytest.mark.promise("P12")
def test_a_dead_number_is_one_task_for_staff_and_delays_no_other_home() -> None:
    hub = Pocket(WANG, CHEN)
    hub.carrier = answers(DEAD)
    hub.press()
    hub.press(prefix="homes/chen/")
    assert ("son", "sos") in hub.said()
    hub.forward(HOUR)
    tasks = [a for a in hub.memory.by_id.values() if a.cause == "number:daughter"]
    assert len(tasks) == 1
    assert tasks[0].facts["by"] == "王丽"


def test_a_carrier_that_refuses_us_is_told_to_staff_once() -> None:
    hub = Pocket()
    hub.carrier = lambda m: REFUSED
    hub.press()
    hub.forward(30 * MINUTE)
    assert len([a for a in hub.memory.by_id.values() if a.cause == "channel:sms"]) == 1
    assert not hub.alert("sos").reached
    assert {s.to for s in hub.heard if s.key == "nobody_reachable"} == {p.id for p in PEOPLE}


@pytest.mark.promise("P3")
def test_a_round_of_which_every_message_failed_is_told_to_everybody_at_once_and_once() -> None:
    hub = Pocket()
    hub.carrier = lambda m: NEXT if m.key == "sos" else Accepted(f"SM{m.id}", Fate.DELIVERED)
    hub.press()
    hub.forward(4 * MINUTE)
    assert sorted(to for to, key in hub.said() if key == "nobody_reachable") == ["boss", "daughter", "nurse", "son"]
    assert (hub.alert().stage, hub.alert().reached) == (Stage.OPEN, False)
    hub.forward(2 * MINUTE)
    assert "nobody_reachable" not in {key for _, key in hub.said()}
    hub.reply("son", "1")
    assert (hub.alert().holder, hub.alert().reached) == ("son", True)


def test_a_busy_carrier_is_asked_again_with_growing_gaps() -> None:
    hub = Pocket()
    hub.carrier = lambda m: LATER if m.tries < 4 else Accepted(f"SM{m.id}", Fate.DELIVERED)
    hub.press()
    hub.forward(MINUTE - SECOND)
    assert [at for at, to in steps(hub) if to == "daughter"] == [0, 2, 6, 14]


# --- unknown --------------------------------------------------------------------------------------------------


@pytest.mark.promise("P5")
def test_an_unknown_fate_is_looked_up_and_what_the_carrier_has_is_not_sent_again() -> None:
    hub = Pocket()
    hub.carrier = lambda m: NoAnswer("timeout")
    hub.register = lambda m: Accepted(f"SM{m.id}", Fate.DELIVERED)
    hub.press()
    hub.forward(59 * SECOND)
    assert steps(hub) == [(0, "daughter")]


@pytest.mark.promise("P5")
def test_what_the_carrier_surely_has_not_is_sent_again() -> None:
    hub = Pocket()
    hub.carrier = lambda m: NoAnswer("cut") if m.tries == 1 else Accepted(f"SM{m.id}", Fate.DELIVERED)
    hub.press()
    assert steps(hub) == [(0, "daughter")] * 2


@pytest.mark.promise("P5")
def test_an_emergency_that_cannot_be_looked_up_is_repeated_then_the_next_step_is_due() -> None:
    hub = Pocket()
    hub.carrier = answers(NoAnswer("timeout"))
    hub.register = lambda m: NoAnswer("timeout")
    hub.press()
    assert steps(hub) == [(0, "daughter")] * 3 + [(0, "nurse")]


@pytest.mark.promise("P5")
def test_a_carrier_that_never_takes_it_has_failed_not_stayed_unknown() -> None:
    hub = Pocket()
    hub.carrier = answers(NoAnswer("cut"))
    hub.press()
    assert hub.memory.messages[hub.heard[0].message.id].fate is Fate.FAILED


@pytest.mark.promise("P5")
def test_a_warning_waits_for_the_look_up_then_takes_the_next_channel() -> None:
    hub = Pocket()
    hub.carrier = lambda m: NoAnswer("timeout") if m.channel == "sms" else Accepted(f"SM{m.id}", Fate.DELIVERED)
    hub.register = lambda m: NoAnswer("timeout")
    hub.press("call")
    assert [(s.to, s.channel) for s in hub.heard] == [("daughter", "sms")]
    hub.forward(5 * MINUTE)
    assert [(s.to, s.channel) for s in hub.heard] == [("daughter", "sms"), ("daughter", "chat")]


@pytest.mark.promise("P5")
def test_a_silent_carrier_delays_an_emergency_by_45_s_and_nothing_is_sent_twice() -> None:
    hub = Pocket()
    hub.carrier = only_accepted
    hub.press()
    hub.forward(3 * MINUTE)
    assert steps(hub) == [(0, "daughter"), (45, "nurse"), (90, "boss")]


@pytest.mark.promise("P5")
def test_a_silent_carrier_does_not_hurry_a_warning() -> None:
    hub = Pocket()
    hub.carrier = only_accepted
    hub.press("call")
    hub.forward(9 * MINUTE)
    assert [s.to for s in hub.heard] == ["daughter"]


@pytest.mark.promise("P4")
def test_what_was_being_sent_at_a_restart_is_looked_up() -> None:
    hub = Pocket()
    hub.press()
    hub.said()
    hub.claim(replace(next(iter(hub.memory.messages.values())), fate=Fate.QUEUED))
    hub.restart()
    hub.register = lambda m: Accepted(f"SM{m.id}-again", Fate.DELIVERED)
    hub.said()
    hub.turn()
    assert hub.said() == []


def test_an_attempt_that_ended_without_a_word_is_looked_up_when_its_time_is_over() -> None:
    hub = Pocket()
    hub.press()
    hub.claim(replace(next(iter(hub.memory.messages.values())), fate=Fate.QUEUED))
    hub.said()
    hub.forward(30 * SECOND)
    assert hub.said() == [("daughter", "sos")]


# --- reports in any order -------------------------------------------------------------------------------------


def test_receipts_late_twice_and_in_any_order_are_harmless() -> None:
    hub = Pocket()
    hub.carrier = only_accepted
    hub.press()
    assert report(hub, 0, Fate.DELIVERED)
    assert report(hub, 0, Fate.ACCEPTED)
    assert report(hub, 0, Fate.FAILED)
    assert report(hub, 0, Fate.DELIVERED)
    (message,) = hub.memory.messages.values()
    assert message.fate is Fate.DELIVERED
    assert not hub.do(lambda work: fates.reported(work, FateReport("SM-unknown", Fate.DELIVERED)))
    hub.forward(59 * SECOND)
    assert len(hub.heard) == 1


def test_delivered_after_failed_counts_as_delivered() -> None:
    hub = Pocket()
    hub.carrier = only_accepted
    hub.press()
    report(hub, 0, Fate.FAILED)
    report(hub, 0, Fate.FAILED)
    report(hub, 0, Fate.DELIVERED)
    assert hub.memory.messages[hub.heard[0].message.id].fate is Fate.DELIVERED
    assert [to for _, to in steps(hub)] == ["daughter", "nurse"]


@pytest.mark.parametrize("answer", [NoAnswer("late"), NEXT, Accepted("SM-other")], ids=["none", "rejected", "twice"])
def test_a_second_answer_about_what_the_carrier_has_changes_nothing(answer: Answer) -> None:
    hub = Pocket()
    hub.carrier = only_accepted
    hub.press()
    (before,) = hub.memory.messages.values()
    hub.do(lambda work: fates.answered(work, before.id, answer))
    assert list(hub.memory.messages.values()) == [before]


# --- after somebody took it -----------------------------------------------------------------------------------


def test_calls_for_help_that_have_not_left_are_dropped_when_somebody_takes_it() -> None:
    both = replace(WANG, contacts=(*WANG.contacts, replace(WANG.contacts[0], person="son")))
    hub = Pocket(both)
    hub.carrier = answers(LATER)
    hub.press()
    hub.reply("son", "1")
    hub.forward(9 * MINUTE)
    assert [key for to, key in hub.said() if to == "daughter"] == ["sos"]


@pytest.mark.parametrize("answer", [LATER, NoAnswer("cut")], ids=["later", "unknown"])
def test_a_call_for_help_that_was_under_way_is_not_repeated_after_somebody_took_it(answer: Answer) -> None:
    both = replace(WANG, contacts=(*WANG.contacts, replace(WANG.contacts[0], person="son")))
    hub = Pocket(both)
    hub.press()
    (mine,) = (m for m in hub.memory.messages.values() if m.person_id == "daughter")
    under_way = replace(mine, fate=Fate.SENDING, provider_id=None, tries=1, due_at=hub.now + 30 * SECOND)
    hub.save(under_way)
    hub.reply("son", "1")
    hub.said()
    hub.do(lambda work: fates.answered(work, under_way.id, answer))
    hub.forward(9 * MINUTE)
    assert "sos" not in {key for _, key in hub.said()}


def test_no_next_channel_is_tried_after_somebody_took_it() -> None:
    hub = Pocket(replace(WANG, contacts=(*WANG.contacts, replace(WANG.contacts[0], person="son"))))
    hub.carrier = only_accepted
    hub.press("call")
    hub.reply("son", "1")
    mine = next(n for n, s in enumerate(hub.heard) if s.to == "daughter")
    report(hub, mine, Fate.FAILED)
    assert "chat" not in {s.channel for s in hub.heard if s.message.step is not None}
