"""Thousands of homes come in at once: no press reads them all before it is committed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.engine import Engine
from hub.engine.engine import MOST_BEHIND
from hub.engine.work import Work
from hub.homes import Home
from hub.ports import Lane
from hub.store import SqlStore, open_store
from tests.harness.memory import StillClock

MANY = 1_200  # more than are noted one by one


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    found = open_store(f"sqlite:///{tmp_path}/carehub.db")
    yield found
    await found.close()


def homes(count: int, address: str = "") -> list[Home]:
    return [Home(f"h{n}", "620702207200", address) for n in range(count)]


def seen(work: Work) -> int:
    return len(work.world.registry.homes)


async def test_a_press_right_after_an_import_goes_by_the_homes_before_it(store: SqlStore) -> None:
    clock = StillClock()
    engine = Engine(store, clock, "site", {})
    await store.write(Lane.SLOW, lambda t: t.save_homes(homes(1)))
    await engine.load()
    await store.write(Lane.SLOW, lambda t: t.save_homes(homes(MANY)))
    assert await engine.write(Lane.SOS, seen) == 1
    await engine.load()
    assert await engine.write(Lane.SOS, seen) == MANY


async def test_what_was_never_read_is_read_by_whoever_comes_next(store: SqlStore) -> None:
    clock = StillClock()
    engine = Engine(store, clock, "site", {})
    await store.write(Lane.SLOW, lambda t: t.save_homes(homes(1)))
    await engine.load()
    await store.write(Lane.SLOW, lambda t: t.save_homes(homes(MANY)))
    assert await engine.write(Lane.SOS, seen) == 1
    clock.instant += MOST_BEHIND
    assert await engine.write(Lane.SOS, seen) == MANY


async def test_the_first_homes_of_a_hub_and_single_edits_are_seen_at_once(store: SqlStore) -> None:
    engine = Engine(store, StillClock(), "site", {})
    await engine.load()
    await store.write(Lane.SLOW, lambda t: t.save_homes(homes(MANY)))
    assert await engine.write(Lane.SOS, seen) == MANY
    await engine.load()
    await store.write(Lane.SLOW, lambda t: t.save_homes(homes(1, "elsewhere")))
    found = await engine.write(Lane.SOS, lambda work: work.world.registry.homes["h0"].address)
    assert found == "elsewhere"
