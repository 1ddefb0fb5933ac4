"""The way into the API: who asks, how often, how much; then the application, which is loaded with the first request."""

import asyncio
import json
import math
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from hub.engine.tokens import Caller, Tokens
from hub.ports import StoreUnavailable
from hub.web.allowance import Allowance
from hub.web.api.caller import SCOPE, Asked
from hub.web.api.problems import Problem, no_token, not_found, sick, too_many
from hub.web.console.console import Site
from hub.web.console.overview import Overlook
from hub.web.forms import BadForm, read_body

if TYPE_CHECKING:
    from fastapi import FastAPI

log = structlog.get_logger("api")

PREFIX = "/api"
LARGEST_BODY = 64 * 1024
BURST, EVERY, MOST_PROGRAMS = 50, timedelta(seconds=0.1), 2000
# What the console's router noted of this request is none of the application's business.
_OUTER = ("path_params", "endpoint", "router", "app", "route")


class Api:
    """`/api/v1/…`, `/api/openapi.json` and `/api/docs`."""

    def __init__(self, site: Site, overlook: Overlook, tokens: Tokens) -> None:
        """Load nothing yet."""
        self._site, self._overlook, self._tokens = site, overlook, tokens
        self._allowance = Allowance(BURST, EVERY, MOST_PROGRAMS, site.clock)
        self._loading = asyncio.Lock()
        self._app: FastAPI | None = None
        self._document: dict[str, Any] = {}

    def routes(self) -> list[Route]:
        """Return the routes. Whatever is below `/api/v1` needs a token, also to hear that it is not there."""
        return [
            Route(f"{PREFIX}/openapi.json", self._openapi, methods=["GET"]),
            Route(f"{PREFIX}/docs", self._docs, methods=["GET"]),
            Route(f"{PREFIX}/{{path:path}}", _Door(self)),
        ]

    # --- the document

    async def _openapi(self, _request: Request) -> Response:
        await self._loaded()
        return Response(json.dumps(self._document, ensure_ascii=False), media_type="application/json")

    async def _docs(self, request: Request) -> Response:
        from hub.web.api.docs import page

        await self._loaded()
        await self._site.gate.loading.ready()
        return page(self._document, self._site, request)

    async def _loaded(self) -> "FastAPI":
        """Return the application; it is loaded beside the event loop, so that no press waits for it."""
        async with self._loading:
            if self._app is not None:
                return self._app
            app, self._document = await asyncio.to_thread(self._load)
            self._app = app
            return app

    def _load(self) -> "tuple[FastAPI, dict[str, Any]]":
        from hub.web.api.application import build, document

        app = build(self._site, self._overlook)
        return app, document(app)

    # --- requests

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in whose token is good, or say why not."""
        request = Request(scope, receive)
        try:
            caller = await self._caller(request)
            if not scope["path"].isprintable():  # no id holds what databases refuse
                raise not_found()
            body = await _body(request)
        except Problem as problem:
            await problem.response()(scope, receive, send)
            return
        app = await self._loaded()
        inner = {name: value for name, value in scope.items() if name not in _OUTER}
        asked = Asked(caller, self._site.engine, scope["path"])
        await app({**inner, SCOPE: asked}, _replayed(body, receive), send)

    async def _caller(self, request: Request) -> Caller:
        """Return who asks; raises Problem. No cookie counts here: no foreign page can ask in somebody's name."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            raise no_token()
        try:
            caller = await self._tokens.caller(token.strip())
        except StoreUnavailable:
            raise sick() from None
        if caller is None:
            raise no_token()
        if not self._allowance.left(caller.token.id):
            raise too_many(max(1, math.ceil(self._allowance.wait(caller.token.id).total_seconds())))
        self._allowance.use(caller.token.id)
        return caller


class _Door:
    """The API as an ASGI application of the outer router: all methods are its own business."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._api.serve(scope, receive, send)


async def _body(request: Request) -> bytes:
    try:
        return await read_body(request, LARGEST_BODY)
    except BadForm as bad:
        status = HTTPStatus(bad.status)
        sentence = {
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "A request holds 64 KB at most.",
            HTTPStatus.REQUEST_TIMEOUT: "The request came too slowly. Send it at once.",
        }.get(status, "The request was broken off.")
        raise Problem(status, sentence) from None


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return what gives the body that was read already, then whatever comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop(0) if messages else await receive()

    return replay
