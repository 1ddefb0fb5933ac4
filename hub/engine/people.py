"""What people do: replies by text, and acts by command or page."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from hub.alerts import events as ev
from hub.alerts.alert import Alert, Stage
from hub.alerts.change import TOLD, Change, Tell
from hub.alerts.choose import Told
from hub.alerts.links import is_link
from hub.alerts.notification import Notification
from hub.alerts.policy import Severity
from hub.alerts.replies import parse
from hub.decide import Act, act, reply
from hub.engine.work import Work
from hub.homes import Person
from hub.ports import Inbound
from hub.rules import faults

# Automatic answers to one number until it does something that counts: two machines must not talk all night.
MOST_ANSWERS = 5
# Carriers write whole seconds, by a clock that we know only roughly.
CARRIERS_SECONDS = timedelta(seconds=3)


class NoSuchAlert(LookupError):
    """No alert has this id, and none of the last seven days this code."""


def received(work: Work, inbound: Inbound) -> bool:
    """Take one message a person sent us; False if it was taken before."""
    if not work.transaction.take_inbound(inbound.channel, inbound.provider_id, work.now):
        return False
    said = parse(inbound.text)
    people = work.world.registry.by_phone.get(inbound.sender, ())
    if not people:
        _stranger(work, inbound, said.code)
        return True
    told, too_early = _told(work, people, inbound.sent_at)
    if too_early and not told:
        return True  # it was sent before its sender heard of anything: an answer to nothing
    understood = reply(said, inbound.text, told, people[0].id)
    if understood.stranger:
        _stranger(work, inbound, said.code)
        understood = replace(understood, answer=Tell(people[0].id, "answer.not_understood"))
    changes = [_change(work, done) for done in understood.acts]
    acted = any(change.alert != work.hold(done.alert) for change, done in zip(changes, understood.acts, strict=True))
    may_answer = _may_answer(work, inbound, acted=acted)
    for change in changes:
        _do(work, change, inbound.channel, may_answer=may_answer)
    if understood.answer is not None and may_answer:
        _answer(work, inbound, understood.answer)
    return True


def command(work: Work, ref: str, event: Callable[[Alert], ev.Event]) -> Alert:
    """Do what a person asked for by command or page; return the alert as it is then."""
    found = work.transaction.alert(ref)
    if found is None:
        raise NoSuchAlert(ref)
    alert = work.hold(found)
    work.take(act(alert, event(alert), work.world, work.now, work.sent(alert.id)))
    return work.hold(alert)


def _told(work: Work, people: tuple[Person, ...], sent_at: datetime | None) -> tuple[list[Told], bool]:
    """Return the alerts these people were told of, newest message first; only messages that may have arrived.

    A reply that waited at the carrier answers nothing that left after it: whether there was such a thing comes second.
    """
    told: dict[str, str] = {}
    too_early = False
    messages = work.transaction.notifications_told([p.id for p in people])
    # A link tells nothing new: what it follows was told before, and answered perhaps before the link arrived.
    newest_first = sorted(messages, key=lambda m: (not is_link(m.key), m.created_at, m.id), reverse=True)
    for message in newest_first:
        if message.fate not in TOLD or not message.alert_id or not message.person_id:
            continue
        left_at = message.sending_since or message.created_at
        if sent_at is not None and left_at > sent_at + CARRIERS_SECONDS:
            too_early = too_early or not is_link(message.key)
            continue
        told.setdefault(message.alert_id, message.person_id)
    alerts = {id: work.transaction.alert(id) for id in told}
    work.load({a.home_id for a in alerts.values() if a is not None})
    return [Told(work.hold(a), told[id]) for id, a in alerts.items() if a is not None], too_early


def _change(work: Work, done: Act) -> Change:
    alert = work.hold(done.alert)
    return act(alert, done.event, work.world, work.now, work.sent(alert.id))


def _do(work: Work, change: Change, channel: str, *, may_answer: bool) -> None:
    """Take the change; its answer goes back the way the reply came, or not at all."""
    answers = tuple(replace(t, by=(channel,)) for t in change.tells if t.key.startswith("answer.") and may_answer)
    others = tuple(t for t in change.tells if not t.key.startswith("answer."))
    work.take(replace(change, tells=(*answers, *others)))


def _may_answer(work: Work, inbound: Inbound, *, acted: bool) -> bool:
    """Count the answers to a number whose replies change nothing, and say whether it may have one more."""
    name = f"answers:{inbound.channel}:{inbound.sender}"
    given = 0 if acted else int(work.transaction.fact(name) or 0) + 1
    work.transaction.set_fact(name, str(min(given, MOST_ANSWERS + 1)))
    return given <= MOST_ANSWERS


def _answer(work: Work, inbound: Inbound, answer: Tell) -> None:
    message = Notification(
        id=work.new_id(),
        alert_id=None,
        home_id="",
        person_id=answer.person,
        phone=inbound.sender,
        channel=inbound.channel,
        key=answer.key,
        severity=Severity.EMERGENCY,
        created_at=work.now,
        due_at=work.now,
        facts=answer.facts,
    )
    work.queue([message])


def _stranger(work: Work, inbound: Inbound, code: str | None) -> None:
    """A right code from a number that was not told of it takes nothing; staff hear of it."""
    alert = work.transaction.alert(code) if code else None
    if alert is None or alert.stage is Stage.RESOLVED:
        return
    masked = "*" * max(0, len(inbound.sender) - 4) + inbound.sender[-4:]
    work.report(faults.stranger_code(alert.code, masked, alert.home_id, work.now))
    alert = work.hold(alert)
    note = ev.Noted("unknown", "stranger", {"number": masked})
    work.take(act(alert, note, work.world, work.now, work.sent(alert.id)))
