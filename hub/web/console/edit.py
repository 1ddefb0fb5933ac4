"""Homes edited in the database: one page that shows all of a home, and one small form for each thing in it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.accounts import EVERYWHERE, Right, masked
from hub.engine.editing import ChangedMeanwhile, Edit, StillNeeded, drop_home, mark, save_home
from hub.engine.news import News
from hub.engine.work import Work
from hub.homes import Home, Person, Registry
from hub.ports import Lane
from hub.web.console.console import Site
from hub.web.console.drawing import draw
from hub.web.console.edit_fields import (
    CONTACTS,
    DEVICE_ROLES,
    KINDS,
    NEEDS,
    ROLES,
    Field,
    home_fields,
    name_of,
    own,
    part_fields,
    thing,
    values_of,
)
from hub.web.console.ports import NEW, Complaint, Editor, Part, Read
from hub.web.console.visit import NotFound, Visit
from hub.web.console.words import Words

RIGHTS: Mapping[Part, Right] = {
    Part.HOME: Right.EDIT_HOMES,
    Part.RESIDENT: Right.EDIT_HOMES,
    Part.CONTACT: Right.EDIT_HOMES,
    Part.ROOM: Right.EDIT_DEVICES,
    Part.DEVICE: Right.EDIT_DEVICES,
}
# Others may write people and homes between a check and its commit: it is checked anew so often.
TRIES = 3


@dataclass(frozen=True, slots=True)
class Form:
    """One form as it is drawn: what was typed, what is wrong with it, what others have made of it meanwhile."""

    title: str
    address: str
    back: str
    fields: Sequence[Field]
    values: Mapping[str, str]
    seen: str
    faults: Sequence[Complaint] = ()
    warnings: Sequence[Complaint] = ()
    theirs: Mapping[str, str] = field(default_factory=dict)
    changed: bool = False
    removes: str = ""

    def of(self, name: str) -> list[str]:
        """Return what is wrong with a field."""
        return [each.text for each in (*self.faults, *self.warnings) if each.field == name]

    @property
    def above(self) -> list[str]:
        """What is wrong and belongs to no field that is shown."""
        names = {each.name for each in self.fields}
        return [each.text for each in (*self.faults, *self.warnings) if each.field not in names]

    @property
    def first_wrong(self) -> str:
        """The field on which the page opens."""
        return next((each.name for each in self.fields if self.of(each.name)), "")


def answer(visit: Visit, form: Form, **facts: Any) -> Response:
    """Return a form's page; one with mistakes is no success."""
    status = HTTPStatus.CONFLICT if form.changed else HTTPStatus.OK
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.faults or form.warnings else status
    return draw(visit, "edit_form.html", status, form=form, **facts)


def sure(warnings: Sequence[Complaint]) -> str:
    """Return what a form carries when these warnings were shown and may stand."""
    return mark({str(n): each.text for n, each in enumerate(warnings)}) if warnings else ""


def needed_words(words: Words, refused: StillNeeded) -> Complaint:
    """Say that an open alert needs what would be removed."""
    return Complaint(
        "",
        words.say(
            "This cannot be removed while alert %(code)s is open. Resolve the alert first. Nothing was changed.",
            code=refused.code,
        ),
    )


def busy_words(words: Words) -> Complaint:
    """Say that others are writing all the time."""
    return Complaint("", words.say("Others are changing people and homes just now. Nothing was saved; save again."))


