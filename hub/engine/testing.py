"""Tests of homes: begun, confirmed, ended. All that stays is rows; a restart changes nothing."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import structlog

from hub.alerts import events as ev
from hub.alerts.alert import Alert, DutyKind, Outcome, Stage
from hub.alerts.change import REACHED, Change
from hub.alerts.climb import with_duty
from hub.clock import Clock
from hub.decide import act
from hub.engine.engine import Engine
from hub.engine.modes import NoSuchHome, end_test, set_mode
from hub.engine.work import Work
from hub.homes import HomeMode
from hub.ports import Act, Lane, StoreUnavailable, Transaction
from hub.walktest import Probe, WalkKind, WalkTest, all_passed, begin

log = structlog.get_logger("testing")

LOOK_EVERY = timedelta(minutes=1)
_PRESSED = "test.press"
_LONGEST_NAME = 40


class AlreadyTested(Exception):
    """This home is being tested; `test` is the one that runs."""

    def __init__(self, test: WalkTest) -> None:
        super().__init__(test.id)
        self.test = test


class NoSuchTester(LookupError):
    """Nobody with this id can be told."""


class NoSuchTest(LookupError):
    """No test has this id."""


# --- what people do -----------------------------------------------------------------------------------------------


def start(work: Work, home_id: str, kind: WalkKind, span: timedelta, by: str, tester: str) -> WalkTest:
    """Begin a test and return it; one whose time is over is ended first.

    Raises NoSuchHome, NoSuchTester, AlreadyTested.
    """
    registry = work.world.registry
    home, person = registry.homes.get(home_id), registry.people.get(tester)
    if home is None:
        raise NoSuchHome(home_id)
    if person is None or not person.phone:
        raise NoSuchTester(tester)
    work.load([home_id])
    before = work.transaction.running_home_test(home_id)
    if before is not None and before.runs(work.now):
        raise AlreadyTested(before)
    if before is not None:
        _end(work, before, "hub")
    test = begin(work.new_id(), home, kind, work.now, span, by, tester)
    test = replace(test, area_name=registry.area_name(home.area), tester_name=person.name)
    set_mode(work, home_id, HomeMode.TEST, test.ends_at, by, tester)
    work.transaction.save_home_test(test)
    return test


def confirm(work: Work, test_id: str, by: str, device: str | None = None) -> int:
    """Take the tester's word that what was pressed in this test was a test; return how much of it waited for that."""
    test = _known(work, test_id)
    waiting = [a for a in _tried(work, test) if a.in_test and device in (None, a.device_id)]
    for alert in waiting:
        work.take(act(alert, ev.ConfirmTest(by), work.world, work.now, work.sent(alert.id)))
    work.heard.add(test.home_id)
    return len(waiting)


def finish(work: Work, test_id: str, by: str) -> WalkTest:
    """End a test: what nobody confirmed is real now, the result is kept. A test that has ended stays as it was."""
    test = _known(work, test_id)
    if test.ended_at is not None:
        return test
    ended = _end(work, test, by)
    end_test(work, test.home_id)
    return ended


def sign(work: Work, test_id: str, signed_as: str, name: str, by: str) -> WalkTest:
    """Note who signed the result of a test, and as what; only an empty place is filled."""
    test = _known(work, test_id)
    name = " ".join(name.split())[:_LONGEST_NAME]
    if not name or signed_as in test.signed:
        return test
    signed = replace(test, signed={**test.signed, signed_as: name})
    work.transaction.save_home_test(signed)
    work.transaction.record_act(Act(work.now, by, "signed", test.home_id, {"as": signed_as}, test.area))
    return signed


def seen(transaction: Transaction, test: WalkTest) -> WalkTest:
    """Return a test with what became of its presses: told to the tester, confirmed, or real."""
    if test.ended_at is not None:
        return test
    for probe in test.probes:
        alert = transaction.alert(probe.alert) if probe.alert is not None else None
        if alert is not None:
            test = test.having(_followed(transaction, probe, alert))
    return test


def _followed(transaction: Transaction, probe: Probe, alert: Alert) -> Probe:
    said = [n for n in transaction.notifications(alert.id) if n.key == _PRESSED]
    reached = [n for n in said if n.fate in REACHED]
    if reached:
        probe = replace(probe, told_at=min(n.ended_at or n.accepted_at or n.created_at for n in reached), untold=None)
    elif said:
        probe = replace(probe, untold=said[-1].fate.value)
    if alert.outcome is Outcome.TEST and not alert.told:
        return replace(probe, confirmed_at=alert.resolved_at)
    return (
        probe if alert.in_test else replace(probe, real_at=alert.last_step_at or alert.resolved_at or alert.opened_at)
    )


def _known(work: Work, test_id: str) -> WalkTest:
    found = work.transaction.home_test(test_id)
    if found is None:
        raise NoSuchTest(test_id)
    work.load([found.home_id])
    # Read anew: whoever hears its devices holds the same lock while they write.
    return work.transaction.home_test(test_id) or found


def _tried(work: Work, test: WalkTest) -> list[Alert]:
    return [alert for alert in work.of(test.home_id) if alert.facts.get("walk") == test.id]


def _end(work: Work, test: WalkTest, by: str) -> WalkTest:
    """Keep the result; whatever still waits for a word is told in earnest now."""
    for alert in _tried(work, test):
        if alert.in_test and alert.stage is Stage.OPEN:
            work.take(Change(with_duty(alert, DutyKind.STEP, work.now, work.now)))
    test = seen(work.transaction, test)
    waits = any(p.alert is not None and p.confirmed_at is None and p.real_at is None for p in test.probes)
    if waits:
        open_now = {a.device_id for a in _tried(work, test) if a.in_test}
        probes = (replace(p, real_at=work.now) if p.device in open_now else p for p in test.probes)
        test = replace(test, probes=tuple(probes))
    ended = replace(test, ended_at=min(work.now, test.ends_at))
    ended = replace(ended, passed=all_passed(ended, work.now))
    work.transaction.save_home_test(ended)
    detail: dict[str, str | int] = {"test": test.id, "passed": int(bool(ended.passed))}
    work.transaction.record_act(Act(work.now, by, "test_ended", test.home_id, detail, test.area))
    work.heard.add(test.home_id)
    return ended


# --- the end that comes by itself ---------------------------------------------------------------------------------


async def end_those_over(engine: Engine) -> int:
    """Give a result to each test whose time is over; return how many there were."""
    now = engine.clock.now()
    over = await engine.store.read(lambda t: t.home_tests_over(now))
    for id in over:
        await engine.write(Lane.DUTY, lambda work, id=id: finish(work, id, "hub"))  # type: ignore[misc]
    if over:
        await engine.load()
    return len(over)


async def keep_ending(engine: Engine, clock: Clock) -> None:
    """Look each minute; a sick store is tried again in the next one."""
    while True:
        try:
            await end_those_over(engine)
        except StoreUnavailable as error:
            log.warning("tests_not_ended", why=str(error))
        except asyncio.CancelledError:
            raise
        await clock.sleep(LOOK_EVERY)
