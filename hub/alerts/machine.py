"""The alert machine: the table is the truth; a missing row is an error, so an impossible step is heard."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hub.alerts import climb
from hub.alerts import events as ev
from hub.alerts.alert import Alert, Duty, DutyKind, Entry, Outcome, Stage
from hub.alerts.change import Change, Scene, Tell
from hub.alerts.notification import Value
from hub.alerts.policy import Severity

OPEN, ACKNOWLEDGED, RESOLVED = Stage.OPEN, Stage.ACKNOWLEDGED, Stage.RESOLVED

TRANSITIONS: dict[tuple[Stage, type[ev.Event]], Stage] = {
    (OPEN, ev.StepDue): OPEN,
    (OPEN, ev.Hurry): OPEN,  # all failed, or the carrier is silent: the next step is due now
    (OPEN, ev.Again): OPEN,  # pressed again: the next step is due now
    (OPEN, ev.Acknowledge): ACKNOWLEDGED,
    (OPEN, ev.Pass): OPEN,  # somebody cannot: the next step is due now
    (OPEN, ev.Withdraw): OPEN,
    (OPEN, ev.HandOver): OPEN,
    (OPEN, ev.Arrived): ACKNOWLEDGED,  # there without having taken it: that is taking it
    (OPEN, ev.NeedHelp): OPEN,  # who is there cannot do it alone: the next step is due now
    (OPEN, ev.Resolve): RESOLVED,
    (OPEN, ev.ConfirmTest): RESOLVED,
    (OPEN, ev.Noted): OPEN,
    (OPEN, ev.Cleared): OPEN,  # the sensor's word never closes
    (ACKNOWLEDGED, ev.Hurry): ACKNOWLEDGED,  # a late receipt: harmless
    (ACKNOWLEDGED, ev.Acknowledge): ACKNOWLEDGED,  # a second person joins, or the holder confirms
    (ACKNOWLEDGED, ev.Again): ACKNOWLEDGED,  # the holder is told, 60 s to confirm
    (ACKNOWLEDGED, ev.TellHolder): ACKNOWLEDGED,
    (ACKNOWLEDGED, ev.Unconfirmed): OPEN,
    (ACKNOWLEDGED, ev.Pass): OPEN,
    (ACKNOWLEDGED, ev.Withdraw): ACKNOWLEDGED,
    (ACKNOWLEDGED, ev.HandOver): OPEN,
    (ACKNOWLEDGED, ev.Arrived): ACKNOWLEDGED,  # a new promise: the outcome
    (ACKNOWLEDGED, ev.NeedHelp): OPEN,
    (ACKNOWLEDGED, ev.Reminder): ACKNOWLEDGED,
    (ACKNOWLEDGED, ev.PromiseExpired): OPEN,  # nobody arrived: the ladder goes on
    (ACKNOWLEDGED, ev.Resolve): RESOLVED,
    (ACKNOWLEDGED, ev.Noted): ACKNOWLEDGED,
    (ACKNOWLEDGED, ev.Cleared): ACKNOWLEDGED,
    (RESOLVED, ev.StillActive): OPEN,  # the hazard did not go away
    (RESOLVED, ev.WatchEnded): RESOLVED,
    (RESOLVED, ev.Hurry): RESOLVED,
    (RESOLVED, ev.Acknowledge): RESOLVED,  # a late reply: noted, harmless
    (RESOLVED, ev.Pass): RESOLVED,
    (RESOLVED, ev.Withdraw): RESOLVED,
    (RESOLVED, ev.HandOver): RESOLVED,
    (RESOLVED, ev.Arrived): RESOLVED,
    (RESOLVED, ev.NeedHelp): OPEN,  # closed too early: somebody is there and says so
    (RESOLVED, ev.Resolve): RESOLVED,
    (RESOLVED, ev.ConfirmTest): RESOLVED,
    (RESOLVED, ev.Noted): RESOLVED,
    (RESOLVED, ev.Cleared): RESOLVED,
}

CONFIRM_WITHIN = timedelta(seconds=60)
TELL_GAP = timedelta(seconds=60)
ARRIVED_IS_OLD = timedelta(minutes=15)
OUTCOME_WITHIN = timedelta(hours=2)
WATCH_AFTER = timedelta(minutes=15)

_EVENTS: dict[DutyKind, Callable[[Alert], ev.Event]] = {
    DutyKind.STEP: lambda _: ev.StepDue(),
    DutyKind.REMIND: lambda _: ev.Reminder(),
    DutyKind.PROMISE: lambda _: ev.PromiseExpired(),
    DutyKind.CONFIRM: lambda _: ev.Unconfirmed(),
    DutyKind.TELL: lambda _: ev.TellHolder(),
    DutyKind.WATCH: lambda alert: ev.StillActive() if alert.active else ev.WatchEnded(),
}


class InvalidTransition(Exception):
    """The table has no row for this: one message's fault, it never aborts its batch."""

    def __init__(self, alert: Alert, event: ev.Event) -> None:
        """Keep what did not fit."""
        super().__init__(f"alert {alert.id} is {alert.stage}: {type(event).__name__} does not apply")


