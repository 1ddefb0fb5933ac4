"""How an open alert climbs: who is told when, in which round, and what happens where nobody is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.alerts import machine
from hub.alerts.alert import Alert, DutyKind
from hub.alerts.change import Change, Scene
from hub.alerts.climb import hurried, step_due, with_duty
from hub.alerts.notification import Fate, Notification
from hub.alerts.policy import Ladder, Rung, Severity
from hub.decide import message

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
FAMILY, STAFF, BOSS = ("daughter",), ("nurse",), ("boss",)
EVERYBODY = ("daughter", "nurse", "boss")


def ladder(*people: tuple[str, ...], repeat: timedelta = 5 * MINUTE, by: tuple[str, ...] = ("sms",)) -> Ladder:
    waits = (60 * SECOND, 120 * SECOND, 180 * SECOND)
    rungs = tuple(Rung(who, by, wait) for who, wait in zip(people, waits, strict=False))
    return Ladder(rungs, repeat, 20 * MINUTE, STAFF, BOSS)


def an_alert(climbs: Ladder, severity: Severity = Severity.EMERGENCY) -> Alert:
    return with_duty(
        Alert("A", "wang", "sos", "sos", severity, "K7", NOON, climbs, room="bedroom"), DutyKind.STEP, NOON, NOON
    )


Fates = Callable[[str], Fate]


def climb(alert: Alert, span: timedelta, fate: Fates = lambda _: Fate.DELIVERED) -> list[tuple[int, str, str, int]]:
    """Let the alert climb alone; return second, person, words and round of each message."""
    sent: list[Notification] = []
    told: list[tuple[int, str, str, int]] = []
    numbers = iter(range(10_000))
    while alert.next_due is not None and alert.next_due <= NOON + span:
        now = alert.next_due
        event = machine.due(alert, now)
        assert event is not None
        change = machine.apply(alert, event, Scene(now, sent, everybody=EVERYBODY))
        alert = change.alert
        for tell in change.tells:
            told.append((int((now - NOON).total_seconds()), tell.person, tell.key, alert.round))
            fresh = message(tell, alert, now, lambda: str(next(numbers)))
            sent += [replace(n, fate=fate(tell.person)) for n in fresh]
    return told


def told(change: Change) -> list[tuple[str, str]]:
    return [(tell.person, tell.key) for tell in change.tells]


@pytest.mark.promise("P3")
@pytest.mark.requirement("21")
def test_family_then_staff_then_supervisor_then_from_the_first_again() -> None:
    assert climb(an_alert(ladder(FAMILY, STAFF, BOSS)), 9 * MINUTE) == [
        (0, "daughter", "sos", 1),
        (60, "nurse", "sos", 1),
        (180, "boss", "sos", 1),
        (480, "boss", "nobody", 2),  # 180 s + 5 min, not 180 s + 180 s
        (480, "daughter", "sos", 2),
        (540, "nurse", "sos", 2),
    ]


def test_the_repeat_never_begins_before_the_last_step_has_had_its_wait() -> None:
    steps = climb(an_alert(ladder(FAMILY, STAFF, BOSS, repeat=MINUTE)), 8 * MINUTE)
    assert [at for at, person, key, _ in steps if person == "daughter"] == [0, 180 + 180]


def test_from_the_fourth_round_on_rounds_are_at_least_15_minutes_apart() -> None:
    steps = climb(an_alert(ladder(FAMILY)), 2 * HOUR)
    starts = {round: at for at, person, key, round in reversed(steps) if key == "sos"}
    assert [starts[n] for n in (1, 2, 3)] == [0, 300, 600]
    assert [starts[n] - starts[n - 1] for n in range(4, 9)] == [900] * 5


def test_a_repeat_longer_than_15_minutes_stays_as_configured() -> None:
    steps = climb(an_alert(ladder(FAMILY, repeat=24 * HOUR)), 100 * HOUR)
    assert [at for at, _, key, _ in steps if key == "sos"] == [n * 24 * 3600 for n in range(5)]


# --- steps and rounds without anybody -------------------------------------------------------------------------


@pytest.mark.promise("P3")
def test_a_step_without_anybody_is_passed_at_once_and_the_supervisor_hears_of_it() -> None:
    change = step_due(an_alert(ladder((), STAFF, BOSS)), Scene(NOON, everybody=EVERYBODY))
    assert told(change) == [("boss", "empty_step"), ("nurse", "sos")]
    assert change.tells[0].facts == {"n": 1}
    assert change.alert.step == 2
    assert change.alert.duties[DutyKind.STEP].due_at == NOON + 120 * SECOND


def test_without_a_supervisor_all_staff_hear_of_the_empty_step() -> None:
    nobody_above = replace(ladder((), FAMILY), supervisors=())
    assert told(step_due(an_alert(nobody_above), Scene(NOON, everybody=EVERYBODY)))[0] == ("nurse", "empty_step")


def test_an_empty_step_is_told_once_not_in_each_round() -> None:
    steps = climb(an_alert(ladder((), STAFF, ())), HOUR)
    assert [(at, person) for at, person, key, _ in steps if key == "empty_step"] == [(0, "boss"), (120, "boss")]
    assert len([1 for *_, key, _ in steps if key == "sos"]) > 3


def test_an_empty_last_step_ends_the_round_at_once() -> None:
    steps = climb(an_alert(ladder(FAMILY, ())), 8 * MINUTE)
    assert [at for at, _, key, _ in steps if key == "sos"] == [0, 60 + 300]


@pytest.mark.promise("P3")
def test_a_ladder_without_anybody_tells_everybody_on_the_site_each_round() -> None:
    alert = an_alert(ladder((), (), ()))
    change = step_due(alert, Scene(NOON, everybody=EVERYBODY))
    assert told(change) == [(person, "nobody_reachable") for person in EVERYBODY]
    assert not change.alert.reached
    assert change.alert.duties[DutyKind.STEP].due_at == NOON + 5 * MINUTE
    assert [at for at, person, *_ in climb(alert, 40 * MINUTE) if person == "boss"] == [0, 300, 600, 1500, 2400]


@pytest.mark.promise("P5")
@pytest.mark.parametrize("fate", [Fate.FAILED, Fate.UNKNOWN, Fate.QUEUED, Fate.SENDING])
def test_a_round_that_surely_reached_nobody_tells_everybody(fate: Fate) -> None:
    steps = climb(an_alert(ladder(FAMILY, STAFF)), 7 * MINUTE, lambda _: fate)
    assert [(person, key) for at, person, key, _ in steps if at == 360] == [
        *((person, "nobody_reachable") for person in EVERYBODY),
        ("daughter", "sos"),
    ]


def test_a_round_that_reached_one_person_has_reached_somebody() -> None:
    only_nurse = climb(
        an_alert(ladder(FAMILY, STAFF)), 7 * MINUTE, lambda p: Fate.ACCEPTED if p == "nurse" else Fate.FAILED
    )
    assert "nobody_reachable" not in {key for *_, key, _ in only_nurse}


# --- hurrying -------------------------------------------------------------------------------------------------


def test_hurried_never_makes_a_step_later() -> None:
    alert = step_due(an_alert(ladder(FAMILY, STAFF)), Scene(NOON, everybody=EVERYBODY)).alert
    soon = with_duty(alert, DutyKind.STEP, NOON + 10 * SECOND, NOON)
    assert hurried(soon, NOON + 5 * SECOND).duties == soon.duties | {
        DutyKind.STEP: replace(soon.duties[DutyKind.STEP], wait=5 * SECOND)
    }


def test_hurried_begins_no_new_round() -> None:
    alert = step_due(an_alert(ladder(FAMILY)), Scene(NOON, everybody=EVERYBODY)).alert
    assert hurried(alert, NOON + 2 * MINUTE, gap=timedelta(0)) == alert


# --- channels -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "channels"),
    [
        (Severity.EMERGENCY, [("sms", ()), ("voice", ()), ("chat", ())]),
        (Severity.WARNING, [("sms", ("voice", "chat"))]),
        (Severity.NOTICE, [("sms", ("voice", "chat"))]),
    ],
)
def test_emergencies_try_all_channels_at_once_others_one_after_the_other(
    severity: Severity, channels: list[tuple[str, tuple[str, ...]]]
) -> None:
    alert = an_alert(ladder(FAMILY, by=("sms", "voice", "chat")), severity)
    change = step_due(alert, Scene(NOON, everybody=EVERYBODY))
    sent = [n for tell in change.tells for n in message(tell, change.alert, NOON, lambda: "n")]
    assert [(n.channel, n.then) for n in sent] == channels
    assert {(n.round, n.step, n.due_at) for n in sent} == {(1, 0, NOON)}
