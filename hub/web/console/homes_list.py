"""The list of homes and the search: only those of the visitor's areas."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.accounts import Right
from hub.alerts.alert import Stage
from hub.alerts.policy import Severity
from hub.coverage import Coverage, Lack
from hub.homes import Home
from hub.levels import path
from hub.ports.overview import AlertMark
from hub.web.console import coverage_words as say
from hub.web.console.console import Site
from hub.web.console.drawing import draw
from hub.web.console.finding import By, Hit, areas, find
from hub.web.console.listing import by_address, listed
from hub.web.console.overview import Overlook, Overview
from hub.web.console.visit import Visit

# A home with a long list of lacks shows the first; its own page has all.
_SHOWN = 3
# Alerts that have a picture of their own.
_PICTURES = frozenset({"oct-sos", "oct-gas", "oct-smoke", "oct-co", "oct-fall", "cir-battery"})


@dataclass(frozen=True, slots=True)
class HomeRow:
    """One home in a list. `alert` is its most urgent one: its class, picture and words."""

    id: str
    who: str
    address: str
    area: str
    coverage: str
    look: tuple[str, str, str]
    missing: Sequence[str]
    more: int
    mode: str
    alert: tuple[str, str, str] | None
    met: str = ""


class Homes:
    """`/homes` and `/find`."""

    def __init__(self, site: Site, overlook: Overlook) -> None:
        self._site = site
        self._overlook = overlook

    def routes(self) -> list[Route]:
        """Return both pages."""
        gate = self._site.gate
        return [
            gate.page("/homes", self._list, Right.SEE_HOMES),
            gate.page("/find", self._find, Right.SEE_HOMES),
        ]

    async def _list(self, visit: Visit, request: Request) -> Response:
        seen = await self._overlook.now()
        query = {name: request.query_params.get(name, "")[:60] for name in ("area", "only", "is", "lack", "page")}
        area = query["area"]
        if area:
            visit.require(Right.SEE_HOMES, area)
        homes = await asyncio.to_thread(lambda: wanted(seen, own(visit, seen), query))
        page = listed(homes, "/homes", {name: value for name, value in query.items() if value})
        return draw(
            visit,
            "homes.html",
            rows=rows(visit, seen, [Hit(home, By.NAME) for home in page.items]),
            listed=page,
            query=query,
            area=say.area(visit, area) if area else "",
            kinds=[(kind.value, say.coverage(visit.words, kind)) for kind in Coverage],
            lacks=[(what.value, say.lack(visit.words, what)) for what in Lack],
        )

    async def _find(self, visit: Visit, request: Request) -> Response:
        asked = request.query_params.get("q", "").strip()[:60]
        seen = await self._overlook.now()

        def may(area: str) -> bool:
            return visit.may(Right.SEE_HOMES, area)

        hits = await asyncio.to_thread(find, seen.registry, asked, may)
        query = {"q": asked, "page": request.query_params.get("page", "1")}
        page = listed(hits, "/find", query)
        found = [(code, say.area(visit, code)) for code in areas(seen.registry, asked, may)]
        return draw(
            visit, "find.html", q=asked, rows=rows(visit, seen, page.items, asked=True), listed=page, areas=found
        )


def own(visit: Visit, seen: Overview) -> list[Home]:
    """Return the homes of the visitor's areas, village by village, in the order of their addresses."""
    by_area = seen.registry.homes_by_area
    codes = sorted(area for area in by_area if visit.may(Right.SEE_HOMES, area))
    return [home for area in codes for home in sorted(by_area[area], key=by_address)]


def wanted(seen: Overview, homes: Iterable[Home], query: Mapping[str, str]) -> list[Home]:
    """Return those of the homes that a query asks for: `area` (with `only`: not those below), `is`, `lack`."""
    area, only = query.get("area", ""), query.get("only", "")
    is_, lack = query.get("is", ""), query.get("lack", "")

    def fits(home: Home) -> bool:
        if area and not (home.area == area if only else area in path(home.area)):
            return False
        if is_ and seen.coverage(home.id).value != is_:
            return False
        return not lack or any(one.what.value == lack for one in seen.missing(home.id))

    return [home for home in homes if fits(home)]


def rows(visit: Visit, seen: Overview, hits: Iterable[Hit], *, asked: bool = False) -> list[HomeRow]:
    """Return the rows of these homes; after a search with what was met."""
    worst: dict[str, AlertMark] = {}
    for mark in seen.marks:
        worst.setdefault(mark.home_id, mark)  # they come most severe first
    return [_row(visit, seen, hit, worst.get(hit.home.id), asked=asked) for hit in hits]


def _row(visit: Visit, seen: Overview, hit: Hit, mark: AlertMark | None, *, asked: bool) -> HomeRow:
    words, home = visit.words, hit.home
    found = seen.coverage(home.id)
    missing = [say.missing(visit, home, one) for one in seen.missing(home.id)]
    mode = home.mode_at(visit.now)
    return HomeRow(
        home.id,
        home.who,
        home.address if home.residents else "",
        say.area(visit, home.area),
        say.coverage(words, found),
        say.LOOKS[found],
        missing[:_SHOWN],
        max(0, len(missing) - _SHOWN),
        say.mode(words, mode[0], words.moment(mode[1], visit.now)) if mode else "",
        _alert(visit, mark) if mark else None,
        _met(visit, hit) if asked else "",
    )


def _alert(visit: Visit, mark: AlertMark) -> tuple[str, str, str]:
    words = visit.words
    what = words.catalogue.what.get(mark.what, words.catalogue.phrases.alert)
    look = {Severity.EMERGENCY: "oct", Severity.WARNING: "tri"}.get(mark.severity, "cir")
    own = f"{look}-{mark.what}"
    return (
        look,
        own if own in _PICTURES else look,
        what if mark.stage is Stage.OPEN else words.say("%(what)s, taken", what=what),
    )


def _met(visit: Visit, hit: Hit) -> str:
    """Return what a search met where the row does not show it anyway."""
    words = visit.words
    if hit.by is By.CONTACT:
        return words.say("Contact: %(name)s", name=hit.detail)
    if hit.by is By.DEVICE:
        return words.say("Device: %(id)s", id=hit.detail)
    return words.say("Home: %(id)s", id=hit.detail) if hit.by is By.HOME_ID else ""
