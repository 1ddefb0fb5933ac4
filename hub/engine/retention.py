"""Forgets what was kept long enough: personal data is kept for a stated time, and then it is gone."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from hub.accounts import LONGEST as SIGN_INS_LONGEST
from hub.alerts.kept import Kept
from hub.clock import Clock
from hub.ports import Lane, Store, StoreUnavailable

log = structlog.get_logger("retention")

# After a start the hub has better things to do.
FIRST_AFTER = timedelta(seconds=10)
EVERY = timedelta(hours=1)
# So many rows go in one transaction: some milliseconds for the one writer of a gateway. An alert takes its history
# and its messages along.
AT_ONCE = 200
ALERTS_AT_ONCE = 10
# Real time between two transactions, so that others of the same lane have their turn.
PAUSE_S = 0.02
# Stillness looks back over at most 14 days of gaps, whatever is kept of readings.
GAPS_AT_LEAST = timedelta(days=30)
# A link that has expired still says so, instead of that it never was.
LINKS_AFTER = timedelta(days=30)
# The sheet of a test is the paper of an installation: as long as a gas detector may hang (CJJ/T 146, five years).
TESTS_FOR = timedelta(days=5 * 365)


def limits(now: datetime, readings: timedelta, alerts: timedelta) -> dict[Kept, datetime]:
    """Return before when each kind is forgotten. `alerts` is at least 184 days, which holds for access logs too."""
    return {
        Kept.READINGS: now - readings,
        Kept.SHELF: now - readings,
        Kept.STATES: now - readings,
        Kept.ALERTS: now - alerts,
        Kept.ANSWERS: now - alerts,
        Kept.INBOUND: now - alerts,
        Kept.ACTS: now - alerts,
        Kept.LINKS: now - LINKS_AFTER,
        Kept.GAPS: now - max(readings, GAPS_AT_LEAST),
        Kept.NUMBERS: now,
        Kept.TESTS: now - TESTS_FOR,
        Kept.SIGN_INS: now - SIGN_INS_LONGEST,
        Kept.INVITATIONS: now - LINKS_AFTER,
    }


class Retention:
    """Runs each hour, in small transactions of the slow lane. `readings` and `alerts`: how long they are kept."""

    def __init__(self, store: Store, clock: Clock, readings: timedelta, alerts: timedelta) -> None:
        """Forget in `store`."""
        self.readings = readings
        self.alerts = alerts
        self.last_at: datetime | None = None
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Forget each hour, until cancelled; a sick store is tried again in the next one."""
        await self._clock.sleep(FIRST_AFTER)
        while True:
            try:
                await self.once()
            except StoreUnavailable as error:
                log.warning("nothing_forgotten", why=str(error))
            await self._clock.sleep(EVERY)

    async def once(self) -> Mapping[Kept, int]:
        """Forget all that is due; return how many rows of each kind went. Raises StoreUnavailable."""
        gone: Counter[Kept] = Counter()
        for what, before in limits(self._clock.now(), self.readings, self.alerts).items():
            while found := await self._some(what, before):
                gone[what] += found
                await asyncio.sleep(PAUSE_S)
        self.last_at = self._clock.now()
        if gone:
            log.info("forgotten", rows={what.value: count for what, count in gone.items()})
        return gone

    async def _some(self, what: Kept, before: datetime) -> int:
        """Forget some of a kind; return how many went, 0 when there are none."""
        most = ALERTS_AT_ONCE if what is Kept.ALERTS else AT_ONCE
        keys = await self._store.read(lambda t: t.old(what, before, most))
        return await self._store.write(Lane.SLOW, lambda t: t.forget(what, keys)) if keys else 0
