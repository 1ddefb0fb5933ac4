"""No sign of life for longer than the resident's limit: they may lie where no button is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.homes import Device, Home, Registry, Resident
from hub.rules import gaps, links
from hub.rules.finding import Finding, Severity
from hub.rules.life import watchers
from hub.rules.presence import of_device, presence
from hub.rules.watch import Case, Looked, Wanted

NAME = "inactivity"
# Whoever could not reach the resident has not proved that they are well: it is judged again after this.
UNREACHED_FOR = timedelta(hours=2)
# While an alert is unresolved, so that its end with "could not reach" is never judged later than it should be.
REPORTED_FOR = UNREACHED_FOR
# While none of the home's sensors can be heard.
BLIND_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Inactivity:
    """The rule; limits are the residents' own (`inactivity_after`, 12 h unless said)."""

    name: str = NAME

    def wanted(self, registry: Registry) -> Iterable[Wanted]:
        """Return one watch for each home that has a sensor which sees whether somebody moves."""
        return (Wanted(home.id, "", limit(home)) for home in registry.homes.values() if watchers(home))

    def cause(self, subject: str) -> str:  # noqa: ARG002
        """Return the cause: one unresolved alert per home."""
        return NAME

    def look(self, case: Case, now: datetime) -> Looked:
        """Return the stillness of a home, or when it could be still at the earliest.

        Time in which nobody watched is not the resident's silence: it does not count. Life seen until then is found
        here, not where it is seen: a home's watch is written once per look, not once per step.
        """
        home = case.home
        if home is None:
            return Looked(now + case.watch.wait)
        longest = limit(home)
        if home.away_until is not None and home.away_until > now:
            return Looked(home.away_until + longest)
        if case.reported:
            return Looked(now + REPORTED_FOR)
        if case.unreached_at is not None and now < case.unreached_at + UNREACHED_FOR:
            return Looked(case.unreached_at + UNREACHED_FOR)
        if not _heard(case):
            return Looked(now + longest)  # its first word is not its last: stillness counts from there
        since = counted_from(case, now)
        quiet = now - since - unwatched(case, since, now)
        if quiet < longest:
            return Looked(now + longest - quiet)
        doubted = case.unreached_at is not None and case.unreached_at > since
        if not doubted and is_blind(case, now):
            return Looked(now + BLIND_FOR)
        return Looked(now + REPORTED_FOR, _finding(home, since, quiet))


def limit(home: Home) -> timedelta:
    """Return how long the home may be still; of several residents the shortest limit counts."""
    return min((each.inactivity_after for each in home.residents), default=Resident("").inactivity_after)


def counted_from(case: Case, now: datetime) -> datetime:
    """Return from when silence counts: the last life, a person's word, the end of being away, the first watch.

    What was known of a home before it was watched (again) does not count. A home that never gave a sign is watched
    from the first word of its sensors.
    """
    away_until = case.home.away_until if case.home is not None else None
    known = [state.life_at for state in case.states if state.life_at is not None]
    if not known:
        words = [state.since for device in _heard(case) for state in of_device(device.id, case.states)]
        known = sorted(words)[:1]
    known += [at for at in (case.well_at, away_until, case.watch.since) if at is not None]
    return max((at for at in known if at <= now), default=now)


def unwatched(case: Case, since: datetime, now: datetime) -> timedelta:
    """Return how much of the time since then none of the home's sensors could be heard."""
    return gaps.length(_unwatched(case, since, now))


def is_blind(case: Case, now: datetime) -> bool:
    """Whether now none of the home's sensors can be heard: the home is unknown, not still."""
    home, lost = case.home, {gap.source for gap in case.gaps if gap.until is None}
    if home is None:
        return True
    link = links.lost(home, case.states, case.gaps, now)
    return all(
        lost.intersection(_sources(home, each)) or (link is not None and links.carries(link, home, each, case.states))
        for each in _heard(case)
    )


def _unwatched(case: Case, since: datetime, now: datetime) -> list[gaps.Span]:
    """A home is watched while one of its sensors is: only what all of them missed was seen by nobody."""
    home = case.home
    found = [gaps.spans(case.gaps, _sources(home, each), since, now) for each in _heard(case)] if home else []
    missed = found[0] if found else gaps.spans(case.gaps, (gaps.HUB,), since, now)
    for spans in found[1:]:
        missed = gaps.both(missed, spans)
    return missed


def _sources(home: Home, device: Device) -> tuple[str, ...]:
    return (gaps.HUB, *gaps.sources(home.prefix, device))


def _heard(case: Case) -> list[Device]:
    """Return the sensors that watch the home and were ever heard: one that never spoke sees nobody."""
    found = watchers(case.home) if case.home is not None else []
    return [device for device in found if presence(of_device(device.id, case.states)).is_known]


def _finding(home: Home, since: datetime, quiet: timedelta) -> Finding:
    hours = quiet // timedelta(hours=1)
    return Finding(
        cause=NAME,
        what=NAME,
        severity=Severity.WARNING,
        home_id=home.id,
        device_id=None,
        room=None,
        since=since,
        again=False,
        facts={"h": hours} if hours else {},  # "no movement for 0 h" would say nothing
    )
