"""The settings page: how the console looks in this browser, and the way to the pages that are not in the menu."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.accounts import Right
from hub.web.console.console import Site
from hub.web.console.drawing import draw
from hub.web.console.visit import Visit

# What a browser may keep of its own choice, by cookie. Empty: as the device or the account says.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "language": ("zh-CN", "en"),
    "theme": ("light", "dark"),
    "contrast": ("more",),
    "large": ("1",),
    "keys": ("0",),
}
_KEPT = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Link:
    """One page that is reached from here."""

    address: str
    icon: str
    words: str
    what: str


class Settings:
    """`/settings`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Return the page and its form."""
        gate = self._site.gate
        return [gate.page("/settings", self._page), gate.form("/settings", self._save)]

    async def _page(self, visit: Visit, request: Request) -> Response:
        return draw(visit, "settings.html", saved="saved" in request.query_params, links=links(visit))

    async def _save(self, _visit: Visit, _request: Request, form: Mapping[str, str]) -> Response:
        """Keep what was chosen in cookies: a shared desk has one look, whoever signs in."""
        answer = RedirectResponse("/settings?saved", HTTPStatus.SEE_OTHER)
        secure = urlsplit(self._site.settings().public_url).scheme == "https"
        for name, allowed in CHOICES.items():
            chosen = form.get(name)
            if chosen in allowed:
                answer.set_cookie(
                    name,
                    chosen,
                    max_age=int(_KEPT.total_seconds()),
                    secure=secure,
                    httponly=True,
                    samesite="strict",
                )
            elif chosen == "":
                answer.delete_cookie(name, secure=secure, httponly=True, samesite="strict")
        return answer


def links(visit: Visit) -> tuple[Link, ...]:
    """Return what this visitor may open; a phone has no rail, so that all pages stand here."""
    say = visit.words.say
    all_links = (
        (Right.SEE_HOMES, Link("/tests", "flag", say("Tests"), say("Homes tested and signed; weekly button test"))),
        (
            Right.EDIT_HOMES,
            Link("/people", "people", say("People"), say("Families, neighbours, staff")),
        ),
        (Right.IMPORT, Link("/import", "up", say("Import"), say("Homes from a spreadsheet"))),
        (Right.SEE_SYSTEM, Link("/health", "pulse", say("System"), say("Broker, carrier, queue, last check"))),
        (None, Link("/profile", "man", say("Your account"), say("Password; sign out everywhere"))),
        (Right.MANAGE_ACCOUNTS, Link("/accounts", "key", say("Accounts"), say("Who may sign in, and where"))),
        (Right.SEE_LOG, Link("/log", "log", say("Log"), say("Who did, looked at and was refused what"))),
        (None, Link("/tokens", "lock", say("Tokens"), say("What programs sign in with"))),
    )
    return tuple(link for right, link in all_links if right is None or visit.may(right))
