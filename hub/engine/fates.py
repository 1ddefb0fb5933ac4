"""What carriers say of our messages, and what follows: later, the next channel, the next step, a task for staff."""

from dataclasses import replace
from datetime import datetime, timedelta

from hub.alerts.alert import Alert, Entry, Stage
from hub.alerts.change import Change
from hub.alerts.links import is_link
from hub.alerts.notification import Fate, Notification
from hub.alerts.policy import Severity
from hub.decide import SILENT_CARRIER, act, again_in, step_silent
from hub.engine.work import Work
from hub.homes import SITE
from hub.ports import Accepted, FateReport, NoAnswer, Rejected, Verdict
from hub.rules import faults

MOST_TRIES = 10
# An unknown fate is looked up, then sent again; after this many sends it stays unknown and another way is taken.
MOST_UNKNOWN = 3
LOOK_AGAIN = timedelta(seconds=20)
_FINAL = frozenset({Fate.DELIVERED, Fate.FAILED, Fate.CANCELLED})


def answered(work: Work, id: str, result: Accepted | Rejected | NoAnswer) -> str | None:
    """Take the outcome of one attempt; return the carrier's id if it accepted."""
    message = work.transaction.notification(id)
    if message is None or message.fate in _FINAL or message.fate is Fate.ACCEPTED:
        return None
    if isinstance(result, Accepted) and _is_anothers(work, message, result):
        result = NoAnswer("the carrier named the same words sent before")
    work.settle(message)
    if isinstance(result, Accepted):
        accepted(work, message, result)
        return result.provider_id
    if isinstance(result, Rejected):
        _rejected(work, message, result)
    else:
        work.update(replace(message, fate=Fate.UNKNOWN, error=result.error, due_at=work.now))
        _hurry(work, message)
    return None


def accepted(work: Work, message: Notification, result: Accepted) -> None:
    """Keep that the carrier has the message; an emergency is looked after again when its silence gets long."""
    urgent = message.severity is Severity.EMERGENCY and message.step is not None
    taken = replace(
        message,
        fate=Fate.ACCEPTED,
        provider_id=result.provider_id,
        accepted_at=work.now,
        error=None,
        due_at=work.now + SILENT_CARRIER if urgent else None,
    )
    work.update(taken)
    _reaches_again(work, taken)
    if result.fate is not Fate.ACCEPTED:
        _final(work, taken, result.fate, result.error, result.verdict)


def looked_up(work: Work, id: str, result: Accepted | NoAnswer | None) -> None:
    """Take what the carrier said when asked whether it has a message of unknown fate."""
    message = work.transaction.notification(id)
    if message is None or message.fate is not Fate.UNKNOWN:
        return
    work.settle(message)
    if isinstance(result, Accepted):
        if not _is_anothers(work, message, result):
            accepted(work, message, result)
            return
        result = None  # the same words sent before: no proof that these left
    urgent = message.severity is Severity.EMERGENCY
    if message.tries >= MOST_UNKNOWN:
        if result is None:
            work.update(replace(message, fate=Fate.FAILED, due_at=None, ended_at=work.now))
        else:
            work.update(replace(message, due_at=None))
        _next_way(work, message)
        _hurry(work, message)
    elif result is None or urgent:
        # Surely not there; or an emergency that cannot wait: a duplicate is better than a loss.
        _queue_again(work, message, work.now)
    else:
        work.update(replace(message, due_at=work.now + LOOK_AGAIN, tries=message.tries + 1))


def _is_anothers(work: Work, message: Notification, found: Accepted) -> bool:
    """Whether what a look-up by words found at the carrier is another message of ours."""
    known = work.transaction.notification_by_provider_id(found.provider_id)
    return known is not None and known.id != message.id


def reported(work: Work, report: FateReport) -> bool:
    """Take a receipt; False if no message of ours has this id. Receipts late, twice or in any order are harmless."""
    message = work.transaction.notification_by_provider_id(report.provider_id)
    if message is None:
        return False
    if message.fate in (Fate.DELIVERED, Fate.CANCELLED) or report.fate not in (Fate.DELIVERED, Fate.FAILED):
        return True
    if message.fate is Fate.FAILED and report.fate is Fate.FAILED:
        return True
    _final(work, message, report.fate, report.error, report.verdict)
    return True


