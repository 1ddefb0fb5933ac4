"""The one way into the console: who asks is known, forms are our own, refusals are said in a sentence and recorded."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hmac import compare_digest
from http import HTTPStatus
from typing import Protocol
from urllib.parse import quote, urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.accounts import Account, Right
from hub.clock import Clock
from hub.engine import Engine
from hub.homes import Act
from hub.ports import Lane, StoreUnavailable
from hub.web.console.drawing import Loading, draw, draw_outside
from hub.web.console.visit import NotFound, Refused, Visit
from hub.web.console.words import Words
from hub.web.forms import BadForm, read_form
from hub.web.view import PageSettings

_log = structlog.get_logger(__name__)

SIGN_IN = "/sign-in"
Handler = Callable[[Visit, Request], Awaitable[Response]]
FormReader = Callable[[Request], Awaitable[dict[str, str]]]
FormHandler = Callable[[Visit, Request, Mapping[str, str]], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser that is signed in, and the token that its forms must carry."""

    account: Account
    csrf: str


@dataclass(frozen=True, slots=True)
class Look:
    """How pages look in one browser, as chosen there; also before anybody is known."""

    theme: str
    contrast: str
    large: bool


class Keeper(Protocol):
    """Knows which cookies belong to whom."""

    async def signed_in(self, request: Request, *, act: bool) -> SignedIn | None:
        """Return who asks; None if nobody is signed in any more.

        `act`: a person did something, so that their time begins anew. Raises StoreUnavailable.
        """
        ...


class Gate:
    """Builds the routes that need a sign-in."""

    def __init__(self, keeper: Keeper, engine: Engine, settings: Callable[[], PageSettings], clock: Clock) -> None:
        self._keeper = keeper
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self.loading = Loading()
        # How many alerts wait that this account may see, for the number in the menu.
        self.waiting: Callable[[Account], int] = lambda _: 0

    def outside(self, path: str, handler: Callable[[Request], Awaitable[Response]], method: str) -> Route:
        """Return the route of a page for who is not signed in."""

        async def serve(request: Request) -> Response:
            await self.loading.ready()
            return await handler(request)

        return Route(path, serve, methods=[method], name=f"{method} {path}")

    def page(self, path: str, handler: Handler, right: Right | None = None) -> Route:
        """Return the route of a page: GET, changes nothing but the record of looks."""

        async def serve(request: Request) -> Response:
            return await self._serve(request, right, lambda visit: handler(visit, request), act=True)

        return Route(path, serve, methods=["GET"], name=path)

    def stream(self, path: str, handler: Handler, right: Right | None = None) -> Route:
        """Return a route that a page asks by itself: no person's act."""

        async def serve(request: Request) -> Response:
            return await self._serve(request, right, lambda visit: handler(visit, request), act=False)

        return Route(path, serve, methods=["GET"], name=f"stream {path}")

    def form(
        self, path: str, handler: FormHandler, right: Right | None = None, *, read: FormReader = read_form
    ) -> Route:
        """Return the route of a form: POST, with our token, from our own page. `read`: how its fields are sent."""

        async def serve(request: Request) -> Response:
            async def take(visit: Visit) -> Response:
                form = await read(request)
                given = request.headers.get("x-csrf", "") or form.get("csrf", "")
                if not is_own(request) or not compare_digest(given.encode(), visit.csrf.encode()):
                    return await self._foreign(visit, request)
                return await handler(visit, request, form)

            return await self._serve(request, right, take, act=True)

        return Route(path, serve, methods=["POST"], name=f"form {path}")

    async def record(self, visit: Visit, event: str, home_id: str | None = None, **detail: str | int) -> None:
        """Record what the visitor did or looked at; durable when it returns."""
        home = visit.registry.homes.get(home_id or "")
        # What belongs to no home is the business of whoever is responsible for the visitor.
        area = home.area if home else visit.account.area
        act = Act(visit.now, visit.account.who, event, home_id, detail, area)
        await self._engine.write(Lane.SLOW, lambda work: work.transaction.record_act(act))

    async def still(self, request: Request) -> Visit | None:
        """Return the visit of a stream that stays open, if its browser is still signed in; raises StoreUnavailable."""
        signed_in = await self._keeper.signed_in(request, act=False)
        return None if signed_in is None else self.visit(signed_in, request)

    def visit(self, signed_in: SignedIn, request: Request) -> Visit:
        """Return the visit of somebody who is signed in."""
        settings, registry = self._settings(), self._engine.world.registry
        person = registry.people.get(signed_in.account.person or "")
        own = signed_in.account.language or (person.language if person else None)
        language = request.cookies.get("language") or own or settings.language
        look = look_of(request)
        return Visit(
            signed_in.account,
            registry,
            Words(language, settings.timezone),
            self._clock.now(),
            signed_in.csrf,
            settings.sender or self._engine.world.site,
            settings.desk,
            theme=look.theme,
            contrast=look.contrast,
            large=look.large,
            keys=request.cookies.get("keys") != "0",
            path=request.url.path,
            waiting=self.waiting(signed_in.account),
            named=self._engine.world.named,
        )

    async def _serve(
        self, request: Request, right: Right | None, answer: Callable[[Visit], Awaitable[Response]], *, act: bool
    ) -> Response:
        try:
            signed_in = await self._keeper.signed_in(request, act=act)
        except StoreUnavailable:
            await self.loading.ready()
            return self._sick(request)
        if signed_in is None:
            return _to_sign_in(request)
        await self.loading.ready()
        visit = self.visit(signed_in, request)
        try:
            if right is not None:
                visit.require(right)
            return await answer(visit)
        except Refused as refused:
            return await self._refused(visit, request, refused)
        except NotFound:
            return draw(visit, "say.html", HTTPStatus.NOT_FOUND, say="not_found")
        except BadForm as bad:
            return draw(visit, "say.html", bad.status, say="not_sent")
        except StoreUnavailable:
            return draw(visit, "say.html", HTTPStatus.SERVICE_UNAVAILABLE, say="not_saved")

    async def _foreign(self, visit: Visit, request: Request) -> Response:
        """Refuse a form that did not stand on a page of this browser; that somebody tried is recorded."""
        _log.warning("foreign_form", account=visit.account.id)
        with suppress(StoreUnavailable):
            await self.record(visit, "foreign_form", path=request.url.path[:200])
        return draw(visit, "say.html", HTTPStatus.FORBIDDEN, say="foreign")

    def _sick(self, request: Request) -> Response:
        """Say that nobody can be known now, and what still works; a script reads the status."""
        settings, look = self._settings(), look_of(request)
        words = Words(request.cookies.get("language") or settings.language, settings.timezone)
        site = settings.sender or self._engine.world.site
        facts = {"look": look, "site": site, "desk": settings.desk}
        answer = draw_outside(words, "sick.html", HTTPStatus.SERVICE_UNAVAILABLE, **facts)
        answer.headers["Retry-After"] = "5"
        return answer

    async def _refused(self, visit: Visit, request: Request, refused: Refused) -> Response:
        """Say no; what was tried is recorded."""
        detail = {"right": refused.right.value, "path": request.url.path[:200]}
        try:
            await self.record(visit, "refused", refused.home_id, **detail)
        except StoreUnavailable:
            _log.warning("refusal_not_recorded", account=visit.account.id)
        return draw(visit, "say.html", HTTPStatus.FORBIDDEN, say="refused", area=refused.area)


