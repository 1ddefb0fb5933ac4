"""Checks every minute that every open alert moves; reports on a second path by pinging only when it holds."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp
import structlog

from hub.alerts.alert import Alert, DutyKind, Stage
from hub.alerts.machine import clamped
from hub.alerts.notification import Fate, Notification
from hub.alerts.policy import Severity
from hub.clock import Clock
from hub.engine import Engine
from hub.engine.work import Work
from hub.ports import Lane, StoreUnavailable

log = structlog.get_logger("audit")

EVERY = timedelta(minutes=1)
# While something does not hold: whoever repairs it, and /readyz, hear soon that it holds again.
AGAIN_AFTER = timedelta(seconds=10)
# What is due longer than this is stuck.
OVERDUE = timedelta(seconds=30)
UNSENT = timedelta(seconds=60)
PING_LIMIT_S = 10


@dataclass(frozen=True, slots=True)
class Audited:
    """When the last audit ran and what it found; empty = it holds."""

    at: datetime
    faults: tuple[str, ...] = ()


def faults_of(
    alerts: Sequence[Alert], messages: Sequence[Notification], now: datetime, started_at: datetime | None = None
) -> list[str]:
    """Return, in a sentence each, which alerts do not move (P3) and which emergencies were not sent.

    What waited while the hub was away counts from `started_at`: it leaves now.
    """
    found = []
    for alert in alerts:
        found += _alert_faults(alert, now)
    for message in messages:
        waiting = message.fate in (Fate.QUEUED, Fate.SENDING) and message.severity is Severity.EMERGENCY
        waited = now - max(message.created_at, started_at or message.created_at)
        if waiting and waited > UNSENT:
            found.append(f"message {message.id} of an emergency has not left for {waited}")
    return found


def _alert_faults(alert: Alert, now: datetime) -> list[str]:
    if alert.stage is Stage.RESOLVED:
        return []
    needed = DutyKind.STEP if alert.stage is Stage.OPEN else DutyKind.PROMISE
    if needed not in alert.duties:
        return [f"alert {alert.id} has no next duty"]
    found = []
    if alert.next_due is not None and now - alert.next_due > OVERDUE:
        found.append(f"alert {alert.id} was due {now - alert.next_due} ago")
    if alert.stage is Stage.OPEN and not alert.reached:
        found.append(f"alert {alert.id}: a whole round reached nobody")
    return found


class Auditor:
    """Runs the audit; `links` says what else must hold (broker sessions, dispatcher)."""

    def __init__(
        self, engine: Engine, clock: Clock, links: Callable[[], Sequence[str]], deadman_url: str | None = None
    ) -> None:
        """Audit `engine`; ping `deadman_url` whenever the audit holds."""
        self.engine = engine
        self.clock = clock
        self.last: Audited | None = None
        self.deadman_url = deadman_url
        self.pings = 0
        self._told_at = datetime.min.replace(tzinfo=UTC)
        self._links = links
        self._started_at = clock.now()
        self.ping: Callable[[str], Awaitable[bool]] = ping

    async def run(self) -> None:
        """Audit each minute, sooner after one that did not hold, until cancelled; the first audit has run before."""
        while True:
            holds = self.last is not None and not self.last.faults
            await self.clock.sleep(EVERY if holds else min(EVERY, AGAIN_AFTER))
            await self.once()

    async def once(self) -> Audited:
        """Audit now; pull in duties that a clock put out of reach, say what does not hold."""
        try:
            found = await self.engine.write(Lane.DUTY, lambda work: _audit(work, self._started_at))
        except StoreUnavailable as error:
            found = [f"the store is unavailable: {error}"]
        found += self._links()
        held = self.last is None or not self.last.faults
        self.last = Audited(self.clock.now(), tuple(found))
        if found and (held or self.last.at - self._told_at >= EVERY):
            self._told_at = self.last.at
            for sentence in found:
                log.error("audit_fault", fault=sentence)
        if not found and self.deadman_url and await self.ping(self.deadman_url):
            self.pings += 1
        return self.last


def _audit(work: Work, started_at: datetime) -> list[str]:
    work.transaction.clamp_watches(work.now)
    alerts = []
    for found in work.transaction.unresolved():
        alert = clamped(found, work.now)
        if alert is not found:
            work.transaction.save_alert(alert)
        alerts.append(alert)
    messages = work.transaction.open_notifications([Fate.QUEUED, Fate.SENDING])
    return faults_of(alerts, messages, work.now, started_at)


async def ping(url: str) -> bool:
    """Tell the second path that we are able to alarm; its address is a secret and is never logged."""
    try:
        timeout = aiohttp.ClientTimeout(total=PING_LIMIT_S)
        async with aiohttp.ClientSession(timeout=timeout) as http, http.get(url) as answer:
            return answer.status < 400
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        log.warning("deadman_not_reached", error=type(error).__name__)
        return False
