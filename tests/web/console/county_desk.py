"""A county at a desk: many homes in a real database, their devices' last words, and whoever is signed in."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from hub.accounts import Account
from hub.engine import Engine
from hub.homes import Contact, Device, DeviceKind, DeviceRole, DeviceState, Home, Person, Registry, Resident, Role
from hub.ports import Lane
from hub.store import SqlStore, open_store
from hub.web.console.console import Site
from hub.web.console.now import Now
from hub.web.console.overview import Overlook
from hub.web.ports import Figures, Part, Routes
from hub.web.server import Server
from tests.engine.pocket import POLICIES
from tests.harness.memory import StillClock
from tests.web.console import desk

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
COUNTY, DONGWAN, LIUGOU = "620702000000", "620702207000", "620702208000"
SHANGBU, XINMIN, LIUGOU_VILLAGE = "620702207200", "620702207201", "620702208200"
NAMES = {
    COUNTY: "安河县",
    DONGWAN: "东湾镇",
    LIUGOU: "柳沟乡",
    SHANGBU: "上堡村",
    XINMIN: "新民村",
    LIUGOU_VILLAGE: "柳沟村",
}
PEOPLE = (
    Person("wang-li", "王丽", "+447700900101", frozenset({Role.FAMILY})),
    Person("li-qiang", "李强", "+447700900102", frozenset({Role.STAFF}), (DONGWAN,)),
    Person("zhao-min", "赵敏", "+447700900103", frozenset({Role.SUPERVISOR}), (COUNTY,)),
)


def home(id: str, area: str, name: str, address: str) -> Home:
    """Return a home with a call button, a gas detector and a motion sensor behind a gateway of its own."""
    devices = (
        Device(id, f"{id}-sos", DeviceKind.BUTTON, "zigbee2mqtt/sos", DeviceRole.SOS, "bedroom"),
        Device(id, f"{id}-gas", DeviceKind.GAS, "zigbee2mqtt/gas", None, "kitchen"),
        Device(id, f"{id}-motion", DeviceKind.MOTION, "zigbee2mqtt/motion", None, "hall"),
    )
    contacts = (Contact("wang-li", Role.FAMILY),)
    return Home(id, area, address, f"homes/{id}/", residents=(Resident(name),), contacts=contacts, devices=devices)


HOMES = (
    home("ah-001", SHANGBU, "王秀兰", "上堡村三社12号"),
    home("ah-002", SHANGBU, "陈桂芳", "上堡村一社3号"),
    home("ah-003", XINMIN, "周德海", "新民村5号"),
    home("lg-001", LIUGOU_VILLAGE, "杨玉珍", "柳沟村7号"),
)


def words_of(home: Home, now: datetime = NOW) -> list[DeviceState]:
    """Return what the devices of a home say that is well."""
    button, gas, motion = home.devices[:3]
    return [
        DeviceState(home.id, button.id, "button", "action", "active", now - HOUR, now - HOUR, life_at=now - HOUR),
        DeviceState(home.id, gas.id, "gas", "gas", "clear", now - DAY, now - HOUR),
        DeviceState(home.id, motion.id, "motion", "motion", "clear", now - HOUR, now - MINUTE),
    ]


@dataclass
class Hub:
    """How the hub says that it fares."""

    parts: dict[str, Part] = field(default_factory=dict)

    def ready(self) -> dict[str, Part]:
        return {name: self.parts.get(name, Part(True, "")) for name in ("broker", "database", "dispatcher", "audit")}

    async def figures(self) -> Figures:
        parts = {name: part.ready for name, part in self.ready().items()}
        none: dict[str, Any] = {}
        return Figures(NOW, parts, none, none, none, none, False, none, 0, 5.0, 0, 3, None, None)


class CountyDesk:
    """A console of which all parts about areas are served, on a database of its own."""

    def __init__(self, store: SqlStore, address: str, who: desk.Whoever, engine: Engine, hub: Hub) -> None:
        self.store, self.who, self.engine, self.hub = store, who, engine, hub
        self.clock: StillClock = engine.clock  # type: ignore[assignment]
        self.address = address

    async def page(self, path: str, account: Account | None = None, **headers: str) -> tuple[int, str]:
        """Return what an account sees under this address."""
        if account is not None:
            self.who.account = account
        async with aiohttp.ClientSession() as http, http.get(self.address + path, headers=headers) as answer:
            return answer.status, await answer.text()

    async def say(self, states: Iterable[DeviceState]) -> None:
        """Keep what devices said, and tell the console of it."""
        found = list(states)

        def keep(work: Any) -> None:
            work.transaction.save_device_states(found)
            work.heard |= {state.home_id for state in found}

        await self.engine.write(Lane.SLOW, keep)


@asynccontextmanager
async def county_desk(
    folder: Path,
    homes: Sequence[Home] = HOMES,
    *,
    account: Account,
    people: Sequence[Person] = PEOPLE,
    names: dict[str, str] = NAMES,
    about: Any = None,
) -> AsyncIterator[CountyDesk]:
    """Serve it."""
    from hub.web.console.area import Areas
    from hub.web.console.devices import Devices
    from hub.web.console.homes_list import Homes
    from hub.web.console.system import System

    store = open_store(f"sqlite:///{folder}/carehub.db")
    clock = StillClock(NOW)
    await store.write(Lane.SLOW, lambda t: t.replace_registry(Registry.of(people, homes, areas=names)))
    engine = Engine(store, clock, "site", POLICIES)
    await engine.load()
    who, hub = desk.Whoever(account), Hub()
    plain = desk.site(engine, clock, who)
    site = Site(engine, clock, plain.gate, plain.settings, hub, hub, plain.accounts, plain.cookies, about)
    overlook = Overlook(engine, clock)
    # Every page asks what waits, so the page of open alerts is served too.
    parts: list[Routes] = [Now(site), *(part(site, overlook) for part in (Areas, Homes, Devices, System))]
    server = Server(desk.application(*parts), "127.0.0.1:0")
    await server.start()
    try:
        yield CountyDesk(store, f"http://127.0.0.1:{server.port}", who, engine, hub)
    finally:
        await overlook.close()
        await server.stop()
        await store.close()
