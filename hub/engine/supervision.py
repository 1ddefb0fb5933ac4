"""What a message means for what is watched: links that come and go, devices that speak, and those that speak again."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from devices.reading import Kind, Reading, State
from hub.homes import Device, DeviceKind, DeviceState, Registry
from hub.ports import Arrival
from hub.rules import gateways, links, mains, silence
from hub.rules.finding import Heard
from hub.rules.presence import GRACE, HEARD, PRESS_ECHO, TURNS, noted, turned

States = Mapping[tuple[str, str, str, str], DeviceState]
# The home, rule and subject of a watch, and by when it is to be looked at.
Look = tuple[tuple[str, str, str], datetime]
# What was quiet for so long may have been reported, or its whole home: a little less than the shortest limit that is.
LONG_QUIET = links.ALL_QUIET - timedelta(hours=1)
# A word that tells nothing new is only doubted after so long: until then it changes nothing that matters here.
DOUBTED_AFTER = timedelta(hours=1)
_ALWAYS = frozenset({Kind.BRIDGE, Kind.AVAILABILITY, Kind.MAINS})


def is_news(reading: Reading, before: DeviceState | None, at: datetime) -> bool:
    """Whether a reading can make a watch due at all; most cannot, and are spared the rest."""
    if reading.kind in _ALWAYS:
        return True
    if reading.retained and reading.kind is Kind.BUTTON:
        return False  # of unknown age, and kept nowhere
    return before is None or at - before.at >= LONG_QUIET


def looks(heard: Heard, registry: Registry) -> Iterator[Look]:
    """Yield which watches a reading makes due, and by when."""
    reading, at, before = heard.reading, heard.at, heard.previous
    quiet = None if before is None else at - before.at
    if reading.kind is Kind.BRIDGE:
        missed = quiet is None or quiet >= links.HEALTH_LIMIT
        if _turns(heard) or (reading.state is State.ALIVE and missed):
            # A bridge of many homes is looked at for all of them by the first.
            for home in registry.homes_below.get(heard.device_id.rpartition("/")[0], ())[:1]:
                yield (home, gateways.NAME, ""), _by(reading, at)
    elif heard.device is None:
        return
    elif reading.kind is Kind.AVAILABILITY:
        if _turns(heard):
            yield (heard.home_id, silence.NAME, heard.device_id), _by(reading, at)
            yield (heard.home_id, gateways.NAME, ""), _by(reading, at)
    else:
        yield from word(heard.device, quiet, at)
        if reading.kind is Kind.MAINS and reading.state is State.CLEAR:
            yield (heard.home_id, mains.NAME, heard.device_id), at + mains.STABLE_FOR


def word(device: Device, quiet: timedelta | None, at: datetime) -> Iterator[Look]:
    """Yield which watches a device's own word makes due: its first, and one after a long quiet."""
    if quiet is None or quiet >= LONG_QUIET:
        yield (device.home, silence.NAME, device.id), at
    if quiet is not None and quiet >= LONG_QUIET:
        yield (device.home, gateways.NAME, ""), at


def turn(heard: Heard, states: States) -> DeviceState | None:
    """Return the row that counts how often the link changed lately, if it changed now."""
    if not _turns(heard):
        return None
    return turned(heard.home_id, heard.device_id, states.get((heard.home_id, heard.device_id, *TURNS)), heard.at)


def is_doubtful(reading: Reading, before: DeviceState | None, at: datetime) -> bool:
    """Whether a word may be what the bridge remembers, and matters: nothing was heard of the device for long."""
    if reading.kind in (Kind.AVAILABILITY, Kind.BRIDGE) or reading.retained or reading.device_at is not None:
        return False
    return before is None or (before.state == reading.state and at - before.at >= DOUBTED_AFTER)


def unasked(device: Device, arrival: Arrival, states: States, *, kept: bool) -> DeviceState | None:
    """Return the row to keep if a device's word is not known by what was kept of it, or came without a press."""
    at, key = arrival.delivery.message.received_at, (device.home, device.id)
    if device.kind is DeviceKind.BUTTON:
        presses = [states.get((*key, Kind.BUTTON.value, name)) for name in ("action", "")]
        echo = any(p is not None and at - p.at <= PRESS_ECHO for p in presses)
        if echo or any(reading.kind is Kind.BUTTON for reading in arrival.readings):
            return None
    elif kept:
        return None
    return noted(*key, states.get((*key, *HEARD)), at)


def _turns(heard: Heard) -> bool:
    """Whether a link went, or came back. That one nobody knew of is there is no change."""
    if heard.reading.state not in (State.ONLINE, State.OFFLINE):
        return False
    before = heard.previous.state if heard.previous is not None else State.ONLINE
    return before != heard.reading.state


def _by(reading: Reading, at: datetime) -> datetime:
    return at + GRACE if reading.state is State.OFFLINE else at
