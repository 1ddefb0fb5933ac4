"""A tiny carrier on a real socket that does exactly what a test tells it, request by request."""

import asyncio
import json
from base64 import b64decode
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hub.channels.twilio_sms import TwilioSms

ACCOUNT = "AC" + "0" * 32
TOKEN = "a-secret-that-must-not-be-shown"
OURS = "+15005550006"
THEIRS = "+447700900101"
MADE = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Seen:
    """One request as the carrier read it."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    account: str


@dataclass(frozen=True)
class Answer:
    """What to do with one request: answer, hang until the test is over, or cut the line after reading."""

    status: int = 201
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    cut: bool = False


HANG = Answer(hang=True)
CUT = Answer(cut=True)


def error(code: int | None, status: int = 400, **headers: str) -> Answer:
    """Return a refusal in the carrier's own form; its message names the number, as the real one's does."""
    body = {"code": code, "message": f"The 'To' number {THEIRS} is not good", "status": status}
    return Answer(status, body if code else "no", {name.replace("_", "-"): value for name, value in headers.items()})


def message(n: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a message as the carrier writes it."""
    made = fields.pop("made", MADE)
    return {
        "sid": f"SM{n:032x}",
        "account_sid": ACCOUNT,
        "to": THEIRS,
        "from": OURS,
        "body": "help",
        "status": "queued",
        "direction": "outbound-api",
        "error_code": None,
        "date_created": format_datetime(made),
        "date_sent": None,
        **fields,
    }


def listing(*messages: dict[str, Any], next_page: str | None = None) -> Answer:
    """Return one page of messages."""
    return Answer(200, {"messages": list(messages), "next_page_uri": next_page, "page": 0, "page_size": 50})


class FixedClock:
    """A hub whose clock stands at one instant."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    async def sleep(self, span: timedelta, wake: object = None) -> None:
        raise AssertionError("a channel does not sleep")


class FakeTwilio:
    """Listens on a free port of this machine; `answers` are used up one by one, then a message is accepted."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = deque(answers)
        self.seen: list[Seen] = []
        self._over = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "FakeTwilio":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.base = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._over.set()
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            while (seen := await _read(reader)) is not None:
                self.seen.append(seen)
                answer = self.answers.popleft() if self.answers else Answer(body=message())
                if answer.hang:
                    await self._over.wait()
                if answer.hang or answer.cut:
                    break
                writer.write(_written(answer))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Seen | None:
    line = (await reader.readline()).decode()
    if not line:
        return None
    method, target, _ = line.split(" ", 2)
    headers = {}
    while (header := (await reader.readline()).decode().strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    account = b64decode(headers["authorization"].removeprefix("Basic ")).decode().partition(":")[0]
    url = urlsplit(target)
    return Seen(method, url.path, dict(parse_qsl(url.query)), dict(parse_qsl(body.decode())), account)


def _written(answer: Answer) -> bytes:
    text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
    head = {"Content-Type": "application/json", "Content-Length": str(len(text.encode())), **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} X", *(f"{name}: {value}" for name, value in head.items()), "", text]
    return "\r\n".join(lines).encode()


def channel(base: str | None, **fields: Any) -> TwilioSms:
    """Return a channel that speaks to `base`."""
    wanted = {"name": "sms", "from_number": OURS, "account_sid": ACCOUNT, "auth_token": TOKEN, "api_base": base}
    return TwilioSms(**{**wanted, "public_url": "http://127.0.0.1:8080", **fields})
