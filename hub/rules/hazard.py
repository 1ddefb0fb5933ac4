"""Gas, smoke, carbon monoxide, water, a fall: active until a person has seen to it."""

from devices.reading import Kind, State
from hub.rules.finding import Finding, Heard, Severity, is_edge

SEVERITIES = {
    Kind.GAS: Severity.EMERGENCY,
    Kind.SMOKE: Severity.EMERGENCY,
    Kind.CO: Severity.EMERGENCY,
    Kind.FALL: Severity.EMERGENCY,
    Kind.LEAK: Severity.WARNING,
}


def evaluate(heard: Heard) -> Finding | None:
    """Return the hazard in this reading, or None. A self-test is none; a muted detector still is one.

    Retained states count: what the detector said last is so until it says otherwise.
    """
    reading = heard.reading
    severity = SEVERITIES.get(reading.kind)
    if severity is None or reading.state is not State.ACTIVE or reading.test or heard.device is None:
        return None
    return Finding(
        cause=cause(reading.kind, heard.device_id),
        what=reading.kind.value,
        severity=severity,
        home_id=heard.home_id,
        device_id=heard.device_id,
        room=heard.device.room,
        since=heard.at,
        again=is_edge(heard),
        latched=True,
    )


def cause(kind: Kind, device_id: str) -> str:
    """One unresolved alert per home, kind of hazard and device."""
    return f"{kind.value}:{device_id}"
