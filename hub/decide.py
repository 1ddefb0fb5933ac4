"""The one door to the middle: a home, its open alerts, an input and now; what changes, who is told, what is due."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from devices.reading import Kind, State
from hub.alerts import events as ev
from hub.alerts import machine
from hub.alerts.alert import Alert, DutyKind, Entry, Lateness, Outcome, Stage
from hub.alerts.change import Change, Scene, Tell
from hub.alerts.choose import Choice, Told, choose
from hub.alerts.climb import step_due, with_duty
from hub.alerts.ladder import resolve
from hub.alerts.notification import Fate, Notification, Value
from hub.alerts.policy import Ladder, Policy, Severity
from hub.alerts.replies import Reply, ReplyKind
from hub.homes import SITE, Home, Registry
from hub.rules import endings, findings, mains, maintenance
from hub.rules.finding import Finding, Heard
from hub.rules.inactivity import NAME as INACTIVITY
from hub.rules.life import FAST_CLOCK, SLOW_CLOCK
from hub.rules.watch import Case, Looked, Over, TimedRule
from hub.walktest import WalkTest, claimed

LATE_AFTER = timedelta(seconds=60)
COUNTS_ONLY_WITHIN = timedelta(seconds=15)
CODES_UNIQUE_FOR = timedelta(days=7)
# A carrier that accepted a message and says nothing more for this long does not hold up an emergency.
SILENT_CARRIER = timedelta(seconds=45)
# What names the test of a home in the facts of an alert that only its tester knows of.
_WALK = "walk"
PRESSES = frozenset({"sos", "call", "unknown"})
LATER_FIRST, LATER_MOST = timedelta(seconds=2), timedelta(seconds=60)

Fresh = Callable[[], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class World:
    """What decisions rest on beside the alerts: who lives where, the ladders, the site's name."""

    site: str
    registry: Registry
    policies: Mapping[Severity, Policy]

    @property
    def named(self) -> frozenset[str]:
        """Ids of people whom a ladder names: they are told of alerts of every home."""
        words = (word for policy in self.policies.values() for step in policy.steps for word in step.tell)
        return frozenset(word for word in words if word in self.registry.people)

    def scene(self, now: datetime, sent: Sequence[Notification] = ()) -> Scene:
        """Return what the alert machine may look at."""
        return Scene(now, sent, self.registry.names, self.registry.everybody)


def lateness(at: datetime, waited_since: datetime | None, device_at: datetime | None) -> Lateness | None:
    """Return how long a message waited if that is over 60 s; None for one that is fresh or never waited.

    The device's own time counts if it is possible at all; else the longest possible wait is said as such.
    """
    if waited_since is None or at - waited_since <= LATE_AFTER:
        return None
    if device_at is not None and waited_since - SLOW_CLOCK <= device_at <= at + FAST_CLOCK:
        age = max(at - device_at, timedelta(0))
        return Lateness(age, exact=True, away_since=waited_since) if age > LATE_AFTER else None
    return Lateness(at - waited_since, exact=False, away_since=waited_since)


def hear(heard: Heard, alerts: Sequence[Alert], world: World, now: datetime, late: Lateness | None, fresh: Fresh,
         sent: Callable[[str], Sequence[Notification]], test: WalkTest | None = None) -> list[Change]:  # fmt: skip
    """Return what one reading changes. `alerts`: the home's and the site's, unresolved or still watched.

    `test`: the test that runs in its home. The first press or alarm of each of its devices is told to the tester.
    """
    held = _power(heard, alerts, now)
    home = world.registry.homes.get(heard.home_id)
    found = [finding for finding in findings(heard) if not maintenance.waits(finding, home, now)]
    tried = [_tried(finding, heard, alerts, test, late, now) for finding in found]
    changes = [change for f in tried for change in _found(f, alerts, world, now, late, fresh, sent)]
    ends = [c for cause in endings(heard) for c in over(Over(heard.home_id, cause), alerts, world, now, sent)]
    return [*held, *changes, *_cleared(heard, alerts, world, now), *ends]