class HomeEditing:
    """`/homes/…/edit` and below, and `/new-home`."""

    def __init__(self, site: Site, editor: Editor) -> None:
        self._site = site
        self._engine = site.engine
        self._editor = editor

    def routes(self) -> list[Route]:
        """Return the pages and their forms."""
        gate, one = self._site.gate, "/homes/{home_id}/edit/{part}/{key}"
        return [
            gate.page("/new-home", self._new, Right.EDIT_HOMES),
            gate.form("/new-home", self._make, Right.EDIT_HOMES),
            gate.page("/homes/{home_id}/edit", self._overview),
            gate.form("/homes/{home_id}/edit/remove", self._remove_home),
            gate.page(one, self._show),
            gate.form(one, self._save),
            gate.form(f"{one}/remove", self._remove),
        ]

    # --- all of a home

    async def _overview(self, visit: Visit, request: Request) -> Response:
        home = visit.home(request.path_params["home_id"], Right.EDIT_DEVICES)
        await self._site.gate.record(visit, "looked", home.id)
        return self._draw_overview(visit, home, done="done" in request.query_params)

    def _draw_overview(
        self, visit: Visit, home: Home, *, done: bool = False, faults: Sequence[Complaint] = ()
    ) -> Response:
        status = HTTPStatus.CONFLICT if faults else HTTPStatus.OK
        facts: dict[str, Any] = {
            "home": home,
            "done": done,
            "faults": faults,
            "whole": visit.may(Right.EDIT_HOMES, home.area),
            "seen": mark(home),
            "masked": masked,
            "kinds": {kind: said(visit.words) for kind, said in KINDS.items()},
            "device_roles": {role: said(visit.words) for role, said in DEVICE_ROLES.items()},
            "needs": {need: said(visit.words) for need, said in NEEDS.items()},
            "roles": {role: said(visit.words) for role, said in ROLES.items()},
        }
        return draw(visit, "edit_home.html", status, **facts)

    async def _remove_home(self, visit: Visit, request: Request, form: Mapping[str, str]) -> Response:
        home = visit.home(request.path_params["home_id"], Right.EDIT_HOMES)
        if form.get("seen") != mark(home):
            said = visit.words.say("Somebody changed this home since you opened the page. Look at it again.")
            return self._draw_overview(visit, home, faults=[Complaint("", said)])
        edit = Edit("home", home.id, visit.account.who, visit.registry.version)
        try:
            await self._write(lambda work: drop_home(work, home, edit))
        except StillNeeded as refused:
            return self._draw_overview(visit, home, faults=[needed_words(visit.words, refused)])
        except ChangedMeanwhile:
            await self._engine.load()
            return self._draw_overview(visit, home, faults=[busy_words(visit.words)])
        return RedirectResponse("/homes", HTTPStatus.SEE_OTHER)

    # --- a new home

    async def _new(self, visit: Visit, _request: Request) -> Response:
        area = visit.account.areas[0] if len(visit.account.areas) == 1 else ""
        values = {"area": area if area.strip("0") and not area.endswith("000") else ""}
        return answer(visit, self._new_form(visit, values))

    def _new_form(self, visit: Visit, values: Mapping[str, str], read: Read[Home] | None = None) -> Form:
        faults, warnings = (read.faults, read.warnings) if read else ((), ())
        fields = home_fields(visit.words, visit.registry, None)
        title = visit.words.say("New home")
        return Form(title, "/new-home", "/homes", fields, values, "", faults, warnings)

    async def _make(self, visit: Visit, _request: Request, form: Mapping[str, str]) -> Response:
        for _ in range(TRIES):
            registry = self._engine.world.registry
            read = await asyncio.to_thread(
                self._editor.home, registry, None, Part.HOME, NEW, form, visit.words.language
            )
            read = await self._in_own_area(visit, None, read)
            if read.value is None or (read.warnings and form.get("sure") != sure(read.warnings)):
                return answer(visit, self._new_form(visit, form, read), sure=sure(read.warnings))
            edit = Edit("home", read.value.id, visit.account.who, registry.version)
            try:
                await self._write(partial(save_home, before=None, after=read.value, people=(), edit=edit))
            except ChangedMeanwhile:
                await self._engine.load()
            else:
                return RedirectResponse(f"/homes/{quote(read.value.id)}/edit?done", HTTPStatus.SEE_OTHER)
        return answer(visit, self._new_form(visit, form, Read(None, (busy_words(visit.words),))))

    # --- one thing of a home

    async def _show(self, visit: Visit, request: Request) -> Response:
        home, part, key = _asked(visit, request)
        await self._site.gate.record(visit, "looked", home.id)
        return answer(visit, _form(visit, visit.registry, home, part, key, values_of(thing(home, part, key))))

    async def _save(self, visit: Visit, request: Request, form: Mapping[str, str]) -> Response:
        home, part, key = _asked(visit, request)
        for _ in range(TRIES):
            registry = self._engine.world.registry
            home = registry.homes.get(home.id) or home
            if form.get("seen") != _seen(home, part, key):
                return answer(visit, _form(visit, registry, home, part, key, form, changed=True))
            read = await asyncio.to_thread(self._editor.home, registry, home, part, key, form, visit.words.language)
            read = self._known_to(visit, registry, part, form, await self._in_own_area(visit, home, read))
            if read.value is None or (read.warnings and form.get("sure") != sure(read.warnings)):
                drawn = _form(visit, registry, home, part, key, form, read)
                return answer(visit, drawn, sure=sure(read.warnings))
            try:
                await self._keep(visit, registry, home, read, part, key)
            except ChangedMeanwhile:
                await self._engine.load()
            except StillNeeded as refused:
                needed = Read[Home](None, (needed_words(visit.words, refused),))
                return answer(visit, _form(visit, registry, home, part, key, form, needed))
            else:
                return RedirectResponse(f"/homes/{quote(home.id)}/edit?done", HTTPStatus.SEE_OTHER)
        busy = Read[Home](None, (busy_words(visit.words),))
        return answer(visit, _form(visit, self._engine.world.registry, home, part, key, form, busy))

    async def _keep(self, visit: Visit, registry: Registry, home: Home, read: Read[Home], part: Part, key: str) -> None:
        """Write a home that was read from a form, with the record of its part."""
        after = read.value
        if after is None:
            return
        was = _part(home, part, key)
        now = _part(after, part, key) or _newest(after, part)
        edit = Edit(
            part.value, _named(part, key, now), visit.account.who, registry.version, home.area, parts=(was, now)
        )
        await self._write(lambda work: save_home(work, home, after, read.people, edit))

    async def _remove(self, visit: Visit, request: Request, form: Mapping[str, str]) -> Response:
        home, part, key = _asked(visit, request)
        if part is Part.HOME or key == NEW:
            raise NotFound(key)
        registry, what = self._engine.world.registry, thing(home, part, key)
        if form.get("seen") != _seen(home, part, key):
            return answer(visit, _form(visit, registry, home, part, key, values_of(what), changed=True))
        read = await asyncio.to_thread(self._editor.left_out, registry, home, part, key, visit.words.language)
        if read.value is None:
            return answer(visit, _form(visit, registry, home, part, key, values_of(what), read))
        after = read.value
        edit = Edit(part.value, _named(part, key, what), visit.account.who, registry.version, parts=(what, None))
        try:
            await self._write(lambda work: save_home(work, home, after, (), edit))
        except StillNeeded as refused:
            faults = (needed_words(visit.words, refused),)
        except ChangedMeanwhile:
            await self._engine.load()
            faults = (busy_words(visit.words),)
        else:
            return RedirectResponse(f"/homes/{quote(home.id)}/edit?done", HTTPStatus.SEE_OTHER)
        return answer(visit, _form(visit, registry, home, part, key, values_of(what), Read(None, faults)))

    # --- writing

    async def _write(self, work: Callable[[Work], None]) -> None:
        """Do it in one transaction; who shows or hears people and homes follows at once."""
        await self._engine.write(Lane.SLOW, work)
        await self._engine.load()
        self._engine.tell(News(everything=True))

    async def _in_own_area(self, visit: Visit, before: Home | None, read: Read[Home]) -> Read[Home]:
        """Refuse a home in an area that is not the visitor's; the try is recorded."""
        after = read.value
        if after is None or (before is not None and before.area == after.area):
            return read
        if visit.may(Right.EDIT_HOMES, after.area):
            return read
        detail = {"right": Right.EDIT_HOMES.value, "area": after.area}
        await self._site.gate.record(visit, "refused", before.id if before else None, **detail)
        said = visit.words.say(
            "Area %(area)s is not yours. Choose one of yours, or ask whoever is responsible there. Recorded.",
            area=visit.registry.area_name(after.area),
        )
        return Read(None, (Complaint("area", said),))

    def _known_to(
        self, visit: Visit, registry: Registry, part: Part, form: Mapping[str, str], read: Read[Home]
    ) -> Read[Home]:
        """Refuse a contact by the id of somebody who is none of the visitor's business: as if there were nobody."""
        named = form.get("person", "").strip() if part is Part.CONTACT else ""
        person = registry.people.get(named)
        if read.value is None or person is None or may_edit(visit, registry, person.id):
            return read
        said = visit.words.say("There is no person with this id in your areas. Type name and number instead.")
        return Read(None, (Complaint("person", said),))


