"""The REST API: what the official SDKs speak.

Source: twilio.com/docs/messaging/api/message-resource, twilio.com/docs/usage/requests-to-twilio (basic
authentication) and twilio.com/docs/usage/twilios-response.
"""

import base64
import binascii
import hmac
import math
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from simulators.carrier.carrier import Carrier
from simulators.carrier.errors import RestError
from simulators.carrier.faults import FaultKind, Phase, Traffic
from simulators.carrier.listing import list_messages
from simulators.carrier.message import API_VERSION, Message

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_ACCOUNT = f"/{API_VERSION}/Accounts/{{account}}"


class _Cut(Exception):
    """The connection is to be broken without an answer."""


class Rest:
    """The handlers of one carrier's REST API."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    def routes(self) -> list[web.RouteDef]:
        """Return what the server serves."""
        messages, message = f"{_ACCOUNT}/Messages.json", f"{_ACCOUNT}/Messages/{{sid}}.json"
        return [
            web.post(messages, self._answered(self._create)),
            web.get(messages, self._answered(self._list)),
            web.get(message, self._answered(self._fetch)),
            web.post(message, self._answered(self._update)),
            web.delete(message, self._answered(self._delete)),
            web.get(f"{_ACCOUNT}.json", self._answered(self._account)),
            web.route("*", f"/{API_VERSION}/{{rest:.*}}", self._answered(self._missing)),
        ]

    def _answered(self, handler: Handler) -> Handler:
        """Wrap a handler: count the request, check who asks, answer errors as the API does, or break off."""

        async def answer(request: web.Request) -> web.StreamResponse:
            with self._carrier.answering():
                try:
                    self._authenticate(request)
                    return await handler(request)
                except RestError as error:
                    return _refused(error)
                except _Cut:
                    if request.transport is not None:
                        request.transport.abort()
                    return web.Response(status=500)  # goes nowhere

        return answer

    def _authenticate(self, request: web.Request) -> None:
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        try:
            user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise RestError(20003) from None
        known = user == self._carrier.account_sid and hmac.compare_digest(
            secret.encode(), self._carrier.auth_token.encode()
        )
        if scheme.lower() != "basic" or not known:
            raise RestError(20003)
        if request.match_info.get("account", user).removesuffix(".json") != self._carrier.account_sid:
            raise RestError(20404, request.path)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        to = form.get("To", "").strip()
        try:
            await self._gate(Traffic.CREATE, to)
            message = self._carrier.accept(form)
        except (RestError, _Cut) as error:
            reason = str(error.code) if isinstance(error, RestError) else "connection cut"
            now = self._carrier.clock.now()
            self._carrier.events.add(now, "refused", phone=to, text=form.get("Body", ""), fate="refused", error=reason)
            raise
        await self._after(Traffic.CREATE, message.to)
        return _json(message.resource(), status=201)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        await self._gate(Traffic.READ, request.query.get("To"), request.query.get("From"))
        page = list_messages(self._carrier.messages, request.path, request.query)
        await self._after(Traffic.READ, request.query.get("To"), request.query.get("From"))
        return _json(page)

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        message = self._wanted(request)
        await self._gate(Traffic.READ, message.phone)
        await self._after(Traffic.READ, message.phone)
        return _json(message.resource())

    async def _update(self, request: web.Request) -> web.StreamResponse:
        message = self._wanted(request)
        form = await request.post()
        if form.get("Status"):
            raise RestError(30409)  # only scheduled messages can be cancelled, and we schedule none
        if form.get("Body") == "":
            self._carrier.redact(message)
        return _json(message.resource())

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        self._carrier.delete(self._wanted(request))
        return web.Response(status=204)

    async def _account(self, request: web.Request) -> web.StreamResponse:
        await self._gate(Traffic.READ)
        sid = self._carrier.account_sid
        return _json(
            {"sid": sid, "friendly_name": "Simulated", "status": "active", "type": "Full", "uri": request.path}
        )

    async def _missing(self, request: web.Request) -> web.StreamResponse:
        raise RestError(20404, request.path)

    def _wanted(self, request: web.Request) -> Message:
        message = self._carrier.message(request.match_info["sid"])
        if message is None:
            raise RestError(20404, request.path)
        return message

    async def _gate(self, on: Traffic, *numbers: str | None) -> None:
        """Let a fault strike before anything is looked at."""
        fault = self._carrier.faults.strike(Phase.GATE, on, *numbers)
        if fault is None:
            return
        if fault.kind is FaultKind.CUT_BEFORE:
            raise _Cut
        if fault.kind is FaultKind.HANG:
            await self._carrier.hold(fault.delay, f"request kept waiting ({on})")
            return
        waits = fault.kind in (FaultKind.TOO_MANY, FaultKind.UNAVAILABLE)
        raise RestError(fault.error_code or 20500, retry_after=fault.delay if waits else None)

    async def _after(self, on: Traffic, *numbers: str | None) -> None:
        """Let a fault strike when all is done but the answer."""
        fault = self._carrier.faults.strike(Phase.ANSWER, on, *numbers)
        if fault is None:
            return
        if fault.kind is FaultKind.LATE_ANSWER:
            await self._carrier.hold(fault.delay, f"answer kept waiting ({on})")
        elif fault.kind is FaultKind.CUT_AFTER:
            raise _Cut
        else:
            raise RestError(fault.error_code or 20500)


def _json(body: dict[str, Any], *, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, headers={"Twilio-Request-Id": f"RQ{uuid.uuid4().hex}"})


def _refused(error: RestError) -> web.Response:
    answer = _json(error.body(), status=error.http_status)
    if error.http_status == 401:
        answer.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(math.ceil(error.retry_after.total_seconds()))
    return answer
