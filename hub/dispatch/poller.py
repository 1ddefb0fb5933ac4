"""Fetches fates and replies where no webhook can reach us: a gateway behind NAT."""

import asyncio
from datetime import datetime, timedelta

import structlog

from hub.alerts.notification import Fate
from hub.alerts.policy import Severity
from hub.clock import Clock
from hub.dispatch.lifeline import Lifeline
from hub.engine import Engine
from hub.ports import Channel, Channels, Lane, StoreUnavailable

log = structlog.get_logger("poller")

FAST, SLOW = timedelta(seconds=2), timedelta(seconds=30)
LIMIT = timedelta(seconds=5)
# Carriers list by their own clock, and late: each fetch reaches back this far; each id is taken once.
OVERLAP = timedelta(minutes=10)
# Receipts older than this change nothing any more.
RECEIPTS_FOR = timedelta(hours=24)
AT_ONCE = 10


class Poller:
    """Asks each polled channel every 2 s while an emergency is open, else every 30 s.

    A channel with webhooks is asked once after a time in which none could be taken: the carrier repeats none.
    """

    def __init__(
        self, engine: Engine, channels: Channels, clock: Clock, lifeline: Lifeline, emergency: asyncio.Event
    ) -> None:
        """Poll for `engine`; `emergency` is set when messages of one leave."""
        self.engine = engine
        self.channels = channels
        self.clock = clock
        self.lifeline = lifeline
        self.busy = False
        self._emergency = emergency
        self._behind: dict[str, datetime] = {}
        self._sick = False

    def missed(self, since: datetime) -> None:
        """Note that what people and carriers told us since then may not have been taken: ask for it soon."""
        for name in self.channels.by_name:
            self._behind[name] = min(since, self._behind.get(name, since))
        self._emergency.set()

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            self._emergency.clear()
            polled = [c for name, c in self.channels.by_name.items() if c.polled or name in self._behind]
            fast = False
            self.busy = bool(polled)
            try:
                for channel in polled:
                    await self.once(channel)
                fast = bool(polled) and await self._emergency_open()
                self._sick = False
            except StoreUnavailable as error:
                if not self._sick:
                    log.error("poll_store_unavailable", error=str(error))
                fast = self._sick = True
            finally:
                self.busy = False
            await self.clock.sleep(FAST if fast else SLOW, None if fast else self._emergency)

    async def once(self, channel: Channel) -> None:
        """Fetch what people sent and how our messages fared; a reply reaches the lifeline even if the store is sick."""
        now = self.clock.now()
        name = f"polled:{channel.name}"
        behind = self._behind.get(channel.name)
        try:
            kept = await self.engine.store.read(lambda t: t.fact(name)) if channel.polled else None
        except StoreUnavailable:
            kept = None
        last = datetime.fromisoformat(kept) if kept else behind or now
        taken = await self._replies(channel, min(last, behind or last) - OVERLAP)
        await self._fates(channel)
        if not taken:
            return  # the carrier cannot be asked, or the store not written: from the same moment on the next time
        if self._behind.get(channel.name) == behind:
            self._behind.pop(channel.name, None)
        if channel.polled and (kept is None or now - datetime.fromisoformat(kept) > FAST * 5):
            await self.engine.write(Lane.SLOW, lambda work: work.transaction.set_fact(name, now.isoformat()))

    async def _replies(self, channel: Channel, since: datetime) -> bool:
        """Take what people sent since then; whether the carrier answered and all of it is kept."""
        found = await channel.inbox(since, limit=LIMIT)
        kept = found is not None
        for inbound in found or ():
            try:
                await self.engine.received(inbound)
            except StoreUnavailable:
                kept = False
                await self.lifeline.received(inbound)
        return kept

    async def _fates(self, channel: Channel) -> None:
        since = self.clock.now() - RECEIPTS_FOR
        accepted = await self.engine.store.read(lambda t: t.open_notifications([Fate.ACCEPTED]))
        waiting = [
            m.provider_id
            for m in accepted
            if m.channel == channel.name and m.provider_id and m.accepted_at and m.accepted_at > since
        ]
        for start in range(0, len(waiting), AT_ONCE):
            some = waiting[start : start + AT_ONCE]
            for report in await asyncio.gather(*(channel.fate(id, limit=LIMIT) for id in some)):
                if report is not None and report.fate in (Fate.DELIVERED, Fate.FAILED):
                    await self.engine.report(report)

    async def _emergency_open(self) -> bool:
        alerts = await self.engine.store.read(lambda t: t.alerts())
        return any(a.severity is Severity.EMERGENCY for a in alerts)
