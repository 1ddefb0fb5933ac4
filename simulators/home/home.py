"""A simulated home on a clock: it lives, says what happens, and publishes it."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from simulators.carrier.clock import Clock
from simulators.home.habits import Habits
from simulators.home.happenings import Happening, Publisher, PublisherAway, Said, Told
from simulators.home.machine import Machine
from simulators.home.node import Clocks, Fault
from simulators.home.plan import Plan
from simulators.home.resident import DeviceView, Resident
from simulators.home.scenarios import Scenario, scenario_named

# Messages of QoS 1 that wait while the broker is away; beyond it the oldest go.
_REMEMBERED = 1_000

Listener = Callable[[Happening], None]


class Broker(Protocol):
    """Whoever can stop and start the broker for a scenario."""

    async def __call__(self, on: bool) -> None:
        """Stop or start it."""
        ...


class SimulatedHome:
    """One home: `start`, then it goes on by itself on its clock until `stop`. What it does is heard by listeners."""

    def __init__(
        self,
        plan: Plan,
        clock: Clock,
        publisher: Publisher,
        *,
        seed: int = 0,
        habits: Habits | None = None,
        broker: Broker | None = None,
    ) -> None:
        """`broker` stops and starts the broker when a scenario asks for it; without it the scenario only says so."""
        self.plan = plan
        self._clock, self._publisher, self._broker = clock, publisher, broker
        self._machine = Machine(plan, clock.now(), seed=seed, habits=habits)
        self._machine.broker_asked = self._ask_broker
        self._listeners: list[Listener] = []
        self._outbox: deque[Said] = deque()
        self._unsent: deque[Said] = deque(maxlen=_REMEMBERED)
        self._sending = asyncio.Lock()
        self._woken = asyncio.Event()
        self._away = False
        self._life: asyncio.Task[None] | None = None
        self._asking: set[asyncio.Task[None]] = set()

    # --- its life

    async def start(self) -> None:
        """Begin to live."""
        self._take(self._machine.start())
        await self._send()
        self._life = asyncio.create_task(self._live(), name=f"home {self.plan.home}")

    async def stop(self) -> None:
        """End in order: bridges and devices say that they go."""
        if self._life is not None:
            self._life.cancel()
            with suppress(asyncio.CancelledError):
                await self._life
            self._life = None
        for task in self._asking:
            task.cancel()
        self._take(self._machine.stop(self._clock.now()))
        await self._send()

    async def _live(self) -> None:
        while True:
            now = self._clock.now()
            self._take(self._machine.advance(now))
            await self._send()
            self._woken.clear()
            await self._sleep(self._machine.next_due())

    async def _sleep(self, until: datetime) -> None:
        """Sleep until something is due, or somebody has poked and something may be due earlier."""
        asleep = asyncio.ensure_future(self._clock.sleep(until - self._clock.now()))
        woken = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait((asleep, woken), return_when=asyncio.FIRST_COMPLETED)
        finally:
            asleep.cancel()
            woken.cancel()

    # --- what is seen

    def listen(self, listener: Listener) -> None:
        """Call with everything that is published (Said) and everything that happens (Told), in order."""
        self._listeners.append(listener)

    @property
    def resident(self) -> Resident:
        """Where the resident is, and what she does."""
        return self._machine.resident

    @property
    def devices(self) -> list[DeviceView]:
        """All devices as a page shows them."""
        return self._machine.views()

    @property
    def scenario(self) -> Scenario | None:
        """The scenario that is being played."""
        return self._machine.scenario

    @property
    def mains(self) -> bool:
        """Whether the home has mains."""
        return self._machine.gateway.mains

    @property
    def network(self) -> bool:
        """Whether the home has a line to the broker."""
        return self._machine.gateway.network

    @property
    def clocks(self) -> Clocks:
        """What the clocks of devices and gateway show."""
        return self._machine.gateway.clocks

    def next_due(self) -> datetime:
        """When something happens next by itself."""
        return self._machine.next_due()

    @property
    def busy(self) -> bool:
        """Whether something is still to be published."""
        return bool(self._outbox) or self._sending.locked() or self._machine.next_due() <= self._clock.now()

    async def settled(self) -> None:
        """Wait until what has happened so far is published."""
        async with self._sending:
            pass
        await asyncio.sleep(0)

    # --- what is done to it

    async def poke(self, device: str, what: str) -> None:
        """Do something to a device: press, on, off, open … as its view says. Raises CannotPoke."""
        await self._do(lambda now: self._machine.poke(now, device, what))

    async def play(self, name: str) -> Scenario:
        """Begin a scenario by its name, and return it. Raises NoScenario; CannotPoke if a device is missing."""
        scenario = scenario_named(name)
        await self._do(lambda now: self._machine.play(now, scenario))
        return scenario

    async def go_on(self) -> None:
        """Let the resident's usual day go on, as after help has come."""
        await self._do(self._machine.go_on)

    async def add_fault(self, fault: Fault, device: str | None = None) -> None:
        """Let something be wrong with a device. Raises CannotPoke."""
        await self._do(lambda now: self._machine.add_fault(now, fault, device))

    async def set_mains(self, on: bool) -> None:
        """Switch the home's mains."""
        await self._do(lambda now: self._machine.set_mains(now, on))

    async def set_network(self, on: bool) -> None:
        """Cut or mend the home's line to the broker."""
        await self._do(lambda now: self._machine.set_network(now, on))

    async def set_bridges(self, on: bool) -> None:
        """Stop or start the bridges."""
        await self._do(lambda now: self._machine.set_bridges(now, on))

    async def set_clocks(self, clocks: Clocks) -> None:
        """Set what the clocks of devices and gateway show."""
        self._machine.gateway.set_clocks(clocks)

    async def reconnected(self) -> None:
        """Call when the broker is there again: bridges and devices say so, and what waited follows."""
        self._take(self._machine.reconnected(self._clock.now()))
        self._outbox.extend(self._unsent)
        self._unsent.clear()
        await self._send()
        self._woken.set()

    # --- inside

    async def _do(self, deed: Callable[[datetime], list[Happening]]) -> None:
        now = self._clock.now()
        # Whatever was due before comes first, so that nothing is told out of order.
        self._take(self._machine.advance(now))
        self._take(deed(now))
        await self._send()
        self._woken.set()

    def _take(self, happened: list[Happening]) -> None:
        for each in happened:
            if isinstance(each, Said):
                self._outbox.append(each)
            for listener in self._listeners:
                listener(each)

    async def _send(self) -> None:
        async with self._sending:
            while self._outbox:
                said = self._outbox[0]
                try:
                    await self._publisher.publish(said.topic, said.payload, said.qos, said.retain)
                    self._notice_broker(said.at, away=False)
                except PublisherAway:
                    self._notice_broker(said.at, away=True)
                    if said.qos and not said.retain:
                        self._unsent.append(said)  # a bridge forgets, a device of its own remembers
                self._outbox.popleft()

    def _notice_broker(self, at: datetime, *, away: bool) -> None:
        """Tell once that messages get lost, and once that they arrive again."""
        if away is not self._away:
            self._away = away
            zh = "连不上消息服务器：桥接发的消息会丢" if away else "又连上消息服务器了"
            en = "the broker is out of reach: what bridges publish is lost" if away else "the broker is there again"
            self._take([Told(at, "world", zh, en)])

    def _ask_broker(self, on: bool) -> None:
        if self._broker is not None:
            task = asyncio.ensure_future(self._broker(on))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
