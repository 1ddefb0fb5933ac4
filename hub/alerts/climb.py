"""How an open alert climbs: the rung that is due, the end of a round, the wait after it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hub.alerts.alert import Alert, Duty, DutyKind, Entry
from hub.alerts.change import REACHED, Change, Scene, Tell
from hub.alerts.notification import Fate
from hub.alerts.policy import Severity
from hub.homes import SITE

# Presses and refusals hurry the ladder by at most one step a minute.
STEP_GAP = timedelta(seconds=60)
# From the fourth round on nobody is woken more often than this.
LATE_ROUND_GAP = timedelta(minutes=15)
LATE_ROUND = 4


def with_duty(alert: Alert, kind: DutyKind, due_at: datetime, now: datetime, wait: timedelta | None = None) -> Alert:
    """Return the alert with one duty set; its wait is the span from now unless given."""
    duty = Duty(due_at, wait if wait is not None else max(due_at - now, timedelta(0)))
    return replace(alert, duties={**alert.duties, kind: duty})


def without(alert: Alert, *kinds: DutyKind) -> Alert:
    """Return the alert without these duties."""
    return replace(alert, duties={k: d for k, d in alert.duties.items() if k not in kinds})


def from_the_first_step(alert: Alert, now: datetime) -> Alert:
    """Return the alert climbing anew: the first rung is due now, in a new round."""
    again = replace(alert, step=0, round=alert.round + 1, round_at=None, holder=None)
    return with_duty(replace(again, promised_until=None, arrived_at=None, duties={}), DutyKind.STEP, now, now)


def hurried(alert: Alert, now: datetime, *, gap: timedelta = STEP_GAP) -> Alert:
    """Return the alert with its next rung due now, at the earliest `gap` after the last; no new round begins."""
    duty = alert.duties.get(DutyKind.STEP)
    if duty is None or alert.step >= len(alert.ladder.rungs):
        return alert
    earliest = max(now, alert.last_step_at + gap) if alert.last_step_at else now
    return with_duty(alert, DutyKind.STEP, min(duty.due_at, earliest), now)


def step_due(alert: Alert, scene: Scene, key: str | None = None) -> Change:
    """Run the rung that is due: tell its people, set the wait. A rung without people is passed at once."""
    rungs = alert.ladder.rungs
    if not any(rung.people for rung in rungs):
        return _nobody_at_all(alert, scene)
    if alert.step >= len(rungs):
        return _next_round(alert, scene, key)
    passed = Change(alert)
    while alert.step < len(rungs):
        rung, number = rungs[alert.step], alert.step
        alert = replace(alert, step=number + 1)
        if rung.people:
            return passed.then(_run(alert, number, key or text_key(alert), scene))
        entry = Entry(scene.now, "hub", "empty_step", {"step": number + 1})
        tells = _tell_empty(alert, number, rung.by, scene)
        passed = passed.then(Change(_joined(alert, tells), (entry,), tells))
        alert = passed.alert
    return passed.then(Change(_waiting(alert, timedelta(0), scene.now)))


def _run(alert: Alert, number: int, key: str, scene: Scene) -> Change:
    rung = alert.ladder.rungs[number]
    together = alert.severity is Severity.EMERGENCY
    facts = {**alert.ask_facts, "by": scene.name(alert.lapsed)} if alert.lapsed else {}
    # Who is there and asks for more people is not asked to come.
    others = tuple(p for p in rung.people if key != "need_help" or p != alert.lapsed)
    # Nobody is told in the third person that they are silent.
    own = text_key(alert) if key == "lapsed.others" else key
    tells = tuple(
        Tell(p, own if p == alert.lapsed else key, facts, rung.by, together, number) for p in others or rung.people
    )
    entry = Entry(scene.now, "hub", "step", {"step": number + 1, "round": alert.round})
    return Change(_waiting(_joined(alert, tells), rung.wait, scene.now), (entry,), tells)


def text_key(alert: Alert) -> str:
    """Return the key of the text that asks for help. Old is not new, and new is never told as old."""
    is_late = alert.late is not None and not alert.pressed_since
    return "sos.late" if alert.what == "sos" and is_late else alert.what


def _tell_empty(alert: Alert, step: int, by: tuple[str, ...], scene: Scene) -> tuple[Tell, ...]:
    if alert.home_id == SITE:
        return ()  # a site has no family, and nobody could mend that
    if any(n.key == "empty_step" and n.facts.get("n") == step + 1 for n in scene.sent):
        return ()  # said before; the rest of the ladder has people
    return tuple(Tell(p, "empty_step", {"n": step + 1}, by) for p in alert.ladder.supervisors or alert.ladder.staff)


def _waiting(alert: Alert, wait: timedelta, now: datetime) -> Alert:
    """Set the wait after a rung; after the last one, the wait before the next round."""
    began = alert.round_at or now
    alert = replace(alert, last_step_at=now, round_at=began)
    if alert.step < len(alert.ladder.rungs):
        return with_duty(alert, DutyKind.STEP, now + wait, now)
    due = now + max(alert.ladder.repeat, wait)
    if alert.round + 1 >= LATE_ROUND:
        due = max(due, began + LATE_ROUND_GAP)
    return with_duty(alert, DutyKind.STEP, due, now)


def _next_round(alert: Alert, scene: Scene, key: str | None) -> Change:
    """Begin again from the first rung; a round that reached nobody is told to everybody with a number."""
    reached = has_reached(alert, scene)
    by = alert.ladder.rungs[-1].by
    minutes = _minutes_open(alert, scene)
    tells: tuple[Tell, ...] = ()
    if not reached:
        # Said at once where every message had failed before the round was over.
        tells = _tell_everybody(alert, scene) if alert.reached else ()
    elif alert.round == 1 and key is None:  # with a text of its own, somebody had it and let it go
        tells = tuple(Tell(p, "nobody", {"mins": minutes}, by) for p in alert.ladder.supervisors)
    entry = Entry(scene.now, "hub", "round_over", {"round": alert.round, "reached": int(reached)})
    over = replace(_joined(alert, tells), step=0, round=alert.round + 1, round_at=None, reached=reached)
    return Change(over, (entry,), tells).then(step_due(over, scene, key))


def _nobody_at_all(alert: Alert, scene: Scene) -> Change:
    """Nobody to climb to: everybody on the site is told, and the audit fails until somebody acts."""
    tells = _tell_everybody(alert, scene)
    entry = Entry(scene.now, "hub", "round_over", {"round": alert.round, "reached": 0})
    over = replace(_joined(alert, tells), step=len(alert.ladder.rungs), round_at=None, reached=False)
    waiting = _waiting(over, timedelta(0), scene.now)
    return Change(replace(waiting, round=alert.round + 1), (entry,), tells)


def has_reached(alert: Alert, scene: Scene) -> bool:
    """Whether this round's messages reached somebody, as far as is known."""
    return any(n.fate in REACHED and n.step is not None and n.round == alert.round for n in scene.sent)


