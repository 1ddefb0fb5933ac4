"""A home's rooms and devices in words: what each said last and how it is. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from devices.reading import Kind, State
from hub.coverage import Coverage, Lack, pressed_at
from hub.homes import Device, DeviceKind, DeviceState, Home
from hub.rules.life import can_tell
from hub.rules.presence import Presence, presence
from hub.web.console.home_sight import Moment
from hub.web.console.words import Words

# Movement so young tints a room: somebody is there, or was until just now.
LATELY = timedelta(minutes=10)
_HAZARDS = frozenset({DeviceKind.GAS, DeviceKind.SMOKE, DeviceKind.CO, DeviceKind.LEAK, DeviceKind.FALL})
_BROKEN = frozenset({Lack.BROKEN, Lack.TAMPERED, Lack.UNREADABLE})


class Standing(StrEnum):
    """How a device is, the gravest first."""

    ALARM = "alarm"
    LOST = "lost"
    NEVER = "never"
    BROKEN = "broken"
    LOW = "low"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Shown:
    """One device. `said` is its last word in words, `said_at` when it was; `battery` in percent where it is known."""

    device: Device
    name: str
    standing: Standing
    said: str
    said_at: datetime | None
    link: str | None = None
    battery: int | None = None
    is_low: bool = False
    has_battery: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """One room. `watched`: it has a sensor that sees movement; `unknown`: none of those can be heard."""

    id: str | None
    name: str
    devices: tuple[Shown, ...]
    watched: bool
    unknown: bool
    moved_at: datetime | None
    lately: bool


def shown(moment: Moment, words: Words) -> tuple[Shown, ...]:
    """Return all devices of a home, in its own order."""
    alarms = {item.alert.device_id for item in moment.items if item.alert.active or item.alert.what == "sos"}
    lacks: dict[str, set[Lack]] = {}
    for missing in moment.covered.missing:
        lacks.setdefault(missing.device or "", set()).add(missing.what)
    names = _names(moment.home, words)
    return tuple(
        _shown(moment, device, names[device.id], lacks.get(device.id, set()), device.id in alarms, words)
        for device in moment.home.devices
    )


def rooms(moment: Moment, devices: Iterable[Shown], words: Words) -> tuple[Room, ...]:
    """Return the rooms in which something hangs, in the order of the home's devices."""
    by_room: dict[str | None, list[Shown]] = {}
    for one in devices:
        by_room.setdefault(one.device.room, []).append(one)
    return tuple(_room(moment, room, of, words) for room, of in sorted(by_room.items(), key=lambda item: not item[0]))


def _room(moment: Moment, room: str | None, of: Sequence[Shown], words: Words) -> Room:
    sensors = [one for one in of if can_tell(one.device) and one.device.kind is not DeviceKind.BUTTON]
    lives = [s.life_at for one in of for s in moment.of(one.device.id) if s.life_at is not None]
    moved_at = max(lives, default=None)
    name = words.room(room, moment.home) if room else words.say("No room given")
    unheard = all(one.standing in (Standing.LOST, Standing.NEVER) for one in sensors)
    lately = moved_at is not None and moment.now - moved_at < LATELY
    return Room(room, name, tuple(of), bool(sensors), bool(sensors) and unheard, moved_at, lately)


def _names(home: Home, words: Words) -> Mapping[str, str]:
    """Return what each device is called in its room: its place or its id too where two are of one kind."""
    kinds = [(device.room, device.kind) for device in home.devices]
    found = {}
    for device in home.devices:
        name = words.catalogue.devices.get(device.kind.value, device.kind.value)
        if kinds.count((device.room, device.kind)) > 1:
            name = words.say("%(device)s (%(which)s)", device=name, which=device.place or device.id)
        found[device.id] = name
    return found


