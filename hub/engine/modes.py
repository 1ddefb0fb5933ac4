"""What somebody said of a home until a time: away, visitors, hospital, maintenance. Each ends by itself."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from hub.engine.work import Work
from hub.homes import EMPTY_MODES, Home, HomeMode
from hub.ports import Act
from hub.rules import gateways, maintenance, silence
from hub.rules.watch import Watch

# Whoever means more than a year has mistyped it. Work on a home is done within a day's shift; what is still open then
# is told. A test has somebody who stands beside it.
LONGEST: Mapping[HomeMode, timedelta] = {
    HomeMode.AWAY: timedelta(days=366),
    HomeMode.VISITOR: timedelta(days=366),
    HomeMode.HOSPITAL: timedelta(days=366),
    HomeMode.MAINTENANCE: timedelta(hours=8),
    HomeMode.TEST: timedelta(hours=8),
}
# A hub that keeps up has few looks that are due.
_MOST_DUE = 500


class NoSuchHome(LookupError):
    """No home has this id."""


class NoSuchTime(ValueError):
    """A mode cannot last until then: that is past, or too far ahead."""


def set_away(work: Work, home_id: str, until: datetime, by: str) -> Home:
    """Note until when the residents are away, or that they are back; return the home as it was before.

    Whoever says that they are back has seen them: stillness counts from now, whatever the home was in.
    """
    if until > work.now:
        return set_mode(work, home_id, HomeMode.AWAY, until, by)
    before = set_mode(work, home_id, None, None, by)
    work.transaction.set_away(home_id, work.now)
    return before


def end_test(work: Work, home_id: str) -> None:
    """End the mode of a test, whether its time is over or not, and nothing else: whoever is away still is."""
    home = work.world.registry.homes.get(home_id)
    if home is not None and home.mode is HomeMode.TEST:
        work.transaction.set_mode(home_id, None, None)
        work.heard.add(home_id)


def set_mode(
    work: Work, home_id: str, mode: HomeMode | None, until: datetime | None, by: str, tester: str | None = None
) -> Home:
    """Note a home's mode and its end, or that it is as always (None), and who said so; return the home as it was.

    While nobody is there stillness is not judged, and counts from the end. Whoever comes back from being away, or has
    visitors, is there; work on a home and tests of it leave open whether somebody is. Raises NoSuchHome, NoSuchTime.
    """
    home = work.world.registry.homes.get(home_id)
    if home is None:
        raise NoSuchHome(home_id)
    if mode is not None and (until is None or not work.now < until <= work.now + LONGEST[mode]):
        raise NoSuchTime(mode)
    before = home.mode_at(work.now)
    _keep(work, home, mode, until)
    work.transaction.set_mode(home_id, mode, until if mode is not None else None, tester)
    _watch(work, home, mode, until)
    detail = {"until": (until if mode is not None and until is not None else work.now).isoformat()}
    if before is not None:
        detail["before"] = before[0].value
    there = before is None or before[0] in EMPTY_MODES
    event = mode.value if mode is not None else "back" if there else "mode_ended"
    work.transaction.record_act(Act(work.now, by, event, home_id, detail, home.area))
    work.heard.add(home_id)
    return home


def _keep(work: Work, home: Home, mode: HomeMode | None, until: datetime | None) -> None:
    """Keep until when nobody is there: stillness counts from then."""
    before = home.mode_at(work.now)
    # A mode that ends early and never said that nobody was there changes nothing of that.
    back = mode is None and before is not None and before[0] in EMPTY_MODES
    visited = mode is HomeMode.VISITOR and home.away_until is not None and home.away_until > work.now
    if mode in EMPTY_MODES:
        work.transaction.set_away(home.id, until)
    elif back or visited:
        work.transaction.set_away(home.id, work.now)


def _watch(work: Work, home: Home, mode: HomeMode | None, until: datetime | None) -> None:
    """Have what waits during a maintenance looked at when it ends, be that earlier or later than was said.

    One that is extended keeps its watch, which knows when it began; so does one that was not looked at yet.
    """
    held = maintenance.held_until(home, work.now)
    over_at = until if mode is HomeMode.MAINTENANCE and until is not None else work.now
    if held is not None:
        work.hurry({(home.id, maintenance.NAME, ""): over_at})
        work.hurry({(home.id, silence.NAME, device.id): over_at for device in home.devices})
        work.hurry({(home.id, gateways.NAME, ""): over_at})
    elif mode is HomeMode.MAINTENANCE:
        due = work.transaction.due_watches(work.now, _MOST_DUE)
        if not any((w.home_id, w.rule) == (home.id, maintenance.NAME) for w in due):
            watch = Watch(home.id, maintenance.NAME, "", work.now, over_at, over_at - work.now)
            work.transaction.save_watches([watch])