class StillDangerous(Exception):
    """Resolving needs the word "still active, watched" while the hazard's last reading is active."""

    def __init__(self, alert: Alert) -> None:
        """Name the device."""
        super().__init__(alert.device_id or alert.cause)


def apply(alert: Alert, event: ev.Event, scene: Scene) -> Change:
    """Return what `event` does to `alert`; raise InvalidTransition if the table has no such row."""
    stage = TRANSITIONS.get((alert.stage, type(event)))
    if stage is None:
        raise InvalidTransition(alert, event)
    change = _HANDLERS[type(event)](alert, event, scene)
    return replace(change, alert=replace(change.alert, stage=stage))


def due(alert: Alert, now: datetime) -> ev.Event | None:
    """Return the event of the duty that is due first at `now`, or None."""
    ready = [(duty.due_at, kind) for kind, duty in alert.duties.items() if duty.due_at <= now]
    if any(kind is DutyKind.PROMISE for _, kind in ready):
        # After a long stop both are due: nobody is reminded of a promise that is over.
        ready = [(due_at, kind) for due_at, kind in ready if kind is not DutyKind.REMIND]
    return _EVENTS[min(ready)[1]](alert) if ready else None


def needs_the_ladder_anew(alert: Alert, event: ev.Again, scene: Scene) -> str | None:
    """Return why a press reopens a held alert at once: arrived long ago, or it comes from another room."""
    if alert.stage is not ACKNOWLEDGED:
        return None
    if alert.arrived_at is not None and scene.now - alert.arrived_at > ARRIVED_IS_OLD:
        return "arrived_long_ago"
    return "another_room" if is_elsewhere(alert, event) else None


def is_elsewhere(alert: Alert, event: ev.Again) -> bool:
    """Whether a press comes from another room than the alert's."""
    return event.room is not None and event.room != alert.room


def _step(alert: Alert, _: ev.StepDue, scene: Scene) -> Change:
    change = climb.step_due(alert, scene, alert.ask_with)
    if not any(tell.step is not None for tell in change.tells):
        return change  # only empty rungs: the text waits for somebody to read it
    return replace(change, alert=replace(change.alert, ask_with=None, lapsed=None, ask_facts={}))


def _hurry(alert: Alert, event: ev.Hurry, scene: Scene) -> Change:
    if alert.stage is not OPEN:
        return Change(alert)
    if alert.step >= len(alert.ladder.rungs):
        return climb.round_failed(alert, scene) if alert.reached and climb.all_failed(alert, scene) else Change(alert)
    entry = Entry(scene.now, "hub", "hurry", {"why": event.why})
    return Change(climb.hurried(alert, scene.now, gap=timedelta(0)), (entry,))


