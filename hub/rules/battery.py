"""A battery that runs low: a task for staff, once, until it is changed."""

from devices.reading import Kind, State
from hub.rules.finding import Finding, Heard, Severity, is_edge

NAME = Kind.BATTERY.value
# A battery that shows at least so much was changed. Below it, one that warmed up only says so.
# Our choice: lithium cells stay at 100 % for years and fall within weeks; a new one never shows less.
CHANGED_PERCENT = 50


def evaluate(heard: Heard) -> Finding | None:
    """Return that this device's battery is low (it says so, or shows 10 % or less), or None.

    What is retained counts: it was so when it was said last.
    """
    reading = heard.reading
    if reading.kind is not Kind.BATTERY or reading.state is not State.ACTIVE or heard.device is None:
        return None
    if not is_edge(heard):
        return None
    return Finding(
        cause=cause(heard.device_id),
        what=NAME,
        severity=Severity.NOTICE,
        home_id=heard.home_id,
        device_id=heard.device_id,
        room=heard.device.room,
        since=heard.at,
        again=False,
        facts={} if reading.percent is None else {"pct": reading.percent},
    )


def ended(heard: Heard) -> str | None:
    """Return the cause that this reading ends: the battery was changed."""
    reading = heard.reading
    if reading.kind is not Kind.BATTERY or reading.state is not State.CLEAR or heard.device is None:
        return None
    changed = is_edge(heard) if reading.percent is None else reading.percent >= CHANGED_PERCENT
    return cause(heard.device_id) if changed else None


def cause(device_id: str) -> str:
    """One unresolved alert per device."""
    return f"{NAME}:{device_id}"
