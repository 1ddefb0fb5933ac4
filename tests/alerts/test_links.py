"""When a link follows the first text, and what a tap on its page means."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.alerts import events as ev
from hub.alerts import machine
from hub.alerts.alert import Alert, DutyKind, Outcome, Stage
from hub.alerts.change import Scene
from hub.alerts.climb import with_duty
from hub.alerts.links import ALL_WELL, AWAY, BY_PHONE, Face, Said, Tap, asks, awaiting, companion, events, face, is_link
from hub.alerts.notification import Fate, Notification
from hub.alerts.policy import Ladder, Rung, Severity
from hub.alerts.wording import KEYS

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PEOPLE = ("daughter", "son", "nurse", "boss")
LADDER = Ladder(
    (
        Rung(("daughter", "son"), ("sms",), MINUTE),
        Rung(("nurse",), ("sms",), MINUTE),
        Rung(("boss",), ("sms",), MINUTE),
    ),
    5 * MINUTE,
    20 * MINUTE,
    staff=("nurse",),
    supervisors=("boss",),
)
SCENE = Scene(NOON + 2 * MINUTE, (), {person: person for person in PEOPLE}, PEOPLE)


def an_alert(**fields: object) -> Alert:
    alert = Alert("A", "wang", "sos", "sos", Severity.EMERGENCY, "K7", NOON, LADDER, told=("daughter", "son"), step=1)
    return replace(with_duty(alert, DutyKind.STEP, NOON + MINUTE, NOON), **fields)


def message(person: str, fate: Fate, **fields: object) -> Notification:
    one = Notification(f"N{person}", "A", "wang", person, None, "sms", "sos", Severity.EMERGENCY, NOON, None)
    return replace(one, **{"step": 0, "fate": fate, "to": "+447700900101", **fields})


def follow(alert: Alert, *sent: Notification) -> list[str | None]:
    return [one.person_id for one in awaiting(alert, sent, lambda _: True)]


def done(alert: Alert, *happened: ev.Event) -> Alert:
    for event in happened:
        alert = machine.apply(alert, event, SCENE).alert
    return alert


# --- the second text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fate", list(Fate))
def test_a_link_follows_a_text_that_the_carrier_has(fate: Fate) -> None:
    wanted = ["daughter"] if fate in (Fate.ACCEPTED, Fate.DELIVERED) else []
    assert follow(an_alert(), message("daughter", fate)) == wanted


@pytest.mark.parametrize("fate", [Fate.QUEUED, Fate.SENDING])
def test_nobodys_link_leaves_before_another_ones_first_text(fate: Fate) -> None:
    waiting = message("son", fate, due_at=NOON + MINUTE)
    assert follow(an_alert(), message("daughter", Fate.DELIVERED), waiting) == []
    asked = message("son", Fate.UNKNOWN, due_at=NOON)  # looked up, and then perhaps sent again
    assert follow(an_alert(), message("daughter", Fate.DELIVERED), asked) == []
    over = message("son", Fate.UNKNOWN)
    assert follow(an_alert(), message("daughter", Fate.DELIVERED), over) == ["daughter"]


@given(st.permutations([(person, step) for step, person in enumerate(("daughter", "daughter", "son", "nurse"))]),
       st.data())  # fmt: skip
def test_in_any_order_of_answers_links_come_last_and_once(order: list[tuple[str, int]], data: st.DataObject) -> None:
    sent = {step: message(person, Fate.QUEUED, step=step, id=f"N{step}") for person, step in order}
    links: list[str] = []
    for _, step in order:
        sent[step] = replace(sent[step], fate=data.draw(st.sampled_from([Fate.ACCEPTED, Fate.FAILED, Fate.CANCELLED])))
        for first in awaiting(an_alert(), list(sent.values()), lambda m: m.person_id != "nurse"):
            assert not any(m.fate is Fate.QUEUED and asks(m) for m in sent.values())
            link = companion(first, an_alert(), f"L{len(links)}", NOON)
            sent[100 + len(links)] = link
            links.append(link.person_id or "")
    reached = {m.person_id for m in sent.values() if m.fate is Fate.ACCEPTED and asks(m)}
    assert sorted(links) == sorted(reached - {"nurse"})


def test_each_person_gets_one_link_in_the_life_of_an_alert() -> None:
    first = message("daughter", Fate.DELIVERED)
    for fate in Fate:  # a link that failed is not tried anew in each round
        link = replace(companion(first, an_alert(), "L", NOON), fate=fate)
        assert follow(an_alert(round=2), first, link, message("daughter", Fate.DELIVERED, round=2)) == []


def test_notices_closed_alerts_and_news_bring_no_link() -> None:
    told = message("daughter", Fate.DELIVERED)
    assert follow(an_alert(severity=Severity.NOTICE), told) == []
    assert follow(an_alert(stage=Stage.RESOLVED), told) == []
    assert follow(an_alert(), replace(told, step=None, key="taken")) == []
    assert follow(an_alert(), replace(told, step=None, key="handed_over")) == ["daughter"]
    assert follow(an_alert(), replace(told, person_id=None, phone="+447700900199")) == []


def test_a_link_goes_the_way_that_lets_links_pass() -> None:
    sms, chat = message("daughter", Fate.DELIVERED), message("daughter", Fate.DELIVERED, channel="chat")
    (first,) = awaiting(an_alert(), [sms, chat], lambda m: m.channel == "chat")
    assert companion(first, an_alert(), "L", NOON).channel == "chat"


@pytest.mark.parametrize(
    "key", ["sos", "sos.late", "gas", "lapsed.others", "need_help", "outcome_missing", "handed_over"]
)
def test_the_text_with_the_link_exists_and_is_no_step(key: str) -> None:
    link = companion(message("daughter", Fate.DELIVERED, key=key), an_alert(), "L", NOON)
    assert link.key in KEYS
    assert is_link(link.key)
    assert (link.step, link.severity, link.then, link.due_at) == (None, Severity.NOTICE, (), NOON)


# --- faces ----------------------------------------------------------------------------------------------------


def test_faces() -> None:
    taken = done(an_alert(), ev.Acknowledge("daughter", "page"))
    assert face(an_alert(), "daughter") is Face.OPEN
    assert face(taken, "daughter") is Face.MINE
    assert face(taken, "son") is Face.TAKEN
    assert face(done(taken, ev.Acknowledge("son", "page")), "son") is Face.JOINED
    assert face(done(taken, ev.NeedHelp("daughter")), "daughter", calling="daughter") is Face.CALLING
    assert face(done(taken, ev.NeedHelp("daughter")), "son", calling="daughter") is Face.OPEN
    assert face(done(taken, ev.Resolve("daughter", Outcome.GENUINE)), "son") is Face.DONE


# --- taps -----------------------------------------------------------------------------------------------------


def tapped(alert: Alert, person: str, tap: Tap, **how: bool) -> tuple[list[type], Said]:
    happens, said = events(alert, person, tap, **how)
    return [type(event) for event in happens], said


OPEN, TAKEN = an_alert(), machine.apply(an_alert(), ev.Acknowledge("daughter", "page"), SCENE).alert
GONE = machine.apply(TAKEN, ev.Resolve("daughter", Outcome.GENUINE), SCENE).alert


@pytest.mark.parametrize(
    ("alert", "person", "tap", "happens", "said"),
    [
        (OPEN, "daughter", Tap.TAKE, [ev.Acknowledge], Said.DONE),
        (OPEN, "daughter", Tap.JOIN, [ev.Acknowledge], Said.DONE),
        (OPEN, "daughter", Tap.CANNOT, [ev.Pass], Said.DONE),
        (OPEN, "daughter", Tap.WELL, [ev.Arrived, ev.Resolve], Said.DONE),
        (OPEN, "daughter", Tap.HELP, [ev.Arrived, ev.NeedHelp], Said.DONE),
        (OPEN, "daughter", Tap.PHONED, [ev.Resolve], Said.DONE),
        (TAKEN, "daughter", Tap.TAKE, [], Said.DONE),
        (TAKEN, "daughter", Tap.CANNOT, [ev.Pass], Said.DONE),
        (TAKEN, "son", Tap.TAKE, [ev.Noted], Said.TAKEN),
        (TAKEN, "son", Tap.JOIN, [ev.Acknowledge], Said.DONE),
        (TAKEN, "son", Tap.CANNOT, [ev.Withdraw], Said.DONE),
        (TAKEN, "son", Tap.WELL, [ev.Arrived, ev.Resolve], Said.DONE),
        *((GONE, "son", tap, [ev.Noted], Said.CLOSED) for tap in Tap if tap is not Tap.HELP),
        (GONE, "son", Tap.HELP, [ev.NeedHelp], Said.DONE),
    ],
)
def test_what_a_tap_does(alert: Alert, person: str, tap: Tap, happens: list[type], said: Said) -> None:
    assert tapped(alert, person, tap) == (happens, said)


@pytest.mark.parametrize("alert", [OPEN, TAKEN, GONE], ids=["open", "taken", "closed"])
@pytest.mark.parametrize("active", [False, True])
@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("tap", Tap)
@pytest.mark.parametrize("person", PEOPLE)
def test_no_tap_is_ever_refused_by_the_machine(
    alert: Alert, active: bool, watched: bool, tap: Tap, person: str
) -> None:
    alert = replace(alert, active=active)
    happens, said = events(alert, person, tap, watched=watched)
    after = done(alert, *happens)
    if active and not watched and alert.stage is not Stage.RESOLVED:
        assert after.stage is not Stage.RESOLVED, "a hazard that goes on is not closed by somebody who was not told"
    if said is Said.TAKEN:
        assert (after.holder, after.helpers) == (alert.holder, alert.helpers)
    assert after.next_due is not None or after.stage is Stage.RESOLVED


def test_who_is_there_is_noted_even_if_the_detector_still_alarms() -> None:
    assert tapped(replace(TAKEN, active=True), "daughter", Tap.WELL) == ([ev.Arrived], Said.ACTIVE)
    assert tapped(replace(TAKEN, active=True), "daughter", Tap.PHONED) == ([], Said.ACTIVE)
    there = done(replace(TAKEN, active=True), ev.Arrived("daughter", "page"))
    assert tapped(there, "daughter", Tap.WELL, watched=True) == ([ev.Resolve], Said.DONE)


def test_the_holder_confirms_another_press_by_taking_it_again() -> None:
    again = done(TAKEN, ev.Again(NOON + MINUTE, "bedroom"))
    assert tapped(again, "daughter", Tap.TAKE) == ([ev.Acknowledge], Said.DONE)
    assert DutyKind.CONFIRM not in done(again, *events(again, "daughter", Tap.TAKE)[0]).duties


@pytest.mark.parametrize(
    ("tap", "outcome", "note"),
    [
        (Tap.WELL, Outcome.GENUINE, ALL_WELL),
        (Tap.PHONED, Outcome.GENUINE, BY_PHONE),
        (Tap.AWAY, Outcome.FALSE, AWAY),
    ],
)
def test_how_it_ended_is_kept_in_words_that_every_language_has(tap: Tap, outcome: Outcome, note: str) -> None:
    *_, end = events(OPEN, "daughter", tap)[0]
    assert isinstance(end, ev.Resolve)
    assert (end.outcome, end.note, end.via) == (outcome, note, "page")
