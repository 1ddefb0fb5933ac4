"""Areas: village, township, county, with their homes counted by how well they are covered."""

from collections.abc import Sequence
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from hub.accounts import Right
from hub.levels import tops
from hub.web.console.area_view import view
from hub.web.console.console import Site
from hub.web.console.drawing import HEADERS, draw, fragment
from hub.web.console.overview import Overlook, Overview
from hub.web.console.visit import NotFound, Visit


class Areas:
    """`/areas` and `/areas/<code>`; `/live/areas…` is the part of them that changes."""

    def __init__(self, site: Site, overlook: Overlook) -> None:
        self._site = site
        self._overlook = overlook

    def routes(self) -> list[Route]:
        """Return the pages."""
        gate = self._site.gate
        return [
            gate.page("/areas", self._page, Right.SEE_HOMES),
            gate.page("/areas/{code}", self._page, Right.SEE_HOMES),
            gate.stream("/live/areas", self._live, Right.SEE_HOMES),
            gate.stream("/live/areas/{code}", self._live, Right.SEE_HOMES),
        ]

    async def _page(self, visit: Visit, request: Request) -> Response:
        seen = await self._overlook.now()
        found = view(visit, seen, self._codes(visit, seen, request))
        return draw(visit, "area.html", a=found, live=_live_address(request), deaf=self._deaf())

    async def _live(self, visit: Visit, request: Request) -> Response:
        """Answer with what changed; a page that shows it already hears so, which costs nothing."""
        seen = await self._overlook.now()
        codes = self._codes(visit, seen, request)
        # A mode may end by time alone, so each minute is another one.
        tag = f'"{seen.serial}-{visit.now:%H%M}-{self._deaf():d}-{visit.words.language}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
        found = fragment(visit, "area_body.html", a=view(visit, seen, codes), deaf=self._deaf())
        return HTMLResponse(found, headers={**HEADERS, "ETag": tag, "Cache-Control": "no-store"})

    @staticmethod
    def _codes(visit: Visit, seen: Overview, request: Request) -> Sequence[str]:
        """Return the area that is asked for, or those the visitor begins with; raises Refused, NotFound."""
        code = request.path_params.get("code")
        if code is None:
            mine = [area for area in seen.registry.homes_by_area if visit.may(Right.SEE_HOMES, area)]
            return tops(visit.account.areas, mine) or ("",)
        visit.require(Right.SEE_HOMES, code)
        if code not in seen.sums and code not in seen.registry.areas:
            raise NotFound(code)
        return (code,)

    def _deaf(self) -> bool:
        """Whether the hub hears no device now, so that what is shown is from before."""
        broker = self._site.health.ready().get("broker")
        return broker is not None and not broker.ready


def _live_address(request: Request) -> str:
    return f"/live{request.url.path}"
