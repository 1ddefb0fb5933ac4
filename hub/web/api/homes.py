"""Homes, areas and people over the API."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from hub.accounts import EVERYWHERE, Right, masked
from hub.alerts.policy import Severity
from hub.coverage import Coverage
from hub.engine.modes import NoSuchTime
from hub.homes import Device, DeviceState, Home, HomeMode, Person, Resident, area_stem
from hub.levels import tops
from hub.web.api import shapes
from hub.web.api.caller import Asked, asked
from hub.web.api.contract import scope
from hub.web.api.paging import Cursor, Limit, cursor, place
from hub.web.api.problems import Problem
from hub.web.console.overview import Overlook, Overview
from hub.web.console.visit import NotFound, Refused

By = Annotated[Asked, Depends(asked)]
AreaCode = Annotated[str | None, Query(pattern=r"^[0-9]{12}$", description="Only homes of this area and below")]


def routes(overlook: Overlook) -> APIRouter:
    """Return the routes; `overlook` knows how homes are covered."""
    router = APIRouter()
    _homes(router, overlook)
    _modes(router)
    _areas(router, overlook)
    _people(router)
    return router


# --- homes


def _homes(router: APIRouter, overlook: Overlook) -> None:
    see = scope(Right.SEE_HOMES) | {"tags": ["homes"]}

    @router.get("/homes", summary="List homes, by id", **see)
    async def list_homes(by: By, area: AreaCode = None, limit: Limit = 50, cursor: Cursor = None) -> shapes.Homes:
        stem = area_stem(area) if area else ""
        homes = [h for h in by.registry.homes.values() if h.area.startswith(stem) and by.may(Right.SEE_HOMES, h.area)]
        ids, following = _page(sorted(home.id for home in homes), limit, cursor)
        items = [_home(by.registry.homes[id], by.now) for id in ids]
        return shapes.Homes.model_validate({"items": items, "next": following})

    @router.get("/homes/{home_id}", summary="One home with its people and devices; the look is recorded", **see)
    async def one_home(by: By, home_id: str) -> shapes.WholeHome:
        home = by.home(home_id, Right.SEE_HOMES)
        await by.record("looked", home.id)
        states = await by.engine.store.read(lambda t: t.states_of_homes([home.id]))
        return shapes.WholeHome.model_validate(_whole(by, home, states, await overlook.now()))


def _modes(router: APIRouter) -> None:
    sets = scope(Right.SET_MODE) | {"tags": ["homes"]}

    @router.put("/homes/{home_id}/mode", summary="Say what a home is in, and until when", **sets)
    async def set_mode(by: By, home_id: str, body: shapes.SetMode) -> shapes.Home:
        home = by.home(home_id, Right.SET_MODE)
        try:
            after = await by.engine.mode(home.id, HomeMode(body.mode), body.until, by.account.who)
        except NoSuchTime:
            raise _wrong_time() from None
        return shapes.Home.model_validate(_home(after, by.now))

    @router.delete("/homes/{home_id}/mode", summary="Say that a home is as always again", **sets)
    async def end_mode(by: By, home_id: str) -> shapes.Home:
        home = by.home(home_id, Right.SET_MODE)
        after = await by.engine.mode(home.id, None, None, by.account.who)
        return shapes.Home.model_validate(_home(after, by.now))


def _wrong_time() -> Problem:
    detail = "That end is past or too far ahead: maintenance lasts 8 hours at most, the others a year."
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)


def _home(home: Home, now: datetime) -> dict[str, Any]:
    mode = home.mode_at(now)
    told = {"mode": mode[0].value, "until": iso(mode[1])} if mode else None
    return {"id": home.id, "area": home.area, "address": home.address, "name": home.who, "mode": told}


def _whole(by: Asked, home: Home, states: Sequence[DeviceState], seen: Overview) -> dict[str, Any]:
    """Return all that the account may know of a home, with numbers masked."""
    helps = by.may(Right.ACT, home.area)
    people = [(contact, by.registry.people.get(contact.person)) for contact in home.contacts]
    return _home(home, by.now) | {
        "access": home.access if helps else None,
        "residents": [_resident(one, helps=helps) for one in home.residents],
        "contacts": [
            {"person": p.id, "name": p.name, "role": c.role.value, "phone": masked(p.phone)} for c, p in people if p
        ],
        "devices": [_device(device, states) for device in home.devices],
        "coverage": seen.coverage(home.id).value,
        "missing": [
            {"what": one.what.value, "device": one.device, "since": iso(one.since)} for one in seen.missing(home.id)
        ],
    }


def _resident(resident: Resident, *, helps: bool) -> dict[str, Any]:
    return {
        "name": resident.name,
        "born": resident.born,
        "needs": sorted(resident.needs),
        "phone": masked(resident.phone) if resident.phone else None,
        "mobility": resident.mobility if helps else None,
        "doctor": resident.doctor if helps else None,
        "notes": resident.notes if helps else None,
    }


def _device(device: Device, states: Sequence[DeviceState]) -> dict[str, Any]:
    own = [state for state in states if state.device_id == device.id]
    return {
        "id": device.id,
        "kind": device.kind.value,
        "role": device.role.value if device.role else None,
        "room": device.room,
        "model": device.model,
        "place": device.place,
        "heard_at": iso(max((state.at for state in own), default=None)),
        "states": [
            {"kind": s.kind, "property": s.property, "state": s.state, "since": iso(s.since), "at": iso(s.at)}
            for s in own
        ],
    }


# --- areas


def _areas(router: APIRouter, overlook: Overlook) -> None:
    see = scope(Right.SEE_HOMES) | {"tags": ["areas"]}

    @router.get("/areas", summary="The account's areas, each with its homes and alerts counted", **see)
    async def list_areas(by: By) -> shapes.Areas:
        seen = await overlook.now()
        mine = [area for area in seen.registry.homes_by_area if by.may(Right.SEE_HOMES, area)]
        codes = tops(by.account.areas, mine)
        return shapes.Areas.model_validate({"items": [_area(by, seen, code) for code in codes]})

    @router.get("/areas/{code}", summary="One area with all below it, counted", **see)
    async def one_area(by: By, code: str) -> shapes.Area:
        seen = await overlook.now()
        if not by.may(Right.SEE_HOMES, code):
            raise Refused(Right.SEE_HOMES, code)
        if code not in seen.sums and code not in seen.registry.areas:
            raise NotFound(code)
        return shapes.Area.model_validate(_area(by, seen, code))


def _area(by: Asked, seen: Overview, code: str) -> dict[str, Any]:
    sums, alerts = seen.sums.get(code, Counter()), seen.alerts.get(code, Counter())
    counted = {
        severity.value: {"waiting": alerts.get((severity, True), 0), "taken": alerts.get((severity, False), 0)}
        for severity in Severity
    }
    return {
        "code": code,
        "name": seen.registry.area_name(code),
        "homes": {coverage.value: sums.get(coverage, 0) for coverage in Coverage},
        "alerts": counted if by.may(Right.SEE_ALERTS) else {},
        "below": list(seen.below.get(code, ())),
    }


# --- people


def _people(router: APIRouter) -> None:
    see = scope(Right.SEE_HOMES) | {"tags": ["people"]}

    @router.get("/people", summary="List people, by id; numbers are masked", **see)
    async def list_people(by: By, limit: Limit = 50, cursor: Cursor = None) -> shapes.People:
        ids, following = _page(sorted(p.id for p in by.registry.people.values() if _sees(by, p)), limit, cursor)
        items = [_person(by, by.registry.people[id]) for id in ids]
        return shapes.People.model_validate({"items": items, "next": following})

    @router.get("/people/{person_id}", summary="One person; the number is masked", **see)
    async def one_person(by: By, person_id: str) -> shapes.Person:
        return shapes.Person.model_validate(_person(by, _known(by, person_id, Right.SEE_HOMES)))

    @router.post(
        "/people/{person_id}/phone",
        summary="A person's whole number; that it was asked for is recorded",
        tags=["people"],
        **scope(Right.SEE_PHONES),
    )
    async def phone(by: By, person_id: str) -> shapes.Phone:
        person = _known(by, person_id, Right.SEE_PHONES)
        home = next(iter(_homes_of(by, person, Right.SEE_PHONES)), None)
        await by.record("revealed_phone", home, person=person.id)
        return shapes.Phone(phone=person.phone)


def _known(by: Asked, person_id: str, right: Right) -> Person:
    person = by.registry.people.get(person_id)
    if person is None:
        raise NotFound(person_id)
    if not _sees(by, person, right):
        raise Refused(right)
    return person


def _sees(by: Asked, person: Person, right: Right = Right.SEE_HOMES) -> bool:
    """Whether a person is the account's business: staff of its areas, contacts of its homes, all for all."""
    if by.may(right, EVERYWHERE) or any(by.may(right, area) for area in person.areas):
        return True
    return bool(_homes_of(by, person, right))


def _homes_of(by: Asked, person: Person, right: Right = Right.SEE_HOMES) -> list[str]:
    homes = by.registry.homes
    return [id for id in by.registry.homes_of.get(person.id, ()) if by.may(right, homes[id].area)]


def _person(by: Asked, person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "phone": masked(person.phone),
        "roles": sorted(role.value for role in person.roles),
        "areas": list(person.areas),
        "homes": _homes_of(by, person),
    }


# --- both


def iso(at: datetime | None) -> str | None:
    """Return an instant as programs read it."""
    return at.astimezone(UTC).isoformat() if at is not None else None


def _page(ids: Sequence[str], limit: int, word: str | None) -> tuple[Sequence[str], str | None]:
    """Return a page of ids in their order, and where the next one begins."""
    parts = place(word, 1)
    start = bisect_right(ids, parts[0]) if parts else 0
    found = ids[start : start + limit]
    return found, cursor(found[-1]) if found and start + limit < len(ids) else None