def report(finding: Finding, alerts: Sequence[Alert], world: World, now: datetime, fresh: Fresh,
           sent: Callable[[str], Sequence[Notification]]) -> list[Change]:  # fmt: skip
    """Return what a finding of the hub itself (a lost session, a dead number) changes; nothing if it is known."""
    return _found(finding, alerts, world, now, None, fresh, sent)


def _found(finding: Finding, alerts: Sequence[Alert], world: World, now: datetime, late: Lateness | None,
           fresh: Fresh, sent: Callable[[str], Sequence[Notification]]) -> list[Change]:  # fmt: skip
    same = [a for a in alerts if a.home_id == finding.home_id and a.cause == finding.cause]
    same += [a for a in alerts if _was_tried(a, finding)]
    unresolved = next((a for a in same if a.stage is not Stage.RESOLVED), None)
    untold = unresolved is not None and unresolved.in_test and finding.again and _WALK not in finding.facts
    if unresolved is not None and ((_is_own_test(unresolved) and not finding.facts.get("test")) or untold):
        return [_in_earnest(finding, unresolved, world, now, late, sent)]
    if unresolved is not None and finding.renews:
        return _renewed(finding, unresolved, now)
    if unresolved is not None:
        return [_more(finding, unresolved, world, now, late, sent)] if finding.again else []
    watched = [a for a in same if DutyKind.WATCH in a.duties]
    if finding.latched and not finding.again and watched:
        return []  # resolved under watch: the watch decides
    if not finding.again and finding.what in PRESSES and not finding.latched:
        return []  # a copy of a press that was dealt with
    ended = [machine.apply(a, ev.WatchEnded(), world.scene(now)) for a in watched]
    return [*ended, _opened(finding, world, now, late, fresh)]


def _is_own_test(alert: Alert) -> bool:
    """Whether the detector itself called its alarm a test; in a test of the home the tester decides."""
    return bool(alert.facts.get("test")) and not alert.in_test


def _tried(finding: Finding, heard: Heard, alerts: Sequence[Alert], test: WalkTest | None, late: Lateness | None,
           now: datetime) -> Finding:  # fmt: skip
    """Return the finding as one of the home's test, if it is; while somebody is called in earnest nothing is tried."""
    tried = None if test is None or late is not None else claimed(finding, heard, test, now)
    if tried is None:
        return finding
    mine = [a for a in alerts if a.home_id == finding.home_id and a.stage is not Stage.RESOLVED and not a.in_test]
    real = any(a.cause == finding.cause or _was_tried(a, finding) for a in mine)
    return finding if real else tried


def _was_tried(alert: Alert, finding: Finding) -> bool:
    """Whether an alert began as the press of one device in a test: a press of that device belongs to it.

    Once it is real, any press of its kind in the home does, as without a test.
    """
    kind, _, device = alert.cause.partition(":")
    same = alert.home_id == finding.home_id and bool(device) and kind == finding.cause and kind in PRESSES
    return same and (device == finding.device_id or not alert.in_test)


def _more(finding: Finding, alert: Alert, world: World, now: datetime, late: Lateness | None,
          sent: Callable[[str], Sequence[Notification]]) -> Change:  # fmt: skip
    recent = alert.last_press_at is not None and finding.since - alert.last_press_at < COUNTS_ONLY_WITHIN
    event = ev.Again(finding.since, finding.room, finding.device_id, recent, late, active=finding.latched)
    scene = world.scene(now, sent(alert.id))
    why = machine.needs_the_ladder_anew(alert, event, scene)
    change = machine.apply(alert, event, scene)
    return change.then(machine.apply(change.alert, ev.Unconfirmed(why), scene)) if why else change


