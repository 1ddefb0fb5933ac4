"""The list of devices: those that need a hand, or all; only those of the visitor's areas."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.accounts import Right
from hub.coverage import Lack, Missing, pressed_at
from hub.homes import Device, DeviceKind, DeviceState, Home
from hub.levels import path
from hub.rules.presence import presence
from hub.web.console import coverage_words as say
from hub.web.console.console import Site
from hub.web.console.drawing import draw
from hub.web.console.homes_list import own
from hub.web.console.listing import listed
from hub.web.console.overview import Overlook, Overview
from hub.web.console.visit import Visit

# What can be asked for, and what it means. Each is a round that somebody goes.
FILTERS: Mapping[str, frozenset[Lack]] = {
    "silent": frozenset({Lack.SILENT}),
    "never": frozenset({Lack.NEVER_HEARD}),
    "battery": frozenset({Lack.BATTERY}),
    "button": frozenset({Lack.TEST_OVERDUE}),
    "broken": frozenset({Lack.BROKEN, Lack.UNREADABLE, Lack.TAMPERED}),
}
_OF_DEVICES = frozenset(what for some in FILTERS.values() for what in some)

Found = tuple[Home, Device, Sequence[Missing]]


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One device in a list. `heard` is its last own word, `pressed` its last press, each with how long ago."""

    home_id: str
    who: str
    address: str
    icon: str
    name: str
    id: str
    model: str
    missing: Sequence[str]
    heard: tuple[str, str] | None
    pressed: tuple[str, str] | None


class Devices:
    """`/devices`."""

    def __init__(self, site: Site, overlook: Overlook) -> None:
        self._site = site
        self._overlook = overlook

    def routes(self) -> list[Route]:
        """Return the page."""
        return [self._site.gate.page("/devices", self._list, Right.SEE_HOMES)]

    async def _list(self, visit: Visit, request: Request) -> Response:
        seen = await self._overlook.now()
        query = {name: request.query_params.get(name, "")[:60] for name in ("is", "area", "page")}
        area = query["area"]
        if area:
            visit.require(Right.SEE_HOMES, area)
        # Ten thousand homes that nobody has heard yet are looked through for most of a second: no press waits for it.
        sought = await asyncio.to_thread(_sought, visit, seen, query)
        page = listed(sought.found, "/devices", {name: value for name, value in query.items() if value})
        if query["is"] == "all":
            page = replace(page, items=[(home, one, of_device(seen, home, one)) for home, one, _ in page.items])
        pairs = [(home.id, device.id) for home, device, _ in page.items]
        states = await self._site.engine.store.read(lambda t: t.device_states(pairs)) if pairs else []
        return draw(
            visit,
            "devices.html",
            rows=rows(visit, page.items, states),
            listed=page,
            query=query,
            area=say.area(visit, area) if area else "",
            counts=sought.counts,
            total=sought.total,
            troubled=sought.troubled,
        )


@dataclass(frozen=True, slots=True)
class _Sought:
    """What a query found, and how much there is of each kind."""

    found: Sequence[Found]
    counts: Mapping[str, int]
    total: int
    troubled: int


def _sought(visit: Visit, seen: Overview, query: Mapping[str, str]) -> _Sought:
    area, what = query["area"], query["is"]
    homes = [home for home in own(visit, seen) if not area or area in path(home.area)]
    troubled = lacking(seen, homes)
    found = every(homes) if what == "all" else chosen(troubled, FILTERS.get(what, _OF_DEVICES))
    counts = {name: sum(_has(one, some) for one in troubled) for name, some in FILTERS.items()}
    return _Sought(found, counts, sum(len(home.devices) for home in homes), len(troubled))


def lacking(seen: Overview, homes: Iterable[Home]) -> list[Found]:
    """Return the devices that lack something."""
    found: list[Found] = []
    for home in homes:
        by_device: dict[str, list[Missing]] = {}
        for one in seen.missing(home.id):
            if one.device is not None and one.what in _OF_DEVICES:
                by_device.setdefault(one.device, []).append(one)
        if by_device:
            found += [(home, d, by_device[d.id]) for d in home.devices if d.id in by_device]
    return found


def chosen(found: Iterable[Found], wanted: frozenset[Lack]) -> list[Found]:
    """Return those of the devices that lack one of these, who waits longest first; what never spoke comes last."""
    some = [one for one in found if _has(one, wanted)]
    return sorted(some, key=lambda one: (_waits(one[2], wanted), one[0].area, one[0].address, one[1].id))


def _has(found: Found, wanted: frozenset[Lack]) -> bool:
    return any(missing.what in wanted for missing in found[2])


def every(homes: Iterable[Home]) -> list[Found]:
    """Return all devices, home by home; what each lacks is looked up for those that are shown."""
    return [(home, device, ()) for home in homes for device in home.devices]


def of_device(seen: Overview, home: Home, device: Device) -> list[Missing]:
    """Return what one device lacks."""
    return [one for one in seen.missing(home.id) if one.device == device.id and one.what in _OF_DEVICES]


def _waits(missing: Sequence[Missing], wanted: frozenset[Lack]) -> tuple[bool, datetime | None]:
    since = min((one.since for one in missing if one.what in wanted and one.since is not None), default=None)
    return (True, None) if since is None else (False, since)


def rows(visit: Visit, found: Iterable[Found], states: Iterable[DeviceState]) -> list[DeviceRow]:
    """Return the rows of these devices with their last words."""
    said: dict[tuple[str, str], list[DeviceState]] = {}
    for state in states:
        said.setdefault((state.home_id, state.device_id), []).append(state)
    return [_row(visit, one, said.get((one[0].id, one[1].id), [])) for one in found]


def _row(visit: Visit, found: Found, said: Sequence[DeviceState]) -> DeviceRow:
    home, device, missing = found
    is_button = device.kind is DeviceKind.BUTTON
    return DeviceRow(
        home.id,
        home.who,
        home.address if home.residents else "",
        f"d-{device.kind.value}",
        say.device(visit.words, home, device),
        device.id,
        device.model or "",
        [say.missing(visit, home, one) for one in missing],
        _ago(visit, presence(said).heard_at),
        _ago(visit, pressed_at(said)) if is_button else None,
    )


def _ago(visit: Visit, at: datetime | None) -> tuple[str, str] | None:
    """Return an instant, and how long ago it was."""
    if at is None:
        return None
    return visit.words.moment(at, visit.now), visit.words.span(max(timedelta(0), visit.now - at))
