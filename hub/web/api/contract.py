"""What each operation of the API declares: its scope, and the problems that it answers with."""

from typing import Any

from fastapi import Depends

from hub.accounts import Right
from hub.web.api.caller import needs
from hub.web.api.problems import TYPE
from hub.web.api.shapes import Trouble

_WORDS = {
    401: "No token, or one that opens nothing any more",
    403: "The token lacks the scope, or the account the role; or the account is no person",
    404: "Not there, or none of this account's business: the same answer",
    409: "The alert is not in a state in which this can be done",
    413: "More than 64 KB",
    422: "Something in the request is wrong",
    429: "Too many requests; Retry-After says how long to wait",
    503: "The database does not answer; nothing was changed",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return how the document describes these answers."""
    return {status: {"description": _WORDS[status], "model": Trouble, "content": {TYPE: {}}} for status in statuses}


ALL = problems(401, 403, 404, 409, 413, 422, 429, 503)


def scope(right: Right) -> dict[str, Any]:
    """Return what an operation that needs this scope is declared with."""
    return {"dependencies": [Depends(needs(right))], "openapi_extra": {"x-scope": right.value}}
