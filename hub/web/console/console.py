"""All parts of the console together: each is a class with `routes()`, and has its line here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.routing import Route

from hub.clock import Clock
from hub.engine import Engine
from hub.engine.accounts import Accounts
from hub.web.console.cookies import Cookies
from hub.web.console.drawing import assets
from hub.web.console.gate import Gate
from hub.web.ports import Health, Measured, Routes
from hub.web.view import PageSettings


@dataclass(frozen=True, slots=True)
class Site:
    """What the parts are built from. `settings` is asked anew for each page: it may change while the hub runs."""

    engine: Engine
    clock: Clock
    gate: Gate
    settings: Callable[[], PageSettings]
    health: Health
    measured: Measured
    accounts: Accounts
    cookies: Cookies


def parts(site: Site) -> Sequence[Routes]:
    """Return all parts. They are built from `Site`, and so imported here."""
    from hub.web.console.accounts import AccountPages
    from hub.web.console.audit import Log
    from hub.web.console.profile import Profile
    from hub.web.console.settings import Settings
    from hub.web.console.sign_in import SignInPages

    return (
        SignInPages(site),
        Settings(site),
        Profile(site),
        AccountPages(site),
        Log(site),
    )


class Console:
    """The routes of all parts."""

    def __init__(self, site: Site) -> None:
        """Build the parts."""
        self._parts = parts(site)

    def routes(self) -> list[Route]:
        """Return them, and those of styles and scripts."""
        return [assets(), *(route for part in self._parts for route in part.routes())]