def _again(alert: Alert, event: ev.Again, scene: Scene) -> Change:
    count = alert.count + 1
    detail: dict[str, str | int] = {"count": count, "device": event.device_id or ""}
    if event.late is not None:
        detail |= {"late_s": int(event.late.age.total_seconds()), "exact": int(event.late.exact)}
    entry = Entry(scene.now, "hub", "again", detail)
    # Whoever goes looks in the room of the last press first.
    room = event.room or alert.room
    seen = replace(alert, room=room, count=count, last_press_at=event.at, active=alert.active or event.active)
    seen = replace(seen, pressed_since=alert.pressed_since or event.late is None)
    if event.counts_only and not is_elsewhere(alert, event):
        return Change(seen, (entry,))
    if alert.stage is OPEN:
        return Change(climb.hurried(seen, scene.now), (entry,))
    if DutyKind.CONFIRM not in seen.duties:
        seen = climb.with_duty(seen, DutyKind.CONFIRM, scene.now + CONFIRM_WITHIN, scene.now)
    if seen.last_again_at is not None and scene.now - seen.last_again_at < TELL_GAP:
        if DutyKind.TELL not in seen.duties:
            seen = climb.with_duty(seen, DutyKind.TELL, seen.last_again_at + TELL_GAP, scene.now)
        return Change(seen, (entry,))
    return Change(seen, (entry,)).then(_tell_holder(seen, ev.TellHolder(), scene))


def _tell_holder(alert: Alert, _: ev.TellHolder, scene: Scene) -> Change:
    told = replace(climb.without(alert, DutyKind.TELL), last_again_at=scene.now)
    at = (alert.last_press_at or scene.now).isoformat()
    tells = (Tell(alert.holder, "again", {"n": alert.count, "at": at}),) if alert.holder else ()
    return Change(told, (), tells)


def _unconfirmed(alert: Alert, event: ev.Unconfirmed, scene: Scene) -> Change:
    entry = Entry(scene.now, "hub", "reopened", {"why": event.why, "holder": alert.holder or ""})
    return Change(climb.from_the_first_step(alert, scene.now), (entry,))


def _acknowledge(alert: Alert, event: ev.Acknowledge, scene: Scene) -> Change:
    entry = Entry(scene.now, event.by, "acknowledge", {"via": event.via})
    if alert.stage is RESOLVED:
        return Change(alert, (entry,), (_closed_already(alert, event.by),))
    if alert.stage is OPEN:
        return _take(alert, event.by, entry, scene)
    joined = climb.without(_helped(alert, event.by), DutyKind.CONFIRM)
    if event.by == alert.holder or event.by in alert.helpers or event.by in alert.offered or event.via != "sms":
        return Change(joined, (entry,), (Tell(event.by, "answer.take", _eta(alert)),))
    facts: dict[str, Value] = {"by": scene.name(alert.holder), "at": (alert.taken_at or scene.now).isoformat()}
    offered = replace(alert, offered=(*alert.offered, event.by))
    asked = Entry(scene.now, event.by, "offered", {"via": event.via})
    return Change(offered, (asked,), (Tell(event.by, "answer.taken_already", facts),))


def _take(alert: Alert, by: str, entry: Entry, scene: Scene) -> Change:
    until = scene.now + alert.ladder.promise
    taken = replace(_helped(alert, by), holder=by, taken_at=scene.now, promised_until=until, arrived_at=None)
    taken = replace(taken, duties={}, offered=(), last_again_at=None, reached=True)
    taken = replace(taken, ask_with=None, lapsed=None, ask_facts={})
    taken = climb.with_duty(taken, DutyKind.PROMISE, until, scene.now)
    taken = climb.with_duty(taken, DutyKind.REMIND, scene.now + alert.ladder.promise / 2, scene.now)
    facts: dict[str, Value] = {"by": scene.name(by), "eta": until.isoformat()}
    others = tuple(Tell(p, "taken", facts) for p in scene.told(alert, but=(by,)))
    return Change(taken, (entry,), (Tell(by, "answer.take", {"eta": until.isoformat()}), *others), cancel=True)


def _pass(alert: Alert, event: ev.Pass, scene: Scene) -> Change:
    entry = Entry(scene.now, event.by, "pass", {"via": event.via})
    if alert.stage is RESOLVED:
        return Change(alert, (entry,), (_closed_already(alert, event.by),))
    answer = Tell(event.by, "answer.pass")
    if alert.stage is OPEN:
        next_now = event.via == "command" or _is_waited_for(alert, event.by, scene)
        free = climb.hurried(alert, scene.now, gap=timedelta(0)) if next_now else alert
        return Change(free, (entry,), (answer,))
    return Change(_let_go(alert, scene), (entry,), (answer,))


