"""Programs that ask the API, each with a token of its own."""

import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from hub.accounts import AccountRole, Right
from hub.engine.tokens import Tokens
from tests.web.console.doors import VILLAGE, House

EVERY_RIGHT = tuple(Right)


@dataclass
class Said:
    """What came back."""

    status: int
    body: Any
    headers: Any
    text: str


@dataclass
class Program:
    """One program; `token` None: it has none."""

    base: str
    token: str | None
    headers: dict[str, str] = field(default_factory=dict)

    async def ask(self, method: str, path: str, body: Any = None, raw: bytes | None = None) -> Said:
        sent = dict(self.headers)
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        data = raw if raw is not None else json.dumps(body).encode() if body is not None else None
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(method, self.base + path, data=data, headers=sent, allow_redirects=False) as answer,
        ):
            text = await answer.text()
            is_json = "json" in answer.headers.get("Content-Type", "")
            return Said(answer.status, json.loads(text) if is_json else None, answer.headers, text)

    async def get(self, path: str) -> Said:
        return await self.ask("GET", f"/api/v1{path}")

    async def post(self, path: str, body: Any = None) -> Said:
        return await self.ask("POST", f"/api/v1{path}", body)


class Programs:
    """Makes accounts with tokens, on the house of the console's tests."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house, self.folder = house, folder
        self.tokens = Tokens(house.engine)
        self._numbers = itertools.count(1)

    def nobody(self, token: str | None = None) -> Program:
        return Program(self.house.base, token)

    async def program(
        self,
        *roles: AccountRole,
        areas: tuple[str, ...] = (VILLAGE,),
        person: str | None = None,
        rights: Iterable[Right] = EVERY_RIGHT,
    ) -> Program:
        """Return a program with an account of these roles and a token with these scopes, as far as the roles reach."""
        account = await self.house.account(f"program{next(self._numbers)}", *roles, areas=areas, person=person)
        token, _ = await self.tokens.make(account, "test", set(rights) & account.rights, timedelta(days=30))
        return self.nobody(token)
