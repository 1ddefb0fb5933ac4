"""What goes wrong, as programs read it: RFC 9457 problem details, one sentence each."""

import json
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

TYPE = "application/problem+json"


class Problem(Exception):
    """A request that is not done: `detail` says in one sentence why and what to do; `more` are facts for programs."""

    def __init__(self, status: HTTPStatus, detail: str, *, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers, self.more = status, detail, headers or {}, more

    def response(self) -> Response:
        """Return the answer."""
        body = {"type": "about:blank", "title": self.status.phrase, "status": self.status.value, "detail": self.detail}
        # What somebody sent may hold halves of characters: they are written as escapes.
        text = json.dumps(body | self.more, ensure_ascii=True)
        return Response(text, self.status, {**self.headers, "Content-Type": TYPE})


def not_found() -> Problem:
    """Return the answer for what is not there, and for what is none of the account's business."""
    return Problem(HTTPStatus.NOT_FOUND, "There is nothing here that this token may see.")


def no_token() -> Problem:
    """Return the answer without a token that opens anything."""
    detail = "Send a token that is valid: Authorization: Bearer ch_... One is made on the page /tokens."
    return Problem(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": 'Bearer realm="carehub"'})


def too_many(wait_s: int) -> Problem:
    """Return the answer to a program that asks too often."""
    detail = "Too many requests with this token: 10 a second, 50 at once. Wait as long as Retry-After says."
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(wait_s)})


def broken() -> Problem:
    """Return the answer when something failed that nobody foresaw."""
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The hub failed with this request; its log says more.")


def sick() -> Problem:
    """Return the answer while the database cannot be used."""
    detail = "The database does not answer, so nothing was changed. Try again in some seconds."
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "5"})