def all_failed(alert: Alert, scene: Scene) -> bool:
    """Whether this round is over as far as its messages go: each of them failed, or was no longer wanted."""
    this_round = [n for n in scene.sent if n.step is not None and n.round == alert.round]
    return all(n.fate in (Fate.FAILED, Fate.CANCELLED) for n in this_round)


def round_failed(alert: Alert, scene: Scene) -> Change:
    """Every message of a whole round failed: say so now, the next round still waits its time."""
    tells = _tell_everybody(alert, scene)
    entry = Entry(scene.now, "hub", "reached_nobody", {"round": alert.round})
    return Change(replace(_joined(alert, tells), reached=False), (entry,), tells)


def _tell_everybody(alert: Alert, scene: Scene) -> tuple[Tell, ...]:
    by = alert.ladder.rungs[-1].by if alert.ladder.rungs else ()
    facts = {"mins": _minutes_open(alert, scene)}
    return tuple(Tell(p, "nobody_reachable", facts, by) for p in scene.everybody)


def _minutes_open(alert: Alert, scene: Scene) -> int:
    return int((scene.now - alert.opened_at).total_seconds() // 60)


def _joined(alert: Alert, tells: Sequence[Tell]) -> Alert:
    told = (*alert.told, *(t.person for t in tells if t.person not in alert.told))
    return replace(alert, told=tuple(dict.fromkeys(told)))
