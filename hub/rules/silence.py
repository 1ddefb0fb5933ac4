"""A device that stopped speaking: one notice, unless the link that carries it is what was lost."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from devices.reading import Kind, State
from hub.homes import Device, Home, Registry
from hub.rules import gaps, gateways, links, unheard
from hub.rules.finding import Finding, Severity
from hub.rules.gaps import Gap
from hub.rules.life import REMEMBERS_FOR, can_tell
from hub.rules.maintenance import held_until
from hub.rules.presence import GRACE, PRESS_LIMIT, STEADY, Presence, of_device, presence
from hub.rules.watch import Case, Looked, Over, Wanted

NAME = "silent"
# A look at least this often, so that a device that was configured anew is not awaited for longer than a day.
LOOK_EVERY = timedelta(hours=24)
# While the link that carries it is lost; that is a fault of its own.
BEHIND_A_LOST_LINK = timedelta(hours=1)
# Devices that were lost together come back one by one; none of them is judged before the others are through.
TOGETHER = timedelta(minutes=15)
# A bridge that starts says of each device whether it had heard it lately, before it has asked: who was without power
# as long as the bridge was is "offline" until it answers. Source: zigbee2mqtt.io, "Device availability": active 10.
ASKED_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Silence:
    """The rule; each device's limit follows from what it is and who else watches it."""

    name: str = NAME

    def wanted(self, registry: Registry) -> Iterable[Wanted]:
        """Return one watch for each configured device."""
        return (Wanted(home.id, d.id, LOOK_EVERY) for home in registry.homes.values() for d in home.devices)

    def cause(self, subject: str) -> str:
        """Return the cause: one unresolved alert per device."""
        return f"{NAME}:{subject}"

    def look(self, case: Case, now: datetime) -> Looked:
        """Return the silence of one device; of one that never spoke, the notice that lists all such of its home."""
        home = case.home
        device = case.registry.device(case.watch.home_id, case.watch.subject)
        if home is None or device is None:
            return Looked(now + case.watch.wait)
        known = presence(of_device(device.id, case.states))
        awaited_until = case.watch.since + unheard.UNHEARD_FOR + _missed(case, home, device, case.watch.since, now)
        is_due, held = not known.is_known and now >= awaited_until, held_until(home, now)
        also, over = unheard.judge(case, home, is_due=is_due and held is None, now=now)
        if not known.is_known:
            return Looked((held or now + LOOK_EVERY) if is_due else awaited_until, None, also, over)
        looked = self._judged(case, home, device, known, now)
        if held is not None and looked.finding is not None:
            looked = replace(looked, finding=None, due_at=held)
        return replace(looked, also=also, over=(*over, *looked.over))

    def _judged(self, case: Case, home: Home, device: Device, known: Presence, now: datetime) -> Looked:
        """Judge a device that spoke before. One behind a lost link is unknown, and not judged again at once after."""
        link = links.lost(home, case.states, case.gaps, now)
        if link is not None and links.carries(link, home, device, case.states):
            return Looked(now + (GRACE if now - link.since < GRACE else BEHIND_A_LOST_LINK))
        if gateways.is_returning(case, now):
            return Looked(now + GRACE)
        if known.is_offline and _has_no_power(case, known, now):
            return Looked(now + TOGETHER)
        if known.is_offline:
            began = _began(case, home, device, known)
            silent = now - began - _missed(case, home, device, began, now)
            if silent < GRACE:
                return Looked(now + GRACE - silent)
            return Looked(now + LOOK_EVERY, self._finding(device, known, now))
        limit, heard_at, topic = known.limit(device), known.heard_at, home.prefix + device.topic
        if limit is not None and heard_at is not None:
            silent = now - heard_at - _missed(case, home, device, heard_at, now)
            if silent >= limit:
                # A sensor that is lost sees nobody: the home's stillness is unknown through it, from its last word.
                lost = () if _is_gap_open(case, topic) or not can_tell(device) else (Gap(topic, heard_at),)
                return Looked(now + LOOK_EVERY, self._finding(device, known, now), lost=lost)
        next_at = now + LOOK_EVERY if limit is None or heard_at is None else now + limit - silent
        found = (topic,) if _is_gap_open(case, topic) else ()
        if not case.reported:
            return Looked(next_at, found=found)
        holds_at = holds_from(known)
        if holds_at is not None and holds_at > now:
            return Looked(holds_at, found=found)
        return Looked(next_at, over=(Over(home.id, self.cause(device.id)),), found=found)

    def _finding(self, device: Device, known: Presence, now: datetime) -> Finding:
        since = known.heard_at or known.turned_at or now
        hours, days = (now - since) // timedelta(hours=1), (now - since) // timedelta(days=1)
        unproven = not known.is_offline and known.limit(device) == PRESS_LIMIT
        return Finding(
            cause=self.cause(device.id),
            what="unproven" if unproven else NAME,
            severity=Severity.NOTICE,
            home_id=device.home,
            device_id=device.id,
            room=device.room,
            since=since,
            again=False,
            facts={"n": days} if unproven else {"h": hours} if hours else {},
        )


def holds_from(known: Presence) -> datetime | None:
    """Return from when the return of a device's link is believed; None if its own word proves it."""
    if known.turned_at is None:
        return None
    if known.is_flapping:
        return known.turned_at + STEADY
    by_itself = known.heard_at is not None and known.heard_at - known.turned_at > GRACE
    return None if by_itself else known.turned_at + GRACE


def _has_no_power(case: Case, known: Presence, now: datetime) -> bool:
    """Whether a device without a battery is lost because the home has no mains, or had none until just now.

    Whoever says that there are none is believed for a day without a further word.
    """
    mains = [s for s in case.states if s.kind == Kind.MAINS and now - s.at < LOOK_EVERY]
    return not known.has_battery and any(s.state == State.ACTIVE or now - s.since < TOGETHER for s in mains)


def _is_gap_open(case: Case, topic: str) -> bool:
    return any(gap.source == topic and gap.until is None for gap in case.gaps)


def _missed(case: Case, home: Home, device: Device, since: datetime, now: datetime) -> timedelta:
    """Return how long the hub, or a bridge above the device, could not have heard it."""
    sources = (gaps.HUB, *gaps.sources(home.prefix, device)[1:])
    return gaps.length(gaps.spans(case.gaps, sources, since, now))


def _began(case: Case, home: Home, device: Device, known: Presence) -> datetime:
    """Return from when an "offline" counts: when it was said, or when the first one lost with it came back.

    What a bridge says of its devices as it starts counts once it has asked them.
    """
    said_at = known.turned_at or case.watch.since
    bridge = links.bridge_of(home, device, links.bridges_of(home, case.states))
    started_at = presence(of_device(bridge.device_id, case.states)).turned_at if bridge is not None else None
    if started_at is not None and timedelta(0) <= said_at - started_at <= REMEMBERS_FOR:
        said_at = started_at + ASKED_WITHIN
    others = (presence(of_device(d.id, case.states)) for d in home.devices if d.id != device.id)
    back = [o.turned_at for o in others if o.turned_at is not None and not o.is_offline]
    return max([said_at, *(at for at in back if said_at < at <= said_at + TOGETHER)])
