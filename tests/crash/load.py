"""Homes that never rest: a few hundred readings a second beside presses, over QoS 0 and QoS 1, until told to stop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiomqtt

from tests.crash.ledger import Device, Ledger
from tests.harness.process import Gateway, until

READINGS_PER_S, PRESSES_PER_S = 240, 10
# The broker keeps 1,000 messages per session for a hub that is away, so homes rest before a slow restart fills that.
MOST_WAITING = 600


class Load:
    """What is published while it runs is booked in `ledger`; `published` counts it."""

    def __init__(self, gateway: Gateway, ledger: Ledger) -> None:
        self.gateway = gateway
        self.ledger = ledger
        self.published = 0
        self._rested_at = 0
        self._stopping = False

    def hub_is_back(self) -> None:
        """Note that the hub hears us again: nothing of what is published from now on waits long."""
        self._rested_at = self.published

    async def many(self, count: int) -> None:
        """Wait until so many more messages were accepted by the broker."""
        target = self.published + count
        await until(lambda: self.published >= target, f"{count} more messages are published")

    def stop(self) -> None:
        """Have every device end after what it is saying: cut off in between, nobody knew whether it was accepted."""
        self._stopping = True

    async def run(self) -> None:
        """Publish until stopped."""
        async with asyncio.TaskGroup() as group:
            for qos in (0, 1):
                group.create_task(self._repeat(Device(self.gateway, self.ledger, qos), False, READINGS_PER_S / 2))
                group.create_task(self._repeat(Device(self.gateway, self.ledger, qos), True, PRESSES_PER_S / 2))

    async def _repeat(self, device: Device, pressing: bool, per_s: float) -> None:
        homes = self.gateway.homes
        number = 0
        try:
            while not self._stopping:
                if self.published - self._rested_at < MOST_WAITING:
                    home = 1 + number % homes
                    number += 1
                    with contextlib.suppress(aiomqtt.MqttError):  # not confirmed, so not accepted
                        await (device.presses(home) if pressing else device.measures(home))
                        self.published += 1
                await asyncio.sleep(1 / per_s)  # how often homes say something
        finally:
            await device.leave()


@asynccontextmanager
async def loaded(gateway: Gateway, ledger: Ledger) -> AsyncIterator[Load]:
    """Keep homes talking for as long as the context lasts."""
    load = Load(gateway, ledger)
    task = asyncio.create_task(load.run())
    try:
        yield load
    finally:
        load.stop()
        await task
