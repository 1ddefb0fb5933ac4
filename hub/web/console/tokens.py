"""What programs sign in with: made here for one's own account, shown once, revoked here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.accounts import ApiToken, Right
from hub.engine.tokens import MOST, NoSuchToken, TokenRefused, Tokens, WhyNot, is_over
from hub.web.console.console import Site
from hub.web.console.drawing import draw
from hub.web.console.log_words import right_words
from hub.web.console.visit import NotFound, Visit
from hub.web.console.words import Words

PATH = "/tokens"
# What the API can do; the rest is done at the console.
SCOPES = (
    Right.SEE_ALERTS,
    Right.ACT,
    Right.SEE_HOMES,
    Right.SET_MODE,
    Right.SEE_PHONES,
    Right.SEE_SYSTEM,
)
USUAL_DAYS = "90"
DAYS = ("7", "30", USUAL_DAYS, "366")


@dataclass(frozen=True, slots=True)
class Draft:
    """What the form says."""

    name: str = ""
    scopes: frozenset[Right] = frozenset({Right.SEE_ALERTS})
    days: str = USUAL_DAYS


@dataclass(frozen=True, slots=True)
class Row:
    """One token as the list shows it; `owner` is "" for one's own."""

    token: ApiToken
    owner: str
    scopes: tuple[str, ...]
    is_over: bool


class TokenPages:
    """`/tokens`."""

    def __init__(self, site: Site, tokens: Tokens) -> None:
        self._site, self._tokens = site, tokens

    def routes(self) -> list[Route]:
        """Return the page and its forms."""
        gate = self._site.gate
        return [
            gate.page(PATH, self._list),
            gate.form(PATH, self._make),
            gate.form(f"{PATH}/{{id}}/revoke", self._revoke),
        ]

    async def _list(self, visit: Visit, request: Request) -> Response:
        return await self._draw(visit, Draft(), done=request.query_params.get("done", ""))

    async def _draw(
        self, visit: Visit, draft: Draft, *, wrong: str = "", done: str = "", status: int = HTTPStatus.OK
    ) -> Response:
        accounts = {account.id: account for account in await self._site.accounts.all()}
        found = await self._tokens.seen_by(visit.account, accounts.values())
        rows = [
            Row(
                token,
                "" if token.account_id == visit.account.id else accounts[token.account_id].name,
                tuple(right_words(right, visit.words) for right in SCOPES if right in token.rights),
                is_over(token, visit.now),
            )
            for token in found
        ]
        offered = [(right, right_words(right, visit.words)) for right in SCOPES if visit.may(right)]
        return draw(
            visit, "tokens.html", status, rows=rows, offered=offered, days=DAYS, draft=draft, wrong=wrong, done=done
        )

    async def _make(self, visit: Visit, _request: Request, form: Mapping[str, str]) -> Response:
        draft = _draft(form)
        # A wrong number of days is no day, which is refused.
        holds = timedelta(days=int(draft.days) if draft.days in DAYS else 0)
        try:
            text, made = await self._tokens.make(visit.account, draft.name, draft.scopes, holds)
        except TokenRefused as refused:
            wrong = why_words(refused.why, visit.words)
            return await self._draw(visit, draft, wrong=wrong, status=HTTPStatus.BAD_REQUEST)
        return draw(visit, "token_made.html", text=text, token=made)

    async def _revoke(self, visit: Visit, request: Request, _form: Mapping[str, str]) -> Response:
        try:
            await self._tokens.revoke(visit.account, request.path_params["id"])
        except NoSuchToken:
            raise NotFound(request.path_params["id"]) from None
        return RedirectResponse(f"{PATH}?done=revoked", HTTPStatus.SEE_OTHER)


def _draft(form: Mapping[str, str]) -> Draft:
    scopes = frozenset(right for right in SCOPES if form.get(f"scope.{right.value}") == "1")
    return Draft(form.get("name", ""), scopes, form.get("days", ""))


def why_words(why: WhyNot, words: Words) -> str:
    """Return why a token is not made, and what to do."""
    return {
        WhyNot.NAME: words.say("Give it a name of 1 to 60 characters, so that you know it again."),
        WhyNot.NO_RIGHTS: words.say("Choose what the program may do: one thing at least."),
        WhyNot.RIGHTS: words.say("A program may do no more than your account may. Choose less."),
        WhyNot.UNTIL: words.say("Choose how long it holds."),
        WhyNot.TOO_MANY: words.say("You have %(n)s tokens that hold. Revoke one that nobody needs.", n=MOST),
    }[why]
