"""The audit: what does not move is found."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.alerts.alert import Alert, Duty, DutyKind, Stage
from hub.alerts.notification import Fate, Notification
from hub.alerts.policy import Ladder, Rung, Severity
from hub.dispatch.audit import faults_of

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LADDER = Ladder((Rung(("daughter",), ("sms",), MINUTE),), 5 * MINUTE, 20 * MINUTE)
MOVING = Alert(
    "A", "wang", "sos", "sos", Severity.EMERGENCY, "K7", NOW, LADDER, duties={DutyKind.STEP: Duty(NOW + MINUTE, MINUTE)}
)
MESSAGE = Notification("N", "A", "wang", "daughter", None, "sms", "sos", Severity.EMERGENCY, NOW, NOW)


@pytest.mark.promise("P3")
def test_an_alert_that_moves_holds() -> None:
    assert faults_of([MOVING], [MESSAGE], NOW) == []


@pytest.mark.promise("P3")
def test_an_open_alert_without_a_next_step_is_found() -> None:
    assert "no next duty" in faults_of([replace(MOVING, duties={})], [], NOW)[0]


@pytest.mark.promise("P3")
def test_a_held_alert_without_a_running_promise_is_found() -> None:
    held = replace(MOVING, stage=Stage.ACKNOWLEDGED, holder="daughter")
    assert "no next duty" in faults_of([held], [], NOW)[0]


@pytest.mark.promise("P3")
def test_a_duty_that_nobody_does_is_found_after_half_a_minute() -> None:
    assert faults_of([MOVING], [], NOW + MINUTE + timedelta(seconds=30)) == []
    assert "was due" in faults_of([MOVING], [], NOW + MINUTE + timedelta(seconds=31))[0]


@pytest.mark.promise("P3")
def test_a_round_that_reached_nobody_is_found() -> None:
    assert "reached nobody" in faults_of([replace(MOVING, reached=False)], [], NOW)[0]


@pytest.mark.requirement("23")
@pytest.mark.parametrize("fate", [Fate.QUEUED, Fate.SENDING])
def test_an_emergency_that_has_not_left_for_a_minute_is_found(fate: Fate) -> None:
    waiting = replace(MESSAGE, fate=fate)
    assert faults_of([], [waiting], NOW + MINUTE) == []
    assert "has not left" in faults_of([], [waiting], NOW + MINUTE + timedelta(seconds=1))[0]


def test_a_notice_may_wait_and_a_resolved_alert_needs_nothing() -> None:
    notice = replace(MESSAGE, severity=Severity.NOTICE)
    resolved = replace(MOVING, stage=Stage.RESOLVED, duties={}, reached=False)
    assert faults_of([resolved], [notice], NOW + 60 * MINUTE) == []
