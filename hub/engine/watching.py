"""What is watched: kept in line with the homes, and looked at when it is due."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import blake2b

import structlog

from hub.alerts.alert import Alert, Stage
from hub.decide import judge
from hub.engine.cases import cases
from hub.engine.work import Work
from hub.homes import SITE, Registry
from hub.ports import StoreUnavailable
from hub.rules import BY_DEED, TIMED, waits_for_a_word
from hub.rules.gaps import Gap
from hub.rules.watch import Case, Looked, TimedRule, Watch

log = structlog.get_logger("engine")

# The fact that says for which people, homes and rules the watches were last made.
FOLLOWED = "watched"
# A rule that failed at one home is tried again there; the others are not held up.
AFTER_FAULT = timedelta(minutes=10)


Wished = tuple[str, str, str, timedelta]


@dataclass(frozen=True)
class Wishes:
    """What is to be watched for people and homes of one version."""

    version: int
    wanted: list[Wished]
    digest: str


def wishes(registry: Registry) -> Wishes:
    """Return what is to be watched; ten thousand homes take some tenths of a second: ask where nobody waits."""
    wanted = [(w.home_id, rule.name, w.subject, w.wait) for rule in TIMED.values() for w in rule.wanted(registry)]
    mark = blake2b(digest_size=16)
    for each in wanted:  # piece by piece: one long text would hold up all other threads
        mark.update(repr(each).encode())
    return Wishes(registry.version, wanted, mark.hexdigest())


def follow(work: Work, wished: Wishes | None = None) -> list[Alert]:
    """Bring the watches in line with the homes; return the unresolved alerts that wait for a word.

    A new watch counts from now. One whose wait was changed is looked at soon: its time may have come already.
    """
    transaction, registry = work.transaction, work.world.registry
    transaction.clamp_watches(work.now)
    version = " ".join((str(registry.version), *TIMED))
    known_version, _, known_digest = (transaction.fact(FOLLOWED) or "").rpartition(" ")
    if known_version != version:
        found = wished if wished is not None and wished.version == registry.version else wishes(registry)
        # Most changes of people and homes change nothing of what is watched: then the many rows are not read.
        if found.digest != known_digest:
            _follow(work, found.wanted)
        transaction.set_fact(FOLLOWED, f"{version} {found.digest}")
    return [alert for alert in transaction.unresolved() if alert.stage is not Stage.RESOLVED]


class Awaited:
    """Which homes have an unresolved alert that a word of theirs changes: the many others are spared the look.

    Kept from what this process commits. What another one resolves stays until the next registry: it costs a look.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.homes: frozenset[str] = frozenset()
        self._alerts: dict[str, str] = {}

    def begin(self, alerts: Iterable[Alert]) -> None:
        """Take these unresolved alerts, and no others."""
        self._alerts = {}
        self.see(alerts)
        self.homes = frozenset(self._alerts.values())

    def see(self, alerts: Iterable[Alert]) -> None:
        """Follow what a commit did to these alerts."""
        changed = False
        for alert in alerts:
            if waits_for_a_word(alert.cause):
                changed = True
                self._alerts.pop(alert.id, None)
                if alert.stage is not Stage.RESOLVED:
                    self._alerts[alert.id] = alert.home_id
        if changed:
            self.homes = frozenset(self._alerts.values())


def _follow(work: Work, wanted: Iterable[tuple[str, str, str, timedelta]]) -> None:
    kept = {(w.home_id, w.rule, w.subject): w for w in work.transaction.watches() if w.rule not in BY_DEED}
    changed = []
    for home_id, rule, subject, wait in wanted:
        known = kept.pop((home_id, rule, subject), None)
        if known is None:
            changed.append(Watch(home_id, rule, subject, work.now, work.now + wait, wait))
        elif known.wait != wait:
            changed.append(replace(known, wait=wait, due_at=work.now))
    work.transaction.save_watches(changed)
    work.transaction.drop_watches(list(kept.values()))


def step(work: Work, gap: Gap) -> None:
    """Keep the time that a clock skipped: it is nobody's silence."""
    work.transaction.add_gap(gap)
    work.transaction.clamp_watches(work.now)


def look(work: Work, limit: int) -> int:
    """Look at what is due, report what is found, and note when to look again; return at how much was looked."""
    due = work.transaction.due_watches(work.now, limit)
    rules = {watch: rule for watch in due if (rule := _rule(work, watch)) is not None}
    work.transaction.drop_watches([watch for watch in due if watch not in rules])
    found = cases(work, rules) if rules else []
    armed = {case.watch: _looked(work, rules[case.watch], case) for case in found}
    work.transaction.save_watches([watch for watch in armed.values() if watch is not None])
    work.transaction.drop_watches([watch for watch, next_one in armed.items() if next_one is None])
    return len(due)


def _rule(work: Work, watch: Watch) -> TimedRule | None:
    """Return who judges a watch; None if that rule, or the home, is gone."""
    is_there = watch.home_id == SITE or watch.home_id in work.world.registry.homes
    return TIMED.get(watch.rule) if is_there else None


def _looked(work: Work, rule: TimedRule, case: Case) -> Watch | None:
    """Return the watch as it is next due; None if it is done."""
    try:
        looked = judge(rule, case, work.now)
        _take(work, looked)
    except StoreUnavailable:
        raise
    except Exception as error:
        log.error("look_failed", rule=rule.name, home=case.watch.home_id, error=repr(error))
        return case.watch.armed(work.now + AFTER_FAULT, work.now)
    return None if looked.done else case.watch.armed(looked.due_at, work.now)


def _take(work: Work, looked: Looked) -> None:
    """Write what a look brought: what it found, what is over, what can and cannot be heard."""
    for finding in (looked.finding, *looked.also):
        if finding is not None:
            work.report(finding)
    for ended in looked.over:
        work.end(ended)
    for gap in looked.lost:
        work.transaction.add_gap(gap)
    for source in looked.found:
        work.transaction.end_gap(source, work.now)
    if looked.keep:
        work.transaction.save_device_states(looked.keep)
