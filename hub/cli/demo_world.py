"""Broker, hub, carrier and home of one demo on one clock: each can be taken away and brought back."""

import asyncio
import contextlib
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hub.cli.demo_broker import DemoBroker
from hub.cli.failure import fail, sentence

if TYPE_CHECKING:
    from hub.alerts.alert import Alert
    from hub.app import Hub
    from hub.cli.demo_home import DemoHome
    from hub.clock import PacedClock
    from hub.homes import Registry
    from hub.ingest.client import Broker
    from hub.settings import Configuration
    from hub.store import SqlStore
    from simulators.carrier import Carrier

SUBSCRIBED_WITHIN_S = 10.0
# Rounds of the event loop in which nobody works before this instant counts as over.
QUIET_ROUNDS = 5
# A world that does not settle (a broker that is away, a sick disk) lets time pass all the same.
SETTLES_WITHIN_S = 3.0
_MOMENT_S = 0.001
# A skip is made in about so many strides, each of which costs the hub a few commits. A longer one than this would be a
# time in which the hub did not watch (it takes note of one minute), and time that nobody watched is no stillness.
STRIDES, LONGEST_STRIDE = 24, timedelta(seconds=50)


class World:
    """See the module. It owns nothing but what it started: data and lock belong to the command."""

    def __init__(self, loaded: "Configuration", carrier: "Carrier", clock: "PacedClock", data: Path) -> None:
        self.loaded = loaded
        self.carrier = carrier
        self.clock = clock
        self.data = data
        self.broker = DemoBroker(data / "broker")
        self._broker: Broker | None = None
        self.hub: Hub | None = None
        self.home: DemoHome | None = None
        self.changes = 0
        self._switching = asyncio.Lock()

    # --- life

    async def start(self, seed: int) -> "Broker":
        """Start broker, hub and home, return the broker; from then on it keeps for us what is pressed."""
        from hub.cli.demo_home import DemoHome, plan_of, played

        broker = self._broker = await self.broker.start()
        await self.start_hub()
        lived_in = played(self.registry)
        if lived_in is not None:
            home = DemoHome(plan_of(lived_in, self.loaded), self.clock, seed)
            await home.start(broker)
            self.home = home
        return broker

    async def start_hub(self) -> None:
        """Start the hub on what is there."""
        from hub.app import Hub

        if self._broker is None:
            raise RuntimeError("the broker comes first")
        hub = Hub(self.loaded, await open_store(self.loaded), self.clock, self._broker)
        try:
            await hub.start()
        except BaseException:
            await hub.stop()
            raise
        self.hub = hub
        if hub.ingest is not None and self.broker.runs:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SUBSCRIBED_WITHIN_S):
                    await hub.ingest.barrier()

    async def stop_hub(self, *, kill: bool) -> None:
        """End the hub; killed, it finishes nothing."""
        hub, self.hub = self.hub, None
        if hub is not None:
            await (hub.kill() if kill else hub.stop())

    async def stop(self) -> None:
        """End home and hub; the broker stays if it can keep what arrives."""
        if self.home is not None:
            await self.home.stop()
        await self.stop_hub(kill=False)
        await self.broker.leave()

    # --- what the hub knows

    @property
    def registry(self) -> "Registry":
        """People and homes as the hub knows them; as they are configured while it is off."""
        return self.hub.engine.world.registry if self.hub is not None else self.loaded.registry

    async def alerts(self) -> "list[Alert]":
        """Return the unresolved alerts; none while the hub is off."""
        return await self.hub.store.read(lambda t: t.alerts()) if self.hub is not None else []

    # --- switches

    async def switch_hub(self, *, on: bool) -> None:
        """Kill the hub as a power cut would, or start it again."""
        async with self._switching:
            if on and self.hub is None:
                await self.start_hub()
            elif not on:
                await self.stop_hub(kill=True)
        self.changes += 1

    async def switch_broker(self, *, on: bool) -> None:
        """Stop the demo's own broker, or start it again."""
        async with self._switching:
            if on and not self.broker.runs:
                await self.broker.start()
            elif not on and self.broker.runs:
                await self.broker.stop()
        self.changes += 1

    # --- time

    @property
    def busy(self) -> bool:
        """Whether anything is under way at this instant of the demo's time."""
        hub = self.hub
        works = hub is not None and not (
            hub.dispatcher.idle
            and not hub.poller.busy
            and hub.lifeline.idle
            and (hub.ingest is None or hub.ingest.idle)
        )
        return works or self.carrier.busy or self.clock.waking or (self.home is not None and self.home.busy)

    async def settle(self, *, hear: bool = True) -> None:
        """Wait until nothing is under way at this instant; a broker that is away keeps nobody waiting.

        `hear`: also until the hub has all that the home said.
        """
        end, quiet = time.monotonic() + SETTLES_WITHIN_S, 0
        while quiet < QUIET_ROUNDS and time.monotonic() < end:
            if hear:
                await self._heard()
            busy = self.busy
            quiet = 0 if busy else quiet + 1
            await asyncio.sleep(_MOMENT_S if busy else 0)

    async def _heard(self) -> None:
        """Wait until the hub has committed all that the home said."""
        hub = self.hub
        if self.home is None or not self.home.said_something or not self.broker.runs:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLES_WITHIN_S):
                await self.home.surely_said()
                if hub is not None and hub.ingest is not None:
                    await hub.ingest.barrier()

    async def forward(self, target: datetime) -> None:
        """Let time run to `target`, from one instant that somebody waits for to the next.

        A long time is passed in strides: what falls due within one happens together, at its end.
        """
        stride = min((target - self.clock.now()) / STRIDES, LONGEST_STRIDE)
        exact = stride < LONGEST_STRIDE  # else what the home says may be heard one stride later
        await self.settle()
        while (due := self.clock.next_due) is not None and due < target:
            self.clock.raise_to(min(target, max(due, self.clock.now() + stride)))
            await self.settle(hear=exact)
        self.clock.raise_to(target)
        await self.settle()

    async def next_duty(self) -> datetime | None:
        """Return when an alert that is open next needs the hub; None if none does."""
        now = self.clock.now()
        return min(
            (a.next_due for a in await self.alerts() if a.next_due is not None and a.next_due > now), default=None
        )


async def open_store(loaded: "Configuration") -> "SqlStore":
    """Return the demo's own database; ends the command with a sentence if it cannot be used."""
    from hub.ports import StoreUnavailable
    from hub.store import DatabaseUnusable
    from hub.store import open_store as opened

    try:
        return await asyncio.to_thread(opened, loaded.hub.database)
    except (DatabaseUnusable, StoreUnavailable) as error:
        fail(f"{sentence(str(error))} Or give the demo another folder with --data.")