def _in_earnest(finding: Finding, alert: Alert, world: World, now: datetime, late: Lateness | None,
                sent: Callable[[str], Sequence[Notification]]) -> Change:  # fmt: skip
    """What began as a test is an alarm: it waits no longer, and no end of a test ends it."""
    real = replace(alert, facts={name: value for name, value in alert.facts.items() if name not in ("test", _WALK)})
    event = ev.Again(finding.since, finding.room, finding.device_id, late=late, active=finding.latched)
    return machine.apply(real, event, world.scene(now, sent(alert.id)))


def _renewed(finding: Finding, alert: Alert, now: datetime) -> list[Change]:
    """What the alert is about has changed: its next text says so."""
    facts = {**alert.facts, **finding.facts}
    if facts == alert.facts:
        return []
    return [Change(replace(alert, facts=facts), (Entry(now, "hub", "changed", {"n": finding.facts.get("n", 0)}),))]


def _ladder(finding: Finding, world: World) -> Ladder:
    """Return whom the alert climbs to. What hangs on the site may concern the staff of one area only."""
    registry, policy = world.registry, world.policies[finding.severity]
    home = registry.homes.get(finding.home_id)
    if home is not None and any(contact.role in finding.first for contact in home.contacts):
        policy = replace(policy, steps=(replace(policy.steps[0], tell=finding.first), *policy.steps))
    if home is None and finding.area is not None:
        home = Home(SITE, finding.area, "")
    return resolve(policy, home, registry)


def _opened(finding: Finding, world: World, now: datetime, late: Lateness | None, fresh: Fresh) -> Change:
    id, code = fresh()
    alert = Alert(
        id=id,
        home_id=finding.home_id,
        cause=finding.cause,
        what=finding.what,
        severity=finding.severity,
        code=code,
        opened_at=now,
        ladder=_ladder(finding, world),
        device_id=finding.device_id,
        room=finding.room,
        facts={**_place(finding, world), **finding.facts},
        late=late,
        last_press_at=finding.since,
        active=finding.latched,
    )
    device = world.registry.device(str(finding.facts.get("of", finding.home_id)), finding.device_id)
    if device is not None:
        alert = replace(alert, facts={"device_kind": device.kind.value, **alert.facts})
    if (mode := _mode(finding, world, now)) is not None:
        alert = replace(alert, facts={"mode": mode, **alert.facts})
    detail: dict[str, str | int] = {"device": finding.device_id or ""}
    if late is not None:
        detail |= {"late_s": int(late.age.total_seconds()), "exact": int(late.exact)}
    opened = Change(alert, (Entry(now, "hub", "opened", detail),))
    if finding.after:
        waiting = with_duty(alert, DutyKind.STEP, now + finding.after, now)
        return replace(opened, alert=waiting, tells=_to_the_tester(waiting, world))
    return opened.then(step_due(alert, world.scene(now)))


def _mode(finding: Finding, world: World, now: datetime) -> str | None:
    """Return the mode in which the home was then: whoever counts alerts leaves out what came of work and tests."""
    home = world.registry.homes.get(finding.home_id)
    holds = home.mode_at(now) if home is not None else None
    return holds[0].value if holds is not None else None


def _to_the_tester(alert: Alert, world: World) -> tuple[Tell, ...]:
    """Tell whom the test of a home tells, by the ways of the first rung, at once."""
    home = world.registry.homes.get(alert.home_id)
    tester = home.tester if home is not None and alert.in_test else None
    ways = next((rung.by for rung in alert.ladder.rungs if rung.by), ())
    return (Tell(tester, "test.press", by=ways, together=True),) if tester is not None else ()


def _place(finding: Finding, world: World) -> dict[str, str]:
    """Return who and where: the home's, also for a fault of the site that one home shows; else the site's name."""
    home = world.registry.homes.get(str(finding.facts.get("of", finding.home_id)))
    return {"who": home.who, "addr": home.address} if home else {"who": world.site, "addr": ""}


