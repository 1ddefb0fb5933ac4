"""Findings of the hub about itself and its links: told to staff, never silent."""

from datetime import datetime, timedelta

from hub.homes import SITE, Device
from hub.rules.finding import Finding, Severity

SESSION_LOST = "session-lost"
DATABASE_LOST = "database-lost"
RESTORED = "restored"
CONFIG_DIFFERS = "config-differs"
# Retained presses arrive within moments of the subscription; the text waits for them.
RETAINED_WITHIN = timedelta(seconds=5)
# A broker that lost its memory lost all our sessions: one loss, however they come back.
ONE_LOSS = timedelta(minutes=1)
READABLE_WITHIN = timedelta(seconds=60)


def session_lost(now: datetime, away_since: datetime) -> Finding:
    """Report that the broker lost our session: presses in between cannot be known. Each loss is a gap of its own."""
    facts = {"from": away_since.isoformat(), "to": now.isoformat()}
    return _site(f"{SESSION_LOST}:{now:%Y%m%dT%H%M%S}", "session_lost", now, facts, RETAINED_WITHIN)


def is_loss(cause: str) -> bool:
    """Whether an alert is about presses that cannot be known."""
    return cause == DATABASE_LOST or cause.startswith((f"{SESSION_LOST}:", f"{RESTORED}:"))


def database_lost(now: datetime) -> Finding:
    """Report that the broker knows us but this database does not: what was open before is not known here."""
    return _site(DATABASE_LOST, "database_lost", now, {}, RETAINED_WITHIN)


def restored(now: datetime, since: datetime) -> Finding:
    """Report that the database was put back to what it was at `since`: what came after is not in it."""
    facts = {"from": since.isoformat(), "to": now.isoformat()}
    return _site(f"{RESTORED}:{now:%Y%m%dT%H%M%S}", "restored", now, facts, RETAINED_WITHIN)


def channel_refused(channel: str, error: str, now: datetime) -> Finding:
    """Report that a carrier refuses us: credentials, credit, sender."""
    return _site(f"channel:{channel}", "channel_refused", now, {"channel": channel, "error": error})


def config_differs(now: datetime) -> Finding:
    """Report that the files and the database have differed for a day."""
    return _site(CONFIG_DIFFERS, "config_differs", now, {})


def stranger_code(code: str, masked_number: str, home_id: str, now: datetime) -> Finding:
    """Report that a right code came from a number nobody knows."""
    facts = {"ref": code, "number": masked_number}
    return Finding(f"stranger:{code}", "stranger_code", Severity.NOTICE, home_id, None, None, now, False, facts=facts)


def number_dead(person: str, name: str, home_id: str, now: datetime) -> Finding:
    """Report that a person's number takes nothing: a task for staff."""
    facts = {"by": name}
    return Finding(f"number:{person}", "number.dead", Severity.NOTICE, home_id, None, None, now, False, facts=facts)


def unreadable(device: Device, now: datetime) -> Finding:
    """Report that a life-safety device says what we cannot read; told if nothing readable follows within 60 s."""
    return Finding(
        cause=f"unreadable:{device.id}",
        what="unreadable",
        severity=Severity.NOTICE,
        home_id=device.home,
        device_id=device.id,
        room=device.room,
        since=now,
        again=False,
        after=READABLE_WITHIN,
    )


def _site(cause: str, what: str, now: datetime, facts: dict[str, str], after: timedelta = timedelta(0)) -> Finding:
    return Finding(cause, what, Severity.NOTICE, SITE, None, None, now, again=False, after=after, facts=facts)
