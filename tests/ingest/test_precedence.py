"""While a press waits for its commit, nothing less urgent is read."""

import asyncio

import pytest

from hub.ingest import precedence
from hub.ingest.precedence import Precedence
from hub.ports import Session


def watched() -> tuple[Precedence, dict[Session, bool]]:
    found, held = Precedence(), dict[Session, bool]()
    for session in Session:
        found.holds(session, lambda now, session=session: held.__setitem__(session, now))  # type: ignore[misc]
    return found, held


def those(held: dict[Session, bool]) -> set[Session]:
    return {session for session, now in held.items() if now}


@pytest.mark.promise("P2")
async def test_a_press_holds_all_others_until_it_is_on_its_way() -> None:
    order, held = watched()
    order.begin(Session.SOS)
    assert those(held) == {Session.LIFE, Session.MAIN, Session.WATCH}
    order.end(Session.SOS)
    assert those(held) == {Session.LIFE, Session.MAIN, Session.WATCH}
    free = asyncio.Event()
    order.holds(Session.WATCH, lambda now: None if now else free.set())
    await free.wait()
    assert those(held) == {Session.WATCH}  # it listens with another ear now
    assert not any(order.is_held(session) for session in Session)


@pytest.mark.promise("P2")
async def test_a_hazard_holds_no_press() -> None:
    order, held = watched()
    order.begin(Session.LIFE)
    assert those(held) == {Session.MAIN, Session.WATCH}
    order.begin(Session.SOS)
    assert those(held) == {Session.LIFE, Session.MAIN, Session.WATCH}


async def test_everyday_messages_hold_nobody() -> None:
    order, held = watched()
    order.begin(Session.MAIN)
    order.begin(Session.WATCH)
    order.end(Session.MAIN)
    assert those(held) == set()


@pytest.mark.promise("P12")
async def test_nobody_is_held_for_long_by_what_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "HELD_S", 0.0)
    order, held = watched()
    order.begin(Session.LIFE)
    free = asyncio.Event()
    order.holds(Session.WATCH, lambda now: None if now else free.set())
    await free.wait()
    assert those(held) - {Session.WATCH} == set()
    order.begin(Session.LIFE)  # it has not been without work since
    assert not order.is_held(Session.MAIN)
    order.end(Session.LIFE)
    order.begin(Session.LIFE)
    assert order.is_held(Session.MAIN)
    order.end(Session.LIFE)
