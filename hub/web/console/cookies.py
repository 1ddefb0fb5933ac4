"""The cookie of a browser that is signed in, and the token that its forms carry."""

from collections.abc import Callable
from hashlib import sha256
from hmac import new as hmac
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from hub.engine.accounts import Accounts
from hub.web.console.gate import SignedIn
from hub.web.view import PageSettings

NAME = "carehub"
_LONGEST_TOKEN = 128
_YEAR_S = 365 * 24 * 3600


class Cookies:
    """Knows which cookies belong to whom (`hub.web.console.gate.Keeper`). `key` is this hub's own secret."""

    def __init__(self, accounts: Accounts, key: bytes, settings: Callable[[], PageSettings]) -> None:
        self._accounts = accounts
        self._key = key
        self._settings = settings

    async def signed_in(self, request: Request, *, act: bool) -> SignedIn | None:
        """Return who asks; None if nobody is signed in any more. Raises StoreUnavailable."""
        token = self.token(request)
        account = await self._accounts.signed_in(token, act=act) if token else None
        return SignedIn(account, self.csrf(token)) if account is not None else None

    def csrf(self, token: str) -> str:
        """Return what forms of this browser carry: only we can make it, and only from the cookie."""
        return hmac(self._key, b"carehub form\0" + token.encode("utf-8", "replace"), sha256).hexdigest()

    @property
    def _is_secure(self) -> bool:
        return urlsplit(self._settings().public_url).scheme == "https"

    @property
    def name(self) -> str:
        """The cookie's name: with https browsers see to it that no other host and no plain page can set it."""
        return f"__Host-{NAME}" if self._is_secure else NAME

    def token(self, request: Request) -> str:
        """Return what the browser's cookie holds; empty without one."""
        found = request.cookies.get(self.name, "")
        return found if len(found) <= _LONGEST_TOKEN else ""

    def put(self, answer: Response, token: str) -> None:
        """Give the browser its cookie, until it is closed or signed out; no script and no other site gets at it."""
        answer.set_cookie(self.name, token, path="/", secure=self._is_secure, httponly=True, samesite="strict")

    def take_away(self, answer: Response) -> None:
        """Have the browser forget its cookie."""
        answer.delete_cookie(self.name, path="/", secure=self._is_secure, httponly=True, samesite="strict")

    def keep_choice(self, answer: Response, name: str, value: str) -> None:
        """Have the browser keep a choice of its own, like its language, for a year."""
        answer.set_cookie(
            name, value, max_age=_YEAR_S, path="/", secure=self._is_secure, httponly=True, samesite="strict"
        )

    def drop_choice(self, answer: Response, name: str) -> None:
        """Have the browser forget a choice of its own."""
        answer.delete_cookie(name, path="/", secure=self._is_secure, httponly=True, samesite="strict")
