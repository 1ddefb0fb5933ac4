"""All parts of the console together: each is a class with `routes()`, and has its line here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.clock import Clock
from hub.engine import Engine
from hub.engine.accounts import Accounts
from hub.web.about import About
from hub.web.console.cookies import Cookies
from hub.web.console.drawing import assets
from hub.web.console.gate import Gate
from hub.web.console.ports import Editor, Importer
from hub.web.console.visit import NotFound, Visit
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
    about: Callable[[], About] | None = None
    editor: Editor | None = None
    importer: Importer | None = None


def parts(site: Site) -> Sequence[Routes]:
    """Return all parts. They are built from `Site`, and so imported here."""
    from hub.engine.tokens import Tokens
    from hub.web.api.door import Api
    from hub.web.console.accounts import AccountPages
    from hub.web.console.area import Areas
    from hub.web.console.audit import Log
    from hub.web.console.devices import Devices
    from hub.web.console.edit import HomeEditing
    from hub.web.console.edit_people import PeopleEditing
    from hub.web.console.home import HomePages
    from hub.web.console.homes_list import Homes
    from hub.web.console.importing import ImportPages
    from hub.web.console.now import Now
    from hub.web.console.overview import Overlook
    from hub.web.console.profile import Profile
    from hub.web.console.settings import Settings
    from hub.web.console.sign_in import SignInPages
    from hub.web.console.system import System
    from hub.web.console.tests import HomeTestPages
    from hub.web.console.tokens import TokenPages

    overlook, tokens = Overlook(site.engine, site.clock), Tokens(site.engine)

    editing = (HomeEditing(site, site.editor), PeopleEditing(site, site.editor)) if site.editor else ()
    importing = (ImportPages(site, site.importer),) if site.importer else ()
    return (
        *editing,
        *importing,
        SignInPages(site),
        Now(site),
        Settings(site),
        Profile(site),
        AccountPages(site),
        Log(site),
        Api(site, overlook, tokens),
        TokenPages(site, tokens),
        Areas(site, overlook),
        Homes(site, overlook),
        Devices(site, overlook),
        System(site, overlook),
        HomeTestPages(site),
        HomePages(site),  # last: its address takes any word after /homes/
    )


class Console:
    """The routes of all parts."""

    def __init__(self, site: Site) -> None:
        """Build the parts."""
        self._parts = parts(site)
        self._site = site

    def routes(self) -> list[Route]:
        """Return them, and those of styles and scripts."""
        own = [route for part in self._parts for route in part.routes()]
        # Whatever else is asked for says that it is not there; that is all strangers learn, too.
        return [assets(), *own, self._site.gate.page("/{path:path}", _nowhere)]


async def _nowhere(_visit: Visit, request: Request) -> Response:
    raise NotFound(request.url.path)