def _is_waited_for(alert: Alert, person: str, scene: Scene) -> bool:
    """Whether the ladder waits for this person's answer; those of an earlier rung have been passed already."""
    asked = [n for n in scene.sent if n.person_id == person and (n.step is not None or n.key == "handed_over")]
    if not asked:
        return True
    last = max(asked, key=lambda n: n.created_at)
    return last.key == "handed_over" or (last.round == alert.round and last.step == alert.step - 1)


def _let_go(alert: Alert, scene: Scene) -> Alert:
    """The holder is out: the ladder goes on with the next rung, after the last with a new round, now."""
    rungs = alert.ladder.rungs
    step = alert.step if any(rung.people for rung in rungs[alert.step :]) else len(rungs)
    free = replace(alert, step=step, holder=None, promised_until=None, arrived_at=None, duties={})
    return climb.with_duty(free, DutyKind.STEP, scene.now, scene.now)


def _withdraw(alert: Alert, event: ev.Withdraw, scene: Scene) -> Change:
    entry = Entry(scene.now, event.by, "withdraw", {"via": event.via})
    if alert.stage is RESOLVED:
        return Change(alert, (entry,), (_closed_already(alert, event.by),))
    rest = replace(alert, helpers=tuple(p for p in alert.helpers if p != event.by))
    return Change(rest, (entry,), (Tell(event.by, "answer.pass"),))


def _hand_over(alert: Alert, event: ev.HandOver, scene: Scene) -> Change:
    entry = Entry(scene.now, event.by, "hand_over", {"to": event.to, "via": event.via})
    if alert.stage is RESOLVED:
        return Change(alert, (entry,), (_closed_already(alert, event.by),))
    rungs = alert.ladder.rungs
    last = rungs[max(0, min(alert.step, len(rungs)) - 1)]
    free = replace(alert, holder=None, promised_until=None, arrived_at=None, duties={}, last_step_at=scene.now)
    free = replace(free, told=tuple(dict.fromkeys((*alert.told, event.to))))
    free = climb.with_duty(free, DutyKind.STEP, scene.now + last.wait, scene.now)
    tell = Tell(event.to, "handed_over", {"by": scene.name(event.by)}, last.by, alert.severity is Severity.EMERGENCY)
    return Change(free, (entry,), (tell,), cancel=True)


def _arrived(alert: Alert, event: ev.Arrived, scene: Scene) -> Change:
    entry = Entry(scene.now, event.by, "arrived", {"via": event.via})
    if alert.stage is RESOLVED:
        return Change(alert, (entry,), (_closed_already(alert, event.by),))
    until = scene.now + OUTCOME_WITHIN
    news = alert.arrived_at is None or event.by not in alert.helpers  # saying it twice wakes nobody
    there = replace(_helped(alert, event.by), holder=alert.holder or event.by, arrived_at=scene.now)
    there = replace(there, promised_until=until, taken_at=alert.taken_at or scene.now, duties={}, reached=True)
    there = replace(there, ask_with=None, lapsed=None, ask_facts={})
    there = climb.with_duty(there, DutyKind.PROMISE, until, scene.now)
    there = climb.with_duty(there, DutyKind.REMIND, scene.now + OUTCOME_WITHIN / 2, scene.now)
    facts: dict[str, Value] = {"by": scene.name(event.by), "at": scene.now.isoformat()}
    others = tuple(Tell(p, "arrived", facts) for p in scene.told(alert, but=(event.by,))) if news else ()
    return Change(there, (entry,), (Tell(event.by, "answer.arrived"), *others), cancel=True)


