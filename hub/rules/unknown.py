"""A device that nobody configured cries for help: an alert to staff, never silence."""

from devices.reading import Kind, State
from hub.rules import hazard, sos
from hub.rules.finding import Finding, Heard, Severity, is_edge


def evaluate(heard: Heard) -> Finding | None:
    """Return the cry of an unknown device, or None."""
    reading = heard.reading
    if heard.device is not None or reading.state is not State.ACTIVE or reading.test:
        return None
    # A button that says no more than "pressed" can only be a call button; ordinary ones name their presses.
    calls = reading.sos or reading.action is None or sos.is_named_so(reading)
    is_press = reading.kind is Kind.BUTTON and calls and not reading.retained
    severity = Severity.EMERGENCY if is_press else hazard.SEVERITIES.get(reading.kind)
    if severity is None:
        return None
    return Finding(
        cause=cause(reading.kind, heard.device_id),
        what="unknown",
        severity=severity,
        home_id=heard.home_id,
        device_id=heard.device_id,
        room=None,
        since=heard.at,
        again=not sos.is_repeat(heard) if is_press else is_edge(heard),
        latched=not is_press,
        facts={"dev": reading.device, "device_kind": reading.kind.value},
    )


def cause(kind: Kind, device_id: str) -> str:
    """One unresolved alert per unknown device and kind: a press never hides in the slower ladder of a leak."""
    return f"unknown:{kind.value}:{device_id}"
