"""Fifty open consoles: how soon an alert is on all of them, and what they cost the alert's own way."""

import asyncio
import subprocess
import threading
import time
import urllib.request
from datetime import UTC, datetime

from bench.figures import Figure, Spread
from bench.homes import PRESS, phone, topic
from bench.presses import Presses, Spans, Stream
from bench.rig import Rig, _end, _python
from hub.accounts import EVERYWHERE, Account, AccountRole, SignIn
from hub.engine.accounts import digest
from hub.ports import Lane, Transaction
from hub.store import open_store

CONSOLES, RATE, TURN = 50, 1_000, 20
PAUSE_S, SETTLE_S, PATIENCE_S = 0.05, 1.0, 20.0
WITHIN_S, AT_MOST = 1.0, 1.5
PAINT_MS, PAINT_KB, LOOKS = 500.0, 300, 20
COOKIE = "bench-" + "c" * 40


class Watchers:
    """The process of the consoles, and what reached which of them when."""

    def __init__(self, rig: Rig) -> None:
        self._process = _python(
            "bench.watchers", str(rig.web), str(CONSOLES), f"carehub={COOKIE}", stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n", "the consoles did not connect"
        self._news = threading.Condition()
        self._seen: dict[str, list[float]] = {}
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for text in self._process.stdout:
            at, _, home = text.decode().split()
            with self._news:
                self._seen.setdefault(home, []).append(float(at))
                self._news.notify_all()

    def seen(self, home: str) -> list[float]:
        """Wait until all consoles show an alert of this home; return when each did."""
        with self._news:
            self._news.wait_for(lambda: len(self._seen.get(home, ())) >= CONSOLES, PATIENCE_S)
            found = self._seen.get(home, [])
        assert len(found) == CONSOLES, f"{len(found)} of {CONSOLES} consoles show {home}"
        return found

    def end(self) -> None:
        """End the process."""
        _end(self._process)


def consoles(rig: Rig, presses: Presses, homes: range, count: int) -> list[Figure]:
    """Press beside a stream of other messages, in turns with and without consoles; then look at the page."""
    sign_in(rig)
    others = Stream(rig.publisher("readings"), rig.homes, RATE)
    alone, beside, shown = Spans(), Spans(), list[float]()
    left = iter(homes)
    with others.running():
        for start in range(0, count, TURN):
            turn = min(TURN, count - start)
            time.sleep(SETTLE_S)
            for _ in range(turn):
                presses.hub(alone)
                time.sleep(PAUSE_S)
            watchers = Watchers(rig)
            time.sleep(SETTLE_S)
            for _ in range(turn):
                home = next(left)
                at = _press(presses, beside, home)
                shown += [seen - at for seen in watchers.seen(f"h{home:04}")]
                time.sleep(PAUSE_S)
            watchers.end()
    rig.drained()
    with_, without = Spread.of(beside.published), Spread.of(alone.published)
    spread, ratio = Spread.of(shown), with_.p99 / without.p99
    return [
        Figure(
            "consoles",
            f"press → on {CONSOLES} open consoles, beside {RATE:,} other messages a second",
            spread,
            wanted=f"p99 at most {WITHIN_S:.0f} s",
            holds=spread.p99 <= 1000 * WITHIN_S,
        ),
        Figure(
            "consoles",
            f"press → request at the carrier, with {CONSOLES} consoles; the floor: the same hub without",
            with_,
            without,
            ratio,
            f"p99 at most {AT_MOST} times that without consoles",
            ratio <= AT_MOST,
        ),
        paint(rig),
    ]


def _press(presses: Presses, spans: Spans, home: int) -> float:
    number = phone(home)
    at, _ = presses.publisher.send(topic(home, "sos"), PRESS)
    spans.published.append(presses.rig.carrier.arrival(number, at) - at)
    return at


def paint(rig: Rig) -> Figure:
    """Ask for the page of open alerts as a browser does."""
    spans, size = list[float](), 0
    for _ in range(LOOKS):
        asked = urllib.request.Request(f"http://127.0.0.1:{rig.web}/", headers={"Cookie": f"carehub={COOKIE}"})
        started = time.monotonic()
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 loopback
            size = len(answer.read())
        spans.append(time.monotonic() - started)
    spread, kb = Spread.of(spans), size / 1000
    return Figure(
        "consoles",
        f"the page of open alerts, {rig.homes:,} homes, as the hub hands it out: {kb:.0f} KB",
        spread,
        wanted=f"p99 at most {PAINT_MS:.0f} ms, at most {PAINT_KB} KB",
        holds=spread.p99 <= PAINT_MS and kb <= PAINT_KB,
    )


def sign_in(rig: Rig) -> None:
    """Let the consoles' cookie be that of a county's staff."""
    now = datetime.now(UTC)

    def enter(transaction: Transaction) -> None:
        account = Account("bench", "bench", frozenset({AccountRole.COUNTY}), (EVERYWHERE,), "li-qiang", created_at=now)
        transaction.save_account(account)
        transaction.save_sign_in(SignIn(digest(COOKIE), account.id, now, now))

    async def write() -> None:
        store = open_store(f"sqlite:///{rig.database}")
        await store.write(Lane.DUTY, enter)
        await store.close()

    asyncio.run(write())
