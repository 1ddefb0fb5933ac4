"""How the hub fares: broker, database, carrier, queue, shelf, the last audit, and how it was set up."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from hub.accounts import Right
from hub.alerts.notification import Fate
from hub.coverage import Lack
from hub.ports import StoreUnavailable, Transaction
from hub.ports.overview import CarrierFigures
from hub.web.console import coverage_words as say
from hub.web.console import system_view as show
from hub.web.console.console import Site
from hub.web.console.devices import FILTERS, Found, chosen, lacking
from hub.web.console.drawing import HEADERS, draw, fragment
from hub.web.console.homes_list import own
from hub.web.console.listing import listed
from hub.web.console.overview import Overlook
from hub.web.console.visit import Visit

LATELY = timedelta(hours=1)
# Real time: a page about a database that hangs must not hang with it.
PATIENCE_S = 1.0
# So many devices that need a hand stand on this page; the list of devices has all.
_SHOWN = 8
_MOST_SHELVED = 1000


class System:
    """`/health`, its part that changes, and the shelf."""

    def __init__(self, site: Site, overlook: Overlook) -> None:
        self._site = site
        self._overlook = overlook

    def routes(self) -> list[Route]:
        """Return the pages."""
        gate = self._site.gate
        return [
            gate.page("/health", self._page, Right.SEE_SYSTEM),
            gate.stream("/live/health", self._live, Right.SEE_SYSTEM),
            gate.page("/health/shelf", self._shelf, Right.SEE_SYSTEM),
        ]

    async def _page(self, visit: Visit, _request: Request) -> Response:
        ladders = show.ladders(visit, self._site.engine.world.policies)
        return draw(visit, "system.html", **await self._facts(visit), ladders=ladders)

    async def _live(self, visit: Visit, _request: Request) -> Response:
        return HTMLResponse(fragment(visit, "system_body.html", **await self._facts(visit)), headers=HEADERS)

    async def _shelf(self, visit: Visit, request: Request) -> Response:
        rows = await self._site.engine.store.read(lambda t: t.shelf(_MOST_SHELVED))
        mine = show.shelved(visit, rows)
        page = listed(mine, "/health/shelf", {"page": request.query_params.get("page", "1")})
        return draw(visit, "shelf.html", listed=page, hidden=len(rows) - len(mine))

    async def _facts(self, visit: Visit) -> dict[str, Any]:
        """Return what changes; a part that cannot be asked now is said to be so."""
        site, words = self._site, visit.words
        figures = await site.measured.figures()
        about = site.about() if site.about is not None else None
        ready = site.health.ready()
        size, carriers = await self._of_database(visit)
        commit = show.commit_ms(figures.commits)
        return {
            "figures": figures,
            "about": about,
            "ready": ready,
            "is_ready": all(part.ready for part in ready.values()),
            "faults": show.faults(words, about.audit_faults if about else ()),
            "sessions": show.sessions(words, figures),
            "channels": show.channels(visit, about, carriers),
            "size": show.megabytes(words, size) if size is not None else "",
            "commit_ms": commit,
            "queued": _queued(figures.tally.fates if figures.tally else {}),
            **await self._devices(visit),
        }

    async def _of_database(self, visit: Visit) -> tuple[int | None, Mapping[str, CarrierFigures]]:
        def read(transaction: Transaction) -> tuple[int, Mapping[str, CarrierFigures]]:
            return transaction.size_bytes(), transaction.carriers(visit.now - LATELY)

        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._site.engine.store.read(read)
        except (StoreUnavailable, TimeoutError):
            return None, {}

    async def _devices(self, visit: Visit) -> dict[str, Any]:
        """Return the devices of the visitor's areas that are silent or were never heard: how many, and the first."""
        try:
            seen = await self._overlook.now()
        except StoreUnavailable:
            return {"silent": (), "silent_count": 0, "never_count": 0, "lost_count": 0}
        homes = own(visit, seen)
        troubled = lacking(seen, homes)
        silent, never = chosen(troubled, FILTERS["silent"]), chosen(troubled, FILTERS["never"])
        lost = sum(1 for home in homes if any(one.what is Lack.LINK_LOST for one in seen.missing(home.id)))
        first: dict[str, tuple[str, str]] = {}
        for home, device, missing in (*silent, *never):
            if len(first) < _SHOWN:
                first.setdefault(home.id, (home.who, _name(visit, (home, device, missing))))
        return {
            "silent": [(id, *words) for id, words in first.items()],
            "silent_count": len(silent),
            "never_count": len(never),
            "lost_count": lost,
        }


def _name(visit: Visit, found: Found) -> str:
    home, _device, missing = found
    return visit.words.say("; ").join(say.missing(visit, home, one) for one in missing)


def _queued(fates: Mapping[Fate, int]) -> int:
    return fates.get(Fate.QUEUED, 0) + fates.get(Fate.SENDING, 0)
