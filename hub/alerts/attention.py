"""Whether an alert calls for ears, and what its holder last said: read from its history."""

from collections.abc import Sequence

from hub.alerts.alert import Alert, Entry, Stage
from hub.alerts.policy import Severity

SILENCED, ON_WAY = "silenced", "on_way"
# What makes an alert heard again after somebody silenced it.
# Source: GB/T 45839-2025, 5.4.2: a silenced sound starts anew with the next alarm.
_HEARD_AGAIN = frozenset(
    {
        "again",
        "round_over",
        "reopened",
        "still_active",
        "lapsed",
        "need_help",
        "pass",
        "acknowledge",
        "arrived",
    }
)


def silence(alert: Alert, history: Sequence[Entry]) -> Entry | None:
    """Return who silenced the alert, if that still holds: until the next thing happens to it."""
    if alert.stage is not Stage.OPEN:
        return None
    for entry in reversed(history):
        if entry.event == SILENCED:
            return entry
        if entry.event in _HEARD_AGAIN:
            return None
    return None


def sounds(alert: Alert, history: Sequence[Entry]) -> bool:
    """Whether consoles sound for it: an emergency or a warning that nobody has and nobody silenced."""
    waits = alert.stage is Stage.OPEN and alert.severity is not Severity.NOTICE
    return waits and silence(alert, history) is None


def on_way(alert: Alert, history: Sequence[Entry]) -> Entry | None:
    """Return when the holder said that they are on the way, if they did since they took it."""
    if alert.stage is not Stage.ACKNOWLEDGED or alert.arrived_at is not None:
        return None
    said = (e for e in reversed(history) if e.event == ON_WAY and e.who == alert.holder)
    return next((e for e in said if alert.taken_at is None or e.at >= alert.taken_at), None)
