"""One normalised thing a device said."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a reading is about."""

    MOTION = "motion"
    CONTACT = "contact"
    GAS = "gas"
    SMOKE = "smoke"
    CO = "co"
    LEAK = "leak"
    BUTTON = "button"
    FALL = "fall"
    BED = "bed"
    TEMPERATURE = "temperature"
    HUMIDITY = "humidity"
    BATTERY = "battery"
    TAMPER = "tamper"
    FAULT = "fault"
    MAINS = "mains"
    AVAILABILITY = "availability"
    BRIDGE = "bridge"
    LIFECYCLE = "lifecycle"
    DISCOVERY = "discovery"


class State(StrEnum):
    """`ACTIVE`: what the kind names is so (motion seen, door open, gas present, pressed). Links are `ONLINE` or not.

    The last five are steps in a device's life with its bridge.
    """

    ACTIVE = "active"
    CLEAR = "clear"
    ONLINE = "online"
    OFFLINE = "offline"
    ALIVE = "alive"
    JOINED = "joined"
    LEFT = "left"
    ANNOUNCE = "announce"
    INTERVIEW_STARTED = "interview_started"
    INTERVIEW_FAILED = "interview_failed"


@dataclass(frozen=True, slots=True)
class Listed:
    """A device as its bridge lists it. `room_hint` is what somebody wrote about it there.

    `capabilities` are what it can say: property and kind. `sos`: some of it calls for help by itself; `maybe_sos`: it
    is described as an SOS button, but publishes ordinary presses.
    """

    identity: str
    device: str
    vendor: str | None = None
    model: str | None = None
    supported: bool = True
    disabled: bool = False
    power_source: str | None = None
    room_hint: str | None = None
    capabilities: tuple[tuple[str, Kind], ...] = ()
    sos: bool = False
    maybe_sos: bool = False


class Reading(NamedTuple):  # a tuple is made in a fifth of the time of a frozen dataclass, thousands of times a second
    """What one message says about one thing.

    `source` is the device's own topic without the home's prefix, the key by which it is configured
    (`zigbee2mqtt/bed_sos`); `device` is its name in its dialect (`bed_sos`). `state` is None for a bare number.
    `property` is the field it came from; `percent` only for batteries. `action` is a press as published. `sos`
    means that this press calls for help whatever the button's role; `maybe_sos` that it is an ordinary press of what is
    described or named as an SOS button: only the installer can say what it means. A press whose `property` is set and
    not "action" is a state (`sos: true` until it clears): said again unchanged it is no new press. `test`: the device
    says that it tests itself; the state is still as published. `device_at` is the device's claim, a hint. `seq` is the
    device's own counter, where it has one. `reason` says what is wrong, for faults; `devices` are a discovery's.
    """

    source: str
    device: str
    kind: Kind
    state: State | None = None
    property: str | None = None
    value: float | None = None
    unit: str | None = None
    percent: int | None = None
    action: str | None = None
    sos: bool = False
    test: bool = False
    muted: bool = False
    retained: bool = False
    reason: str | None = None
    device_at: datetime | None = None
    seq: int | None = None
    maybe_sos: bool = False
    devices: tuple[Listed, ...] = ()


class Undecodable(ValueError):
    """The message is not what its dialect promises; the text says why, without the payload."""
