"""A bridge or gateway that went silent: one notice for all behind it, and one for all of a village."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from devices.reading import Kind, State
from hub.homes import SITE, DeviceState, Home, Registry
from hub.rules import areas, links, mains
from hub.rules.finding import Finding, Severity
from hub.rules.gaps import Gap
from hub.rules.life import watchers
from hub.rules.links import Lost
from hub.rules.maintenance import held_until
from hub.rules.presence import GRACE, STEADY, of_device, presence
from hub.rules.watch import Case, Looked, Over, Wanted

NAME, AREA = "gateway", "area"
LOOK_EVERY = timedelta(hours=24)
# Gateways of one area that go silent within this time of each other have one reason.
AT_ONCE = timedelta(minutes=10)
# The row that says that a home without a bridge went quiet as a whole, and when it came back.
QUIET = ("@gateway", Kind.BRIDGE.value, "quiet")
_NAMES = 3


@dataclass(frozen=True, slots=True)
class Gateways:
    """The rule. Each home looks at the link that carries it; a link of several homes is a fault of the site."""

    name: str = NAME

    def wanted(self, registry: Registry) -> Iterable[Wanted]:
        """Return one watch for each home that has devices."""
        return (Wanted(home.id, "", LOOK_EVERY) for home in registry.homes.values() if home.devices)

    def cause(self, subject: str) -> str:
        """Return the cause: one unresolved alert per link."""
        return f"{NAME}:{subject}"

    def look(self, case: Case, now: datetime) -> Looked:
        """Return whether the home's link is lost for longer than a restart takes."""
        home = case.home
        if home is None:
            return Looked(now + case.watch.wait)
        link = links.lost(home, case.states, case.gaps, now)
        if link is not None:
            return self._lost(case, home, link, now)
        return replace(self._back(case, home, now), found=_found(case, home))

    def _lost(self, case: Case, home: Home, link: Lost, now: datetime) -> Looked:
        """Report a link that is lost for long enough: on its own, or with the others of its area."""
        silent = links.quiet(link.since, case.gaps, now)
        if silent < GRACE:
            return Looked(now + GRACE - silent)
        keep = _quiet_rows(case, home, link, now)
        # A text that says that the call button works would be wrong now.
        over = tuple(Over(*known, untold=True) for known in case.unresolved if _is_power_cut(known, home))
        # A link that carries others too is theirs as well: nobody at work in one home may hide it.
        held = held_until(home, now) if _owner(case.registry, home, link) == home.id else None
        found = self._finding(case, home, link, now) if held is None else None
        return Looked(held or now + LOOK_EVERY, found, over=over, keep=keep, lost=_unheard(case, home, link))

    def _finding(self, case: Case, home: Home, link: Lost, now: datetime) -> Finding | None:
        owner = _owner(case.registry, home, link)
        if (owner, self.cause(link.key)) in case.unresolved:
            return None
        shared = case.unresolved.get((SITE, _area(home)))
        if shared is not None:
            known = areas.members(shared)
            return None if home.id in known else self._of_area(case, home, [*known, home.id], link.since)
        together = self._together(case, home, link, now)
        if together:
            return self._of_area(case, home, together, link.since)
        return self._of_link(case, home, link, owner)

    def _together(self, case: Case, home: Home, link: Lost, now: datetime) -> list[str]:
        """Return the homes of the area that lost their links at the same time, if those are more than a few."""
        if len({each.area for each in _behind(case.registry, home, link)}) > 1:
            return []
        found = {home.id: link}
        for near, states in case.around():
            other = links.lost(near, states, case.gaps, now) if held_until(near, now) is None else None
            if other is not None and abs(other.since - link.since) <= AT_ONCE:
                found[near.id] = other
        return list(found) if len({each.key for each in found.values()}) > areas.FEW else []

    def _back(self, case: Case, home: Home, now: datetime) -> Looked:
        """End what was reported of the home's link, once its return holds."""
        keep = _quiet_rows(case, home, None, now)
        keys = [home.id, *(bridge.device_id for bridge in links.bridges_of(home, case.states))]
        known = [(owner, self.cause(key)) for key in keys for owner in (home.id, SITE)]
        reported = [cause for cause in known if cause in case.unresolved]
        shared = case.unresolved.get((SITE, _area(home)))
        member = shared is not None and home.id in areas.members(shared)
        if not reported and not member:
            return Looked(self._next(case, home, now), keep=keep)
        holds_at = _holds_from(case, home, keep)
        if holds_at > now:
            return Looked(holds_at, keep=keep)
        over = tuple(Over(*cause) for cause in reported)
        next_at = self._next(case, home, now)
        if not member or shared is None:
            return Looked(next_at, over=over, keep=keep)
        gone = {near.id: (near, lost) for near, states in case.around()
                if (lost := links.lost(near, states, case.gaps, now)) is not None}  # fmt: skip
        rest = [gone[id] for id in areas.members(shared) if id in gone]
        if len(rest) <= areas.FEW:  # those that are left are told one by one
            left = tuple(self._of_link(case, near, lost, _owner(case.registry, near, lost)) for near, lost in rest)
            return Looked(next_at, also=left, over=(*over, Over(SITE, _area(home))), keep=keep)
        ids = [near.id for near, _ in rest]
        return Looked(next_at, self._of_area(case, home, ids, now), over=over, keep=keep)

    @staticmethod
    def _next(case: Case, home: Home, now: datetime) -> datetime:
        """Return when to look again, without a further word until then."""
        lost_at = links.next_at(home, case.states, case.gaps, now)
        return now + LOOK_EVERY if lost_at is None else max(now + GRACE, lost_at)

    def _of_link(self, case: Case, home: Home, link: Lost, owner: str) -> Finding:
        behind = _behind(case.registry, home, link)
        facts: dict[str, str | int] = {}
        if owner == SITE:
            who = "、".join(each.who for each in behind[:_NAMES])
            facts = {"who": who, "addr": areas.place([each.address for each in behind]), "n": len(behind)}
        area = home.area if len({each.area for each in behind}) == 1 else None
        return Finding(
            cause=self.cause(link.key),
            what=NAME,
            severity=Severity.NOTICE,
            home_id=owner,
            device_id=None,
            room=None,
            since=link.since,
            again=False,
            area=area if owner == SITE else None,
            facts=facts,
        )

    @staticmethod
    def _of_area(case: Case, home: Home, ids: Sequence[str], since: datetime) -> Finding:
        homes = [found for id in ids if (found := case.registry.homes.get(id)) is not None]
        return areas.notice(_area(home), AREA, home.area, homes, since)


