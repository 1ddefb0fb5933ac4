"""What stands behind the page: gathers what is seen, does what is clicked."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from hub.cli.demo_pace import FASTEST, PACES, Pacer
from hub.cli.demo_scene import AWAYS, CARRIERS, CLOCKS, Scene, away_until
from hub.cli.demo_tale import Line, Story, Tale
from hub.cli.demo_view import Json, Seen, View, millis
from hub.homes import Home
from hub.ports import KeptReading, StoreUnavailable, Transaction
from simulators.carrier import Fault, FaultKind
from simulators.home import CannotPoke, Clocks, Said, Told
from simulators.stage import Refused

if TYPE_CHECKING:
    from hub.cli.demo_home import DemoHome
    from hub.cli.demo_world import World

MOST_ALERTS, MOST_READINGS, MOST_TOLD = 12, 400, 60
_LOOK_EVERY_S = 0.1
_FAULTS = {
    "slow": Fault(FaultKind.LATE, delay=timedelta(seconds=30)),
    "loses": Fault(FaultKind.LOST, probability=0.5),
    "twice": Fault(FaultKind.TWICE),
    "reordered": Fault(FaultKind.REORDERED),
    "no-credit": Fault(FaultKind.NO_CREDIT),
}
_SWITCHED = {
    ("hub", True): ("carehub 又开了", "carehub runs again"),
    ("hub", False): ("carehub 被关掉，像断电一样", "carehub is killed, as by a power cut"),
    ("broker", True): ("消息服务器开了", "the broker is back"),
    ("broker", False): ("消息服务器停了", "the broker is stopped"),
}


class DemoPlay:
    """The world behind the page (simulators.stage.Play)."""

    def __init__(self, world: "World", pacer: Pacer) -> None:
        self.demo, self.pacer = world, pacer
        self.carrier_is, self._told, self._told_count = "normal", list[tuple[Told, int]](), 0
        self._seen = Seen(world.clock.now(), (), (), ())
        self._readings: list[KeptReading] = []
        self._number, self._mark = 0, _NOTHING
        self._changed = asyncio.Condition()
        self._pictures: dict[tuple[int, str], Json] = {}
        self._committed = asyncio.Event()
        self._woken: object = None
        if world.home is not None:
            world.home.home.listen(self._hear)

    def _hear(self, happening: Said | Told) -> None:
        """Keep what was done to the world; what the resident does stands below the plan."""
        if isinstance(happening, Told) and happening.what != "resident":
            self._note(happening)

    def _note(self, told: Told) -> None:
        self._told_count += 1
        self._told = [*self._told, (told, self._told_count)][-MOST_TOLD:]

    # --- seeing

    async def run(self) -> None:
        """Look for what is new, until cancelled."""
        while True:
            mark = self._what_is()
            if self._committed.is_set() or mark != self._mark:
                self._committed.clear()
                self._mark = mark
                with suppress(StoreUnavailable):
                    await self._look()
                async with self._changed:
                    self._number += 1
                    self._pictures.clear()
                    self._changed.notify_all()
            await asyncio.sleep(_LOOK_EVERY_S)

    def _what_is(self) -> Hashable:
        """Return what changes whenever the picture does."""
        world, hub = self.demo, self.demo.hub
        if hub is not None and self._woken is not hub:
            self._woken = hub
            hub.engine.wakes(self._committed)
        home = world.home.home if world.home else None
        lives = (home.resident, tuple(home.devices), home.scenario, home.mains, home.network) if home else ()
        heard = hub.engine.counters["received"] if hub else -1
        version = hub.engine.world.registry.version if hub else -1
        pace = (self.pacer.wanted, self.pacer.skipping, self.carrier_is)
        return (id(hub), heard, version, world.carrier.events.last, world.changes, self._told_count, pace, lives)

    async def _look(self) -> None:
        hub = self.demo.hub
        known = self._seen.stories
        if hub is not None:
            last = self._readings[-1].number if self._readings else 0
            known, fresh = await hub.store.read(lambda t: (stories(t), t.readings_after(last, MOST_READINGS)))
            self._readings = [*self._readings, *fresh][-MOST_READINGS:]
        self._seen = Seen(self.demo.clock.now(), known, tuple(self._readings), self.demo.carrier.messages)

    async def wait(self, seen: int, wait_s: float) -> int:
        """Return the number of the newest state."""
        if self._number == seen:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s), self._changed:
                    await self._changed.wait_for(lambda: self._number != seen)
        return self._number

    def time(self) -> Json:
        """Return what the page's clock runs by."""
        still = self.pacer.skipping or self.pacer.wanted == 0
        return {"now_ms": millis(self.demo.clock.now()), "pace": 0 if still else self.demo.clock.pace}

    async def state(self, language: str) -> Json:
        """Return everything that is shown."""
        known = self._pictures.get((self._number, language))
        if known is None or self._number == 0:
            if self._number == 0:
                with suppress(StoreUnavailable):
                    await self._look()
            known = self._pictures[self._number, language] = self._picture(language)
        return {**known, **self.time()}

    def _picture(self, language: str) -> Json:
        tale = self.tale(language)
        view = View(tale, self.house)
        offset = self.demo.clock.now().astimezone(tale.zone).utcoffset() or timedelta(0)
        picture: Json = {
            "number": self._number,
            "offset_min": round(offset.total_seconds() / 60),
            "paces": list(PACES),
            "speed": self.pacer.wanted,
            "skipping": self.pacer.skipping,
            "phones": view.phones(self._seen),
            "alerts": view.alerts(self._seen),
            "due": view.due(self._seen),
            "stream": view.stream(self._seen, self._world_lines(language)),
        }
        home, house = self.demo.home, self.house
        if home is not None and house is not None:
            scene = Scene(self.demo, house, home.home, tale)
            picture["home"] = scene.picture(self._seen, self.demo.clock.now())
            picture["world"] = scene.switches(self.carrier_is, home.home.clocks.value)
            picture["scenarios"] = scene.scenarios()
        return picture

    def tale(self, language: str) -> Tale:
        """Return the teller of one language, with people and homes as they are now."""
        return Tale(self.demo.registry, self.demo.loaded.hub.timezone, language)

    @property
    def house(self) -> Home | None:
        """The home that is played, as the hub knows it now."""
        if self.demo.home is None:
            return None
        return self.demo.registry.homes.get(self.demo.home.plan.home)

    def _world_lines(self, language: str) -> list[Line]:
        return [Line(told.at, 0, f"w{number}", "world", _sentence(told.text(language))) for told, number in self._told]

    # --- doing

    async def poke(self, device: str, what: str) -> None:
        """Do something to a device."""
        home = self._home
        if home.plan.device(device) is None:
            known = ", ".join(d.id for d in home.plan.devices)
            raise Refused(f"there is no device {device}; there are {known}", 404)
        await _asked(home.home.poke(device, what))

    async def reply(self, number: str, text: str) -> None:
        """Send a text from a phone to the hub."""
        if number not in {person.phone for person in self.demo.loaded.registry.people.values()}:
            raise Refused(f"nobody here has the number {number}", 404)
        if not text.strip():
            raise Refused("an empty text says nothing")
        self.demo.carrier.reply(number, text)

    async def scenario(self, name: str) -> None:
        """Begin a scenario, or let the usual day go on."""
        home = self._home.home
        await _asked(home.go_on() if name == "none" else home.play(name))

    async def speed(self, pace: float) -> None:
        """Let time run so many times as fast."""
        if not 0 <= pace <= FASTEST:
            raise Refused(f"time can run from 0 to {FASTEST:.0f} times as fast")
        self.pacer.pace = pace

    async def next_step(self) -> None:
        """Let time run to the next duty of an open alert; without one, to what the resident does next."""
        target = await self.demo.next_duty()
        if target is None:
            target = self._home.home.next_due()
        self.pacer.skip_to(target)

    async def world(self, name: str, value: str) -> None:
        """Switch something of the world around the hub."""
        if name in ("mains", "network", "broker", "hub"):
            if value not in ("on", "off"):
                raise Refused(f"{name} is on or off")
            await self._switch(name, on=value == "on")
        elif name in ("carrier", "clocks", "away"):
            options = {"carrier": CARRIERS, "clocks": CLOCKS, "away": AWAYS}[name]
            if value not in options:
                raise Refused(f"{name} is one of {', '.join(options)}")
            await {"carrier": self._carrier, "clocks": self._clocks, "away": self._away}[name](value)
        else:
            raise Refused("there is mains, network, broker, hub, carrier, clocks and away", 404)
        self.demo.changes += 1

    async def _switch(self, name: str, *, on: bool) -> None:
        home = self._home.home
        if name == "broker" and not self.demo.broker.is_durable:
            raise Refused("this broker keeps nothing, so it is not stopped here; install Mosquitto", 409)
        words = _SWITCHED.get((name, on))
        if words is not None:
            self._note(Told(self.demo.clock.now(), "world", *words))
        acts: dict[str, Callable[[], Awaitable[None]]] = {
            "mains": lambda: home.set_mains(on),
            "network": lambda: home.set_network(on),
            "broker": lambda: self.demo.switch_broker(on=on),
            "hub": lambda: self.demo.switch_hub(on=on),
        }
        await acts[name]()

    async def _carrier(self, value: str) -> None:
        faults = self.demo.carrier.faults
        faults.clear()
        if value in _FAULTS:
            faults.add(_FAULTS[value])
        self.carrier_is = value
        zh, en = CARRIERS[value]
        self._note(Told(self.demo.clock.now(), "world", f"运营商短信：{zh}", f"the carrier: {en}"))

    async def _clocks(self, value: str) -> None:
        await self._home.home.set_clocks(Clocks(value))
        zh, en = CLOCKS[value]
        self._note(Told(self.demo.clock.now(), "world", f"设备时钟：{zh}", f"device clocks: {en}"))

    async def _away(self, value: str) -> None:
        hub, now = self.demo.hub, self.demo.clock.now()
        if hub is None:
            raise Refused("carehub is switched off", 409)
        until = away_until(value, now, self.demo.loaded.hub.timezone)
        await hub.engine.away(self._home.plan.home, until, "hub")
        await hub.refresh()
        zh, en = AWAYS[value]
        self._note(Told(now, "world", zh, en))

    @property
    def _home(self) -> "DemoHome":
        if self.demo.home is None:
            raise Refused("no home of this configuration has devices", 409)
        return self.demo.home


def stories(transaction: Transaction) -> list[Story]:
    """Return the newest alerts, and all that are open, with their history and messages."""
    newest = {a.id: a for a in transaction.alerts(everything=True, limit=MOST_ALERTS)}
    newest |= {a.id: a for a in transaction.alerts(limit=4 * MOST_ALERTS)}
    return [Story(a, transaction.history(a.id), transaction.notifications(a.id)) for a in newest.values()]


async def _asked(done: Awaitable[object]) -> None:
    """Wait for something the home was asked for; what it cannot do, it says."""
    try:
        await done
    except CannotPoke as error:
        raise Refused(str(error)) from None


def _sentence(text: str) -> str:
    return text if text.startswith("carehub") else text[:1].upper() + text[1:]


_NOTHING: Hashable = None
