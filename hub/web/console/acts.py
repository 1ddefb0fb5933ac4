"""What people do about an alert: one form each, which also works without a script.

A script sends the same forms and asks for the answer alone (`X-Part: 1`) instead of a page.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from hub.accounts import Right
from hub.alerts.alert import Alert, Outcome
from hub.alerts.deeds import Answer, Deed, Reason
from hub.alerts.place import takers
from hub.engine.deeds import Done
from hub.homes import Home, Registry, Role
from hub.ports import StoreUnavailable
from hub.web.acting import NeedsPerson, act, may_act_on
from hub.web.console.boards import Boards
from hub.web.console.console import Site
from hub.web.console.drawing import HEADERS, draw, fragment
from hub.web.console.sayings import Sayings
from hub.web.console.visit import NotFound, Visit

_DEEDS = {deed.value: deed for deed in Deed}
# These ask for more than a click.
_ASKING = frozenset({Deed.HAND_OVER, Deed.RESOLVE, Deed.NOTE, Deed.SILENCE, Deed.CALL})
_ROLES = (Role.SUPERVISOR, Role.COUNTY, Role.TOWNSHIP, Role.VILLAGE, Role.STAFF, Role.FAMILY, Role.NEIGHBOUR)


class Acts:
    """The forms, and what is done with them."""

    def __init__(self, site: Site, boards: Boards) -> None:
        self._site, self._boards = site, boards

    def routes(self) -> list[Route]:
        """Return the forms' pages and their receivers."""
        gate = self._site.gate
        path = "/alerts/{ref}/{deed}"
        return [gate.page(path, self.ask, Right.SEE_ALERTS), gate.form(path, self.do, Right.SEE_ALERTS)]

    async def ask(self, visit: Visit, request: Request) -> Response:
        """Show the form of one act; the numbers to call are shown only with a line in the history."""
        deed = _deed(request)
        if deed not in _ASKING:
            raise NotFound(deed)
        alert = await self._alert(request.path_params["ref"])
        may_act_on(visit.account, alert, visit.registry)
        if deed is Deed.CALL:
            may_act_on(visit.account, alert, visit.registry, Right.SEE_PHONES)
            await act(self._site.engine, visit.account, alert.id, deed)
            home_id = alert.home_id if alert.home_id in visit.registry.homes else None
            await self._site.gate.record(visit, "numbers", home_id, alert=alert.code)
        return self._form(visit, request, alert, deed)

    async def do(self, visit: Visit, request: Request, form: Mapping[str, str]) -> Response:
        """Do it, and say in a sentence what came of it."""
        deed, ref = _deed(request), request.path_params["ref"]
        try:
            done = await self._act(visit, request, form, deed, ref)
        except NeedsPerson:
            return self._answer(visit, request, "person", None)
        except StoreUnavailable:
            item = self._boards.feed.snapshot.items.get(ref)
            return self._answer(visit, request, "unsaved", item.alert if item else None)
        if done.answer is Answer.INCOMPLETE and deed in _ASKING:
            return self._form(visit, request, done.alert, deed, form, missing=True)
        if done.answer is Answer.ACTIVE:
            return self._form(visit, request, done.alert, deed, form)
        return self._answer(visit, request, done.answer.value, done.alert)

    async def _act(self, visit: Visit, request: Request, form: Mapping[str, str], deed: Deed, ref: str) -> Done:
        outcome, reason = form.get("outcome", ""), form.get("reason", "")
        return await act(
            self._site.engine,
            visit.account,
            ref,
            deed,
            to=form.get("to"),
            outcome=Outcome(outcome) if outcome in set(Outcome) else None,
            note=form.get("note", ""),
            watched=form.get("watched") == "1",
            reason=Reason(reason) if reason in set(Reason) else None,
            for_holder=request.query_params.get("holder") == "1",
        )

    async def _alert(self, ref: str) -> Alert:
        alert = await self._site.engine.store.read(lambda t: t.alert(ref))
        if alert is None:
            raise NotFound(ref)
        return alert

    # --- answers

    def _answer(self, visit: Visit, request: Request, said: str, alert: Alert | None) -> Response:
        if _wants_part(request):
            facts = self._boards.facts(visit) | {"said": said, "alert": alert}
            return _part(fragment(visit, "_said.html", **_own(facts)), "said")
        about = f"&on={quote(alert.id, safe='')}" if alert else ""
        return RedirectResponse(f"/?said={said}{about}", HTTPStatus.SEE_OTHER)

    def _form(
        self,
        visit: Visit,
        request: Request,
        alert: Alert,
        deed: Deed,
        form: Mapping[str, str] | None = None,
        *,
        missing: bool = False,
    ) -> Response:
        given = form or {}
        facts = self._boards.facts(visit) | {
            "alert": alert,
            "deed": deed.value,
            "missing": missing,
            "note": given.get("note", ""),
            "chosen": given.get("outcome") or given.get("reason") or "",
            "outcomes": [outcome.value for outcome in Outcome],
        }
        sayings: Sayings = facts["s"]
        home = visit.registry.homes.get(alert.home_id)
        if deed is Deed.HAND_OVER:
            others = [p for p in takers(alert, visit.registry) if p.id != visit.account.person]
            facts["takers"] = [{"id": p.id, "name": p.name, "what": _role(visit, p.roles)} for p in others]
        if deed is Deed.CALL:
            facts |= {"numbers": _numbers(visit, alert, home), "script": _script(visit, sayings, alert, home)}
        status = HTTPStatus.OK if form is None else HTTPStatus.UNPROCESSABLE_ENTITY
        if _wants_part(request):
            return _part(fragment(visit, "_act.html", **_own(facts)), "form")
        return draw(visit, "act.html", status, **_own(facts))