def unsendable(work: Work, message: Notification, why: str) -> None:
    """Take that a message cannot even be handed over: no such channel or number any more. Others wait no longer."""
    work.settle(message)
    _failed(work, message, Verdict.NEXT_CHANNEL, why)


def silent(work: Work, id: str) -> None:
    """The carrier accepted an emergency and says nothing more: the next step does not wait for it."""
    message = work.transaction.notification(id)
    if message is not None and message.fate is Fate.ACCEPTED:
        work.update(replace(message, due_at=None))
        _hurry(work, message)


def _reaches_again(work: Work, message: Notification) -> None:
    """A carrier takes the alert's messages again: the audit no longer says that it reached nobody."""
    if message.step is None:
        return
    alert = next((a for a in work.of(message.home_id) if a.id == message.alert_id), None)
    if alert is not None and not alert.reached:
        work.take(Change(replace(alert, reached=True), (Entry(work.now, "hub", "reaches_again"),)))


def _final(work: Work, message: Notification, fate: Fate, error: str | None, verdict: Verdict | None) -> None:
    if fate is Fate.FAILED:
        _failed(work, message, verdict or Verdict.NEXT_CHANNEL, error or "failed")
    else:
        work.update(replace(message, fate=fate, error=error, due_at=None, ended_at=work.now))


def _is_call(message: Notification) -> bool:
    """Whether this asks for help in an emergency, rather than telling what became of it."""
    return message.severity is Severity.EMERGENCY and message.step is not None


def _rejected(work: Work, message: Notification, result: Rejected) -> None:
    if result.verdict is Verdict.LATER and (message.tries < MOST_TRIES or _is_call(message)):
        due_at = work.now + again_in(message.tries, result.again_in)
        _queue_again(work, replace(message, error=result.error), due_at)
        return
    _failed(work, message, result.verdict, result.error)


def _queue_again(work: Work, message: Notification, due_at: datetime) -> None:
    if _is_wanted(work, message):
        work.update(replace(message, fate=Fate.QUEUED, due_at=due_at))
    else:
        fate = Fate.CANCELLED if message.fate is Fate.SENDING else message.fate
        work.update(replace(message, fate=fate, due_at=None, ended_at=work.now))


def _is_wanted(work: Work, message: Notification) -> bool:
    """Whether a call for help is still to be made: its alert waits for somebody, in the same round."""
    if message.alert_id is None or (message.step is None and not is_link(message.key)):
        return True
    alert = _alert(work, message)
    if is_link(message.key):
        return alert is not None and alert.stage is not Stage.RESOLVED
    return alert is not None and alert.stage is Stage.OPEN and alert.round == message.round


def _failed(work: Work, message: Notification, verdict: Verdict, error: str) -> None:
    work.update(replace(message, fate=Fate.FAILED, error=error, due_at=None, ended_at=work.now))
    if verdict is Verdict.DEAD_NUMBER and message.person_id is not None:
        person = work.world.registry.people.get(message.person_id)
        name = person.name if person else ""
        work.report(faults.number_dead(message.person_id, name, message.home_id or SITE, work.now))
    if verdict is Verdict.REFUSED:
        work.report(faults.channel_refused(message.channel, error, work.now))
    _next_way(work, message)
    _hurry(work, message)


def _next_way(work: Work, message: Notification) -> None:
    """Try the next channel of the step: the same words to the same person another way."""
    if message.then and _is_wanted(work, message):
        way, *rest = message.then
        fresh = Notification(
            id=work.new_id(),
            alert_id=message.alert_id,
            home_id=message.home_id,
            person_id=message.person_id,
            phone=message.phone,
            channel=way,
            key=message.key,
            severity=message.severity,
            created_at=work.now,
            due_at=work.now,
            facts=message.facts,
            then=tuple(rest),
            round=message.round,
            step=message.step,
        )
        work.queue([fresh])


def _hurry(work: Work, message: Notification) -> None:
    alert = _alert(work, message)
    if alert is None or message.step is None:
        return
    sent = work.sent(alert.id)
    event = step_silent(alert, sent, work.now)
    if event is not None:
        work.take(act(alert, event, work.world, work.now, sent))


def _alert(work: Work, message: Notification) -> Alert | None:
    alert = work.transaction.alert(message.alert_id) if message.alert_id is not None else None
    return work.hold(alert) if alert is not None else None
