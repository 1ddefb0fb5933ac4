"""A console without a sign-in: whoever the test says is signed in, on the engine of the test."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request

from hub.accounts import EVERYWHERE, Account, AccountRole
from hub.clock import Clock
from hub.engine import Engine
from hub.engine.accounts import Accounts
from hub.web.console.console import Site
from hub.web.console.cookies import Cookies
from hub.web.console.drawing import assets
from hub.web.console.gate import Gate, SignedIn
from hub.web.ports import Routes
from hub.web.view import PageSettings
from tests.web.fakes import NoHub

CSRF = "c" * 32
SETTINGS = PageSettings("zh-CN", ZoneInfo("Asia/Shanghai"), "http://127.0.0.1:8080", "0936-0000000", "安河县")


def account(*roles: AccountRole, areas: Sequence[str] = (EVERYWHERE,), person: str | None = None) -> Account:
    return Account("a1", "tester", frozenset(roles), tuple(areas), person)


@dataclass
class Whoever:
    """Whoever the test names is signed in; None: nobody."""

    account: Account | None

    async def signed_in(self, request: Request, *, act: bool) -> SignedIn | None:
        return SignedIn(self.account, CSRF) if self.account else None


def site(engine: Engine, clock: Clock, who: Whoever, settings: PageSettings = SETTINGS) -> Site:
    gate = Gate(who, engine, lambda: settings, clock)
    accounts = Accounts(engine)
    cookies = Cookies(accounts, b"k" * 32, lambda: settings)
    return Site(engine, clock, gate, lambda: settings, NoHub(), NoHub(), accounts, cookies)  # type: ignore[arg-type]


def application(*parts: Routes) -> Starlette:
    return Starlette(routes=[assets(), *(route for part in parts for route in part.routes())])