def _shown(moment: Moment, device: Device, name: str, lacks: set[Lack], alarms: bool, words: Words) -> Shown:
    states = moment.of(device.id)
    known = presence(states)
    standing = _standing(moment, device, states, known, lacks, alarms)
    said, said_at = _said(device, states, known, moment, words)
    is_low = any(s.kind == Kind.BATTERY and s.state == State.ACTIVE for s in states)
    return Shown(
        device,
        name,
        standing,
        said,
        said_at,
        known.link,
        moment.batteries.get(device.id),
        is_low,
        known.has_battery or device.id in moment.batteries,
    )


def _standing(
    moment: Moment, device: Device, states: Sequence[DeviceState], known: Presence, lacks: set[Lack], alarms: bool
) -> Standing:
    if alarms or (device.kind in _HAZARDS and any(_is_alarm(device, s) for s in states)):
        return Standing.ALARM
    if not known.is_known:
        return Standing.NEVER
    if moment.covered.coverage is Coverage.NOT_KNOWN or Lack.SILENT in lacks:
        return Standing.LOST
    if lacks & _BROKEN:
        return Standing.BROKEN
    return Standing.LOW if Lack.BATTERY in lacks else Standing.OK


def _is_alarm(device: Device, state: DeviceState) -> bool:
    return state.kind == device.kind.value and state.state == State.ACTIVE


# --- last words -----------------------------------------------------------------------------------------------

Say = Callable[[Words, str], str]
# What a device's own kind says while it is so, and while it is not.
_WORDS: Mapping[str, tuple[Say, Say]] = {
    "gas": (lambda w, at: w.say("Gas since %(at)s", at=at), lambda w, at: w.say("Normal, %(at)s", at=at)),
    "smoke": (lambda w, at: w.say("Smoke since %(at)s", at=at), lambda w, at: w.say("Normal, %(at)s", at=at)),
    "co": (lambda w, at: w.say("CO since %(at)s", at=at), lambda w, at: w.say("Normal, %(at)s", at=at)),
    "leak": (lambda w, at: w.say("Water since %(at)s", at=at), lambda w, at: w.say("Dry, %(at)s", at=at)),
    "fall": (lambda w, at: w.say("Fall at %(at)s", at=at), lambda w, at: w.say("Normal, %(at)s", at=at)),
    "contact": (lambda w, at: w.say("Open since %(at)s", at=at), lambda w, at: w.say("Closed since %(at)s", at=at)),
    "bed": (lambda w, at: w.say("In bed since %(at)s", at=at), lambda w, at: w.say("Out of bed since %(at)s", at=at)),
    "mains": (lambda w, at: w.say("Power cut since %(at)s", at=at), lambda w, at: w.say("Power on, %(at)s", at=at)),
}


def _said(
    device: Device, states: Sequence[DeviceState], known: Presence, moment: Moment, words: Words
) -> tuple[str, datetime | None]:
    """Return a device's last word in words, and when it last spoke."""
    at = known.heard_at
    if not known.is_known:
        return words.say("Never heard"), None
    if device.kind is DeviceKind.BUTTON:
        pressed = pressed_at(states)
        if pressed is None:
            return words.say("Never pressed"), at
        return words.say("Pressed %(at)s", at=words.moment(pressed, moment.now)), at
    if device.kind is DeviceKind.MOTION:
        moved = max((s.life_at for s in states if s.life_at is not None), default=None)
        if moved is None:
            return words.say("No movement yet"), at
        return words.say("Movement %(at)s", at=words.moment(moved, moment.now)), at
    own = [s for s in states if s.kind == device.kind.value]
    pair = _WORDS.get(device.kind.value)
    if pair is None or not own:
        return (words.say("Last word %(at)s", at=words.moment(at, moment.now)) if at else words.say("Connected")), at
    state = max(own, key=lambda s: (s.state == State.ACTIVE, s.at))
    is_so = state.state == State.ACTIVE
    lasting = is_so or device.kind in (DeviceKind.CONTACT, DeviceKind.BED)
    return pair[not is_so](words, words.moment(state.since if lasting else state.at, moment.now)), at
