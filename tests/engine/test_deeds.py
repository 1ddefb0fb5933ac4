"""What somebody at a console does about an alert, who hears of it, and what is answered."""

from typing import Any

import pytest

from hub.alerts.alert import Alert, Outcome, Stage
from hub.alerts.attention import on_way, silence, sounds
from hub.alerts.deeds import Answer, Deed, Reason, Wish
from hub.engine import NoSuchAlert
from hub.engine.deeds import Done, do
from tests.engine.pocket import MINUTE, SECOND, Pocket


def pressed() -> Pocket:
    hub = Pocket()
    hub.press()
    hub.said()
    return hub


def does(hub: Pocket, who: str, deed: Deed, **more: Any) -> Done:
    id = next(iter(hub.memory.by_id))
    done = hub.do(lambda work: do(work, id, Wish(who, deed, **more), lambda alert, registry: None))
    hub.turn()
    return done


def events(hub: Pocket) -> list[str]:
    return [entry.event for entry in hub.memory.history(hub.alert().id)]


def is_loud(hub: Pocket) -> bool:
    return sounds(hub.alert(), hub.memory.history(hub.alert().id))


def test_who_takes_it_at_the_console_is_answered_there_and_all_told_before_hear_of_it() -> None:
    hub = pressed()
    done = does(hub, "nurse", Deed.TAKE)
    assert (done.answer, done.alert.holder) == (Answer.DONE, "nurse")
    assert hub.said() == [("daughter", "taken")]


def test_who_comes_second_is_told_who_has_it_and_may_go_as_well() -> None:
    hub = pressed()
    does(hub, "nurse", Deed.TAKE)
    assert does(hub, "boss", Deed.TAKE).answer is Answer.TAKEN
    assert hub.alert().holder == "nurse"
    assert does(hub, "boss", Deed.JOIN).answer is Answer.DONE
    assert hub.alert().helpers == ("nurse", "boss")
    assert does(hub, "boss", Deed.CANNOT).answer is Answer.DONE
    assert (hub.alert().holder, hub.alert().helpers) == ("nurse", ("nurse",))


def test_on_my_way_takes_what_nobody_has_and_tells_the_others_once() -> None:
    hub = pressed()
    assert does(hub, "nurse", Deed.ON_WAY).alert.holder == "nurse"
    assert hub.said() == [("daughter", "taken")]
    assert on_way(hub.alert(), hub.memory.history(hub.alert().id)) is not None
    assert does(hub, "nurse", Deed.ON_WAY).answer is Answer.MINE
    assert hub.said() == []


def test_the_desk_records_that_the_holder_arrived() -> None:
    hub = pressed()
    does(hub, "nurse", Deed.TAKE)
    hub.said()
    done = does(hub, "boss", Deed.ARRIVED, for_holder=True)
    assert (done.alert.holder, done.alert.arrived_at) == ("nurse", hub.now)
    assert "recorded" in events(hub)
    assert hub.said() == [("nurse", "answer.arrived"), ("daughter", "arrived")]


def test_whoever_has_it_and_cannot_go_passes_it_on_at_once() -> None:
    hub = pressed()
    does(hub, "nurse", Deed.TAKE)
    hub.said()
    assert does(hub, "nurse", Deed.CANNOT).alert.stage is Stage.OPEN
    assert ("nurse", "sos") in hub.said()


def test_it_is_handed_over_only_to_people_who_could_come() -> None:
    hub = pressed()
    for to in (None, "nobody", "son"):
        assert does(hub, "boss", Deed.HAND_OVER, to=to).answer is Answer.INCOMPLETE
    assert does(hub, "boss", Deed.HAND_OVER, to="nurse").answer is Answer.DONE
    assert hub.said() == [("nurse", "handed_over")]


def test_ending_needs_an_outcome_and_while_the_gas_alarm_lasts_one_more_word() -> None:
    hub = Pocket()
    hub.hazard()
    assert does(hub, "nurse", Deed.RESOLVE).answer is Answer.INCOMPLETE
    assert does(hub, "nurse", Deed.RESOLVE, outcome=Outcome.FALSE).answer is Answer.ACTIVE
    assert hub.alert().stage is Stage.OPEN
    done = does(hub, "nurse", Deed.RESOLVE, outcome=Outcome.FALSE, note=" pan  burnt ", watched=True)
    assert (done.alert.stage, done.alert.note) == (Stage.RESOLVED, "pan burnt")


@pytest.mark.parametrize("deed", [d for d in Deed if d not in (Deed.NOTE, Deed.CALL)])
def test_what_is_closed_stays_closed_whatever_is_done(deed: Deed) -> None:
    hub = pressed()
    does(hub, "nurse", Deed.RESOLVE, outcome=Outcome.GENUINE)
    before = hub.alert()
    hub.said()
    done = does(hub, "boss", deed, outcome=Outcome.FALSE, to="nurse", reason=Reason.FALSE)
    assert (done.answer, hub.alert(), hub.said()) == (Answer.CLOSED, before, [])


def test_silence_names_who_and_why_and_ends_with_the_next_thing_that_happens() -> None:
    hub = pressed()
    assert is_loud(hub)
    assert does(hub, "@account:a1", Deed.SILENCE).answer is Answer.INCOMPLETE
    assert does(hub, "@account:a1", Deed.SILENCE, reason=Reason.OTHER).answer is Answer.INCOMPLETE
    assert does(hub, "@account:a1", Deed.SILENCE, reason=Reason.IN_HAND, known_as="desk").answer is Answer.DONE
    kept = silence(hub.alert(), hub.memory.history(hub.alert().id))
    assert kept is not None
    assert (kept.who, kept.detail["reason"], kept.detail["as"]) == ("@account:a1", "in_hand", "desk")
    hub.forward(30 * SECOND)
    assert not is_loud(hub)
    assert does(hub, "nurse", Deed.SILENCE, reason=Reason.FALSE).answer is Answer.QUIET
    hub.press()
    assert is_loud(hub)


def test_silence_ends_with_a_new_round_and_is_needed_no_more_once_somebody_has_it() -> None:
    hub = pressed()
    does(hub, "nurse", Deed.SILENCE, reason=Reason.FALSE)
    hub.forward(2 * MINUTE)
    assert not is_loud(hub)
    hub.forward(10 * MINUTE)
    assert is_loud(hub)
    does(hub, "nurse", Deed.TAKE)
    assert not is_loud(hub)


def test_a_note_needs_words_and_changes_nothing_else() -> None:
    hub = pressed()
    before = hub.alert()
    assert does(hub, "nurse", Deed.NOTE, note="  ").answer is Answer.INCOMPLETE
    assert does(hub, "nurse", Deed.NOTE, note="x" * 900).answer is Answer.DONE
    assert hub.alert() == before
    assert hub.memory.history(before.id)[-1].detail["text"] == "x" * 500


def test_who_may_not_changes_nothing() -> None:
    hub = pressed()
    before, known = hub.alert(), events(hub)

    def refuse(alert: Alert, registry: object) -> None:
        raise PermissionError

    with pytest.raises(PermissionError):
        hub.do(lambda work: do(work, before.id, Wish("nurse", Deed.TAKE), refuse))
    with pytest.raises(NoSuchAlert):
        hub.do(lambda work: do(work, "nothing", Wish("nurse", Deed.TAKE), refuse))
    assert (hub.alert(), events(hub)) == (before, known)
