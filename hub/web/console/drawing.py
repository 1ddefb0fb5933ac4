"""Draws the console's pages: templates, the headers that hold for them, pages that only say something."""

import asyncio
import re
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from hub.accounts import Right
from hub.web.console.visit import Visit
from hub.web.console.words import Words, load_words

if TYPE_CHECKING:
    from jinja2 import Environment

_FOLDER = Path(__file__).parent
ASSETS = "/assets/"
# All that pages load is our own: no other host, no inline script, no inline style.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "media-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# What somebody sees first after the hub began: the way in, and the page of open alerts.
_FIRST = (
    *("outside.html", "sign_in.html", "_frame.html", "_icons.html", "shell.html", "_menu.html", "_help.html"),
    *("now.html", "_board.html", "_said.html", "_glance.html", "_banner.html", "_side.html"),
)
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@cache
def environment() -> "Environment":
    """Return what templates are drawn with; loaded with the first page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_FOLDER / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # it would ask the disk about each piece of a page
        extensions=["jinja2.ext.do"],
    )
    made.globals["Right"] = Right
    made.globals["asset"] = address_of
    return made


class Loading:
    """Loads what draws pages, with the first page and in a thread: no press waits for it, an idle hub does without."""

    def __init__(self) -> None:
        """Load nothing yet."""
        self._lock = asyncio.Lock()
        self._rest: asyncio.Task[None] | None = None

    async def ready(self) -> None:
        """Return when the pages that are seen first can be drawn; the others follow by themselves."""
        if self._rest is not None:
            return
        async with self._lock:
            if self._rest is None:
                await asyncio.to_thread(_load, _FIRST)
                self._rest = asyncio.create_task(asyncio.to_thread(_load), name="console templates")


def _load(names: Sequence[str] | None = None) -> None:
    """Read the words and compile these templates, or all: more than half a second on a small machine."""
    import sse_starlette.sse  # noqa: F401  # what brings later changes to pages, with its own loop beside ours

    load_words()
    made = environment()
    for name in made.list_templates(extensions=["html"]) if names is None else names:
        made.get_template(name)


@cache
def address_of(name: str) -> str:
    """Return the address of a style or script, with its digest: what it names never changes and is asked for once."""
    return f"{ASSETS}{name}?v={sha256((_FOLDER / 'assets' / name).read_bytes()).hexdigest()[:12]}"


def draw(visit: Visit, page: str, status: int = HTTPStatus.OK, **facts: Any) -> Response:
    """Return a page for this visitor; templates see `v` (the visit), `_` and `ngettext` beside `facts`."""
    return _answer(environment().get_template(page).render(**_facts(visit), **facts), status, visit.words.language)


def draw_outside(words: Words, page: str, status: int = HTTPStatus.OK, **facts: Any) -> Response:
    """Return a page for somebody who is not signed in; templates see `_` and `ngettext` beside `facts`."""
    said = {"w": words, "_": words.say, "ngettext": words.count, **facts}
    return _answer(environment().get_template(page).render(**said), status, words.language)


def fragment(visit: Visit, page: str, **facts: Any) -> str:
    """Return a piece of a page for this visitor."""
    return environment().get_template(page).render(**_facts(visit), **facts)


def _facts(visit: Visit) -> dict[str, Any]:
    return {"v": visit, "w": visit.words, "_": visit.words.say, "ngettext": visit.words.count}


def _answer(html: str, status: int, language: str) -> Response:
    return HTMLResponse(html, status, {**HEADERS, "Content-Language": language})


def assets() -> Route:
    """Return the route of styles, scripts and sounds; they carry no secret and need no sign-in."""
    return Route(ASSETS + "{name}", _asset, methods=["GET"])


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    path = _FOLDER / "assets" / name
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name) or path.suffix not in _TYPES or not path.is_file():
        return Response(status_code=HTTPStatus.NOT_FOUND)
    # Without a digest, or with that of another version, it is asked for anew, by ETag.
    lasting = request.query_params.get("v", "") and f"{ASSETS}{name}?{request.url.query}" == address_of(name)
    caching = "public, max-age=31536000, immutable" if lasting else "no-cache"
    headers = {"Cache-Control": caching, "Cross-Origin-Resource-Policy": "same-origin"}
    return FileResponse(path, media_type=_TYPES[path.suffix], headers=headers)
