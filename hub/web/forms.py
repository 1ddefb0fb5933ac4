"""Reading a form that a stranger posts: bounded in size, fields and time."""

import asyncio
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

LARGEST_FORM = 64 * 1024
MOST_FIELDS = 200
READ_LIMIT = timedelta(seconds=10)
_TYPE = "application/x-www-form-urlencoded"


class BadForm(Exception):
    """The request carries no form that we read; `status` says why in HTTP's words."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


async def read_form(request: Request, largest: int = LARGEST_FORM) -> dict[str, str]:
    """Return the fields of a posted form of at most `largest` bytes; raises BadForm."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise BadForm(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send {_TYPE}")
    body = await read_body(request, largest)
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:  # UnicodeDecodeError is one
        raise BadForm(HTTPStatus.BAD_REQUEST, "not a form") from None
    form = dict(pairs)
    if len(form) != len(pairs):  # which of the two would have been signed?
        raise BadForm(HTTPStatus.BAD_REQUEST, "a field comes twice")
    return form


async def read_body(request: Request, largest: int, *, within: timedelta = READ_LIMIT) -> bytes:
    """Return a request's body of at most `largest` bytes that came `within` a time, whatever it is; raises BadForm."""
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length[:18]) > largest:
        raise BadForm(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {largest} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(within.total_seconds()):
            async for part in request.stream():
                body += part
                if len(body) > largest:
                    raise BadForm(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {largest} bytes")
    except TimeoutError:
        raise BadForm(HTTPStatus.REQUEST_TIMEOUT, "too slow") from None
    except ClientDisconnect:
        raise BadForm(HTTPStatus.BAD_REQUEST, "broken off") from None
    return bytes(body)
