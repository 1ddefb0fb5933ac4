"""What proves that a device itself spoke, when it last did, and what others say of its link."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from devices.reading import Kind, State
from hub.homes import Device, DeviceKind, DeviceState
from hub.rules.finding import Heard, is_edge
from hub.rules.life import REMEMBERS_FOR

# A battery device that says nothing for a day is lost; so is any other that nobody else watches.
# Source: GB/T 45839-2025, 5.5.2. Zigbee2MQTT's own 25 h for battery devices would come too late.
BATTERY_LIMIT = timedelta(hours=24)
# A button that speaks only when pressed is proven by a press. Our choice, for homes where nobody tests each week.
PRESS_LIMIT = timedelta(days=30)
# A bridge or a broker that restarts, Wi-Fi that comes back: an end of the link that is over by then is nothing, and
# so is a return that is over by then. Our choice: far above a restart, far below what a visit takes.
GRACE = timedelta(minutes=5)
# A link that changed three times within an hour is shaky: its alert stays until it has held for an hour.
# Source: three changes are what ISA-18.2 calls chattering; the hour is ours, the same as for restored mains.
FLAP_WINDOW, STEADY = timedelta(minutes=60), timedelta(minutes=60)
# How often the hub writes down that a device speaks which says nothing worth keeping.
_NOTED_EVERY = timedelta(minutes=5)
# A button that spoke unasked in so many different hours does so by habit, and then its silence means something.
_HABIT, _HABIT_HOUR = 3, timedelta(hours=1)
# What a bridge says right after a press only ends it.
PRESS_ECHO = timedelta(seconds=10)

# Rows of the hub's own beside a device's states: that it spoke, how often its link changed lately.
HEARD = (Kind.LIFECYCLE.value, "heard")
TURNS = (Kind.AVAILABILITY.value, "turns")
_OF_LINKS = frozenset({Kind.AVAILABILITY.value, Kind.BRIDGE.value})


def proves_presence(heard: Heard) -> bool:
    """Whether a reading shows that the device itself spoke after its last word.

    What is retained, what a bridge remembers and says again, and what others say of the device show nothing; but
    what changed was said since, whenever that was.
    """
    reading, before = heard.reading, heard.previous
    if reading.kind in (Kind.AVAILABILITY, Kind.BRIDGE):
        return False
    if reading.kind is Kind.BUTTON and reading.state is State.ACTIVE:
        return not reading.retained
    if before is not None and reading.state is not None and is_edge(heard):
        return True
    if before is not None and reading.seq is not None and before.seq is not None:
        return (reading.seq, reading.device_at) != (before.seq, before.device_at)
    if before is not None and reading.device_at is not None and before.device_at is not None:
        return reading.device_at > before.device_at
    return not reading.retained and not may_be_remembered(heard)


def may_be_remembered(heard: Heard) -> bool:
    """Whether the bridge came online so lately that it may only say what it remembers."""
    online_at = heard.bridge_online_at
    return online_at is not None and timedelta(0) <= heard.at - online_at <= REMEMBERS_FOR


@dataclass(frozen=True, slots=True)
class Presence:
    """What is known of one device's presence. `heard_at`: its own last word; None: it never spoke.

    `link` is what its bridge, or the broker by its last will, says of it; it `turned_at` then for the last time.
    """

    heard_at: datetime | None = None
    link: str | None = None
    turned_at: datetime | None = None
    is_flapping: bool = False
    has_battery: bool = False
    speaks_unasked: bool = False

    @property
    def is_offline(self) -> bool:
        """Whether its link is said to be gone and nothing was heard of it since."""
        if self.link != State.OFFLINE or self.turned_at is None:
            return False
        return self.heard_at is None or self.heard_at <= self.turned_at

    @property
    def is_known(self) -> bool:
        """Whether anything was ever heard from it or of it."""
        return self.heard_at is not None or self.link is not None

    def limit(self, device: Device) -> timedelta | None:
        """Return how long it may say nothing; None if its link is watched by others and it owes no word.

        Mains-powered devices are asked by their bridge, own devices watched by the broker: those say "offline".
        """
        if device.kind is DeviceKind.BUTTON and not self.speaks_unasked:
            return PRESS_LIMIT if self.link is None else None
        return None if self.link == State.ONLINE and not self.has_battery else BATTERY_LIMIT


def presence(states: Iterable[DeviceState]) -> Presence:
    """Return what the last words of one device, and of its bridge about it, tell of its presence."""
    found = Presence()
    for state in states:
        key = (state.kind, state.property)
        if key == TURNS:
            flaps = state.device_at is not None and state.at - state.device_at <= FLAP_WINDOW
            found = replace(found, turned_at=state.at, is_flapping=flaps)
        elif state.kind == Kind.AVAILABILITY:
            found = replace(found, link=state.state, turned_at=found.turned_at or state.since)
        elif state.kind not in _OF_LINKS and not state.retained:
            found = replace(found, heard_at=max(found.heard_at or state.at, state.at))
        if state.kind == Kind.BATTERY:
            found = replace(found, has_battery=True)
        if key == HEARD and (state.seq or 0) >= _HABIT:
            found = replace(found, speaks_unasked=True)
    return found


def of_device(device_id: str, states: Iterable[DeviceState]) -> Sequence[DeviceState]:
    """Return the states of one device among those of its home."""
    return [state for state in states if state.device_id == device_id]


# --- what the hub notes beside a device's states ------------------------------------------------------------------


def noted(home_id: str, device_id: str, before: DeviceState | None, at: datetime) -> DeviceState | None:
    """Return the row that a device spoke unasked at `at`; None while the last one is young enough.

    `seq` counts the different hours in which it did.
    """
    if before is None:
        return DeviceState(home_id, device_id, *HEARD, State.ALIVE.value, at, at, seq=1)
    if at - before.since >= _HABIT_HOUR:
        return replace(before, since=at, at=at, seq=(before.seq or 0) + 1)
    return replace(before, at=at) if at - before.at >= _NOTED_EVERY else None


def turned(home_id: str, device_id: str, before: DeviceState | None, at: datetime) -> DeviceState:
    """Return the row that says when a link came or went for the last three times: `at`, `since`, `device_at`."""
    if before is None:
        return DeviceState(home_id, device_id, *TURNS, "", at, at)
    return replace(before, at=at, since=before.at, device_at=before.since if before.since < before.at else None)
