"""Gas, smoke, carbon monoxide, water, a fall: active until a person has seen to it."""

from datetime import timedelta

from devices.reading import Kind, State
from hub.rules.finding import Finding, Heard, Severity, is_edge

TEST_ENDS_WITHIN = timedelta(seconds=60)
SEVERITIES = {
    Kind.GAS: Severity.EMERGENCY,
    Kind.SMOKE: Severity.EMERGENCY,
    Kind.CO: Severity.EMERGENCY,
    Kind.FALL: Severity.EMERGENCY,
    Kind.LEAK: Severity.WARNING,
}


def evaluate(heard: Heard) -> Finding | None:
    """Return the hazard in this reading, or None. A muted detector still is one.

    Retained states count: what the detector said last is so until it says otherwise. A detector that calls its
    alarm a test is given 60 s to end it; a test bit that stays set must not hide a fire.
    """
    reading = heard.reading
    severity = SEVERITIES.get(reading.kind)
    if severity is None or reading.state is not State.ACTIVE or heard.device is None:
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
        after=TEST_ENDS_WITHIN if reading.test else timedelta(0),
        facts={"test": 1} if reading.test else {},
    )


def cause(kind: Kind, device_id: str) -> str:
    """One unresolved alert per home, kind of hazard and device."""
    return f"{kind.value}:{device_id}"
