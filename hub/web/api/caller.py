"""One request of a program: for which account it acts, what it may, what of it is recorded."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from starlette.requests import Request

from hub.accounts import Account, Right
from hub.alerts.alert import Alert
from hub.engine import Engine
from hub.engine.tokens import Caller
from hub.homes import Act, Home, Registry
from hub.ports import Lane, StoreUnavailable
from hub.web.acting import may_act_on
from hub.web.console.visit import NotFound, Refused

# Where the door has put who asks.
SCOPE = "carehub.caller"


class Asked:
    """Who asks, and what they may see. Built anew for each request."""

    def __init__(self, caller: Caller, engine: Engine, path: str) -> None:
        """Take the world as it is now."""
        self.caller = caller
        self.engine = engine
        self.path = path
        self.now: datetime = engine.clock.now()

    @property
    def account(self) -> Account:
        """The account, with the token's rights alone."""
        return self.caller.account

    @property
    def registry(self) -> Registry:
        """People, homes and areas."""
        return self.engine.world.registry

    def may(self, right: Right, area: str | None = None) -> bool:
        """Whether the token may do this in an area; None: anywhere."""
        return self.account.may(right, area)

    def home(self, home_id: str, right: Right) -> Home:
        """Return a home of the account's areas; raises NotFound, Refused."""
        home = self.registry.homes.get(home_id)
        if home is None:
            raise NotFound(home_id)
        if not self.may(right, home.area):
            raise Refused(right, home.area, home_id)
        return home

    async def alert(self, ref: str, right: Right = Right.SEE_ALERTS) -> Alert:
        """Return an alert by id or code; raises NotFound, Refused."""
        found = await self.engine.store.read(lambda t: t.alert(ref))
        if found is None:
            raise NotFound(ref)
        may_act_on(self.account, found, self.registry, right)
        return found

    async def record(self, event: str, home_id: str | None = None, **detail: str | int) -> None:
        """Record what was looked at or done; durable when it returns."""
        home = self.registry.homes.get(home_id or "")
        area = home.area if home else self.account.area
        act = Act(self.now, self.account.who, event, home_id, {**detail, "token": self.caller.token.id}, area)
        await self.engine.write(Lane.SLOW, lambda work: work.transaction.record_act(act))

    async def record_refusal(self, refused: Refused) -> None:
        """Record what was tried; a sick store is no reason to say another thing."""
        with suppress(StoreUnavailable):
            await self.record("refused", refused.home_id, right=refused.right.value, path=self.path[:200])


def asked(request: Request) -> Asked:
    """Return who asks: the door has let them in."""
    found: Asked = request.scope[SCOPE]
    return found


def needs(right: Right) -> Callable[[Request], Awaitable[None]]:
    """Return the check that token and account have a right somewhere."""

    async def check(request: Request) -> None:
        if not asked(request).may(right):
            raise Refused(right)

    return check
