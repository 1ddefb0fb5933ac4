"""The command: a faulty link in a process of its own, which says what it does to whom."""

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from simulators.wire.wire import Condition, Wire


@dataclass(frozen=True, slots=True)
class Troubles:
    """What returns: a cut of `cut_for` every `cut_every`, a freeze of `freeze_for` every `freeze_every`."""

    cut_every: timedelta | None = None
    cut_for: timedelta = timedelta(seconds=10)
    freeze_every: timedelta | None = None
    freeze_for: timedelta = timedelta(seconds=10)


def run(to: str, listen: str, port: int, condition: Condition, troubles: Troubles, seed: int = 0) -> int:
    """Pass bytes until SIGTERM or Ctrl-C; return 0, or 1 with a sentence on stderr if the port cannot be had."""
    broker = urlsplit(to if "//" in to else f"mqtt://{to}")
    wire = Wire(broker.hostname or "127.0.0.1", broker.port or 1883, seed=seed, tell=_say)
    try:
        asyncio.run(_serve(wire, listen, port, condition, troubles))
    except OSError as error:
        print(f"The wire cannot listen on {listen}:{port}: {error.strerror}. Choose another --port.", file=sys.stderr)
        return 1
    return 0


async def _serve(wire: Wire, listen: str, port: int, condition: Condition, troubles: Troubles) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ended.set)
    await wire.start(listen, port)
    wire.set(condition)
    _say(f"wire on mqtt://{listen}:{wire.port}; point a bridge or the hub at it instead of at the broker")
    tasks = [
        asyncio.create_task(_return(change, every, lasts))
        for every, lasts, change in (
            (troubles.cut_every, troubles.cut_for, lambda on: wire.set(replace(wire.condition, is_cut=on))),
            (troubles.freeze_every, troubles.freeze_for, lambda on: wire.set(replace(wire.condition, frozen=on))),
        )
        if every is not None
    ]
    try:
        await ended.wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await wire.stop()
        _say(f"ended: {wire.passed} packets passed, {wire.dropped} dropped")


async def _return(change: Callable[[bool], None], every: timedelta, lasts: timedelta) -> None:
    """Let one trouble come and go; the other goes on as it was."""
    while True:
        await asyncio.sleep(every.total_seconds())
        change(True)
        await asyncio.sleep(lasts.total_seconds())
        change(False)


def _say(sentence: str) -> None:
    with suppress(BrokenPipeError):
        print(f"{datetime.now(UTC).astimezone():%H:%M:%S} {sentence}", flush=True)
