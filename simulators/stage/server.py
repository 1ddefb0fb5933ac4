"""The page on a loopback port: one document, its script and style, the state as JSON and as it changes, commands.

A foreign web page that runs in the same browser must not drive the demo: the host is checked (no name that somebody
else's DNS points here), and a command needs `Content-Type: application/json`, which a browser sends to another origin
only after asking, and is not answered.
"""

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from simulators.stage.page import ConsoleLink, document
from simulators.stage.play import Play, Refused

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STATIC = Path(__file__).parent / "static"
LARGEST_BODY = 4096
LONGEST_TEXT = 1600  # the longest text a carrier takes in one message
GRACE_S = 0.5
# How long a page may hear nothing, and how soon after one state the next one may follow.
HEARTBEAT_S, SETTLE_S = 1.0, 0.1
LANGUAGES = ("zh-CN", "en")
HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class StageServer:
    """Serves one play. It listens on the loopback address alone: whoever reaches it may do everything."""

    def __init__(
        self, play: Play, port: int = 0, language: str = LANGUAGES[0], console: ConsoleLink | None = None
    ) -> None:
        """Port 0: any free one. `language` is that of a page which names none; `console`: where its header leads."""
        self._play = play
        self._console = console
        self._port = port
        self._language = language if language in LANGUAGES else LANGUAGES[1]
        self._runner: web.AppRunner | None = None
        self._closing = asyncio.Event()

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self._port}/"

    async def start(self) -> None:
        """Listen; raises OSError if the port is taken."""
        listener = socket.socket(socket.AF_INET)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self._port))
        except OSError:
            listener.close()
            raise
        self._port = int(listener.getsockname()[1])
        app = web.Application(middlewares=[_guarded], client_max_size=LARGEST_BODY)
        app.add_routes(self._routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE_S)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def stop(self) -> None:
        """Stop listening; pages that are open say that the connection is lost."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._page),
            web.get("/stage.js", _file("stage.js", "text/javascript")),
            web.get("/stage.css", _file("stage.css", "text/css")),
            web.get("/icon.svg", _file("icon.svg", "image/svg+xml")),
            web.get("/favicon.ico", _file("icon.svg", "image/svg+xml")),
            web.get("/state", self._state),
            web.get("/live", self._live),
            web.get("/decisions.txt", self._decisions),
            web.post("/poke/{device}", self._poke),
            web.post("/phones/{number}/reply", self._reply),
            web.post("/scenario/{name}", self._scenario),
            web.post("/speed", self._speed),
            web.post("/next", self._next),
            web.post("/world/{name}", self._world),
        ]

    # --- reading

    def _lang(self, request: web.Request) -> str:
        wanted = request.query.get("lang", "")
        return next((known for known in LANGUAGES if wanted and known.startswith(wanted)), self._language)

    async def _page(self, request: web.Request) -> web.Response:
        return web.Response(text=document(self._lang(request), self._console), content_type="text/html")

    async def _state(self, request: web.Request) -> web.Response:
        return _json(await self._play.state(self._lang(request)))

    async def _decisions(self, request: web.Request) -> web.Response:
        state = await self._play.state(self._lang(request))
        lines = [
            f"{line['day']} {line['at']}  {line['label']}  {line['text']}"
            + (f"  ({line['why']})" if line["why"] else "")
            for line in reversed(state["stream"])
        ]
        return web.Response(text="\n".join([*lines, ""]), content_type="text/plain")

    async def _live(self, request: web.Request) -> web.StreamResponse:
        """Send the state now and whenever it changes, the time in between, until either side has gone."""
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", **HEADERS})
        await answer.prepare(request)
        language, seen = self._lang(request), -1
        with contextlib.suppress(ConnectionError):
            while not self._closing.is_set():
                number = await self._play.wait(seen, HEARTBEAT_S)
                if number != seen:
                    seen = number
                    await answer.write(_event("state", await self._play.state(language)))
                    await asyncio.sleep(SETTLE_S)  # what happens in quick succession is one picture
                else:
                    await answer.write(_event("time", self._play.time()))
        return answer

    # --- commands

    async def _poke(self, request: web.Request) -> web.Response:
        body = await _body(request)
        await self._play.poke(request.match_info["device"], _word(request, body, "what"))
        return _json({"done": True})

    async def _reply(self, request: web.Request) -> web.Response:
        text = _word(request, await _body(request), "text")
        await self._play.reply(request.match_info["number"], text[:LONGEST_TEXT])
        return _json({"done": True})

    async def _scenario(self, request: web.Request) -> web.Response:
        await self._play.scenario(request.match_info["name"])
        return _json({"done": True})

    async def _speed(self, request: web.Request) -> web.Response:
        pace = _word(request, await _body(request), "pace")
        try:
            await self._play.speed(float(pace))
        except ValueError:
            raise Refused("pace is a number: 0 stops the time, 60 lets a minute pass in a second") from None
        return _json({"done": True})

    async def _next(self, _request: web.Request) -> web.Response:
        await self._play.next_step()
        return _json({"done": True})

    async def _world(self, request: web.Request) -> web.Response:
        value = _word(request, await _body(request), "value")
        await self._play.world(request.match_info["name"], value)
        return _json({"done": True})


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer only our own page and tools on this machine; say what was wrong in one sentence."""
    try:
        _check(request)
        answer = await handler(request)
    except Refused as refused:
        answer = _json({"error": str(refused)}, refused.status)
    except web.HTTPException as error:
        answer = _json({"error": error.reason}, error.status)
    if not answer.prepared:
        answer.headers.update(HEADERS)
    return answer


def _check(request: web.Request) -> None:
    host = request.host.rpartition(":")[0] or request.host
    if host not in HOSTS:
        raise Refused("this page answers only under 127.0.0.1 and localhost", 421)
    if request.method != "POST":
        return
    if request.content_type != "application/json":
        raise Refused("a command needs the header Content-Type: application/json", 415)
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.host}":
        raise Refused("a command comes from this page, not from another one", 403)


async def _body(request: web.Request) -> dict[str, Any]:
    """Return what a command says; nothing at all is an empty object."""
    text = await request.text()
    if not text.strip():
        return {}
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused("the body is a JSON object, or empty")
    return body


def _word(request: web.Request, body: dict[str, Any], name: str) -> str:
    """Return one value of a command, from its body or its address."""
    value = body.get(name, request.query.get(name))
    if isinstance(value, bool):
        return "on" if value else "off"
    if not isinstance(value, str | int | float):
        raise Refused(f'name "{name}", in the body or in the address')
    return str(value)


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(
        text=json.dumps(value, ensure_ascii=False), status=status, content_type="application/json", charset="utf-8"
    )


def _event(name: str, value: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def _file(name: str, kind: str) -> Handler:
    async def serve(_request: web.Request) -> web.Response:
        return web.Response(body=(STATIC / name).read_bytes(), content_type=kind, charset="utf-8")

    return serve