def may_edit(visit: Visit, registry: Registry, person_id: str) -> bool:
    """Whether a person is the visitor's business: all homes they are a contact of, and all areas they cover, are."""
    return not foreign_areas(visit, registry, person_id)


def whole_site(visit: Visit, person: Person) -> tuple[str, ...]:
    """Return everywhere for who is told of what concerns the whole site: staff without an area, who a ladder names."""
    of_all = not person.areas and person.roles - set(CONTACTS)
    return (EVERYWHERE,) if of_all or person.id in visit.named else ()


def foreign_areas(visit: Visit, registry: Registry, person_id: str) -> list[str]:
    """Return the areas that make a person somebody else's business."""
    person = registry.people[person_id]
    of_homes = (registry.homes[home].area for home in registry.homes_of.get(person_id, ()))
    areas = [*person.areas, *whole_site(visit, person), *of_homes]
    return [area for area in dict.fromkeys(areas) if not visit.may(Right.EDIT_HOMES, area)]


# --- what one address asks for


def _asked(visit: Visit, request: Request) -> tuple[Home, Part, str]:
    """Return what the address names, if the visitor may edit it; raises NotFound, Refused."""
    name, key = request.path_params["part"], request.path_params["key"]
    if name not in list(Part) or (name == Part.HOME and key != Part.HOME):
        raise NotFound(name)
    part = Part(name)
    home = visit.home(request.path_params["home_id"], RIGHTS[part])
    try:
        thing(home, part, key)
    except LookupError as error:
        raise NotFound(key) from error
    return home, part, key


