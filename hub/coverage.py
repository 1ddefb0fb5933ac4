"""How well a home is covered: whether a call for help from it would be heard now, and what is missing if not.

Protected: each of its devices was heard, none is silent, weak or broken, it has a way to call, and its call button was
proven within a week. With gaps: something of that is missing, but a device that can raise an alarm works. Not
protected: none does, or nothing was ever heard. Not known: the link that carries the home is lost; what happens
there nobody can say. What was never proven counts for nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from devices.reading import Kind, State
from hub.homes import LIFE_KINDS, Device, DeviceKind, DeviceRole, DeviceState, Home
from hub.rules import battery, gaps, links
from hub.rules.gaps import Gap
from hub.rules.presence import GRACE, Presence, presence
from hub.weekly import EVERY, is_call_button

# A home is looked at anew at least so often, and not again at once.
LOOK_EVERY, SOONEST = timedelta(hours=24), timedelta(seconds=30)


class Coverage(StrEnum):
    """How well a home is covered."""

    PROTECTED = "protected"
    GAPS = "gaps"
    NOT_PROTECTED = "not_protected"
    NOT_KNOWN = "not_known"


class Lack(StrEnum):
    """What is missing."""

    LINK_LOST = "link_lost"
    NO_DEVICES = "no_devices"
    NO_CALL = "no_call"  # nothing in the home can call for help or detect a danger
    NEVER_HEARD = "never_heard"
    SILENT = "silent"
    BROKEN = "broken"
    UNREADABLE = "unreadable"
    TAMPERED = "tampered"
    BATTERY = "battery"
    TEST_OVERDUE = "test_overdue"
    NUMBER_DEAD = "number_dead"


# A device with one of these cannot be relied on to raise an alarm.
_USELESS = frozenset({Lack.NEVER_HEARD, Lack.SILENT, Lack.BROKEN, Lack.UNREADABLE})
# Notices whose cause names a device, and what they say of it.
_NOTICES = {
    Kind.FAULT.value: Lack.BROKEN,
    Kind.TAMPER.value: Lack.TAMPERED,
    "unreadable": Lack.UNREADABLE,
    battery.NAME: Lack.BATTERY,
}
_NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is missing. `device` is the device's id, or the person's whose number is dead."""

    what: Lack
    device: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Covered:
    """A home's coverage and why; `until` it changes only if something is heard of the home, or reported about it."""

    coverage: Coverage
    missing: tuple[Missing, ...]
    until: datetime


def judge(
    home: Home, states: Sequence[DeviceState], known: Iterable[Gap], notices: Iterable[str], now: datetime
) -> Covered:
    """Return how well a home is covered at `now`.

    `states` are the last words of its devices and of the bridges above them, `known` when the hub itself could not
    hear, `notices` the causes of the home's unresolved alerts.
    """
    if not home.devices:
        return Covered(Coverage.NOT_PROTECTED, (Missing(Lack.NO_DEVICES),), now + LOOK_EVERY)
    own = list(known)
    by_device = _by_device(home, states)
    presences = {id: presence(said) for id, said in by_device.items()}
    lost = links.lost(home, states, own, now)
    if lost is not None and now - lost.since >= GRACE:
        return Covered(Coverage.NOT_KNOWN, (Missing(Lack.LINK_LOST, None, lost.since),), now + LOOK_EVERY)
    reported = _reported(notices)
    soon = [now + LOOK_EVERY]
    if (link_at := links.next_at(home, states, own, now)) is not None:
        soon.append(link_at)
    if lost is not None:
        soon.append(lost.since + GRACE)
    missing: list[Missing] = []
    buttons = call_buttons(home)
    for device in home.devices:
        said, known_of = by_device[device.id], presences[device.id]
        found, next_at = _of_device(device, said, known_of, own, now)
        missing += _joined(device, found, reported.get(device.id, ()))
        soon += next_at
        if device in buttons and known_of.is_known:
            missing += _untested(device, said, now, soon)
    missing += [Missing(Lack.NUMBER_DEAD, person) for person in _dead_numbers(notices)]
    if not alarm_devices(home):
        missing.append(Missing(Lack.NO_CALL))
    return Covered(_coverage(home, presences, missing), tuple(missing), max(now + SOONEST, min(soon)))


