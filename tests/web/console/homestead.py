"""One home with a day behind it, in a database: what its page is shown on."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from devices.message import Message
from devices.reading import Kind, Reading, State
from hub.accounts import Account, AccountRole
from hub.engine import Engine
from hub.engine.intake import take_in
from hub.homes import Contact, Device, DeviceKind, DeviceRole, Home, Person, Registry, Resident, Role
from hub.ports import Arrival, Delivery, Lane, Session
from hub.store import open_store
from hub.web.console.home import HomePages
from hub.web.server import Server
from hub.web.view import PageSettings
from tests.engine.pocket import POLICIES
from tests.harness.memory import StillClock
from tests.web.console.desk import CSRF, SETTINGS, Whoever, account, application, site

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
NIGHT = datetime(2026, 11, 24, 19, 14, 26, tzinfo=UTC)  # 03:14:26 on the 25th
VILLAGE, COUNTY, ELSEWHERE = "620702207200", "620702000000", "620702208201"

PEOPLE = (
    Person("wang-li", "王丽", "+447700900101", frozenset({Role.FAMILY})),
    Person("aunt-zhao", "赵婶", "+447700900105", frozenset({Role.NEIGHBOUR})),
    Person("li-qiang", "李强", "+447700900102", frozenset({Role.STAFF}), (VILLAGE,)),
    Person("zhao-min", "赵敏", "+447700900103", frozenset({Role.SUPERVISOR}), (COUNTY,)),
)


def device(id: str, kind: DeviceKind, room: str, role: DeviceRole | None = None) -> Device:
    return Device("ah-001", id, kind, f"zigbee2mqtt/{id}", role, room)


WANG = Home(
    "ah-001",
    VILLAGE,
    "上堡村三社12号",
    residents=(
        Resident(
            "王秀兰",
            1938,
            frozenset({"advanced_age", "deaf"}),
            phone="+447700900112",
            mobility="用助行器，左腿不便",
            doctor="上堡村卫生室",
            notes="狗拴在院子西边",
            health="高血压，去年做过支架",
        ),
    ),
    contacts=(Contact("wang-li", Role.FAMILY), Contact("aunt-zhao", Role.NEIGHBOUR)),
    access="钥匙在三社11号赵婶家",
    devices=(
        device("bed-sos", DeviceKind.BUTTON, "bedroom", DeviceRole.SOS),
        device("bed", DeviceKind.BED, "bedroom"),
        device("bed-motion", DeviceKind.MOTION, "bedroom"),
        device("hall-motion", DeviceKind.MOTION, "living"),
        device("kitchen-gas", DeviceKind.GAS, "kitchen"),
        device("kitchen-motion", DeviceKind.MOTION, "kitchen"),
        device("bath-motion", DeviceKind.MOTION, "bathroom"),
        device("yard-motion", DeviceKind.MOTION, "yard"),
        device("front-door", DeviceKind.CONTACT, "yard", DeviceRole.ENTRANCE),
    ),
)
CHEN = replace(
    WANG,
    id="ah-002",
    area=ELSEWHERE,
    address="石桥镇二社3号",
    prefix="homes/ah-002/",
    devices=tuple(replace(d, home="ah-002") for d in WANG.devices[:2]),
)


@dataclass
class Homestead:
    """An engine on a database of its own, and the page over HTTP for whoever the test says is signed in."""

    engine: Engine
    clock: StillClock
    whoever: Whoever
    server: Server
    browser: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def signs_in(self, *roles: AccountRole, areas: Sequence[str] = (COUNTY,), person: str | None = None) -> Account:
        self.whoever.account = account(*roles, areas=areas, person=person)
        return self.whoever.account

    async def gets(self, path: str = "/homes/ah-001", **cookies: str) -> tuple[int, str]:
        async with self.browser.get(f"{self.url}{path}", headers=_cookie(cookies), allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def posts(self, path: str, *, csrf: str = CSRF, **form: str) -> tuple[int, str, str]:
        body = {"csrf": csrf, **form}
        async with self.browser.post(f"{self.url}/homes/ah-001{path}", data=body, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", ""), await answer.text()

    async def acts(self, home: str = "ah-001") -> list[tuple[str, str]]:
        found = await self.engine.store.read(lambda t: t.acts(home))
        return [(act.who, act.event) for act in found]

    async def says(self, name: str, kind: Kind, state: State, **fields: Any) -> None:
        """A device says something now."""
        fields.setdefault("property", kind.value)
        reading = Reading(f"zigbee2mqtt/{name}", name, kind, state, **fields)
        at = self.clock.now()
        message = Message(reading.source, repr((reading, at)).encode(), at, retained=False, qos=1)
        arrival = Arrival(Delivery(message, Session.MAIN, 1, int(at.timestamp()) % 60000 + 1), "", (reading,))
        await self.engine.write(Lane.SLOW, lambda work: take_in([arrival], work))

    async def has_a_day(self) -> None:
        """A day goes by as usual: up at half past six, meals in the kitchen, to bed at half past nine."""
        end = self.clock.now()
        hours = ((6.5, "bed-motion"), (7, "kitchen-motion"), (9, "hall-motion"), (9.2, "hall-motion"),
                 (12, "kitchen-motion"), (12.1, "kitchen-motion"), (15, "yard-motion"), (18, "kitchen-motion"),
                 (20, "hall-motion"), (21.3, "bath-motion"), (21.5, "bed-motion"))  # fmt: skip
        start = end.replace(hour=16, minute=0, second=0) - timedelta(days=1)  # midnight there
        for hour, name in hours:
            self.clock.instant = start + hour * HOUR
            for _ in range(3):
                await self.says(name, Kind.MOTION, State.ACTIVE)
                await self.says(name, Kind.MOTION, State.CLEAR)
        self.clock.instant = end - 4 * HOUR
        await self.says("kitchen-gas", Kind.GAS, State.CLEAR)
        await self.says("front-door", Kind.CONTACT, State.CLEAR)
        await self.says("bed", Kind.BED, State.ACTIVE)
        for name in ("bed-sos", "bath-motion"):
            low = name == "bath-motion"
            state = State.ACTIVE if low else State.CLEAR
            await self.says(name, Kind.BATTERY, state, percent=4 if low else 71)
        self.clock.instant = end

    async def is_pressed(self) -> None:
        """The button at the bed calls."""
        await self.says("bed-sos", Kind.BUTTON, State.ACTIVE, action="single", property="action")


def _cookie(cookies: dict[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}


@asynccontextmanager
async def homestead(folder: Path, settings: PageSettings = SETTINGS, home: Home = WANG) -> AsyncIterator[Homestead]:
    store, clock = open_store(f"sqlite:///{folder}/var/carehub.db"), StillClock(NIGHT)
    areas = {COUNTY: "安河县", "620702207000": "东湾镇", VILLAGE: "上堡村"}
    await store.write(Lane.SLOW, lambda t: t.replace_registry(Registry.of(PEOPLE, (home, CHEN), areas=areas)))
    engine = Engine(store, clock, "anhe", POLICIES)
    await engine.load()
    await engine.follow()
    who = Whoever(account(AccountRole.VILLAGE, areas=(VILLAGE,), person="li-qiang"))
    server = Server(application(HomePages(site(engine, clock, who, settings))), "127.0.0.1:0")
    await server.start()
    async with aiohttp.ClientSession() as browser:
        yield Homestead(engine, clock, who, server, browser)
    await server.stop()
    await store.close()
