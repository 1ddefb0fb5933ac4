"""What is counted for whoever watches the hub from outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hub.alerts.alert import Stage
from hub.alerts.notification import Fate
from hub.alerts.policy import Severity


@dataclass(frozen=True, slots=True)
class Tally:
    """What the database counts. `fates`: of messages made lately; `unsent_since`: the oldest emergency not yet sent."""

    alerts: Mapping[tuple[Severity, Stage], int]
    fates: Mapping[Fate, int]
    unsent_since: datetime | None
    shelf: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took, in seconds: a count for each bound and one beyond the last; `total_s` all together."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total_s: float