def call_buttons(home: Home) -> tuple[Device, ...]:
    """Return the buttons that are tried each week: those with a role to call; where none has one, all without a role.

    What a button without a role means its bridge knows, or its name.
    """
    named = tuple(d for d in home.devices if is_call_button(d))
    return named or tuple(d for d in home.devices if d.kind is DeviceKind.BUTTON and d.role is None)


def alarm_devices(home: Home) -> tuple[Device, ...]:
    """Return the devices that can raise an alarm: call buttons, fall, gas, smoke and CO detectors."""
    buttons = call_buttons(home)
    detectors = (*LIFE_KINDS, DeviceKind.FALL)
    return tuple(d for d in home.devices if d in buttons or d.kind in detectors or d.role is DeviceRole.SOS)


def pressed_at(states: Iterable[DeviceState]) -> datetime | None:
    """Return when a button was last pressed, by its last words."""
    at = (s.life_at or (s.at if s.state == State.ACTIVE else None) for s in states if s.kind == Kind.BUTTON)
    return max((instant for instant in at if instant is not None), default=None)


def _by_device(home: Home, states: Sequence[DeviceState]) -> dict[str, list[DeviceState]]:
    found: dict[str, list[DeviceState]] = {device.id: [] for device in home.devices}
    for state in states:
        if state.device_id in found:
            found[state.device_id].append(state)
    return found


def _reported(notices: Iterable[str]) -> Mapping[str, Sequence[Lack]]:
    """Return what open notices say, by device."""
    found: dict[str, list[Lack]] = {}
    for cause in notices:
        name, _, device = cause.partition(":")
        if device and (what := _NOTICES.get(name)) is not None:
            found.setdefault(device, []).append(what)
    return found


def _dead_numbers(notices: Iterable[str]) -> list[str]:
    """Return whose number takes nothing."""
    return [cause.partition(":")[2] for cause in notices if cause.startswith(f"{_NUMBER}:")]


def _of_device(
    device: Device, said: Sequence[DeviceState], known: Presence, own: Sequence[Gap], now: datetime
) -> tuple[list[Missing], list[datetime]]:
    """Return what its last words lack, and when that could change without a further one."""
    missing = [Missing(Lack.BATTERY, device.id, s.since) for s in said if _is_low(s)][:1]
    if not known.is_known:
        return [Missing(Lack.NEVER_HEARD, device.id)], []
    since, ends = _silence(device, known, own, now)
    if since is not None:
        return [Missing(Lack.SILENT, device.id, since), *missing], []
    return missing, [ends] if ends is not None else []


def _is_low(state: DeviceState) -> bool:
    return state.kind == Kind.BATTERY and state.state == State.ACTIVE


def _silence(
    device: Device, known: Presence, own: Sequence[Gap], now: datetime
) -> tuple[datetime | None, datetime | None]:
    """Return since when a device is silent, else when it would be. The hub's own absence is nobody's silence."""
    if known.is_offline and known.turned_at is not None:
        if now - known.turned_at >= GRACE:
            return known.turned_at, None
        return None, known.turned_at + GRACE
    limit = known.limit(device)
    if limit is None or known.heard_at is None:
        return None, None
    left = limit - links.quiet(known.heard_at, own, now, (gaps.HUB,))
    return (known.heard_at, None) if left <= timedelta(0) else (None, now + left)


def _joined(device: Device, found: Sequence[Missing], reported: Iterable[Lack]) -> list[Missing]:
    """Return what its words and what notices say, each once."""
    said = {one.what for one in found}
    return [*found, *(Missing(what, device.id) for what in dict.fromkeys(reported) if what not in said)]


def _untested(device: Device, said: Sequence[DeviceState], now: datetime, soon: list[datetime]) -> list[Missing]:
    """Return that a call button was not proven for a week; note when that will be so."""
    at = pressed_at(said)
    if at is not None and now - at < EVERY:
        soon.append(at + EVERY)
        return []
    return [Missing(Lack.TEST_OVERDUE, device.id, at)]


def _coverage(home: Home, presences: Mapping[str, Presence], missing: Sequence[Missing]) -> Coverage:
    if not missing:
        return Coverage.PROTECTED
    if not any(known.is_known for known in presences.values()):
        return Coverage.NOT_PROTECTED
    useless = {one.device for one in missing if one.what in _USELESS}
    alarms = alarm_devices(home)
    if alarms and all(device.id in useless for device in alarms):
        return Coverage.NOT_PROTECTED
    return Coverage.GAPS