def is_returning(case: Case, now: datetime) -> bool:
    """Whether the home as a whole was quiet and has just come back: its devices follow one by one."""
    row = _quiet_row(case)
    return row is not None and (row.state == State.OFFLINE or now - row.since < GRACE)


def _quiet_row(case: Case) -> DeviceState | None:
    return next((s for s in case.states if (s.device_id, s.kind, s.property) == QUIET), None)


def _quiet_rows(case: Case, home: Home, link: Lost | None, now: datetime) -> tuple[DeviceState, ...]:
    """Return the row to keep if the home as a whole went quiet, or came back."""
    row = _quiet_row(case)
    state = State.OFFLINE if link is not None and link.key == home.id else State.ONLINE
    if (row.state if row is not None else State.ONLINE) == state:
        return ()
    return (DeviceState(home.id, *QUIET, state.value, now, now),)


def _holds_from(case: Case, home: Home, keep: Sequence[DeviceState]) -> datetime:
    """Return from when the return of the home's link is believed: later if it came and went before."""
    rows = [*keep, *([row] if (row := _quiet_row(case)) is not None else [])][:1]
    back = [row.since for row in rows if row.state == State.ONLINE]
    own = [presence(of_device(device.id, case.states)) for device in home.devices] if back else []
    back += [known.turned_at + STEADY - GRACE for known in own if known.is_flapping and known.turned_at]
    for bridge in links.bridges_of(home, case.states):
        known = presence(of_device(bridge.device_id, case.states))
        returned_at = known.turned_at or bridge.since
        back.append(returned_at + STEADY - GRACE if known.is_flapping else returned_at)
    return max(back, default=case.watch.since) + GRACE


def _unheard(case: Case, home: Home, link: Lost) -> tuple[Gap, ...]:
    """Return what nobody hears from the link's last word on: what happens in the home meanwhile is unknown."""
    behind = [link.key] if link.key != home.id else [home.prefix + device.topic for device in watchers(home)]
    known = {gap.source for gap in case.gaps if gap.until is None}
    return tuple(Gap(source, link.since) for source in behind if source not in known)


def _found(case: Case, home: Home) -> tuple[str, ...]:
    """Return what was said or thought to be lost and can be heard: bridges, and sensors that spoke since."""
    again = {bridge.device_id for bridge in links.bridges_of(home, case.states)}
    spoke = {home.prefix + d.topic: presence(of_device(d.id, case.states)) for d in watchers(home)}

    def is_heard(gap: Gap) -> bool:
        at = spoke[gap.source].heard_at if gap.source in spoke else None
        return gap.source in again or (at is not None and at > gap.since and not spoke[gap.source].is_offline)

    return tuple(gap.source for gap in case.gaps if gap.until is None and is_heard(gap))


def _is_power_cut(known: tuple[str, str], home: Home) -> bool:
    return known[0] == home.id and known[1].startswith(f"{mains.NAME}:")


def _area(home: Home) -> str:
    return f"{AREA}:{home.area}"


def _behind(registry: Registry, home: Home, link: Lost) -> list[Home]:
    """Return the homes that hang on a link."""
    ids = registry.homes_below.get(link.key.removesuffix("bridge").rstrip("/"), ()) if link.key != home.id else ()
    return [registry.homes[id] for id in ids] or [home]


def _owner(registry: Registry, home: Home, link: Lost) -> str:
    """Return on whom the notice hangs: the home, or the site if the link carries several."""
    return home.id if len(_behind(registry, home, link)) == 1 else SITE
