"""An alert as programs read it: what `alerts --json` prints and the API answers."""

from collections.abc import Sequence
from typing import Any

from hub.alerts.alert import Alert, Entry
from hub.alerts.notification import Notification


def summary(alert: Alert) -> dict[str, Any]:
    """Return what a script reads of an alert."""
    return {
        "id": alert.id,
        "home": alert.home_id,
        "cause": alert.cause,
        "severity": alert.severity.value,
        "stage": alert.stage.value,
        "opened_at": alert.opened_at.isoformat(),
        "taken_by": alert.holder,
        "late_s": int(alert.late.age.total_seconds()) if alert.late else None,
        "count": alert.count,
        "code": alert.code,
        "what": alert.what,
        "device": alert.device_id,
        "room": alert.room,
        "active": alert.active,
        "moved_at": alert.facts.get("life_at"),
        "resolved_at": alert.resolved_at.isoformat() if alert.resolved_at else None,
        "outcome": alert.outcome.value if alert.outcome else None,
    }


def whole(alert: Alert, history: Sequence[Entry], messages: Sequence[Notification]) -> dict[str, Any]:
    """Return all there is to know of an alert."""
    return summary(alert) | {
        "resolved_by": alert.resolved_by,
        "note": alert.note,
        "promised_until": alert.promised_until.isoformat() if alert.promised_until else None,
        "duties": [{"kind": kind.value, "due_at": duty.due_at.isoformat()} for kind, duty in alert.duties.items()],
        "history": [line(entry) for entry in history],
        "messages": [sent(message) for message in messages],
    }


def line(entry: Entry) -> dict[str, Any]:
    """Return one line of an alert's history."""
    return {"at": entry.at.isoformat(), "who": entry.who, "event": entry.event, "detail": dict(entry.detail)}


def sent(message: Notification) -> dict[str, Any]:
    """Return one message and its fate; neither its text nor its number."""
    return {
        "id": message.id,
        "at": message.created_at.isoformat(),
        "person": message.person_id,
        "channel": message.channel,
        "key": message.key,
        "fate": message.fate.value,
        "error": message.error,
    }
