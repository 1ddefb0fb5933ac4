"""Accounts: who may sign in, with which roles, in which areas. Each maker gives no more than they have."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.accounts import Account, AccountRole, Invitation, Right
from hub.engine.account_changes import AccountRefused, Why, may_change
from hub.homes import Person
from hub.web.console.account_words import role_meaning, role_words, why_words
from hub.web.console.console import Site
from hub.web.console.drawing import draw
from hub.web.console.visit import NotFound, Visit
from hub.web.console.words import LANGUAGES

PATH = "/accounts"
# More areas than this are not listed on the form: whoever needs them knows their codes or names.
_MOST_LISTED = 200
_ROLE = "role."
_Change = Callable[[Account, str], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Draft:
    """What the form of an account shows: what it is, or what somebody typed that was refused."""

    name: str = ""
    roles: frozenset[AccountRole] = frozenset()
    areas: str = ""
    person: str = ""
    language: str = ""


class AccountPages:
    """`/accounts` and one page for each account."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._accounts = site.accounts

    def routes(self) -> list[Route]:
        """Return the pages and their forms."""
        gate, right = self._site.gate, Right.MANAGE_ACCOUNTS
        one = f"{PATH}/{{id}}"
        changes: dict[str, _Change] = {
            "disable": self._accounts.disable,
            "enable": self._accounts.enable,
            "sign-out": self._accounts.sign_out_everywhere,
        }
        return [
            gate.page(PATH, self._list, right),
            gate.form(PATH, self._make, right),
            gate.page(one, self._show, right),
            gate.form(one, self._change, right),
            gate.form(f"{one}/link", self._link, right),
            *(gate.form(f"{one}/{name}", self._doing(name, do), right) for name, do in changes.items()),
        ]

    # --- all

    async def _list(self, visit: Visit, request: Request) -> Response:
        return await self._draw_list(visit, Draft(), done=request.query_params.get("done", ""))

    async def _draw_list(
        self, visit: Visit, draft: Draft, *, wrong: str = "", done: str = "", status: int = HTTPStatus.OK
    ) -> Response:
        mine = [a for a in await self._accounts.all() if may_change(visit.account, a)]
        facts = {"accounts": mine, "draft": draft, "wrong": wrong, "done": done, **self._choices(visit, mine)}
        return draw(visit, "accounts.html", status, **facts)

    async def _make(self, visit: Visit, _request: Request, form: Mapping[str, str]) -> Response:
        draft = _draft(form)
        try:
            made = await self._accounts.make(visit.account, _wanted(visit, draft))
            token, invitation = await self._accounts.link(visit.account, made.id)
        except AccountRefused as refused:
            wrong = why_words(refused.why, visit.words)
            return await self._draw_list(visit, draft, wrong=wrong, status=HTTPStatus.BAD_REQUEST)
        return self._draw_link(visit, made, token, invitation)

    # --- one

    async def _one(self, visit: Visit, request: Request) -> Account:
        """Return the account of the address; one that the visitor may not change is as if it were not there."""
        account = await self._accounts.account(request.path_params["id"])
        if account is None or not may_change(visit.account, account):
            raise NotFound(request.path_params["id"])
        return account

    async def _show(self, visit: Visit, request: Request) -> Response:
        account = await self._one(visit, request)
        return await self._draw_one(visit, account, _draft_of(account), done=request.query_params.get("done", ""))

    async def _draw_one(
        self, visit: Visit, account: Account, draft: Draft, *, wrong: str = "", done: str = ""
    ) -> Response:
        status = HTTPStatus.BAD_REQUEST if wrong else HTTPStatus.OK
        facts = {
            "account": account,
            "draft": draft,
            "wrong": wrong,
            "done": done,
            "browsers": await self._accounts.browsers(account),
            "is_own": account.id == visit.account.id,
            **self._choices(visit, await self._accounts.all(), account),
        }
        return draw(visit, "account.html", status, **facts)

    async def _change(self, visit: Visit, request: Request, form: Mapping[str, str]) -> Response:
        account = await self._one(visit, request)
        draft = _draft(form, account.name)
        try:
            await self._accounts.change(visit.account, account.id, _wanted(visit, draft))
        except AccountRefused as refused:
            return await self._draw_one(visit, account, draft, wrong=why_words(refused.why, visit.words))
        return _back(account, "changed")

    async def _link(self, visit: Visit, request: Request, _form: Mapping[str, str]) -> Response:
        account = await self._one(visit, request)
        try:
            token, invitation = await self._accounts.link(visit.account, account.id)
        except AccountRefused as refused:
            wrong = why_words(refused.why, visit.words)
            return await self._draw_one(visit, account, _draft_of(account), wrong=wrong)
        return self._draw_link(visit, account, token, invitation)

    def _draw_link(self, visit: Visit, account: Account, token: str, invitation: Invitation) -> Response:
        """Show a one-time link: here and now, and never again."""
        address = f"{self._site.settings().public_url.rstrip('/')}/welcome/{token}"
        return draw(visit, "account_link.html", account=account, address=address, until=invitation.expires_at)

    def _doing(self, name: str, do: _Change) -> Callable[[Visit, Request, Mapping[str, str]], Awaitable[Response]]:
        async def handle(visit: Visit, request: Request, _form: Mapping[str, str]) -> Response:
            account = await self._one(visit, request)
            try:
                await do(visit.account, account.id)
            except AccountRefused as refused:
                wrong = why_words(refused.why, visit.words)
                return await self._draw_one(visit, account, _draft_of(account), wrong=wrong)
            return _back(account, name)

        return handle

    # --- what can be chosen

    def _choices(self, visit: Visit, accounts: Sequence[Account], own: Account | None = None) -> dict[str, object]:
        roles = [r for r in AccountRole if visit.account.may_grant({r}, visit.account.areas)]
        return {
            "roles": [(role, role_words(role, visit.words), role_meaning(role, visit.words)) for role in roles],
            "role_words": lambda role: role_words(role, visit.words),
            "areas": _areas(visit),
            "people": _people(visit, accounts, own),
            "languages": LANGUAGES,
        }