def _need_help(alert: Alert, event: ev.NeedHelp, scene: Scene) -> Change:
    """Who is there stays; the next rung with somebody else is asked now, after the last one the staff."""
    entry = Entry(scene.now, event.by, "need_help", {"via": event.via})
    if alert.stage is RESOLVED:
        alert = replace(alert, resolved_at=None, resolved_by=None, outcome=None, note=None)
    rungs, staff = alert.ladder.rungs, {*alert.ladder.staff, *alert.ladder.supervisors} - {event.by}
    step = next((i for i in range(alert.step, len(rungs)) if set(rungs[i].people) - {event.by}), None)
    if step is None:
        step = next((i for i, rung in enumerate(rungs) if staff.intersection(rung.people)), len(rungs))
    if step < alert.step:  # from an earlier rung anew: a round of its own
        alert = replace(alert, round=alert.round + 1, round_at=None)
    free = _let_go(replace(_helped(alert, event.by), step=step), scene)
    return Change(replace(free, ask_with="need_help", lapsed=event.by, ask_facts={}), (entry,))


def _reminder(alert: Alert, _: ev.Reminder, scene: Scene) -> Change:
    reminded = climb.without(alert, DutyKind.REMIND)
    entry = Entry(scene.now, "hub", "remind", {"holder": alert.holder or ""})
    key = "remind.outcome" if alert.arrived_at else "remind"
    return Change(reminded, (entry,), (Tell(alert.holder, key, _eta(alert)),) if alert.holder else ())


def _expired(alert: Alert, _: ev.PromiseExpired, scene: Scene) -> Change:
    """Nobody arrived: the ladder goes on. The one who did is silent about the outcome: staff are asked."""
    entry = Entry(scene.now, "hub", "lapsed", {"holder": alert.holder or ""})
    rungs, step, key = alert.ladder.rungs, alert.step, "lapsed.others"
    facts: dict[str, Value] = _eta(alert)
    if alert.arrived_at is not None:
        staff = set(alert.ladder.staff)
        step = next((i for i, rung in enumerate(rungs) if staff.intersection(rung.people)), step)
        key, facts = "outcome_missing", {"at": alert.arrived_at.isoformat()}
    asked = next((rung.people for rung in (*rungs[step:], *rungs) if rung.people), ())
    names = "、".join(scene.name(p) for p in asked if p != alert.holder)
    # Who is asked anew at once, and nobody else, hears that, and not of others.
    alone = not names and alert.holder in asked and key == "lapsed.others"
    tells = (Tell(alert.holder, "lapsed.you", {**_eta(alert), "next": names}),) if alert.holder and not alone else ()
    if step < alert.step:  # from an earlier rung anew: a round of its own
        alert = replace(alert, round=alert.round + 1, round_at=None)
    free = replace(_let_go(replace(alert, step=step), scene), ask_with=key, lapsed=alert.holder, ask_facts=facts)
    if alert.arrived_at is not None:  # who is asked for the outcome takes part, and may say how it ended
        free = replace(free, helpers=tuple(dict.fromkeys((*alert.helpers, *asked))))
    return Change(free, (entry,), tells)


def _resolve(alert: Alert, event: ev.Resolve, scene: Scene) -> Change:
    detail: dict[str, str | int] = {"via": event.via, "outcome": event.outcome.value, "note": event.note or ""}
    entry = Entry(scene.now, event.by, "resolve", detail)
    by_hub = event.by == "hub"
    if alert.stage is RESOLVED:
        return Change(alert, (entry,), () if by_hub else (_closed_already(alert, event.by),))
    if alert.active and not event.watched:
        raise StillDangerous(alert)
    ended = replace(alert, resolved_at=scene.now, resolved_by=event.by, outcome=event.outcome, note=event.note)
    ended = replace(ended, duties={}, promised_until=None)
    if alert.active:
        ended = climb.with_duty(ended, DutyKind.WATCH, scene.now + WATCH_AFTER, scene.now)
    facts: dict[str, Value] = {"by": scene.name(event.by), "outcome": event.outcome.value, "at": scene.now.isoformat()}
    if event.note:
        facts["note"] = event.note
    others = tuple(Tell(p, "recovered" if by_hub else "resolved", facts) for p in scene.told(alert, but=(event.by,)))
    answer = "answer.resolved_active" if alert.active else "answer.resolved"
    own = () if by_hub else (Tell(event.by, answer, facts),)
    return Change(ended, (entry,), (*own, *others), cancel=True)


