"""How long a press takes from its publish to the request at the carrier: alone, and behind a burst."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.figures import Figure, Spread
from bench.homes import PRESS, leaks, motions, phone, topic
from bench.publisher import Publisher
from bench.rig import Rig

WITHIN_MS = 50.0
IDLE_RATIO = 2.0
PAUSE_S = 0.05
LEAKING = range(10)
# Presses of the hub or the floor before the other's turn, and how long the stream runs before the first of them.
TURN, SETTLE_S = 20, 1.0
AT_ONCE = 50


@dataclass
class Spans:
    """Seconds from the publish of a press, and from the broker's acknowledgement, to the carrier."""

    published: list[float] = field(default_factory=list)
    acknowledged: list[float] = field(default_factory=list)


class Presses:
    """Presses buttons of the hub's homes, each home once, and sends the floor the same."""

    def __init__(self, rig: Rig, publisher: Publisher, homes: Iterator[int]) -> None:
        self.rig = rig
        self.publisher = publisher
        self._homes = homes

    def hub(self, spans: Spans) -> None:
        """Press a button that was not pressed before."""
        home = next(self._homes)
        self._press(spans, topic(home, "sos"), PRESS, phone(home))

    def floor(self, spans: Spans) -> None:
        """Send the floor a press."""
        number = phone(self.rig.homes - 1)
        self._press(spans, "floor/sos/1", b'{"to":"%s"}' % number.encode(), number)

    def _press(self, spans: Spans, where: str, payload: bytes, number: str) -> None:
        at, message = self.publisher.send(where, payload)
        arrived = self.rig.carrier.arrival(number, at)
        spans.published.append(arrived - at)
        spans.acknowledged.append(arrived - self.publisher.acked_at(message))


def idle(presses: Presses, count: int) -> Figure:
    """Press `count` times while nothing else happens, hub and floor in turn."""
    hub, floor = Spans(), Spans()
    for spans, press in ((hub, presses.hub), (floor, presses.floor)):
        press(Spans())  # connections to the carrier are opened, statements compiled
        del spans
    for _ in range(count):
        for spans, press in ((hub, presses.hub), (floor, presses.floor)):
            press(spans)
            time.sleep(PAUSE_S)
    ours, least = Spread.of(hub.published), Spread.of(floor.published)
    ratio = ours.p99 / least.p99
    return Figure(
        "idle",
        "press → request at the carrier, nothing else going on",
        ours,
        least,
        ratio,
        f"p99 at most {IDLE_RATIO:.0f} times the floor",
        ratio <= IDLE_RATIO,
        {"ratio of p50": round(ours.p50 / least.p50, 2)},
    )


def beside(presses: Presses, others: "Stream", count: int) -> Figure:
    """Press `count` times while so many other messages a second go to hub and floor, in turns of a few presses."""
    hub, floor = Spans(), Spans()
    with others.running():
        for start in range(0, count, TURN):
            turn = min(TURN, count - start)
            for spans, press, to in ((hub, presses.hub, "hub"), (floor, presses.floor, "floor")):
                others.to = to
                time.sleep(SETTLE_S)
                for _ in range(turn):
                    press(spans)
                    time.sleep(PAUSE_S)
    presses.rig.drained()
    ours, least = Spread.of(hub.published), Spread.of(floor.published)
    ratio = ours.p99 / least.p99
    return Figure(
        "beside",
        f"press → request at the carrier, beside {others.rate:,} other messages a second",
        ours,
        least,
        ratio,
        f"p99 at most {IDLE_RATIO:.0f} times the floor",
        ratio <= IDLE_RATIO,
        {"ratio of p50": round(ours.p50 / least.p50, 2), "others sent a second": round(others.reached)},
    )


class Stream:
    """Publishes what is no press, evenly, on a connection of its own; `to` says to whom: "hub" or "floor"."""

    def __init__(self, publisher: Publisher, homes: int, rate: int) -> None:
        self.rate = rate
        self.to = "hub"
        self.reached = 0.0
        self._publisher = publisher
        found = motions(2 * homes, homes)
        self._messages = {"hub": found, "floor": [(f"floor/other/{where}", payload) for where, payload in found]}

    @contextmanager
    def running(self) -> Iterator[None]:
        """Publish for as long as the block runs."""
        ended = threading.Event()
        thread = threading.Thread(target=self._run, args=(ended,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _run(self, ended: threading.Event) -> None:
        started, sent = time.monotonic(), 0
        while not ended.is_set():
            missing = round((time.monotonic() - started) * self.rate) - sent
            found = self._messages[self.to]
            some = [found[(sent + n) % len(found)] for n in range(min(missing, AT_ONCE))]
            self._publisher.burst(self._publisher.encode(some))
            sent += len(some)
            time.sleep(AT_ONCE / self.rate / 4)
        self.reached = sent / (time.monotonic() - started)


def behind(presses: Presses, bursts: int, size: int, *, gas: bool) -> Figure:
    """Press right behind a burst on the same publisher's connection, hub and floor in turn."""
    rig, publisher = presses.rig, presses.publisher
    messages = leaks(size, LEAKING) if gas else motions(size, rig.homes)
    others = [(f"floor/other/{where}", payload) for where, payload in messages]
    if gas:
        publisher.burst(publisher.encode(leaks(len(LEAKING), LEAKING)))
        time.sleep(1)  # their alerts are opened before the clock runs
    hub, floor = Spans(), Spans()
    sent_s: list[float] = []
    for _ in range(bursts):
        for spans, press, burst in ((hub, presses.hub, messages), (floor, presses.floor, others)):
            packets = publisher.encode(burst)
            started = time.monotonic()
            publisher.burst(packets)
            press(spans)
            sent_s.append(time.monotonic() - started)
            rig.drained()
    ours, least = Spread.of(hub.published), Spread.of(floor.published)
    return Figure(
        "gas" if gas else "burst",
        f"SOS behind a burst of {size:,} {'gas repeats (life session)' if gas else 'motion messages (main session)'}",
        ours,
        least,
        ours.p99 / least.p99,
        f"request at the carrier within {WITHIN_MS:.0f} ms",
        ours.most <= WITHIN_MS,
        {
            "hub, from the broker's acknowledgement": Spread.of(hub.acknowledged),
            "floor, from the broker's acknowledgement": Spread.of(floor.acknowledged),
            "the broker took the burst at messages/s": round(size / (sum(sent_s) / len(sent_s))),
        },
    )