def _seen(home: Home, part: Part, key: str) -> str:
    try:
        return mark(_part(home, part, key))
    except LookupError:
        return "gone"


def _part(home: Home, part: Part, key: str) -> Any:
    return own(home) if part is Part.HOME else thing(home, part, key)


def _newest(home: Home, part: Part) -> Any:
    """Return what a form has just added."""
    match part:
        case Part.RESIDENT:
            return home.residents[-1]
        case Part.CONTACT:
            return home.contacts[-1]
        case Part.ROOM:
            return {"name": list(home.rooms.values())[-1]}
        case _:
            return home.devices[-1]


def _named(part: Part, key: str, what: Any) -> str:
    """Return how the record names one thing."""
    match part:
        case Part.CONTACT:
            return str(what.person)
        case Part.DEVICE:
            return str(what.id)
        case Part.RESIDENT:
            return str(what.name)
        case Part.ROOM:
            return str(what["name"])
        case _:
            return key


def _form(
    visit: Visit,
    registry: Registry,
    home: Home,
    part: Part,
    key: str,
    values: Mapping[str, str],
    read: Read[Home] | None = None,
    *,
    changed: bool = False,
) -> Form:
    """Return the form of one thing. `changed`: what is there now is shown beside what was typed."""
    faults, warnings = (read.faults, read.warnings) if read else ((), ())
    back = f"/homes/{quote(home.id)}/edit"
    try:
        what = thing(home, part, key)
        fields = part_fields(visit.words, registry, home, part, key)
    except LookupError:  # removed while the form was open
        what, fields = None, []
    theirs = {}
    if changed:
        now = values_of(what)
        theirs = {
            each.name: now.get(each.name, "") for each in fields if now.get(each.name, "") != values.get(each.name, "")
        }
    return Form(
        title=_title(visit.words, registry, part, what),
        address=f"{back}/{part}/{quote(key, safe='')}",
        back=back,
        fields=fields,
        values=values,
        seen=_seen(home, part, key),
        faults=faults,
        warnings=warnings,
        theirs=theirs,
        changed=changed,
        removes=f"{back}/{part}/{quote(key, safe='')}/remove" if part is not Part.HOME and what is not None else "",
    )


def _title(words: Words, registry: Registry, part: Part, what: Any) -> str:
    if what is None:
        return {
            Part.RESIDENT: words.say("New resident"),
            Part.CONTACT: words.say("New contact"),
            Part.ROOM: words.say("New room"),
            Part.DEVICE: words.say("New device"),
            Part.HOME: words.say("New home"),
        }[part]
    return words.say("Change %(name)s", name=name_of(words, registry, what))
