"""One's own account: language, password, where one is signed in."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.engine.accounts import Locked, UnfitPassword, WrongSignIn
from hub.engine.passwords import TooMany
from hub.web.console.account_words import role_words, unfit_words
from hub.web.console.console import Site
from hub.web.console.drawing import draw
from hub.web.console.visit import Visit
from hub.web.console.words import LANGUAGES

PATH = "/profile"


class Profile:
    """`/profile`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Return the page and its forms."""
        gate = self._site.gate
        return [
            gate.page(PATH, self._show),
            gate.form(f"{PATH}/language", self._speak),
            gate.form(f"{PATH}/password", self._password),
            gate.form(f"{PATH}/sign-out-everywhere", self._leave_everywhere),
        ]

    async def _show(self, visit: Visit, request: Request) -> Response:
        return await self._draw(visit, done=request.query_params.get("done", ""))

    async def _draw(self, visit: Visit, *, wrong: str = "", done: str = "", status: int = HTTPStatus.OK) -> Response:
        account = visit.account
        roles = [role_words(role, visit.words) for role in sorted(account.roles)]
        browsers = await self._site.accounts.browsers(account)
        return draw(visit, "profile.html", status, roles=roles, browsers=browsers, wrong=wrong, done=done)

    async def _speak(self, visit: Visit, _request: Request, form: Mapping[str, str]) -> Response:
        """Keep the account's own language; this browser's choice no longer stands above it."""
        chosen = form.get("language", "")
        await self._site.accounts.speak(visit.account, chosen if chosen in LANGUAGES else None)
        answer = _back("language")
        self._site.cookies.drop_choice(answer, "language")
        return answer

    async def _password(self, visit: Visit, _request: Request, form: Mapping[str, str]) -> Response:
        words, new = visit.words, form.get("new", "")
        if new != form.get("again", ""):
            wrong = words.say("The two new passwords differ. Type the same one twice.")
            return await self._draw(visit, wrong=wrong, status=HTTPStatus.BAD_REQUEST)
        try:
            fresh = await self._site.accounts.change_password(visit.account, form.get("old", ""), new)
        except WrongSignIn:
            wrong = words.say("The old password is wrong.")
        except Locked as locked:
            wrong = words.say("Too many wrong passwords. Try again from %(clock)s on.", clock=words.clock(locked.until))
        except UnfitPassword as unfit:
            wrong = unfit_words(unfit.why, words)
        except TooMany:
            wrong = words.say("Very many sign in just now. Try again in some seconds.")
        else:
            answer = _back("password")
            self._site.cookies.put(answer, fresh.token)
            return answer
        return await self._draw(visit, wrong=wrong, status=HTTPStatus.BAD_REQUEST)

    async def _leave_everywhere(self, visit: Visit, request: Request, _form: Mapping[str, str]) -> Response:
        token = self._site.cookies.token(request)
        await self._site.accounts.sign_out_everywhere(visit.account, visit.account.id, but=token)
        return _back("everywhere")


def _back(done: str) -> Response:
    return RedirectResponse(f"{PATH}?done={done}", HTTPStatus.SEE_OTHER)
