"""How long a press waits behind a burst of other messages, in ingest alone: from its publish to the call of its commit.

Run as a module it is the publisher: a process of its own, so that its work is not the hub's.
"""

import asyncio
import contextlib
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as paho

from hub.clock import HubClock
from hub.ingest.broker import BrokerConfig
from hub.ingest.grants import Signal
from hub.ingest.reception import Ingest
from hub.ports import Arrival, Connection, Session
from tests.harness.broker import BRIDGE, BrokerProcess
from tests.ingest.fakes import WIRE, button, motion, registry_of

PRESSES = 20
PRESS_EVERY_S = 0.05


@dataclass(frozen=True)
class Overtaking:
    """Milliseconds that presses took alone and behind the burst, and how much of it was still left at the last one."""

    floor_ms: list[float]
    behind_ms: list[float]
    burst_left: int
    burst_per_s: float

    def lines(self) -> str:
        """Return the figures to print."""
        both = [("alone", self.floor_ms), ("behind the burst", self.behind_ms)]
        text = [
            f"press to commit, {n}: median {statistics.median(ms):.1f} ms, worst {max(ms):.1f} ms" for n, ms in both
        ]
        return "\n".join([*text, f"burst: {self.burst_per_s:.0f} messages/s, {self.burst_left} left at the last press"])


class _Stopwatch:
    """An intake that commits at once and notes when."""

    def __init__(self) -> None:
        self.presses_ms: list[float] = []
        self.others = 0
        self.left_at_last = 0
        self.news = Signal()

    async def connected(self, session: Session, *, session_present: bool) -> Connection:
        return Connection(session, 1, None)

    async def subscribed(self, session: Session, filters: Sequence[str]) -> None: ...

    async def marker(self, connection: Connection, number: int, acknowledged: Sequence[int]) -> None: ...

    async def commit(self, arrivals: Sequence[Arrival]) -> None:
        now = time.monotonic()
        for arrival in arrivals:
            if arrival.delivery.session is Session.SOS:
                self.presses_ms.append((now - float(arrival.delivery.message.payload)) * 1_000)
                self.left_at_last = self.others
            else:
                self.others += 1
        self.news.fire()


async def overtaking(folder: Path, burst: int = 60_000, config: BrokerConfig | None = None) -> Overtaking:
    """Measure presses alone, then presses published while the hub works through `burst` other messages."""
    broker = BrokerProcess(folder, config).start()
    watch = _Stopwatch()
    home = registry_of(button("sos"), motion("hall"))
    ingest = Ingest(broker.as_hub, "bench", home, [WIRE], watch, HubClock())
    try:
        ingest.start()
        await ingest.barrier()
        await _publish(broker.port, 0)
        await _presses(watch, PRESSES)
        floor, watch.presses_ms = watch.presses_ms, []
        started = time.monotonic()
        await _publish(broker.port, burst)
        await _presses(watch, PRESSES)
        left = burst - watch.left_at_last
        await ingest.barrier()
        per_s = watch.others / (time.monotonic() - started)
        return Overtaking(floor, watch.presses_ms, left, per_s)
    finally:
        await ingest.kill()
        broker.kill()


async def _presses(watch: _Stopwatch, count: int) -> None:
    async with asyncio.timeout(60):
        while len(watch.presses_ms) < count:
            await watch.news.wait()


async def _publish(port: int, burst: int) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.ingest.bench", str(port), str(burst))
    assert await process.wait() == 0


def _publisher(port: int, burst: int) -> None:
    """Publish the burst over one connection and presses, from then on, over another."""
    clients = [paho.Client(paho.CallbackAPIVersion.VERSION2) for _ in range(2)]
    for client in clients:
        client.username_pw_set(BRIDGE.username, BRIDGE.password)
        client.connect("127.0.0.1", port)
        client.loop_start()
    others, presser = clients
    for n in range(burst):
        others.publish("zigbee2mqtt/hall", json.dumps({"occupancy": True, "n": n}), qos=0)
    for _ in range(PRESSES):
        presser.publish("zigbee2mqtt/sos", str(time.monotonic()), qos=1).wait_for_publish(10)
        time.sleep(PRESS_EVERY_S)
    with contextlib.suppress(RuntimeError):
        others.publish("zigbee2mqtt/hall", b"end", qos=1).wait_for_publish(60)
    for client in clients:
        client.disconnect()
        client.loop_stop()


if __name__ == "__main__":
    _publisher(int(sys.argv[1]), int(sys.argv[2]))
