"""The one door to the middle: lateness, replies, messages, and when a step need not be waited for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.alerts import events as ev
from hub.alerts.alert import Alert, Duty, DutyKind, Lateness, Outcome, Stage
from hub.alerts.change import Tell
from hub.alerts.choose import Told
from hub.alerts.notification import Fate, Notification
from hub.alerts.policy import Ladder, Rung, Severity
from hub.alerts.replies import parse
from hub.decide import Understood, again_in, lateness, message, reply, site_or, step_silent
from hub.homes import SITE, Home, Registry

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
LADDER = Ladder((Rung(("daughter",), ("sms",), MINUTE), Rung(("nurse",), ("chat",), MINUTE)), MINUTE, 20 * MINUTE)
EXACT, MOST = True, False


def an_alert(**fields: object) -> Alert:
    base = Alert("A", "wang", "sos", "sos", Severity.EMERGENCY, "K7", NOON, LADDER, "bed-sos", "bedroom")
    step = {DutyKind.STEP: Duty(NOON + MINUTE, MINUTE)}
    return replace(base, **{"facts": {"who": "王秀兰", "addr": "3号"}, "step": 1, "duties": step, **fields})


# --- how long a press waited ----------------------------------------------------------------------------------


@pytest.mark.promise("P7")
@pytest.mark.parametrize(
    ("waited", "device_ago", "wanted"),
    [
        (None, None, None),  # it never waited
        (None, HOUR, None),  # whatever its own clock says
        (60 * SECOND, None, None),
        (61 * SECOND, None, (61 * SECOND, MOST)),
        (190 * MINUTE, None, (190 * MINUTE, MOST)),
        (190 * MINUTE, 30 * MINUTE, (30 * MINUTE, EXACT)),
        (190 * MINUTE, 190 * MINUTE + 40 * SECOND, (190 * MINUTE + 40 * SECOND, EXACT)),
        (190 * MINUTE, 190 * MINUTE + 41 * SECOND, (190 * MINUTE, MOST)),  # before anything could wait
        (190 * MINUTE, -21 * SECOND, (190 * MINUTE, MOST)),  # in the future
        (190 * MINUTE, -20 * SECOND, None),  # fresh by a clock that is a little fast
        (190 * MINUTE, 60 * SECOND, None),
        (190 * MINUTE, -10 * 365 * 24 * HOUR, (190 * MINUTE, MOST)),
        (190 * MINUTE, 10 * 365 * 24 * HOUR, (190 * MINUTE, MOST)),
    ],
)
def test_a_press_is_late_by_its_own_clock_if_that_is_possible_else_by_the_longest_wait(
    waited: timedelta | None, device_ago: timedelta | None, wanted: tuple[timedelta, bool] | None
) -> None:
    since = NOON - waited if waited is not None else None
    late = lateness(NOON, since, NOON - device_ago if device_ago is not None else None)
    assert late == (Lateness(*wanted, away_since=since) if wanted else None)


# --- messages -------------------------------------------------------------------------------------------------


def facts(alert: Alert) -> dict[str, object]:
    (one,) = message(Tell("daughter", "sos", by=("sms",)), alert, NOON, lambda: "n")
    return dict(one.facts)


def test_a_message_says_who_where_what_when_and_its_code() -> None:
    assert facts(an_alert(last_press_at=NOON + MINUTE)) == {
        "who": "王秀兰",
        "addr": "3号",
        "what": "sos",
        "code": "K7",
        "at": (NOON + MINUTE).isoformat(),
        "room": "bedroom",
        "dev": "bed-sos",
    }


def test_a_late_press_is_told_with_its_age_and_a_press_after_it_as_fresh() -> None:
    exact = an_alert(late=Lateness(90 * MINUTE, EXACT))
    assert facts(exact)["at"] == (NOON - 90 * MINUTE).isoformat()
    assert (facts(exact)["mins"], facts(exact)["late_max"]) == (90, 0)
    most = facts(an_alert(late=Lateness(190 * MINUTE, MOST)))
    assert (most["mins"], most["late_max"], most["at"]) == (190, 1, NOON.isoformat())
    assert "mins" not in facts(replace(exact, pressed_since=True))


def test_a_message_without_channels_of_its_own_takes_those_of_its_person() -> None:
    (one,) = message(Tell("nurse", "taken"), an_alert(), NOON, lambda: "n")
    assert (one.channel, one.step, one.round) == ("chat", None, 1)
    (other,) = message(Tell("stranger", "taken"), an_alert(), NOON, lambda: "n")
    assert other.channel == "sms"


@pytest.mark.parametrize(
    ("tries", "asked", "wanted"), [(1, None, 2), (3, None, 8), (9, None, 60), (1, 30, 30), (1, 900, 60)]
)
def test_the_same_message_is_tried_again_with_growing_gaps(tries: int, asked: int | None, wanted: int) -> None:
    assert again_in(tries, timedelta(seconds=asked) if asked else None) == timedelta(seconds=wanted)


# --- a step that need not be waited for -----------------------------------------------------------------------


def sent(fate: Fate, *, accepted_ago: timedelta | None = None, **fields: object) -> Notification:
    one = Notification("n", "A", "wang", "daughter", None, "sms", "sos", Severity.EMERGENCY, NOON, None, step=0)
    return replace(one, **{"fate": fate, "accepted_at": NOON - accepted_ago if accepted_ago else None, **fields})


@pytest.mark.promise("P5")
@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([sent(Fate.FAILED)], "failed"),
        ([sent(Fate.FAILED), sent(Fate.FAILED)], "failed"),
        ([sent(Fate.FAILED), sent(Fate.DELIVERED)], None),
        ([sent(Fate.FAILED), sent(Fate.QUEUED)], None),
        ([sent(Fate.FAILED), sent(Fate.CANCELLED)], "failed"),
        ([sent(Fate.ACCEPTED, accepted_ago=44 * SECOND)], None),
        ([sent(Fate.ACCEPTED, accepted_ago=45 * SECOND)], "unknown"),
        ([sent(Fate.ACCEPTED, accepted_ago=45 * SECOND), sent(Fate.DELIVERED)], None),
        ([sent(Fate.ACCEPTED, accepted_ago=45 * SECOND), sent(Fate.FAILED)], "unknown"),
        ([sent(Fate.UNKNOWN, due_at=NOON)], None),  # it is still being looked up
        ([sent(Fate.UNKNOWN)], "unknown"),
        ([sent(Fate.FAILED, round=2)], None),  # of another round
        ([sent(Fate.FAILED, step=1)], None),
        ([], None),
    ],
)
def test_a_step_waits_only_while_somebody_may_have_been_reached(messages: list[Notification], why: str | None) -> None:
    assert step_silent(an_alert(), messages, NOON) == (ev.Hurry(why) if why else None)


def test_only_an_emergency_hurries_past_a_silent_carrier() -> None:
    silent = [sent(Fate.ACCEPTED, accepted_ago=HOUR)]
    assert step_silent(an_alert(severity=Severity.WARNING), silent, NOON) is None
    assert step_silent(an_alert(severity=Severity.WARNING), [sent(Fate.FAILED)], NOON) == ev.Hurry("failed")


def test_nothing_hurries_an_alert_that_waits_for_nothing() -> None:
    failed = [sent(Fate.FAILED)]
    assert step_silent(an_alert(stage=Stage.ACKNOWLEDGED), failed, NOON) is None
    assert step_silent(an_alert(duties={DutyKind.STEP: Duty(NOON, MINUTE)}), failed, NOON) is None


# --- replies --------------------------------------------------------------------------------------------------


def understood(text: str, *told: Told) -> Understood:
    return reply(parse(text), text, told, "daughter")


def told(**fields: object) -> Told:
    return Told(an_alert(**fields), "daughter")


HELD = told(stage=Stage.ACKNOWLEDGED, holder="daughter", helpers=("daughter",))


def event(text: str, about: Told) -> ev.Event:
    return understood(text, about).acts[0].event


def test_replies_become_acts() -> None:
    assert event("1", told()) == ev.Acknowledge("daughter")
    assert event("2", told()) == ev.Pass("daughter")
    assert event("2", HELD) == ev.Pass("daughter")
    assert event("2", told(stage=Stage.ACKNOWLEDGED, holder="nurse")) == ev.Withdraw("daughter")
    assert event("3", told()) == ev.Arrived("daughter")
    assert event("4误按", HELD) == ev.Resolve("daughter", Outcome.FALSE, "误按", watched=True)


def test_only_who_took_part_resolves_by_text() -> None:
    outsider = told(stage=Stage.ACKNOWLEDGED, holder="nurse")
    assert isinstance(event("4", outsider), ev.Noted)
    assert isinstance(event("4", told()), ev.Noted)
    assert isinstance(event("4", told(helpers=("daughter",))), ev.Resolve)


def test_what_is_no_answer_is_kept_as_a_note_and_asked_back() -> None:
    later = understood("4点到", HELD)
    assert later.acts[0].event == ev.Noted("daughter", "said", {"text": "4点到"})
    assert later.answer is not None
    assert later.answer.key == "answer.note"
    assert later.answer.facts["note"] == "4点到"
    odd = understood("我在开会", HELD)
    assert odd.acts[0].event == ev.Noted("daughter", "said", {"text": "我在开会"})
    assert odd.answer is not None
    assert odd.answer.key == "answer.not_understood"


def test_open_emergencies_of_several_homes_are_listed_and_go_on() -> None:
    other = told(id="B", home_id="chen", code="B5", facts={"who": "陈桂英"})
    answer = understood("1", told(), other)
    assert answer.acts == ()
    assert answer.answer is not None
    assert answer.answer.facts == {"n": 2, "code": "K7", "who": "王秀兰", "code2": "B5", "who2": "陈桂英"}


def test_a_right_code_that_was_not_told_to_this_number_is_a_strangers() -> None:
    assert understood("1 B5", told()) == Understood(stranger=True)


# --- whose an unknown device is -------------------------------------------------------------------------------


def a_site(*prefixes: str) -> Registry:
    return Registry.of([], [Home(f"h{n}", "620702207200", "x", prefix) for n, prefix in enumerate(prefixes)])


@pytest.mark.parametrize(
    ("prefixes", "prefix", "wanted"),
    [
        (("homes/0/", "homes/1/"), "homes/1/", "h1"),
        (("homes/0/", "homes/1/"), "homes/2/", SITE),
        (("", ""), "", SITE),  # two homes share a gateway
        (("homes/0/",), "", "h0"),  # the only home
        ((), "", SITE),
    ],
)
def test_an_unknown_device_belongs_to_the_home_of_its_prefix_or_the_only_one(
    prefixes: tuple[str, ...], prefix: str, wanted: str
) -> None:
    assert site_or(a_site(*prefixes), prefix) == wanted
