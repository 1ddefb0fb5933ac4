"""A life-safety device that says it is broken, or that somebody opened it."""

from devices.reading import Kind, State
from hub.rules.finding import Finding, Heard, Severity, is_edge
from hub.rules.presence import GRACE

_KINDS = frozenset({Kind.TAMPER, Kind.FAULT})
# How decoders say that they, not the device, found something wrong.
_UNREADABLE = "cannot be read"


def evaluate(heard: Heard) -> Finding | None:
    """Return the trouble in this reading, or None. It is told if it lasts: whoever changes a battery opens the case."""
    reading = heard.reading
    if not concerns(heard) or reading.state is not State.ACTIVE or heard.device is None or not is_edge(heard):
        return None
    return Finding(
        cause=cause(reading.kind, heard.device_id),
        what=reading.kind.value,
        severity=Severity.NOTICE,
        home_id=heard.home_id,
        device_id=heard.device_id,
        room=heard.device.room,
        since=heard.at,
        again=False,
        after=GRACE,
    )


def ended(heard: Heard) -> str | None:
    """Return the cause that this reading ends: the device says that it is well again."""
    if not concerns(heard) or heard.reading.state is not State.CLEAR or not is_edge(heard):
        return None
    return cause(heard.reading.kind, heard.device_id)


def concerns(heard: Heard) -> bool:
    """Whether a reading is a life-safety device's word about itself."""
    reading = heard.reading
    if reading.kind not in _KINDS or heard.device is None or not heard.device.is_life_safety:
        return False
    return _UNREADABLE not in (reading.reason or "")


def cause(kind: Kind, device_id: str) -> str:
    """One unresolved alert per device and trouble."""
    return f"{kind.value}:{device_id}"