def over(ended: Over, alerts: Sequence[Alert], world: World, now: datetime,
         sent: Callable[[str], Sequence[Notification]]) -> list[Change]:  # fmt: skip
    """End what mended itself; who was told of it hears that it is over."""
    event = ev.Resolve("hub", Outcome.GENUINE, note=None, via="hub")
    same = [a for a in alerts if (a.home_id, a.cause) == (ended.home_id, ended.cause) and a.stage is not Stage.RESOLVED]
    ends = [alert for alert in same if not (ended.untold and alert.told)]
    return [machine.apply(alert, event, world.scene(now, sent(alert.id))) for alert in ends]


def _power(heard: Heard, alerts: Sequence[Alert], now: datetime) -> list[Change]:
    """Have a power cut that nobody was told of wait for its hour, and not be told while there is power."""
    if heard.reading.kind is not Kind.MAINS:
        return []
    changes = []
    for alert in alerts:
        mine = alert.home_id == heard.home_id and alert.cause == mains.cause(heard.device_id)
        if mine and alert.stage is Stage.OPEN and not alert.told:
            due_at = mains.text_due(alert.opened_at, lost=heard.reading.state is State.ACTIVE, now=now)
            entry = Entry(now, "hub", "power", {"lost": int(heard.reading.state is State.ACTIVE)})
            changes.append(Change(with_duty(alert, DutyKind.STEP, due_at, now), (entry,)))
    return changes


def _cleared(heard: Heard, alerts: Sequence[Alert], world: World, now: datetime) -> list[Change]:
    """Record the end of a hazard on its alert; readable words end the fault that a device was unreadable."""
    kind = heard.reading.kind.value
    changes = []
    for alert in alerts:
        if alert.home_id != heard.home_id or alert.device_id != heard.device_id:
            continue
        hazard = alert.cause in {f"{kind}:{heard.device_id}", f"unknown:{kind}:{heard.device_id}"}
        if hazard and alert.active and heard.reading.state == "clear":
            changes.append(_cleared_or_tested(alert, world.scene(now)))
    return changes


def _cleared_or_tested(alert: Alert, scene: Scene) -> Change:
    """A test that the detector ended before anybody was told was one; any other alert waits for a person."""
    cleared = machine.apply(alert, ev.Cleared(scene.now), scene)
    if not alert.facts.get("test") or alert.told or alert.stage is not Stage.OPEN:
        return cleared
    end = ev.Resolve("hub", Outcome.TEST, note="the detector's own test", via="hub")
    return cleared.then(machine.apply(cleared.alert, end, scene))


def due(alert: Alert, world: World, now: datetime, sent: Sequence[Notification]) -> Change:
    """Return what the alert's due duties change, one after the other; nothing lies beyond its wait after that."""
    change = Change(machine.clamped(alert, now))
    scene = world.scene(now, sent)
    for _ in range(len(DutyKind)):
        event = machine.due(change.alert, now)
        if event is None:
            break
        change = change.then(machine.apply(change.alert, event, scene))
    return change


def judge(rule: TimedRule, case: Case, now: datetime) -> Looked:
    """Return what a rule finds in what was not said, and when it wants to look again."""
    return rule.look(case, now)


def word(ended: Sequence[Alert]) -> tuple[datetime | None, datetime | None]:
    """Return when a person last said that they found the residents of a home, and when that they reached nobody.

    `ended`: the home's alerts that were resolved. Whoever ended an emergency or a stillness knows how they are.
    """
    well_at = unreached_at = None
    for alert in ended:
        if alert.resolved_at is None or alert.resolved_by in (None, "hub"):
            continue
        if alert.severity is not Severity.EMERGENCY and alert.cause != INACTIVITY:
            continue
        if _WALK in alert.facts and alert.outcome is Outcome.TEST:
            continue  # the tester pressed: that says nothing of the resident
        if alert.outcome is not Outcome.UNREACHED:
            well_at = max(well_at or alert.resolved_at, alert.resolved_at)
        elif alert.cause == INACTIVITY:
            unreached_at = max(unreached_at or alert.resolved_at, alert.resolved_at)
    return well_at, unreached_at


