"""What will become of a message: the steps it takes, in their order, with the faults that strike it.

Source: twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks: queued, sending, sent, delivered
or undelivered, or failed; a callback for every change after the first status.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from simulators.carrier.errors import FAILURES
from simulators.carrier.faults import Fault, FaultKind
from simulators.carrier.message import Step


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take when nothing goes wrong, counted from acceptance."""

    sending: timedelta = timedelta(milliseconds=100)
    sent: timedelta = timedelta(milliseconds=400)
    final: timedelta = timedelta(milliseconds=1200)
    webhook: timedelta = timedelta(0)


def plan_outbound(
    now: datetime, pace: Pace, *, callbacks: bool, fate: Fault | None, late: Fault | None, report: Fault | None
) -> list[Step]:
    """Return the steps of an accepted text. `callbacks`: the request named a StatusCallback."""
    start = now + late.delay if late else now
    steps = _statuses(start, pace, fate)
    if callbacks and (fate is None or fate.kind is not FaultKind.SILENT):
        steps += _callbacks([step for step in steps if step.what == "status"], report)
    # A stable sort: at one instant the status changes first, then the text arrives, then it is reported.
    return sorted(steps, key=lambda step: step.due_at)


def plan_inbound(now: datetime, pace: Pace, *, late: Fault | None, report: Fault | None) -> list[Step]:
    """Return the steps of a phone's message: how the account's webhook hears of it."""
    step = Step(now + pace.webhook + (late.delay if late else timedelta(0)), "webhook")
    if report and report.kind is FaultKind.NO_CALLBACKS:
        return []
    return [step, step] if report and report.kind is FaultKind.TWICE else [step]


def _statuses(start: datetime, pace: Pace, fate: Fault | None) -> list[Step]:
    sending = Step(start + pace.sending, "status", "sending")
    sent = Step(start + pace.sent, "status", "sent")
    arrive = Step(start + pace.final, "arrive")
    if fate is None:
        return [sending, sent, Step(start + pace.final, "status", "delivered"), arrive]
    if fate.kind is FaultKind.LOST:
        return []
    if fate.kind is FaultKind.SILENT:
        return [arrive]
    if fate.kind is FaultKind.NO_RECEIPT:
        return [sending, sent, arrive]
    code = fate.error_code or 30008
    status = FAILURES[code].status
    end = Step(start + pace.final, "status", status, code)
    return [sending, end] if status == "failed" else [sending, sent, end]


def _callbacks(statuses: list[Step], report: Fault | None) -> list[Step]:
    callbacks = [replace(step, what="callback") for step in statuses]
    kind = report.kind if report else None
    if kind is FaultKind.NO_CALLBACKS or not callbacks:
        return []
    if report and kind is FaultKind.LATE_CALLBACKS:
        return [replace(step, due_at=step.due_at + report.delay) for step in callbacks]
    if kind is FaultKind.TWICE:
        return [step for step in callbacks for _ in range(2)]
    if kind is FaultKind.REORDERED:
        last = callbacks[-1].due_at
        return [replace(step, due_at=last) for step in reversed(callbacks)]
    return callbacks