def _confirm_test(alert: Alert, event: ev.ConfirmTest, scene: Scene) -> Change:
    """End what only the tester knows of; a detector that still alarms is looked at again, as after any other end."""
    if alert.stage is OPEN and not alert.in_test:  # it was told as real: whoever was told hears how it ends
        return _resolve(alert, ev.Resolve(event.by, Outcome.TEST, watched=True, via=event.via), scene)
    detail: dict[str, str | int] = {"via": event.via, "outcome": Outcome.TEST.value, "note": ""}
    entry = Entry(scene.now, event.by, "resolve", detail)
    if alert.stage is RESOLVED:
        return Change(alert, (entry,), (_closed_already(alert, event.by),) if event.via == "sms" else ())
    ended = replace(alert, resolved_at=scene.now, resolved_by=event.by, outcome=Outcome.TEST, duties={})
    if alert.active:
        ended = climb.with_duty(ended, DutyKind.WATCH, scene.now + WATCH_AFTER, scene.now)
    facts: dict[str, Value] = {"outcome": Outcome.TEST.value, "at": scene.now.isoformat()}
    return Change(ended, (entry,), (Tell(event.by, "answer.resolved", facts),) if event.via == "sms" else ())


def _noted(alert: Alert, event: ev.Noted, scene: Scene) -> Change:
    return Change(alert, (Entry(scene.now, event.by, event.event, event.detail),))


def _cleared(alert: Alert, event: ev.Cleared, scene: Scene) -> Change:
    entry = Entry(scene.now, "hub", "cleared", {"at": event.at.isoformat()})
    return Change(replace(alert, active=False), (entry,))


def _still_active(alert: Alert, _: ev.StillActive, scene: Scene) -> Change:
    entry = Entry(scene.now, "hub", "still_active")
    anew = replace(alert, resolved_at=None, resolved_by=None, outcome=None, note=None, ask_with="still_active")
    return Change(climb.from_the_first_step(anew, scene.now), (entry,))


def _watch_ended(alert: Alert, _: ev.WatchEnded, scene: Scene) -> Change:
    return Change(climb.without(alert, DutyKind.WATCH), (Entry(scene.now, "hub", "watch_ended"),))


def _closed_already(alert: Alert, to: str) -> Tell:
    at = alert.resolved_at.isoformat() if alert.resolved_at else ""
    return Tell(to, "answer.closed_already", {"at": at})


def _eta(alert: Alert) -> dict[str, Value]:
    return {"eta": alert.promised_until.isoformat()} if alert.promised_until else {}


def _helped(alert: Alert, by: str) -> Alert:
    """Who takes part is answered, and so hears how it goes on."""
    return replace(alert, helpers=_with(alert.helpers, by), told=_with(alert.told, by))


def _with(people: tuple[str, ...], person: str) -> tuple[str, ...]:
    return people if person in people else (*people, person)


def clamped(alert: Alert, now: datetime) -> Alert:
    """Return the alert with no duty further ahead than its own wait, whatever a clock did."""
    duties: dict[DutyKind, Duty] = {kind: duty.clamped(now) for kind, duty in alert.duties.items()}
    return alert if duties == alert.duties else replace(alert, duties=duties)


_HANDLERS: dict[type[ev.Event], Callable[[Alert, Any, Scene], Change]] = {
    ev.StepDue: _step,
    ev.Hurry: _hurry,
    ev.Again: _again,
    ev.TellHolder: _tell_holder,
    ev.Unconfirmed: _unconfirmed,
    ev.Acknowledge: _acknowledge,
    ev.Pass: _pass,
    ev.Withdraw: _withdraw,
    ev.HandOver: _hand_over,
    ev.Arrived: _arrived,
    ev.NeedHelp: _need_help,
    ev.Reminder: _reminder,
    ev.PromiseExpired: _expired,
    ev.Resolve: _resolve,
    ev.ConfirmTest: _confirm_test,
    ev.Noted: _noted,
    ev.Cleared: _cleared,
    ev.StillActive: _still_active,
    ev.WatchEnded: _watch_ended,
}
