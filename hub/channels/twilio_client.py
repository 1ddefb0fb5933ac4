"""Twilio's SDK, tamed: our address, our time-outs, plain errors, no logs. Importing this costs 200 ms."""

import asyncio
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from twilio.http.async_http_client import AsyncTwilioHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from hub.channels.twilio_answers import Refused, Unanswered, retry_after

# No request outlives this, whatever its caller forgot.
HARD_LIMIT = timedelta(seconds=60)
# A page of 50 messages has about 60 kB.
LARGEST_ANSWER = 4 * 1024 * 1024

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def within(limit: timedelta) -> Iterator[None]:
    """Let all requests made in this block end by then; the SDK itself has no time-out that its calls accept."""
    ends = asyncio.get_running_loop().time() + limit.total_seconds()
    token = _deadline.set(min(ends, _deadline.get()))  # a block inside a block does not outlive it
    try:
        yield
    finally:
        _deadline.reset(token)


class CarrierHttp(AsyncTwilioHttpClient):  # type: ignore[misc]
    """Sends the SDK's requests; raises Unanswered or Refused.

    The SDK's own client waits for ever (it hands `timeout=None` to each request), writes people's numbers to its
    log and drops the headers of errors, Retry-After among them.
    """

    def __init__(self) -> None:
        super().__init__(pool_connections=False)  # its pool wants a running loop, we are built before
        self._session: aiohttp.ClientSession | None = None
        self._trace = aiohttp.TraceConfig()
        self._trace.on_request_headers_sent.append(_note_sent)

    def __repr__(self) -> str:
        return "CarrierHttp()"

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the SDK's signature
        allow_redirects: bool = False,
    ) -> Any:
        """Make one request within the limit of `within`, of `timeout` and the hard limit."""
        del timeout  # the SDK never sets it; `within` says more
        loop = asyncio.get_running_loop()
        fate = SimpleNamespace(sent=False)
        try:
            async with asyncio.timeout_at(min(_deadline.get(), loop.time() + HARD_LIMIT.total_seconds())):
                async with self._open().request(
                    method.upper(),
                    url,
                    params=_plain(params),
                    data=_plain(data),
                    headers=_signed_in(headers, auth),
                    allow_redirects=allow_redirects,
                    trace_request_ctx=fate,
                ) as response:
                    text = await _read(response)
        except TimeoutError:
            raise Unanswered("no answer in time", sent=fate.sent) from None
        except (aiohttp.ClientError, OSError) as broken:
            raise Unanswered(_why(broken), sent=fate.sent) from broken
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise Refused(response.status, _code(text), retry_after(response.headers))
        return Response(response.status, text, response.headers)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                trace_configs=[self._trace],
                timeout=aiohttp.ClientTimeout(total=HARD_LIMIT.total_seconds()),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def close(self) -> None:
        """Close all connections; a later request opens new ones."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()


class CarrierClient(Client):  # type: ignore[misc]
    """The SDK's client at `api_base`, or at Twilio's own address when that is None."""

    def __init__(self, account_sid: str, auth_token: str, api_base: str | None) -> None:
        super().__init__(account_sid, auth_token, http_client=CarrierHttp())
        self._api_base = api_base.rstrip("/") if api_base else None

    def get_hostname(self, uri: str) -> str:
        """Return `uri` at our base; the SDK's edge and region only know *.twilio.com."""
        if self._api_base is None:
            return str(super().get_hostname(uri))
        base, asked = urlsplit(self._api_base), urlsplit(uri)
        return urlunsplit((base.scheme, base.netloc, base.path + asked.path, asked.query, ""))


async def _note_sent(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: object) -> None:
    """Called just before the request's first byte leaves: before it, the carrier surely has nothing."""
    context.trace_request_ctx.sent = True


async def _read(response: aiohttp.ClientResponse) -> str:
    body = bytearray()
    async for part in response.content.iter_chunked(65536):
        body += part
        if len(body) > LARGEST_ANSWER:
            raise aiohttp.ClientPayloadError("answer too large")
    return body.decode("utf-8", "replace")


def _plain(values: Mapping[str, object] | None) -> dict[str, str] | None:
    return {key: str(value) for key, value in values.items()} if values else None


def _signed_in(headers: Mapping[str, str] | None, auth: tuple[str, str] | None) -> dict[str, str]:
    proof = {"Authorization": aiohttp.encode_basic_auth(*auth)} if auth else {}
    return {**(headers or {}), **proof}


def _code(text: str) -> int | None:
    """Return the carrier's own error code, in its older and its RFC 9457 form alike."""
    try:
        code = json.loads(text)["code"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return code if isinstance(code, int) else None


def _why(broken: Exception) -> str:
    """Say what broke, without addresses: the text goes to staff."""
    match broken:
        case aiohttp.ClientConnectorDNSError():
            return "name of the carrier not found"
        case aiohttp.ClientSSLError():
            return "no secure connection to the carrier"
        case aiohttp.ClientConnectorError():
            return "no connection to the carrier"
        case aiohttp.ClientPayloadError():
            return "answer unreadable"
    return "connection broken"
