"""A power cut: seen at once, told after an hour, over when power has held for an hour."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.reading import Kind, State
from hub.homes import DeviceKind, Registry
from hub.rules.finding import Finding, Heard, Severity, is_edge
from hub.rules.presence import of_device
from hub.rules.watch import Case, Looked, Over, Wanted

NAME = Kind.MAINS.value
# A short cut is no news, and power that flickers is not back. Source: Instant Care IC-3000, manual: a mains failure
# is reported after an hour, its restoral after an hour of mains.
TOLD_AFTER, STABLE_FOR = timedelta(hours=1), timedelta(hours=1)
LOOK_EVERY = timedelta(hours=24)
# Between the end of a cut that nobody was told of and the text that is no longer wanted.
MARGIN = timedelta(minutes=5)


def evaluate(heard: Heard) -> Finding | None:
    """Return that the mains of a home failed, or None. Its family is told first, and only if it lasts."""
    reading = heard.reading
    if reading.kind is not Kind.MAINS or reading.state is not State.ACTIVE or heard.device is None:
        return None
    if not is_edge(heard):
        return None
    return Finding(
        cause=cause(heard.device_id),
        what=NAME,
        severity=Severity.NOTICE,
        home_id=heard.home_id,
        device_id=heard.device_id,
        room=None,
        since=heard.at,
        again=False,
        after=TOLD_AFTER,
        first=("family",),
    )


def cause(device_id: str) -> str:
    """One unresolved alert per device that watches the mains."""
    return f"{NAME}:{device_id}"


def text_due(opened_at: datetime, *, lost: bool, now: datetime) -> datetime:
    """Return when a cut that nobody was told of is told: an hour after it began, and not while there is power."""
    return max(now, opened_at + TOLD_AFTER) if lost else now + STABLE_FOR + MARGIN


@dataclass(frozen=True, slots=True)
class MainsBack:
    """The rule that ends a power cut."""

    name: str = NAME

    def wanted(self, registry: Registry) -> Iterable[Wanted]:
        """Return one watch for each device that may watch the mains."""
        kinds = (DeviceKind.MAINS, DeviceKind.OTHER)
        found = (d for home in registry.homes.values() for d in home.devices if d.kind in kinds)
        return (Wanted(device.home, device.id, LOOK_EVERY) for device in found)

    def cause(self, subject: str) -> str:
        """Return the cause that `evaluate` reports under."""
        return cause(subject)

    def look(self, case: Case, now: datetime) -> Looked:
        """Return whether the cut is over: power has held for long enough."""
        device = case.watch.subject
        said = [s for s in of_device(device, case.states) if s.kind == Kind.MAINS]
        if not case.reported or not said or any(state.state != State.CLEAR for state in said):
            return Looked(now + LOOK_EVERY)
        stable_at = max(state.since for state in said) + STABLE_FOR
        if now < stable_at:
            return Looked(stable_at)
        return Looked(now + LOOK_EVERY, over=(Over(case.watch.home_id, cause(device)),))
