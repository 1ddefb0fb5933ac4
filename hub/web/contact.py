"""The page `/a/<token>`: one alert for one person, without a sign-in.

Looking changes nothing, ever: what shows a preview of a text's link opens it, and follows what it finds. A tap is a
form that is posted; after it the page is asked for anew, so that a reload repeats nothing. The token is the secret:
no answer tells a stranger more than that a link does not open.
"""

import asyncio
import hashlib
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from hub.alerts.links import Said, Tap
from hub.clock import Clock
from hub.engine.links import PATH, LinkExpired, NoSuchLink, digest
from hub.ports import StoreUnavailable
from hub.web.allowance import Allowance, peer
from hub.web.contact_view import returns, view
from hub.web.forms import BadForm, read_form
from hub.web.ports import Pages
from hub.web.view import PageSettings, View, bare_page

if TYPE_CHECKING:
    from jinja2 import Template

_log = structlog.get_logger(__name__)
_FOLDER = Path(__file__).parent / "pages"
LARGEST_FORM = 1024
RETRY_AFTER_S = 10
_SAID = {said.value: said for said in Said if said.value}
_TAPS = {tap.value: tap for tap in Tap}


class _Skin(NamedTuple):
    """What pages are drawn with; loaded with the first one, an idle hub does without."""

    template: "Template"
    css: str
    policy: str


@cache
def _skin() -> _Skin:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=False)
    css = (_FOLDER / "contact.css").read_text(encoding="utf-8").strip()
    mark = b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{mark}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return _Skin(pages.get_template("contact.html"), css, policy)


class ContactPages:
    """The routes of contacts' pages. `settings` is asked anew for each page: it may change while the hub runs."""

    def __init__(self, pages: Pages, settings: Callable[[], PageSettings], clock: Clock) -> None:
        self._pages = pages
        self._settings = settings
        self._clock = clock
        # 128 bits cannot be guessed; whoever tries is only kept from keeping the database busy.
        self._misses = Allowance(30, timedelta(seconds=2), 1024, clock)
        self._taps = Allowance(20, timedelta(seconds=3), 4096, clock)
        self._opened: OrderedDict[bytes, None] = OrderedDict()
        self._loading = asyncio.Lock()

    def routes(self) -> list[Route]:
        """Return the page, and its form."""
        path = f"{PATH}{{token:path}}"  # whatever stands there, the answer is for people
        return [Route(path, self.show, methods=["GET"]), Route(path, self.tap, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """Show the alert as it is now."""
        await self._ready()
        token: str = request.path_params["token"]
        if not self._may_look(request, token):
            return self._bare("busy", HTTPStatus.TOO_MANY_REQUESTS)
        try:
            sight = await self._pages.look_at_page(token)
        except (NoSuchLink, LinkExpired) as refused:
            return self._refused(request, refused)
        except StoreUnavailable:
            return self._bare("sick", HTTPStatus.SERVICE_UNAVAILABLE, retry=True)
        self._remember(token)
        said = _SAID.get(request.query_params.get("said", ""), Said.DONE)
        paused = request.query_params.get("pause") == "1"
        return _drawn(view(sight, self._settings(), said, paused=paused))

    async def tap(self, request: Request) -> Response:
        """Do what the form says, then have the page asked for anew."""
        await self._ready()
        token: str = request.path_params["token"]
        if not self._may_look(request, token) or not self._taps.left(digest(token)):
            return self._bare("busy", HTTPStatus.TOO_MANY_REQUESTS)
        if not _is_own(request, self._settings().public_url):
            _log.warning("page_foreign_form")
            return self._bare("unknown", HTTPStatus.FORBIDDEN)
        try:
            form = await read_form(request, LARGEST_FORM)
        except BadForm as bad:
            return self._bare("not_sent", bad.status, retry=True)
        what = _TAPS.get(form.get("tap", ""))
        if what is None:
            return self._bare("not_sent", HTTPStatus.BAD_REQUEST, retry=True)
        until = returns(self._clock.now(), self._settings().timezone).get(form.get("until", ""))
        if what is Tap.AWAY and until is None:
            return self._bare("not_sent", HTTPStatus.BAD_REQUEST, retry=True)
        try:
            said = await self._pages.tap(token, what, watched=form.get("watched") == "1", until=until)
        except (NoSuchLink, LinkExpired) as refused:
            return self._refused(request, refused)
        except StoreUnavailable:
            return self._bare("not_sent", HTTPStatus.SERVICE_UNAVAILABLE, retry=True)
        self._taps.use(digest(token))
        # Relative, so that it holds behind a proxy that puts the pages below a path of its own.
        return RedirectResponse(f"?said={said.value}" if said.value else "?", HTTPStatus.SEE_OTHER)

    async def _ready(self) -> None:
        """Load what draws pages in a thread: the first link is opened while other homes may be pressing."""
        async with self._loading:
            if not _skin.cache_info().currsize:
                await asyncio.to_thread(_skin)

    # --- strangers

    def _may_look(self, request: Request, token: str) -> bool:
        """Whether the database is asked: not for who missed too often, unless this link has opened before."""
        return digest(token) in self._opened or self._misses.left(peer(request))

    def _remember(self, token: str) -> None:
        mark = digest(token)
        self._opened[mark] = None
        self._opened.move_to_end(mark)
        while len(self._opened) > 4096:
            self._opened.popitem(last=False)

    def _refused(self, request: Request, why: NoSuchLink | LinkExpired) -> Response:
        if isinstance(why, LinkExpired):
            language = why.person.language if why.person else None
            return self._bare("expired", HTTPStatus.GONE, language=language)
        self._misses.use(peer(request))
        return self._bare("unknown", HTTPStatus.NOT_FOUND)

    def _bare(self, name: str, status: HTTPStatus, *, language: str | None = None, retry: bool = False) -> Response:
        answer = _drawn(bare_page(name, self._settings(), language, retry=retry), status)
        if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
            answer.headers["Retry-After"] = str(RETRY_AFTER_S)
        return answer


def _drawn(shown: View, status: HTTPStatus = HTTPStatus.OK) -> Response:
    from markupsafe import Markup

    skin = _skin()
    page = skin.template.render(v=shown, css=Markup(skin.css))  # noqa: S704 our own file
    headers = {
        "Content-Security-Policy": skin.policy,
        "X-Robots-Tag": "noindex, nofollow",
        "Content-Language": shown.language,
    }
    if shown.refresh is not None:
        headers["Refresh"] = str(int(shown.refresh.total_seconds()))
    return HTMLResponse(page, status, headers)


def _is_own(request: Request, public_url: str) -> bool:
    """Whether the form was on our own page, as far as the browser says: old ones say nothing.

    A page without referrer posts with `Origin: null` (Fetch standard, "append a request Origin header").
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin", "null")
    if origin == "null":
        return True
    public = urlsplit(public_url)
    here = request.headers.get("host", "")
    return origin in (f"{public.scheme}://{public.netloc}", f"http://{here}", f"https://{here}")
