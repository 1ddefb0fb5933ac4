"""A sign of life: what in one reading proves that somebody in the home moved, and when."""

from datetime import datetime, timedelta

from devices.reading import Kind, Reading, State
from hub.homes import Device, DeviceKind, DeviceRole, Home
from hub.rules import sos
from hub.rules.finding import Heard, is_edge

# Device clocks within this of what is possible are believed. Source: receivers of alarms after SIA DC-09 accept
# stamps from 40 s behind to 20 s ahead.
SLOW_CLOCK, FAST_CLOCK = timedelta(seconds=40), timedelta(seconds=20)
# Motion sensors fall back within minutes. One that said "clear" before and has been active for so long is stuck, or
# its "clear" was lost; a sensor that never says "clear" sends pulses, and each is news.
STUCK_AFTER = timedelta(hours=2)
# A bridge that comes online publishes what it remembers of all its devices, within seconds of its own "online".
# Source: zigbee2mqtt.io, option cache_state_send_on_startup.
REMEMBERS_FOR = timedelta(seconds=30)

_DEVICES = frozenset({DeviceKind.MOTION, DeviceKind.CONTACT, DeviceKind.BED, DeviceKind.BUTTON})
_KINDS = frozenset({Kind.MOTION, Kind.CONTACT, Kind.BED, Kind.BUTTON})
# What sees whoever moves, without being asked.
_SEES = frozenset({DeviceKind.MOTION, DeviceKind.BED})


def can_tell(device: Device) -> bool:
    """Whether a device can show that the resident moves; a doorbell shows that somebody else does."""
    return device.kind in _DEVICES and device.role is not DeviceRole.DOORBELL


def watchers(home: Home) -> list[Device]:
    """Return the sensors through which a home is watched: those that see whoever moves; where there are none, doors.

    A press is a sign of life, and so is a door; but nobody is still because they called nobody, and a home whose
    motion sensors are lost is unknown, not still, though its door could be heard.
    """
    seeing = [device for device in home.devices if device.kind in _SEES]
    return seeing or [device for device in home.devices if device.kind is DeviceKind.CONTACT and can_tell(device)]


def may_be_sign(reading: Reading, device: Device | None) -> bool:
    """Whether a reading can be a sign of life at all, without a look at what was said before."""
    if reading.state is not State.ACTIVE or reading.kind not in _KINDS or reading.retained or reading.test:
        return False
    return device is not None and can_tell(device)


def sign(heard: Heard) -> datetime | None:
    """Return when this reading proves that somebody moved; None if it proves nothing.

    An edge to active does, and each press; a repeat only with fresh evidence from the device itself. What a bridge
    remembers and says again, and a sensor stuck on active, are no life.
    """
    if not may_be_sign(heard.reading, heard.device):
        return None
    is_event = heard.reading.kind is Kind.BUTTON and heard.reading.property in (None, "action")
    if heard.reading.kind is Kind.BUTTON:
        if sos.is_repeat(heard):
            return None
    elif is_stuck(heard) or not (is_edge(heard) or _is_fresh(heard)):
        return None
    if not is_event and _is_remembered(heard):
        return None
    return _moment(heard)


def kept(heard: Heard, found: datetime | None) -> tuple[datetime | None, datetime | None]:
    """Return what the device's state keeps after this reading, whose sign of life was `found`: life and "clear"."""
    before = heard.previous
    known = before.life_at if before is not None else None
    life_at = max(known, found) if known is not None and found is not None else found or known
    if heard.reading.state is State.CLEAR:
        return life_at, heard.at
    return life_at, before.cleared_at if before is not None else None


def is_stuck(heard: Heard) -> bool:
    """Whether the sensor has been active for too long to mean anything."""
    before = heard.previous
    if before is None or before.state != State.ACTIVE or before.cleared_at is None:
        return False
    return heard.at - before.since > STUCK_AFTER


def _is_fresh(heard: Heard) -> bool:
    """Whether the device itself saw somebody since its last word: its clock or its count moved on."""
    before, reading = heard.previous, heard.reading
    if before is None:
        return True
    if reading.seq is not None and before.seq is not None and reading.seq != before.seq:
        return True  # a lower one too: the device began to count anew
    if reading.kind is not Kind.MOTION:
        return False  # a door that stands open, a bed that is in use: its battery's report has a new time as well
    return reading.device_at is not None and reading.device_at > (before.device_at or before.at)


def _is_remembered(heard: Heard) -> bool:
    """Whether this may be what the bridge remembered from before it came online, rather than news."""
    online_at, said_at = heard.bridge_online_at, heard.reading.device_at
    if online_at is None or not timedelta(0) <= heard.at - online_at <= REMEMBERS_FOR:
        return False
    if said_at is None or said_at < online_at - SLOW_CLOCK:
        return True
    before = heard.previous
    return before is not None and before.device_at is not None and said_at <= before.device_at


def _moment(heard: Heard) -> datetime:
    """What waited at the broker proves life when the wait began at the latest, unless the device's time is possible."""
    began, said_at = heard.waited_since, heard.reading.device_at
    if began is None:
        return heard.at
    if said_at is not None and began - SLOW_CLOCK <= said_at <= heard.at + FAST_CLOCK:
        return min(max(said_at, began), heard.at)
    return min(began, heard.at)
