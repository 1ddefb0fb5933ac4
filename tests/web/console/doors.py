"""The whole console on a database of the test's own, with browsers that sign in through its front door."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from http.cookies import SimpleCookie
from pathlib import Path

import aiohttp

from hub.accounts import EVERYWHERE, Account, AccountRole
from hub.engine import Engine
from hub.engine.accounts import Accounts
from hub.homes import Act, Contact, Home, Person, Registry, Resident, Role
from hub.ports import Lane
from hub.ports.accounts import LogWish
from hub.settings import HubSettings, load
from hub.settings.editing import FormEditor
from hub.store import SqlStore, open_store
from hub.web.app import build
from hub.web.console.console import Console, Site
from hub.web.console.cookies import Cookies
from hub.web.console.gate import Gate
from hub.web.ports import AppPorts, Figures, Part
from hub.web.server import Server
from hub.web.view import PageSettings
from tests.harness.memory import StillClock
from tests.web.console.desk import SETTINGS
from tests.web.fakes import NoHub

VILLAGE, OTHER, COUNTY = "620702207200", "620702105200", "620702000000"
PASSWORD = "tomorrow it rains"
PEOPLE = [
    Person("li-qiang", "李强", "+447700900102", frozenset({Role.STAFF}), (VILLAGE,)),
    Person("sun-zhi", "孙志", "+447700900103", frozenset({Role.STAFF}), (OTHER,)),
    Person("wang-li", "王丽", "+447700900101", frozenset({Role.FAMILY})),
]
WANG_LI = Contact("wang-li", Role.FAMILY)
HOMES = [
    Home("ah-001", VILLAGE, "上堡村三社12号", residents=(Resident("王秀兰"),), contacts=(WANG_LI,)),
    Home("ah-002", OTHER, "东湾村五社3号", residents=(Resident("贺兰英"),)),
]
REGISTRY = Registry.of(PEOPLE, HOMES, areas={VILLAGE: "上堡村", OTHER: "东湾村", COUNTY: "安河县"})
_CSRF = re.compile(r'data-csrf="([0-9a-f]{64})"')
HTML = {"Accept": "text/html"}


@dataclass
class Answer:
    """What came back: status, page, headers, and where it sends the browser."""

    status: int
    text: str
    headers: Mapping[str, str]
    set_cookie: tuple[str, ...] = ()

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    @property
    def words(self) -> str:
        body = self.text.partition('id="main"')[2]
        return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))


@dataclass
class Browser:
    """One browser: it keeps its cookies and sends forms as a page of ours would."""

    base: str
    session: aiohttp.ClientSession
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **headers: str) -> Answer:
        return await self._ask("GET", path, None, {**HTML, **headers})

    async def post(self, path: str, form: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """Send a form with the token that the last page of this browser would carry."""
        whole = {"csrf": await self.csrf(), **(form or {})}
        return await self._ask("POST", path, whole, {**HTML, "Origin": self.base, **headers})

    async def bare_post(self, path: str, form: Mapping[str, str], **headers: str) -> Answer:
        """Send a form that carries nothing of ours."""
        return await self._ask("POST", path, form, {**HTML, **headers})

    async def csrf(self) -> str:
        found = _CSRF.search((await self.get("/profile")).text)
        return found[1] if found else ""

    async def sign_in(self, name: str, password: str = PASSWORD, **form: str) -> Answer:
        return await self.bare_post("/sign-in", {"name": name, "password": password, **form}, Origin=self.base)

    async def _ask(self, method: str, path: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> Answer:
        sent = {**headers, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        asked = self.session.request(method, self.base + path, data=form, headers=sent, allow_redirects=False)
        async with asked as answer:
            set_cookie = tuple(answer.headers.getall("Set-Cookie", []))
            for one in set_cookie:
                for name, morsel in SimpleCookie(one).items():
                    if morsel["max-age"] == "0":
                        self.cookies.pop(name, None)
                    else:
                        self.cookies[name] = morsel.value
            return Answer(answer.status, await answer.text(), answer.headers, set_cookie)


@dataclass
class StillHub(NoHub):
    """A hub of which nothing is said but the time."""

    clock: StillClock

    def ready(self) -> Mapping[str, Part]:
        names = ("broker", "database", "dispatcher", "audit", "configuration")
        return {name: Part(True, "well") for name in names}

    async def figures(self) -> Figures:
        nothing: dict[str, int] = {}
        return Figures(self.clock.now(), {}, {}, nothing, {}, nothing, False, nothing, 0, None, None, 0, None, None)


@dataclass
class House:
    """The console, its engine, its clock, and whoever comes in."""

    engine: Engine
    clock: StillClock
    accounts: Accounts
    console: Console
    base: str
    settings: PageSettings
    _session: aiohttp.ClientSession

    def browser(self) -> Browser:
        return Browser(self.base, self._session)

    async def account(
        self, name: str, *roles: AccountRole, areas: tuple[str, ...] = (VILLAGE,), person: str | None = None
    ) -> Account:
        return await self.accounts.put(Account("", name, frozenset(roles), areas, person), PASSWORD)

    async def signed_in(
        self, name: str, *roles: AccountRole, areas: tuple[str, ...] = (VILLAGE,), person: str | None = None
    ) -> Browser:
        await self.account(name, *roles, areas=areas, person=person)
        browser = self.browser()
        answer = await browser.sign_in(name)
        assert answer.status == 303, answer.words
        return browser

    async def administrator(self, name: str = "meng") -> Browser:
        return await self.signed_in(name, AccountRole.ADMINISTRATOR, areas=(EVERYWHERE,))

    async def log(self, event: str | None = None) -> list[Act]:
        """Return the log, oldest first."""
        wish = LogWish(events=(event,) if event else ())
        return [act for _, act in await self.engine.store.read(lambda t: t.log(wish))][::-1]

    def passes(self, span: timedelta) -> None:
        self.clock.instant += span


@cache
def _hub_settings() -> HubSettings:
    environ = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "x", "CAREHUB_MQTT__PASSWORD": "x"}
    return load(Path(__file__).parents[3] / "config", environ).hub


def _editor(clock: StillClock) -> FormEditor:
    return FormEditor(_hub_settings, clock)


@asynccontextmanager
async def house(
    folder: Path, settings: PageSettings = SETTINGS, clock: StillClock | None = None
) -> AsyncIterator[House]:
    """Open the console on the database of this folder; opened twice, it is the same one restarted."""
    clock = clock or StillClock()
    store: SqlStore = open_store(f"sqlite:///{folder}/carehub.db")
    engine = Engine(store, clock, "anhe-017", {})
    if await store.read(lambda t: t.registry_version()) == 0:
        await store.write(Lane.SLOW, lambda t: t.replace_registry(REGISTRY))
    await engine.load()
    accounts = Accounts(engine)
    server_settings = replace(settings)
    cookies = Cookies(accounts, b"k" * 32, lambda: server_settings)
    hub = StillHub(clock)
    gate = Gate(cookies, engine, lambda: server_settings, clock)
    site = Site(engine, clock, gate, lambda: server_settings, hub, hub, accounts, cookies, editor=_editor(clock))  # type: ignore[arg-type]
    console = Console(site)
    server = Server(build(AppPorts(hub, hub, hub, console=console), []), "127.0.0.1:0")
    await server.start()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield House(engine, clock, accounts, console, f"http://127.0.0.1:{server.port}", settings, session)
    await server.stop()
    await store.close()
