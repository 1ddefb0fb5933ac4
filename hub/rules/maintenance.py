"""A home that is being worked on: what its devices say of themselves is news only when that is over."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from devices.reading import Kind, Reading, State
from hub.homes import DeviceState, Home, HomeMode, Registry
from hub.rules import battery, mains, trouble
from hub.rules.finding import Finding, Heard
from hub.rules.watch import Case, Looked, Wanted

NAME = "maintenance"
# What a device says once when it begins: whoever works on it hears of it by their own hand.
_TOLD_ONCE: tuple[Callable[[Heard], Finding | None], ...] = (battery.evaluate, mains.evaluate, trouble.evaluate)
_KINDS = frozenset({Kind.BATTERY, Kind.MAINS, Kind.TAMPER, Kind.FAULT})
_CAUSES = frozenset(kind.value for kind in _KINDS)


def held_until(home: Home | None, now: datetime) -> datetime | None:
    """Return until when notices about this home's devices wait; None: they do not."""
    holds = home.mode_at(now) if home is not None else None
    return holds[1] if holds is not None and holds[0] is HomeMode.MAINTENANCE else None


def waits(finding: Finding, home: Home | None, now: datetime) -> bool:
    """Whether what a device said of itself is not told now. A call, a hazard, a fall and a leak never wait (P9)."""
    return finding.cause.partition(":")[0] in _CAUSES and held_until(home, now) is not None


@dataclass(frozen=True, slots=True)
class Maintenance:
    """The rule that looks at the end of a maintenance: what began in it, and is still so, is reported then.

    Its watches are not planned: whoever sets the mode makes one, `since` then.
    """

    name: str = NAME

    def wanted(self, registry: Registry) -> Iterable[Wanted]:  # noqa: ARG002
        """Return nothing: see above."""
        return ()

    def cause(self, subject: str) -> str:
        """Return a cause that nothing has: it reports under those of other rules."""
        return f"{NAME}:{subject}"

    def look(self, case: Case, now: datetime) -> Looked:
        """Return what waited. A maintenance that was extended meanwhile is looked at when that ends."""
        until = held_until(case.home, now)
        if until is not None:
            return Looked(until)
        found = (_still_so(case, state) for state in case.states)
        return Looked(now, also=tuple(finding for finding in found if finding is not None), done=True)


def _still_so(case: Case, state: DeviceState) -> Finding | None:
    """Return what this state would have reported, had nobody been at work."""
    device = case.registry.device(state.home_id, state.device_id)
    if device is None or state.state != State.ACTIVE or state.since < case.watch.since or state.kind not in _KINDS:
        return None
    said = Reading(device.topic, device.id, Kind(state.kind), State.ACTIVE, state.property or None)
    heard = Heard(said, state.home_id, device.id, device, state.since)
    findings = (finding for rule in _TOLD_ONCE if (finding := rule(heard)) is not None)
    return next((f for f in findings if (f.home_id, f.cause) not in case.unresolved), None)
