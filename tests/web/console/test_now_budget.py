"""The page of open alerts stays small and asks little, however many homes and alerts there are."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from starlette.requests import Request

from hub.accounts import AccountRole
from hub.alerts.alert import Entry
from hub.alerts.notification import Fate
from hub.alerts.policy import Severity
from hub.decide import World
from hub.engine import Engine
from hub.homes import Registry
from hub.ports import Lane, Transaction
from hub.store import SqlStore, open_store
from hub.web.console.gate import SignedIn
from hub.web.console.now import Now
from hub.web.ports import Figures
from tests.engine.pocket import MINUTE, PEOPLE, POLICIES, VILLAGE, Pocket, home
from tests.harness.memory import NOON, StillClock
from tests.web.console.desk import Whoever, account, application, site

T = TypeVar("T")
HOMES = 10_000
KB = 1_000


class Calm:
    """All is well, and was just looked at."""

    async def figures(self) -> Figures:
        return Figures(NOON, {}, {}, {}, {}, {}, False, {}, 0, 5.0, 0, 0, None, None)


class Counting:
    """A store that counts how often its readers ask it something."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.asked: list[str] = []

    async def read(self, work: Callable[[Transaction], T]) -> T:
        return await self._store.read(lambda t: work(_Noted(t, self.asked)))  # type: ignore[arg-type]

    async def write(self, *given: Any) -> Any:
        return await self._store.write(*given)


class _Noted:
    def __init__(self, transaction: Transaction, asked: list[str]) -> None:
        self._transaction, self._asked = transaction, asked

    def __getattr__(self, name: str) -> Any:
        self._asked.append(name)
        return getattr(self._transaction, name)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    found = open_store(f"sqlite:///{tmp_path}/carehub.db")
    yield found
    await found.close()


def fill(transaction: Transaction, count: int, severity: Severity) -> None:
    """Open so many alerts, each with two steps told by text."""
    hub = Pocket()
    hub.press()
    first, sent = hub.alert(), hub.memory.notifications(hub.alert().id)[0]
    for n in range(count):
        id = f"01KJND1AT0FX7C16RBTQHP{n:04}@anhe-gateway-017"
        entries = [
            Entry(hub.now, "hub", "opened"),
            Entry(hub.now, "hub", "step", {"step": 1, "round": 1}),
        ]
        alert = replace(first, id=id, home_id=f"h{n}", cause=f"sos:{n}", code=f"K{n}", severity=severity)
        alert = replace(alert, opened_at=hub.now - n * 2 * MINUTE)  # no flood: as many whole cards as there may be
        transaction.save_alert(alert, entries)
        told = [replace(sent, id=f"{id}{m}", alert_id=id, fate=Fate.DELIVERED) for m in range(2)]
        transaction.add_notifications(told)


async def page(now: Now, engine: Engine, clock: StillClock) -> bytes:
    """Return the page as the hub hands it out."""
    body, status = bytearray(), []

    async def send(message: Any) -> None:
        status.append(message.get("status"))
        body.extend(message.get("body", b""))

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "root_path": ""}
    await application(now)(scope, receive, send)
    assert status[0] == 200, bytes(body[:500])
    return bytes(body)


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("count", [1, 40, 200])
async def test_ten_thousand_homes_and_two_hundred_open_alerts(store: SqlStore, count: int, severity: Severity) -> None:
    clock, counting = StillClock(), Counting(store)
    engine = Engine(counting, clock, "site", POLICIES)  # type: ignore[arg-type]
    homes = [home(f"h{n}", "daughter", prefix=f"h{n}/") for n in range(HOMES)]
    engine.world = World("site", Registry.of(PEOPLE, homes, 1, {VILLAGE: "上堡村"}), POLICIES)
    await store.write(Lane.DUTY, lambda t: fill(t, count, severity))
    everybody = Whoever(account(AccountRole.COUNTY, person="nurse"))
    part = Now(replace(site(engine, clock, everybody), measured=Calm()))
    html = await page(part, engine, clock)
    assert len(html) <= 300 * KB, f"{len(html) / KB:.0f} KB"
    assert counting.asked == ["unresolved", "alerts_opened", "histories", "messages_of"]
    assert len(await page(part, engine, clock)) == len(html)
    assert len(counting.asked) == 4  # nothing happened: nothing is asked


async def test_between_two_pieces_of_a_large_board_a_press_has_its_turn(store: SqlStore) -> None:
    clock = StillClock()
    engine = Engine(store, clock, "site", POLICIES)
    homes = [home(f"h{n}", "daughter", prefix=f"h{n}/") for n in range(200)]
    engine.world = World("site", Registry.of(PEOPLE, homes, 1), POLICIES)
    await store.write(Lane.DUTY, lambda t: fill(t, 200, Severity.EMERGENCY))
    part = Now(replace(site(engine, clock, Whoever(account(AccountRole.COUNTY))), measured=Calm()))
    who = SignedIn(account(AccountRole.COUNTY), "")
    visit = part._site.gate.visit(who, Request({"type": "http", "path": "/", "headers": []}))
    view = await part.boards.view(visit)
    for draw in (part.boards.pieces, part.boards.picture):
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        beside = asyncio.create_task(others())
        await draw(view)
        beside.cancel()
        assert turns >= 200
