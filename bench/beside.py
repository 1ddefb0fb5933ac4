"""Presses while other devices go on reporting: a steady stream of messages on a connection of its own."""

import random
import threading
import time
from collections.abc import Sequence
from types import TracebackType

from bench.figures import Figure, Spread
from bench.homes import motions
from bench.presses import IDLE_RATIO, Presses, Spans, cpu_s, drained
from bench.publisher import Publisher

TICK_S = 0.005
# How long the stream runs before the first press of a round, so that nothing is measured while it begins.
LEAD_S = 0.5
PAUSE_S = (0.03, 0.07)


class Stream:
    """Publishes messages at a steady rate, over and over, until it is left."""

    def __init__(self, publisher: Publisher, messages: Sequence[tuple[str, bytes]], per_s: int) -> None:
        self._publisher = publisher
        self._messages = messages
        self._per_tick = round(per_s * TICK_S)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.published = 0
        self.took_s = 0.0

    def __enter__(self) -> "Stream":
        self._thread.start()
        time.sleep(LEAD_S)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ends.set()
        self._thread.join()

    def _run(self) -> None:
        started = time.monotonic()
        ticks = 0
        while not self._ends.is_set():
            first = self.published % len(self._messages)
            part = self._messages[first : first + self._per_tick]
            self._publisher.burst(self._publisher.encode(part))
            self.published += len(part)
            ticks += 1
            late_s = time.monotonic() - started - ticks * TICK_S
            if late_s < 0:
                time.sleep(-late_s)
        self.took_s = time.monotonic() - started

    @property
    def per_s(self) -> float:
        """How many messages a second there really were."""
        return self.published / self.took_s if self.took_s else 0.0


def beside(presses: Presses, rounds: int, count: int, per_s: int) -> Figure:
    """Press `count` times a round beside the stream, hub and floor round by round in turn."""
    rig = presses.rig
    messages = motions(20_000, rig.homes)
    others = [(f"floor/other/{where}", payload) for where, payload in messages]
    hub, floor = Spans(), Spans()
    reached: list[float] = []
    cores: list[float] = []
    publisher = rig.publisher("stream")
    pauses = random.Random(1)
    for _ in range(rounds):
        for spans, press, what in ((hub, presses.hub, messages), (floor, presses.floor, others)):
            before, began = cpu_s(rig.hub.pid), time.monotonic()
            with Stream(publisher, what, per_s) as stream:
                for _ in range(count):
                    press(spans)
                    time.sleep(pauses.uniform(*PAUSE_S))
                if spans is hub:
                    cores.append((cpu_s(rig.hub.pid) - before) / (time.monotonic() - began))
            reached.append(stream.per_s)
            drained(rig)
    publisher.close()
    return _figure(hub, floor, per_s, min(reached), max(cores))


def _figure(hub: Spans, floor: Spans, per_s: int, reached: float, cores: float) -> Figure:
    ours, least = Spread.of(hub.published), Spread.of(floor.published)
    ratio = ours.p99 / least.p99
    return Figure(
        f"press → request at the carrier, beside {per_s:,} other messages/s",
        ours,
        least,
        ratio,
        f"p99 at most {IDLE_RATIO:.0f} times the floor",
        ratio <= IDLE_RATIO,
        {
            "ratio of p50": round(ours.p50 / least.p50, 2),
            "messages/s that were published": round(reached),
            "of one core, the hub used": round(cores, 2),
        },
    )
