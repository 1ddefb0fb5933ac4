"""Twilio's webhooks: fates of our texts and people's replies, believed only when signed.

Source: twilio.com/docs/usage/webhooks/webhooks-security, /docs/messaging/guides/webhook-request.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from hub.ports import StoreUnavailable
from hub.web.forms import BadForm, read_form
from hub.web.ports import Inboxes, Receipts, TwilioWebhooks

# Twilio waits 15 s in all for us.
COMMIT_LIMIT = timedelta(seconds=10)
RETRY_AFTER_S = 5
LOGGED_EACH = 100  # of one kind the first so many are logged, later ones now and then
# Answers to people leave as messages of their own, with a fate; so TwiML has nothing to say.
_NO_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'

_log = structlog.get_logger(__name__)
_Handle = Callable[[TwilioWebhooks, dict[str, str]], Awaitable[Response]]


class TwilioHooks:
    """The routes that Twilio calls. `counts` tells how many came and what became of them."""

    def __init__(self, channels: Sequence[TwilioWebhooks], receipts: Receipts, inboxes: Inboxes) -> None:
        self._channels = channels  # the list of whoever configures the hub: a reload changes what is in it
        self._receipts = receipts
        self._inboxes = inboxes
        self.counts: Counter[str] = Counter()

    def routes(self) -> list[Route]:
        """Return `/twilio/status` and `/twilio/sms`."""
        return [
            Route("/twilio/status", self.status, methods=["POST"]),
            Route("/twilio/sms", self.sms, methods=["POST"]),
        ]

    async def status(self, request: Request) -> Response:
        """Take the fate of one of our messages."""
        return await self._take(request, "From", self._take_status)

    async def sms(self, request: Request) -> Response:
        """Take a message that a person sent."""
        return await self._take(request, "To", self._take_inbound)

    async def _take(self, request: Request, ours: str, handle: _Handle) -> Response:
        """Read, check the signature, hand over; `ours` is the field with our number."""
        try:
            form = await read_form(request)
        except BadForm as bad:
            return self._refuse(request, "unreadable", bad.status, bad.why)
        channel = self._signed_by(request, form, form.get(ours, ""))
        if channel is None:
            return self._refuse(request, "forged", HTTPStatus.FORBIDDEN, "not signed by the carrier")
        try:
            async with asyncio.timeout(COMMIT_LIMIT.total_seconds()):
                return await handle(channel, form)
        except (StoreUnavailable, TimeoutError):
            self._note("not_stored", request.url.path, channel.name)
            busy = {"Retry-After": str(RETRY_AFTER_S)}
            return PlainTextResponse("try again", HTTPStatus.SERVICE_UNAVAILABLE, headers=busy)
        except Exception as failed:  # its text may hold what a person wrote, so only its name is logged
            self._note("failed", request.url.path, channel.name, error=type(failed).__name__)
            return PlainTextResponse("failed", HTTPStatus.INTERNAL_SERVER_ERROR)

    async def _take_status(self, channel: TwilioWebhooks, form: dict[str, str]) -> Response:
        report = channel.status_of(form)
        if report is None:
            self._note("meaningless", "/twilio/status", channel.name)
        elif await self._receipts.report(channel.name, report) is False:
            self._note("unknown_message", "/twilio/status", channel.name)
        else:
            self.counts["fates"] += 1
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _take_inbound(self, channel: TwilioWebhooks, form: dict[str, str]) -> Response:
        inbound = channel.inbound_of(form)
        if inbound is None:
            self._note("meaningless", "/twilio/sms", channel.name)
        else:
            await self._inboxes.receive(inbound)
            self.counts["replies"] += 1
        return Response(_NO_ANSWER, media_type="text/xml")

    def _signed_by(self, request: Request, form: Mapping[str, str], number: str) -> TwilioWebhooks | None:
        """Return the channel whose account signed this; of several on one account, the one with our number."""
        account, signature = form.get("AccountSid"), request.headers.get("x-twilio-signature", "")
        candidates = [channel for channel in self._channels if channel.account_sid == account]
        candidates.sort(key=lambda channel: channel.number != number)
        query = request.scope["query_string"].decode("latin-1")
        # The raw path: what was signed, not what a decoder makes of it.
        raw = (request.scope.get("raw_path") or request.scope["path"].encode()).decode("latin-1")
        path = raw.partition("?")[0] + (f"?{query}" if query else "")
        return next((channel for channel in candidates if channel.signed(path, form, signature)), None)

    def _refuse(self, request: Request, what: str, status: HTTPStatus, why: str) -> Response:
        self._note(what, request.url.path, None, status=int(status))
        return PlainTextResponse(why, status)

    def _note(self, what: str, path: str, channel: str | None, **more: int | str) -> None:
        self.counts[what] += 1
        total = self.counts[what]
        if total <= LOGGED_EACH or total % LOGGED_EACH == 0:  # a stranger must not be able to fill the disk
            _log.warning("webhook_" + what, path=path, channel=channel, total=total, **more)
