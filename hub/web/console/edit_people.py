"""People edited in the database: families, neighbours and staff, each in the areas of whoever edits them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.accounts import EVERYWHERE, Right, masked
from hub.engine.editing import ChangedMeanwhile, Edit, StillNeeded, drop_person, mark, save_person
from hub.engine.news import News
from hub.engine.work import Work
from hub.homes import Person, Registry
from hub.ports import Lane
from hub.web.console.console import Site
from hub.web.console.drawing import draw
from hub.web.console.edit import TRIES, Form, answer, busy_words, foreign_areas, needed_words, sure, whole_site
from hub.web.console.edit_fields import ROLES, person_fields, values_of
from hub.web.console.ports import Complaint, Editor, Read
from hub.web.console.visit import NotFound, Refused, Visit

PATH = "/people"
LINES = 50


class PeopleEditing:
    """`/people`, a page for each, and `/new-person`."""

    def __init__(self, site: Site, editor: Editor) -> None:
        self._site = site
        self._engine = site.engine
        self._editor = editor

    def routes(self) -> list[Route]:
        """Return the pages and their forms."""
        gate, right, one = self._site.gate, Right.EDIT_HOMES, f"{PATH}/{{person_id}}"
        return [
            gate.page(PATH, self._list, right),
            gate.page("/new-person", self._new, right),
            gate.form("/new-person", self._make, right),
            gate.page(one, self._show, right),
            gate.form(one, self._save, right),
            gate.form(f"{one}/remove", self._remove, right),
        ]

    # --- all

    async def _list(self, visit: Visit, request: Request) -> Response:
        query = request.query_params
        asked, start = query.get("q", "").strip()[:60].lower(), _number(query.get("from", ""))
        mine = _mine(visit)
        found = [
            person
            for person in visit.registry.people.values()
            if (not asked or asked in person.name.lower() or asked in person.id.lower()) and mine(person)
        ]
        found.sort(key=lambda person: (not person.areas, person.name, person.id))
        facts: dict[str, Any] = {
            "people": found[start : start + LINES],
            "count": len(found),
            "start": start,
            "lines": LINES,
            "asked": asked,
            "done": query.get("done", ""),
            "masked": masked,
            "roles": {role: said(visit.words) for role, said in ROLES.items()},
            "at": lambda at: f"{PATH}?{urlencode({'q': asked, 'from': at})}",
        }
        return draw(visit, "edit_people.html", **facts)

    # --- somebody new

    async def _new(self, visit: Visit, _request: Request) -> Response:
        return answer(visit, _form(visit, visit.registry, None, {}))

    async def _make(self, visit: Visit, _request: Request, form: Mapping[str, str]) -> Response:
        return await self._keep(visit, None, form)

    # --- one

    async def _show(self, visit: Visit, request: Request) -> Response:
        person = _asked(visit, visit.registry, request)
        await self._site.gate.record(visit, "person_looked", None, id=person.id)
        return answer(visit, _form(visit, visit.registry, person, values_of(person)))

    async def _save(self, visit: Visit, request: Request, form: Mapping[str, str]) -> Response:
        return await self._keep(visit, _asked(visit, visit.registry, request), form)

    async def _keep(self, visit: Visit, known: Person | None, form: Mapping[str, str]) -> Response:
        for _ in range(TRIES):
            registry = self._engine.world.registry
            person = registry.people.get(known.id) if known else None
            if known is not None and form.get("seen") != mark(person):
                return answer(visit, _form(visit, registry, person or known, form, changed=True))
            read = await asyncio.to_thread(self._editor.person, registry, person, form, visit.words.language)
            read = await self._in_own_areas(visit, person, read)
            if read.value is None or (read.warnings and form.get("sure") != sure(read.warnings)):
                return answer(visit, _form(visit, registry, person, form, read), sure=sure(read.warnings))
            edit = Edit("person", read.value.id, visit.account.who, registry.version, _area(visit, read.value))
            try:
                await self._write(partial(save_person, before=person, after=read.value, edit=edit))
            except ChangedMeanwhile:
                await self._engine.load()
            else:
                return RedirectResponse(f"{PATH}?done={quote(read.value.name)}", HTTPStatus.SEE_OTHER)
        busy = Read[Person](None, (busy_words(visit.words),))
        return answer(visit, _form(visit, self._engine.world.registry, known, form, busy))

    async def _remove(self, visit: Visit, request: Request, form: Mapping[str, str]) -> Response:
        registry = self._engine.world.registry
        person = _asked(visit, registry, request)
        if form.get("seen") != mark(person):
            return answer(visit, _form(visit, registry, person, values_of(person), changed=True))
        faults: Sequence[Complaint] = await asyncio.to_thread(
            self._editor.without_person, registry, person, visit.words.language
        )
        if not faults:
            edit = Edit("person", person.id, visit.account.who, registry.version, _area(visit, person))
            try:
                await self._write(lambda work: drop_person(work, person, edit))
            except StillNeeded as refused:
                faults = (needed_words(visit.words, refused),)
            except ChangedMeanwhile:
                await self._engine.load()
                faults = (busy_words(visit.words),)
            else:
                return RedirectResponse(f"{PATH}?done={quote(person.name)}", HTTPStatus.SEE_OTHER)
        return answer(visit, _form(visit, registry, person, values_of(person), Read(None, tuple(faults))))

    async def _write(self, work: Callable[[Work], None]) -> None:
        await self._engine.write(Lane.SLOW, work)
        await self._engine.load()
        self._engine.tell(News(everything=True))

    async def _in_own_areas(self, visit: Visit, before: Person | None, read: Read[Person]) -> Read[Person]:
        """Refuse areas that are not the visitor's: who gives them is told of other people's alerts. It is recorded."""
        if read.value is None:
            return read
        known = before.areas if before else ()
        if whole_site(visit, read.value) and not visit.may(Right.EDIT_HOMES, EVERYWHERE):
            said = visit.words.say(
                "Write for which areas. Only who is responsible for the whole site leaves this empty."
            )
            return Read(None, (Complaint("areas", said),))
        foreign = [a for a in read.value.areas if a not in known and not visit.may(Right.EDIT_HOMES, a)]
        if not foreign:
            return read
        await self._site.gate.record(visit, "refused", None, right=Right.EDIT_HOMES.value, area=foreign[0])
        said = visit.words.say(
            "Area %(area)s is not yours. Choose one of yours, or ask whoever is responsible there. Recorded.",
            area=visit.registry.area_name(foreign[0]),
        )
        return Read(None, (Complaint("areas", said),))


def _mine(visit: Visit) -> Callable[[Person], bool]:
    """Return whether a person is the visitor's business; the answer for each area is found once."""
    may: dict[str, bool] = {}
    homes, homes_of = visit.registry.homes, visit.registry.homes_of

    def one(area: str) -> bool:
        if area not in may:
            may[area] = visit.may(Right.EDIT_HOMES, area)
        return may[area]

    return lambda person: (
        all(map(one, (*person.areas, *whole_site(visit, person))))
        and all(one(homes[h].area) for h in homes_of.get(person.id, ()))
    )


