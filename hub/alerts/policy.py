"""The ladder an alert climbs: who is told, by which channels, how long we wait."""

from dataclasses import dataclass
from datetime import timedelta

from hub.rules.finding import Severity as Severity


@dataclass(frozen=True, slots=True)
class Step:
    """One rung as configured. `tell` holds roles, levels or person ids; `by` channel names."""

    tell: tuple[str, ...]
    by: tuple[str, ...]
    wait: timedelta


@dataclass(frozen=True, slots=True)
class Policy:
    """The ladder for one severity. `repeat` None: the last wait. `promise`: how long a taker has."""

    steps: tuple[Step, ...]
    repeat: timedelta | None
    promise: timedelta


@dataclass(frozen=True, slots=True)
class Rung:
    """One step with its people: what an open alert keeps, whatever the configuration becomes."""

    people: tuple[str, ...]
    by: tuple[str, ...]
    wait: timedelta


@dataclass(frozen=True, slots=True)
class Ladder:
    """A policy resolved for one home at the moment the alert opened.

    `staff` and `supervisors` are those who cover the home then.
    """

    rungs: tuple[Rung, ...]
    repeat: timedelta
    promise: timedelta
    staff: tuple[str, ...] = ()
    supervisors: tuple[str, ...] = ()