def _areas(visit: Visit) -> list[tuple[str, str]]:
    """Return the areas that have names or homes and that the visitor covers: code and name."""
    registry = visit.registry
    known = sorted({*registry.areas, *registry.homes_by_area})
    found = [(code, registry.areas.get(code, "")) for code in known if visit.account.covers(code)]
    return found[:_MOST_LISTED]


def _people(visit: Visit, accounts: Sequence[Account], own: Account | None) -> list[Person]:
    """Return the staff that have no account yet: alerts are taken by people who can be reached."""
    taken = {a.person for a in accounts if own is None or a.id != own.id}
    staff = (p for p in visit.registry.people.values() if p.areas and all(map(visit.account.covers, p.areas)))
    return sorted((p for p in staff if p.id not in taken), key=lambda person: person.name)


# --- forms


def _draft(form: Mapping[str, str], name: str = "") -> Draft:
    roles = frozenset(role for role in AccountRole if form.get(_ROLE + role.value) == "1")
    language = form.get("language", "")
    return Draft(
        name=name or form.get("name", "")[:80],
        roles=roles,
        areas=form.get("areas", "")[:4000],
        person=form.get("person", "")[:200],
        language=language if language in LANGUAGES else "",
    )


def _draft_of(account: Account) -> Draft:
    areas = " ".join(account.areas)
    return Draft(account.name, account.roles, areas, account.person or "", account.language or "")


def _wanted(visit: Visit, draft: Draft) -> Account:
    """Return the account that a form asks for; raises AccountRefused for an area that nobody knows."""
    wanted = Account("", draft.name, draft.roles, _codes(visit, draft.areas))
    return replace(wanted, person=draft.person or None, language=draft.language or None)


def _codes(visit: Visit, text: str) -> tuple[str, ...]:
    """Return the codes of areas that somebody wrote: as codes or by name, apart by blanks, commas or lines."""
    by_name = {name: code for code, name in visit.registry.areas.items() if visit.account.covers(code)}
    found: dict[str, None] = {}
    for word in re.split(r"[\s,;，；、]+", text.strip()):
        code = by_name.get(word, word)
        if not re.fullmatch(r"[0-9]{12}", code):
            raise AccountRefused(Why.AREA)
        found[code] = None
    return tuple(found)


def _back(account: Account, done: str) -> Response:
    return RedirectResponse(f"{PATH}/{account.id}?{urlencode({'done': done})}", HTTPStatus.SEE_OTHER)
