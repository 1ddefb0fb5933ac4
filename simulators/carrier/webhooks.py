"""Requests the carrier makes: status callbacks and inbound messages, signed, in order for each message.

Sources: twilio.com/docs/messaging/guides/webhook-request (parameters), .../track-outbound-message-status,
twilio.com/docs/usage/webhooks/webhooks-connection-overrides (5 s to connect, 15 s in all, one retry of a connection
that failed; nothing else is tried again).
"""

import asyncio
import html
import re
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urldefrag

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, TCPConnector

from simulators.carrier.message import API_VERSION, Message, Step
from simulators.carrier.signature import sign

CONNECT_S = 5.0
TOTAL_S = 15.0
TRIES = 2
_TWIML_MESSAGE = re.compile(r"<(Message|Sms)\b[^>]*>(.*?)</\1>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one request. `status` is None when there was no answer; `error` says why."""

    status: int | None
    body: str = ""
    error: str = ""

    @property
    def summary(self) -> str:
        """The outcome in a word."""
        return self.error if self.status is None else str(self.status)


def callback_params(message: Message, step: Step) -> dict[str, str]:
    """Return the parameters of a status callback: of the status it was then, not of the present one."""
    params = {
        "AccountSid": message.account_sid,
        "ApiVersion": API_VERSION,
        "From": message.from_,
        "MessageSid": message.sid,
        "MessageStatus": step.status,
        "SmsSid": message.sid,
        "SmsStatus": step.status,
        "To": message.to,
    }
    if step.error_code:
        params["ErrorCode"] = str(step.error_code)
    if step.status in ("delivered", "undelivered"):
        params["RawDlrDoneDate"] = step.due_at.strftime("%y%m%d%H%M")
    return params


def inbound_params(message: Message) -> dict[str, str]:
    """Return the parameters of the request about a phone's message."""
    return {
        "AccountSid": message.account_sid,
        "ApiVersion": API_VERSION,
        "Body": message.body,
        "From": message.from_,
        "MessageSid": message.sid,
        "NumMedia": "0",
        "NumSegments": str(message.segments),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "To": message.to,
    }


def twiml_messages(body: str) -> list[str]:
    """Return the texts a TwiML answer asks to send back."""
    found = (re.sub(r"<[^>]*>", "", match.group(2)) for match in _TWIML_MESSAGE.finditer(body))
    return [text for raw in found if (text := html.unescape(raw).strip())]


@dataclass(frozen=True, slots=True)
class _Request:
    url: str
    params: Mapping[str, str]
    done: Callable[[Outcome], None]


class Poster:
    """Posts what is queued: one request at a time for each key, different keys side by side."""

    def __init__(self, auth_token: str, changed: Callable[[], None]) -> None:
        """`changed` is called whenever a request has ended."""
        self._auth_token = auth_token
        self._changed = changed
        self._queues: dict[str, deque[_Request]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: ClientSession | None = None

    @property
    def busy(self) -> bool:
        """Whether a request is queued or under way."""
        return bool(self._queues)

    def start(self) -> None:
        """Open for requests; needs a running event loop."""
        timeout = ClientTimeout(total=TOTAL_S, sock_connect=CONNECT_S)
        self._session = ClientSession(
            timeout=timeout, connector=TCPConnector(limit=50), headers={"User-Agent": "TwilioProxy/1.1"}
        )

    async def stop(self) -> None:
        """Break off what is under way and forget what is queued."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._queues.clear()
        if self._session:
            await self._session.close()
            self._session = None
        self._changed()

    def post(self, key: str, url: str, params: Mapping[str, str], done: Callable[[Outcome], None]) -> None:
        """Queue a form POST behind those of the same key; `done` hears what came of it."""
        request = _Request(urldefrag(url).url, params, done)
        if key in self._queues:
            self._queues[key].append(request)
            return
        self._queues[key] = deque([request])
        task = asyncio.get_running_loop().create_task(self._drain(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, key: str) -> None:
        queue = self._queues[key]
        while queue:
            outcome = await self._send(queue[0])
            queue.popleft().done(outcome)
        del self._queues[key]
        self._changed()

    async def _send(self, request: _Request) -> Outcome:
        if self._session is None:
            return Outcome(None, error="the carrier is stopped")
        headers = {
            "X-Twilio-Signature": sign(self._auth_token, request.url, request.params),
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        }
        error = ""
        for _ in range(TRIES):
            try:
                async with self._session.post(
                    request.url, data=request.params, headers=headers, allow_redirects=True
                ) as answer:
                    return Outcome(answer.status, await answer.text(errors="replace"))
            except ClientConnectorError as failed:
                error = str(failed)
            except (ClientError, TimeoutError, ValueError) as failed:
                return Outcome(None, error=str(failed) or type(failed).__name__)
        return Outcome(None, error=error)
