"""The way in and out: the sign-in page, one-time links, and signing out."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from math import ceil
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.engine.account_changes import AccountRefused
from hub.engine.accounts import Fresh, LinkOver, Locked, UnfitPassword, WrongSignIn
from hub.engine.passwords import TooMany
from hub.ports import StoreUnavailable
from hub.web.allowance import Allowance, peer
from hub.web.console.account_words import unfit_words, why_words
from hub.web.console.console import Site
from hub.web.console.drawing import draw_outside
from hub.web.console.gate import SIGN_IN, is_own, look_of
from hub.web.console.visit import Visit
from hub.web.console.words import LANGUAGES, Words
from hub.web.forms import BadForm, read_form

_log = structlog.get_logger(__name__)
WELCOME = "/welcome/"
_LARGEST_FORM = 4096
# A whole office may come from one address; who tries thousands of passwords from there gets six in a minute.
_BURST, _PER, _MOST_PEERS = 30, timedelta(seconds=10), 4096
_BUSY_FOR = timedelta(seconds=5)


class SignInPages:
    """`/sign-in`, `/sign-out`, `/welcome/<token>`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._misses = Allowance(_BURST, _PER, _MOST_PEERS, site.clock)

    def routes(self) -> list[Route]:
        """Return the pages and their forms."""
        gate, welcome = self._site.gate, f"{WELCOME}{{token}}"
        return [
            gate.outside(SIGN_IN, self._show, "GET"),
            gate.outside(SIGN_IN, self._enter, "POST"),
            gate.outside(welcome, self._welcome, "GET"),
            gate.outside(welcome, self._choose, "POST"),
            gate.form("/sign-out", self._leave),
        ]

    # --- in

    async def _show(self, request: Request) -> Response:
        try:
            signed_in = await self._site.cookies.signed_in(request, act=False)
            nobody = signed_in is None and not await self._site.accounts.has_any()
        except StoreUnavailable:
            return self._page(request, "sign_in.html", HTTPStatus.SERVICE_UNAVAILABLE, sick=True, **_given(request, {}))
        if signed_in is not None:
            return RedirectResponse(_next(request.query_params.get("next", "")), HTTPStatus.SEE_OTHER)
        out, over = "out" in request.query_params, "over" in request.query_params
        return self._page(request, "sign_in.html", nobody=nobody, out=out, over=over, **_given(request, {}))

    async def _enter(self, request: Request) -> Response:
        form = await self._form(request)
        if isinstance(form, Response):
            return form
        given, words = _given(request, form), self._words(request)
        wait = self._misses.wait(peer(request))
        if wait:
            return self._again(request, "sign_in.html", wait, **given)
        name, password = form.get("name", ""), form.get("password", "")
        try:
            fresh = await self._site.accounts.sign_in(name, password, before=self._site.cookies.token(request))
        except WrongSignIn:
            self._misses.use(peer(request))
            _log.warning("sign_in_failed", peer=peer(request))
            wrong = words.say("Name or password is wrong.")
            return self._page(request, "sign_in.html", HTTPStatus.FORBIDDEN, wrong=wrong, **given)
        except Locked as locked:
            self._misses.use(peer(request))
            return self._again(request, "sign_in.html", locked.until - self._site.clock.now(), **given)
        except TooMany:
            return self._again(request, "sign_in.html", _BUSY_FOR, busy=True, **given)
        except StoreUnavailable:
            return self._page(request, "sign_in.html", HTTPStatus.SERVICE_UNAVAILABLE, sick=True, **given)
        return self._entered(fresh, _next(form.get("next", "")), form)

    def _entered(self, fresh: Fresh, where: str, form: Mapping[str, str]) -> Response:
        answer = RedirectResponse(where, HTTPStatus.SEE_OTHER)
        self._site.cookies.put(answer, fresh.token)
        if form.get("language") in LANGUAGES:
            self._site.cookies.keep_choice(answer, "language", form["language"])
        return answer

    # --- one-time links

    async def _welcome(self, request: Request) -> Response:
        """Show what the link is for; looking changes nothing."""
        token = request.path_params["token"]
        wait = self._misses.wait(peer(request))
        if wait:
            return self._again(request, "welcome.html", wait, over="", account=None)
        try:
            account = await self._site.accounts.opened(token)
        except LinkOver as over:
            return self._over(request, over)
        except StoreUnavailable:
            return self._page(request, "welcome.html", HTTPStatus.SERVICE_UNAVAILABLE, sick=True, over="", account=None)
        return self._page(request, "welcome.html", account=account, over="", name="")

    async def _choose(self, request: Request) -> Response:
        """Use the link: keep the password that was chosen, and sign in."""
        token = request.path_params["token"]
        form = await self._form(request)
        if isinstance(form, Response):
            return form
        words = self._words(request)
        wait = self._misses.wait(peer(request))
        if wait:
            return self._again(request, "welcome.html", wait, over="", account=None)
        account = None
        try:
            account = await self._site.accounts.opened(token)
            if form.get("password", "") != form.get("again", ""):
                wrong = words.say("The two passwords differ. Type the same one twice.")
            else:
                fresh = await self._site.accounts.welcome(token, form.get("name", ""), form.get("password", ""))
                return self._entered(fresh, "/", form)
        except LinkOver as over:
            return self._over(request, over)
        except UnfitPassword as unfit:
            wrong = unfit_words(unfit.why, words)
        except AccountRefused as refused:
            wrong = why_words(refused.why, words)
        except TooMany:
            return self._again(request, "welcome.html", _BUSY_FOR, busy=True, over="", account=account)
        except StoreUnavailable:
            wrong = words.say("The database does not answer. Nothing was changed; try again in a minute.")
        facts = {"wrong": wrong, "account": account, "over": "", "name": form.get("name", "")}
        return self._page(request, "welcome.html", HTTPStatus.BAD_REQUEST, **facts)

    def _over(self, request: Request, over: LinkOver) -> Response:
        if over.how == "unknown":
            self._misses.use(peer(request))
        status = HTTPStatus.NOT_FOUND if over.how == "unknown" else HTTPStatus.GONE
        return self._page(request, "welcome.html", status, over=over.how, account=None)

    # --- out

    async def _leave(self, _visit: Visit, request: Request, _form: Mapping[str, str]) -> Response:
        await self._site.accounts.sign_out(self._site.cookies.token(request))
        answer = RedirectResponse(f"{SIGN_IN}?out", HTTPStatus.SEE_OTHER)
        self._site.cookies.take_away(answer)
        # Nobody who comes after finds a page in this browser's memory.
        answer.headers["Clear-Site-Data"] = '"cache"'
        return answer

    # --- pages of nobody

    async def _form(self, request: Request) -> dict[str, str] | Response:
        """Return a form that stood on our own page, or the answer to one that did not."""
        if not is_own(request):
            _log.warning("foreign_form", path=SIGN_IN)
            return self._page(request, "sign_in.html", HTTPStatus.FORBIDDEN, foreign=True, **_given(request, {}))
        try:
            return await read_form(request, _LARGEST_FORM)
        except BadForm as bad:
            return self._page(request, "sign_in.html", bad.status, foreign=True, **_given(request, {}))

    def _again(self, request: Request, page: str, wait: timedelta, *, busy: bool = False, **facts: Any) -> Response:
        """Say from when on the next try counts; `busy`: not for wrong passwords, but for want of memory."""
        words = self._words(request)
        wait = timedelta(seconds=max(1, ceil(wait.total_seconds())))
        clock = words.clock(self._site.clock.now() + wait)
        if busy:
            wrong = words.say("Very many sign in just now. Try again from %(clock)s on.", clock=clock)
        else:
            wrong = words.say(
                "Too many wrong passwords. Try again from %(clock)s on, in %(span)s.",
                clock=clock,
                span=words.span(wait),
            )
        answer = self._page(request, page, HTTPStatus.TOO_MANY_REQUESTS, wrong=wrong, **facts)
        answer.headers["Retry-After"] = str(int(wait.total_seconds()))
        return answer

    def _words(self, request: Request) -> Words:
        settings = self._site.settings()
        asked = request.query_params.get("language", "")
        chosen = asked if asked in LANGUAGES else request.cookies.get("language")
        return Words(chosen or settings.language, settings.timezone)

    def _page(self, request: Request, page: str, status: int = HTTPStatus.OK, **facts: Any) -> Response:
        settings, look = self._site.settings(), look_of(request)
        shown = {
            "wrong": "",
            "name": "",
            "nobody": False,
            "sick": False,
            "foreign": False,
            "out": False,
            "over": False,
            **facts,
        }
        site = settings.sender or self._site.engine.world.site
        asked = request.query_params.get("language", "")
        language = asked if asked in LANGUAGES else ""
        return draw_outside(
            self._words(request), page, status, look=look, site=site, desk=settings.desk, language=language, **shown
        )


def _given(request: Request, form: Mapping[str, str]) -> dict[str, Any]:
    """Return what the sign-in form shows again: never the password."""
    return {"name": form.get("name", "")[:80], "next": form.get("next") or request.query_params.get("next", "")}


def _next(path: str) -> str:
    """Return where a browser goes after the sign-in: a page of ours, whatever the address says."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if plain and len(path) <= 500 and not path.startswith((SIGN_IN, WELCOME)) else "/"