def moved(heard: Heard, at: datetime, alerts: Sequence[Alert], world: World, now: datetime) -> list[Change]:
    """Note the first sign of life since a home was found still: it is shown, and never closes the alert."""
    changes = []
    for alert in alerts:
        mine = alert.home_id == heard.home_id and alert.cause == INACTIVITY and alert.stage is not Stage.RESOLVED
        if mine and "life_at" not in alert.facts and at > alert.opened_at:
            seen = replace(alert, facts={**alert.facts, "life_at": at.isoformat()})
            detail = {"at": at.isoformat(), "device": heard.device_id}
            changes.append(machine.apply(seen, ev.Noted("hub", "life", detail), world.scene(now)))
    return changes


def act(alert: Alert, event: ev.Event, world: World, now: datetime, sent: Sequence[Notification]) -> Change:
    """Return what a person's act changes."""
    return machine.apply(alert, event, world.scene(now, sent))


# --- replies -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Act:
    """One alert and what the sender of a reply did to it."""

    alert: Alert
    event: ev.Event


@dataclass(frozen=True, slots=True)
class Understood:
    """What a reply means. `answer`: to the sender, beside the answers of the acts. `stranger`: staff must know."""

    acts: tuple[Act, ...] = ()
    answer: Tell | None = None
    stranger: bool = False


def reply(said: Reply, text: str, told: Sequence[Told], person: str) -> Understood:
    """Return what a reply of `person` means. `told`: alerts this number was told of, newest first."""
    choice = choose(said, told)
    if choice.foreign:
        return Understood(stranger=True)
    if choice.unclear:
        return Understood(answer=Tell(person, "answer.which_one", _listed(choice)))
    if said.kind is ReplyKind.UNKNOWN or not choice.meant:
        acts = tuple(Act(t.alert, ev.Noted(t.person, "said", {"text": text[:200]})) for t in choice.meant[:1])
        return Understood(acts, Tell(person, "answer.not_understood"))
    acts = tuple(Act(t.alert, _event(said, t, text)) for t in choice.meant)
    noted = next((t.alert for t, a in zip(choice.meant, acts, strict=True) if isinstance(a.event, ev.Noted)), None)
    if noted is None:
        return Understood(acts)
    # A "4" from somebody who took no part ends nothing; any other words are kept and asked back.
    key = "answer.not_yours" if said.kind is ReplyKind.RESOLVE else "answer.note"
    facts: dict[str, Value] = {**noted.facts, "what": noted.what, "code": noted.code, "note": said.note or text[:40]}
    return Understood(acts, Tell(person, key, facts))


def _event(said: Reply, told: Told, text: str) -> ev.Event:
    resolved = told.alert.stage is Stage.RESOLVED
    if told.alert.in_test and (said.kind is ReplyKind.TAKE or said.outcome is Outcome.TEST):
        return ev.ConfirmTest(told.person, "sms")
    if said.kind is ReplyKind.TAKE:
        return ev.Acknowledge(told.person)
    if said.kind is ReplyKind.ARRIVED:
        return ev.Arrived(told.person)
    if said.kind is ReplyKind.PASS:
        return ev.Pass(told.person) if told.is_held or told.is_open else ev.Withdraw(told.person)
    if said.kind is ReplyKind.RESOLVE and (told.took_part or resolved) and said.outcome is not None:
        return ev.Resolve(told.person, said.outcome, said.note, watched=True)
    return ev.Noted(told.person, "said", {"text": text[:200]})


def _listed(choice: Choice) -> dict[str, Value]:
    """The codes to choose from; the text has room for two, the number says how many there are."""
    first, second = choice.unclear[0].alert, choice.unclear[1].alert
    return {
        "n": len(choice.unclear),
        "code": first.code,
        "who": first.facts.get("who", ""),
        "code2": second.code,
        "who2": second.facts.get("who", ""),
    }


# --- messages and their fate -------------------------------------------------------------------------------


