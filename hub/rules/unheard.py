"""Devices that were configured and never said anything: a mistake in a name, a battery still in its wrapping."""

from datetime import datetime, timedelta

from hub.homes import SITE, Home
from hub.rules import areas
from hub.rules.finding import Finding, Severity
from hub.rules.presence import of_device, presence
from hub.rules.watch import Case, Over

CAUSE = "unheard"
# An installation is done within a day, its test presses too; until then staff need not hear of it.
UNHEARD_FOR = timedelta(hours=24)


def judge(case: Case, home: Home, *, is_due: bool, now: datetime) -> tuple[tuple[Finding, ...], tuple[Over, ...]]:
    """Return the notice about this home's devices, or about many homes of its area, and what ends.

    `is_due`: one of the home's devices has been silent since it was configured, for long enough.
    """
    never = [d.id for d in home.devices if not presence(of_device(d.id, case.states)).is_known]
    own, ours = case.unresolved.get((home.id, CAUSE)), (SITE, _cause(home.area))
    if own is not None:
        return ((_of_home(home, never, now),), ()) if never else ((), (Over(home.id, CAUSE),))
    nothing_heard = len(never) == len(home.devices)
    shared = case.unresolved.get(ours)
    if shared is not None and home.id in areas.members(shared):
        if nothing_heard:
            return (), ()
        rest = [h for id in areas.members(shared) if id != home.id and (h := case.registry.homes.get(id))]
        return ((_of_area(home, rest, now),), ()) if rest else ((), (Over(*ours),))
    if not is_due or not never:
        return (), ()
    if not nothing_heard:
        return (_of_home(home, never, now),), ()
    if shared is not None:
        known = [h for id in areas.members(shared) if (h := case.registry.homes.get(id))]
        return (_of_area(home, [*known, home], now),), ()
    others = [near for near, states in case.around() if not any(presence([s]).is_known for s in states)]
    if len(others) + 1 > areas.FEW:
        return (_of_area(home, [home, *others], now),), ()
    return (_of_home(home, never, now),), ()


def _cause(area: str) -> str:
    return f"{CAUSE}:{area}"


def _of_home(home: Home, never: list[str], now: datetime) -> Finding:
    facts: dict[str, str | int] = {"n": len(never), "list": "、".join(never)}
    return Finding(CAUSE, CAUSE, Severity.NOTICE, home.id, None, None, now, again=False, renews=True, facts=facts)


def _of_area(home: Home, homes: list[Home], now: datetime) -> Finding:
    return areas.notice(_cause(home.area), "unheard.homes", home.area, homes, now)
