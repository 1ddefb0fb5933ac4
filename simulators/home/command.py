"""The command: one home, against a real broker in real or faster time, or without a broker in virtual time."""

import asyncio
import io
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators.carrier.clock import Clock
from simulators.home.happenings import Happening, Said
from simulators.home.home import SimulatedHome
from simulators.home.line import MqttLine, NoBroker, SignIn
from simulators.home.machine import Machine
from simulators.home.node import Fault
from simulators.home.plan import Plan
from simulators.home.pokes import CannotPoke
from simulators.home.scenarios import Scenario
from simulators.home.showing import Shown, expectations, say

# How long the broker stays away when a scenario restarts it and it is not ours to stop.
_BROKER_AWAY = timedelta(seconds=8)


@dataclass(frozen=True, slots=True)
class Task:
    """What a home is to do: from `start`, for `lasting` (None: until it is stopped), with these faults."""

    plan: Plan
    start: datetime
    seed: int = 0
    scenario: Scenario | None = None
    faults: Sequence[tuple[Fault, str | None]] = ()
    lasting: timedelta | None = None


def rehearse(task: Task, shown: Shown) -> int:
    """Play in virtual time, without a broker; return 0, or 1 with a sentence on stderr."""
    machine = Machine(task.plan, task.start, seed=task.seed)
    broker = _Away(machine)
    end = task.start + (task.lasting or timedelta(days=1))
    try:
        happened = machine.start()
        for fault, device in task.faults:
            happened += machine.add_fault(task.start, fault, device)
        if task.scenario is not None:
            happened += machine.play(task.start, task.scenario)
    except CannotPoke as problem:
        return _refused(problem)
    _free_stdout()
    broker.show(happened, shown)
    while (due := machine.next_due()) <= end:
        broker.show(machine.advance(due), shown)
        if broker.came_back:
            broker.came_back = False
            broker.show(machine.reconnected(due), shown)
    if task.scenario is not None:
        say(expectations(task.scenario, shown.language))
    return 0


class _Away:
    """The broker that a rehearsal has not: what is said while it is away is not shown, because nobody hears it."""

    def __init__(self, machine: Machine) -> None:
        self.is_there, self.came_back = True, False
        machine.broker_asked = self._asked

    def _asked(self, on: bool) -> None:
        self.came_back = on and not self.is_there
        self.is_there = on

    def show(self, happened: Sequence[Happening], shown: Shown) -> None:
        for each in happened:
            if self.is_there or not isinstance(each, Said):
                shown(each)


def run(task: Task, clock: Clock, sign_in: SignIn, shown: Shown) -> int:
    """Play against a broker until the end, SIGTERM or Ctrl-C; return 0, or 1 with a sentence on stderr."""
    _free_stdout()
    try:
        return asyncio.run(_run(task, clock, sign_in, shown))
    except (NoBroker, CannotPoke) as problem:
        return _refused(problem)


async def _run(task: Task, clock: Clock, sign_in: SignIn, shown: Shown) -> int:
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    line = MqttLine(sign_in)
    await line.open()

    async def broker(on: bool) -> None:
        if not on:
            line.cut(_BROKER_AWAY)

    home = SimulatedHome(task.plan, clock, line, seed=task.seed, broker=broker)
    home.listen(shown)
    line.reconnected = home.reconnected
    try:
        await home.start()
        for fault, device in task.faults:
            await home.add_fault(fault, device)
        if task.scenario is not None:
            say(expectations(task.scenario, shown.language))
            await home.play(task.scenario.name)
        await _until(ended, clock, task.lasting)
    finally:
        await home.stop()
        await line.close()
    return 0


async def _until(ended: asyncio.Event, clock: Clock, lasting: timedelta | None) -> None:
    """Wait until somebody ends it, or until so much of the clock's time has passed."""
    waits: list[asyncio.Future[object]] = [asyncio.ensure_future(ended.wait())]
    if lasting is not None:
        waits.append(asyncio.ensure_future(clock.sleep(lasting)))
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*waits)


def _refused(problem: Exception) -> int:
    text = str(problem)
    print(text[:1].upper() + text[1:] + ("" if text.endswith(".") else "."), file=sys.stderr)
    return 1


def _free_stdout() -> None:
    """See that a terminal without Chinese still gets its line."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