def messages(change: Change, now: datetime, ids: Callable[[], str]) -> list[Notification]:
    """Return the notifications that a change wants: per person one channel after the other, or all at once."""
    return [n for tell in change.tells for n in message(tell, change.alert, now, ids)]


def message(tell: Tell, alert: Alert, now: datetime, ids: Callable[[], str]) -> list[Notification]:
    """Return the notifications of one tell."""
    ways = tell.by or _ways(alert, tell.person)
    facts: dict[str, Value] = {**_facts(alert), **tell.facts}
    first = Notification(
        id="",
        alert_id=alert.id,
        home_id=alert.home_id,
        person_id=tell.person,
        phone=None,
        channel="",
        key=tell.key,
        severity=alert.severity,
        created_at=now,
        due_at=now,
        facts=facts,
        round=alert.round,
        step=tell.step,
    )
    if tell.together:
        return [replace(first, id=ids(), channel=way) for way in ways]
    return [replace(first, id=ids(), channel=ways[0], then=ways[1:])] if ways else []


def _ways(alert: Alert, person: str) -> tuple[str, ...]:
    rungs = alert.ladder.rungs
    own = next((rung.by for rung in rungs if person in rung.people), None)
    return own or next((rung.by for rung in rungs if rung.by), ())


def _facts(alert: Alert) -> dict[str, Value]:
    facts: dict[str, Value] = {**alert.facts, "what": alert.what, "code": alert.code}
    facts["at"] = (alert.last_press_at or alert.opened_at).isoformat()
    if alert.room is not None:
        facts["room"] = alert.room
    if alert.device_id is not None:
        facts.setdefault("dev", alert.device_id)
    if alert.late is not None and not alert.pressed_since:
        facts["mins"] = max(1, int(alert.late.age.total_seconds() // 60))
        facts["late_max"] = int(not alert.late.exact)
        if alert.late.exact:
            facts["at"] = (alert.opened_at - alert.late.age).isoformat()
    return facts


def step_silent(alert: Alert, sent: Sequence[Notification], now: datetime) -> ev.Hurry | None:
    """Return why the running step need not be waited for: all its messages failed, or nobody's fate is known.

    Source: P5. Only for an open alert whose current step still waits.
    """
    duty = alert.duties.get(DutyKind.STEP)
    if alert.stage is not Stage.OPEN or duty is None or duty.due_at <= now:
        return None
    if alert.step >= len(alert.ladder.rungs) and not alert.reached:
        return None  # the round is over, and that it reached nobody was said
    current = [n for n in sent if n.step == alert.step - 1 and n.round == alert.round and n.fate is not Fate.CANCELLED]
    if not current:
        return None
    if all(n.fate is Fate.FAILED for n in current):
        return ev.Hurry("failed")
    waits = alert.step < len(alert.ladder.rungs)
    if waits and alert.severity is Severity.EMERGENCY and all(_is_silent(n, now) for n in current):
        return ev.Hurry("unknown")
    return None


def _is_silent(message: Notification, now: datetime) -> bool:
    if message.fate is Fate.FAILED or (message.fate is Fate.UNKNOWN and message.due_at is None):
        return True
    waited = message.accepted_at is not None and now - message.accepted_at >= SILENT_CARRIER
    return message.fate is Fate.ACCEPTED and waited


def again_in(tries: int, asked: timedelta | None) -> timedelta:
    """Return how long to wait before the same message is tried again: doubling from 2 s to 60 s, or as asked."""
    own = min(LATER_FIRST * int(2 ** min(tries - 1, 10)), LATER_MOST)
    return min(max(own, asked), LATER_MOST) if asked else own


def site_or(registry: Registry, prefix: str) -> str:
    """Return the home that a device nobody configured belongs to by its prefix, or the only one; else the site."""
    if len(registry.homes) == 1:
        return next(iter(registry.homes))
    homes = registry.homes_by_prefix.get(prefix, ())
    return homes[0].id if len(homes) == 1 else SITE