def _asked(visit: Visit, registry: Registry, request: Request) -> Person:
    """Return the person of the address; raises NotFound, Refused."""
    person = registry.people.get(request.path_params["person_id"])
    if person is None:
        raise NotFound(request.path_params["person_id"])
    if foreign := foreign_areas(visit, registry, person.id):
        raise Refused(Right.EDIT_HOMES, foreign[0])
    return person


def _area(visit: Visit, person: Person) -> str | None:
    """Return whose business the record of a person is."""
    homes = visit.registry.homes_of.get(person.id, ())
    if homes and homes[0] in visit.registry.homes:
        return visit.registry.homes[homes[0]].area
    return person.areas[0] if person.areas else visit.account.area


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _form(
    visit: Visit,
    registry: Registry,
    person: Person | None,
    values: Mapping[str, str],
    read: Read[Person] | None = None,
    *,
    changed: bool = False,
) -> Form:
    faults, warnings = (read.faults, read.warnings) if read else ((), ())
    fields = person_fields(visit.words, person)
    now = values_of(registry.people.get(person.id)) if person and changed else {}
    theirs = {f.name: now.get(f.name, "") for f in fields if changed and now.get(f.name, "") != values.get(f.name, "")}
    address = f"{PATH}/{quote(person.id, safe='')}" if person else "/new-person"
    return Form(
        title=visit.words.say("Change %(name)s", name=person.name) if person else visit.words.say("New person"),
        address=address,
        back=PATH,
        fields=fields,
        values=values,
        seen=mark(registry.people.get(person.id)) if person else "",
        faults=faults,
        warnings=warnings,
        theirs=theirs,
        changed=changed,
        removes=f"{address}/remove" if person else "",
    )
