"""`/live`: what changed on the board; `/live/waiting`: what waits, for all other pages. Both as server-sent events.

Each console gets the pieces whose words changed, and the order of all. A new connection gets everything: what it last
saw is not asked. Every five seconds a beat carries the hub's time; a console that hears none for longer says so.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.accounts import Right
from hub.ports import StoreUnavailable
from hub.web.console.boards import Boards, View
from hub.web.console.console import Site
from hub.web.console.drawing import HEADERS
from hub.web.console.picture import NOTHING, event
from hub.web.console.visit import Visit
from hub.web.console.waits import UNTOLD
from hub.web.server import STOPPING

# Real time: how often a console hears that the hub lives, and how often its sign-in is looked at.
BEAT_S, LOOK_S = 5.0, 15.0
# Real time: a console whose network takes nothing for so long is cut off; it comes back by itself.
SEND_LIMIT_S = 10


class Shown(Protocol):
    """What a stream shows at one moment."""

    def since(self, before: Any, now: datetime) -> bytes:
        """Return what a page lacks that showed `before`, as an event; empty if it lacks nothing."""
        ...


S = TypeVar("S", bound=Shown)


class Live:
    """The streams of changes."""

    def __init__(self, site: Site, boards: Boards) -> None:
        self._site, self._boards = site, boards

    def routes(self) -> list[Route]:
        """Return the streams, and what asks whether one is still signed in."""
        gate = self._site.gate
        return [
            gate.stream("/live", self.stream, Right.SEE_ALERTS),
            gate.stream("/live/waiting", self.waiting, Right.SEE_ALERTS),
            gate.stream("/live/signed-in", self.signed_in, Right.SEE_ALERTS),
        ]

    async def signed_in(self, _visit: Visit, _request: Request) -> Response:
        """Answer that the visitor is signed in; who is not gets 401 before this."""
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def stream(self, visit: Visit, request: Request) -> Response:
        """Return the stream of one board."""
        return _stream(self._events(visit, request, self._boards.picture, NOTHING))

    async def waiting(self, visit: Visit, request: Request) -> Response:
        """Return the stream of a page that is no board: a few words, whenever what waits is another."""
        return _stream(self._events(visit, request, self._boards.waits, UNTOLD))

    async def _events(
        self, visit: Visit, request: Request, draw: Callable[[View], Awaitable[S]], seen: S
    ) -> AsyncIterator[bytes]:
        feed = self._boards.feed
        stopping: asyncio.Event = request.scope.get(STOPPING) or asyncio.Event()
        now_s = asyncio.get_running_loop().time
        look_at = now_s() + LOOK_S
        with feed.watched():
            while not stopping.is_set():
                try:
                    # However much happens: whoever was signed out meanwhile sees none of it.
                    if now_s() >= look_at:
                        look_at = now_s() + LOOK_S
                        still = await self._site.gate.still(request)
                        if still is None:
                            yield event("over", {})
                            return
                        visit = still
                    snapshot = await feed.fresh()
                    await self._boards.look(self._site.clock.now())
                    visit = self._now(visit)
                    shown = await draw(self._boards.of(visit, snapshot))
                except StoreUnavailable:
                    yield event("sick", {"now": self._site.clock.now().timestamp()})
                else:
                    changes = shown.since(seen, visit.now)
                    yield changes or event("beat", {"now": visit.now.timestamp()})
                    seen = shown
                await feed.changed(feed.snapshot.revision, BEAT_S, stopping)

    def _now(self, visit: Visit) -> Visit:
        """Return the visit at this moment, with people and homes as they are now."""
        engine = self._site.engine
        return replace(visit, now=self._site.clock.now(), registry=engine.world.registry)


def _stream(events: AsyncIterator[bytes]) -> Response:
    from sse_starlette.sse import EventSourceResponse

    headers = {**HEADERS, "Cache-Control": "no-store"}
    return EventSourceResponse(events, headers=headers, ping=0, send_timeout=SEND_LIMIT_S, sep="\n")