def _deed(request: Request) -> Deed:
    deed = _DEEDS.get(request.path_params["deed"])
    if deed is None:
        raise NotFound(request.path_params["deed"])
    return deed


def _wants_part(request: Request) -> bool:
    return request.headers.get("x-part") == "1"


def _part(html: str, what: str) -> Response:
    """Return a piece of a page to our script; that something is missing is no fault of the request."""
    return HTMLResponse(html, headers={**HEADERS, "X-Part": what})


def _own(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name not in ("w", "_", "ngettext")}


# --- numbers


def _numbers(visit: Visit, alert: Alert, home: Home | None) -> list[dict[str, str]]:
    """Return whom to call: who has it, the resident, the contacts; whole numbers, since somebody asked for them."""
    words, registry = visit.words, visit.registry
    found: list[dict[str, str]] = []
    holder = registry.people.get(alert.holder or "")
    if holder is not None and holder.phone and holder.id != visit.account.person:
        found.append({"name": holder.name, "number": holder.phone, "what": words.say("has it")})
    for resident in home.residents if home else ():
        if resident.phone:
            found.append({"name": resident.name, "number": resident.phone, "what": words.say("Resident")})
    for contact in home.contacts if home else ():
        person = registry.people.get(contact.person)
        if person is not None and person.phone and person.id != alert.holder:
            found.append({"name": person.name, "number": person.phone, "what": _role(visit, {contact.role})})
    return [*found, *_site_numbers(visit, alert, registry)] if home is None else found


def _site_numbers(visit: Visit, alert: Alert, registry: Registry) -> list[dict[str, str]]:
    """Return whom to call about what belongs to no home: the staff of its area."""
    staff = [p for p in takers(alert, registry) if p.id != visit.account.person][:10]
    return [{"name": p.name, "number": p.phone, "what": _role(visit, p.roles)} for p in staff]


def _role(visit: Visit, roles: frozenset[Role] | set[Role]) -> str:
    words = visit.words
    names = {
        Role.SUPERVISOR: words.say("Supervisor"),
        Role.COUNTY: words.say("Staff of the county"),
        Role.TOWNSHIP: words.say("Staff of the township"),
        Role.VILLAGE: words.say("Staff of the village"),
        Role.STAFF: words.say("Staff on duty"),
        Role.FAMILY: words.say("Family"),
        Role.NEIGHBOUR: words.say("Neighbours"),
    }
    return next((names[role] for role in _ROLES if role in roles), "")


def _script(visit: Visit, sayings: Sayings, alert: Alert, home: Home | None) -> str:
    """Return what to say to 120 or 119, in the order in which they ask. We never dial them (promise P11)."""
    words = visit.words
    what = words.catalogue.what.get(alert.what, words.catalogue.phrases.alert)
    parts = [sayings.address(alert, home), sayings.who(alert, home)]
    born = home.residents[0].born if home and home.residents else None
    if born:
        parts.append(words.say("%(n)s years old", n=visit.now.astimezone(words.timezone).year - born))
    since = words.say(
        "%(what)s since %(at)s", what=what[:1].upper() + what[1:], at=words.moment(alert.opened_at, visit.now)
    )
    lines = [sayings.comma.join(part for part in parts if part), since]
    if home and home.access:
        lines.append(words.say("Door: %(key)s", key=home.access))
    me = visit.registry.people.get(visit.account.person or "")
    if me is not None and me.phone:
        lines.append(words.say("My number: %(phone)s", phone=me.phone))
    stop = words.catalogue.phrases.stop
    return "".join(f"{line}{stop}{'' if words.is_chinese else ' '}" for line in lines).strip()
