"""Which alerts a reply means: of those this number was told of, by the rules people can guess."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.alerts.alert import Alert, Duty, DutyKind, Stage
from hub.alerts.choose import Told, choose
from hub.alerts.policy import Ladder, Severity
from hub.alerts.replies import Reply, ReplyKind, parse

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LADDER = Ladder((), timedelta(0), timedelta(0))
EMERGENCY, WARNING = Severity.EMERGENCY, Severity.WARNING
OPEN, ACKNOWLEDGED, RESOLVED = Stage.OPEN, Stage.ACKNOWLEDGED, Stage.RESOLVED


def told(code: str, home: str = "wang", stage: Stage = OPEN, severity: Severity = EMERGENCY, **fields: object) -> Told:
    alert = Alert(code, home, code, "sos", severity, code, NOON, LADDER, stage=stage)
    return Told(replace(alert, **fields), "me")


def held(code: str, home: str = "wang", by: str = "me", **fields: object) -> Told:
    return told(code, home, ACKNOWLEDGED, holder=by, **fields)


def meant(text: str, *told: Told) -> list[str]:
    choice = choose(parse(text), told)
    assert not choice.foreign
    return (
        [t.alert.code for t in choice.meant] if not choice.unclear else ["?", *(t.alert.code for t in choice.unclear)]
    )


@pytest.mark.parametrize(
    ("alerts", "wanted"),
    [
        # The open emergencies, if they are of one home: all of them.
        ((told("A5"), told("A6"), told("A7")), ["A5", "A6", "A7"]),
        ((told("A5"), told("B5", "chen", severity=WARNING), held("C5", "li")), ["A5"]),
        # Of several homes: the codes are listed, nothing is taken.
        ((told("A5"), told("B5", "chen"), told("A6")), ["?", "A5", "B5", "A6"]),
        # Else the one open alert.
        ((told("A5", severity=WARNING), held("B5", "chen", by="you")), ["A5"]),
        # Else the one unresolved one.
        ((held("A5", by="you"), told("B5", stage=RESOLVED)), ["A5"]),
        # All closed: the newest says so.
        ((told("A5", stage=RESOLVED), told("B5", stage=RESOLVED)), ["A5"]),
        ((), []),
    ],
)
def test_one_takes_what_the_rules_say(alerts: tuple[Told, ...], wanted: list[str]) -> None:
    assert meant("1", *alerts) == wanted


def test_a_code_names_its_alert_whatever_else_is_open() -> None:
    assert meant("1 B5", told("A5"), told("B5", "chen")) == ["B5"]
    assert meant("B5 1", told("A5"), told("B5", "chen", stage=RESOLVED)) == ["B5"]


def test_a_code_that_this_number_was_not_told_of_means_nothing() -> None:
    assert choose(Reply(ReplyKind.TAKE, "K7"), [told("A5")]).foreign


def test_one_from_a_holder_confirms_the_press_that_waits_for_it() -> None:
    waits = {DutyKind.CONFIRM: Duty(NOON, timedelta(seconds=60))}
    assert meant("1", held("A5", "wang"), held("B5", "chen", duties=waits)) == ["B5"]


def test_two_lets_go_of_open_calls_first_then_of_what_one_holds() -> None:
    assert meant("2", told("A5"), held("B5", "chen")) == ["A5"]
    assert meant("2", held("B5", "chen"), told("A5", severity=WARNING)) == ["B5"]


def test_three_is_for_what_one_holds_and_has_not_reached_yet() -> None:
    assert meant("3", held("A5", arrived_at=NOON), held("B5", "chen")) == ["B5"]
    assert meant("3", told("A5"), held("B5", "chen", by="you")) == ["A5"]


def test_four_is_for_what_one_takes_part_in() -> None:
    assert meant("4", told("A5"), held("B5", "chen")) == ["B5"]
    assert meant("4", told("A5"), held("B5", "chen", by="you", helpers=("you", "me"))) == ["B5"]
    assert meant("4", held("A5", "wang"), held("B5", "chen")) == ["?", "A5", "B5"]
    assert meant("4", held("A5"), held("A6")) == ["A5", "A6"]


def test_words_nobody_understands_belong_to_what_one_takes_part_in() -> None:
    assert meant("我马上回来看看", told("A5"), held("B5", "chen")) == ["B5"]
    assert meant("4点到", held("B5")) == ["B5"]