def look_of(request: Request) -> Look:
    """Return how pages look in this browser."""
    cookies = request.cookies
    theme, contrast = _one_of(cookies.get("theme"), "light", "dark"), _one_of(cookies.get("contrast"), "more")
    return Look(theme, contrast, cookies.get("large") == "1")


def _one_of(value: str | None, *allowed: str) -> str:
    return value if value in allowed else ""


def _to_sign_in(request: Request) -> Response:
    """Send a browser to sign in and back; a script hears 401."""
    if "text/html" not in request.headers.get("accept", ""):
        return Response(status_code=HTTPStatus.UNAUTHORIZED)
    if request.method in ("GET", "HEAD"):
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{SIGN_IN}?next={quote(path, safe='')}", HTTPStatus.SEE_OTHER)
    # A form that came too late did nothing: that is said, and the way leads back to the page it stood on.
    host, back = _place(request.headers.get("referer", ""))
    back = back if host == request.headers.get("host") else ""
    return RedirectResponse(f"{SIGN_IN}?over&next={quote(back, safe='')}", HTTPStatus.SEE_OTHER)


def is_own(request: Request) -> bool:
    """Whether the form stood on our own page, as far as the browser says."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or _place(origin)[0] == request.headers.get("host", "")


def _place(address: str) -> tuple[str | None, str]:
    """Return host and path of an address that a browser names; no host if it is none."""
    try:
        found = urlsplit(address)
    except ValueError:  # "http://[" is no address
        return None, ""
    return found.netloc, found.path
