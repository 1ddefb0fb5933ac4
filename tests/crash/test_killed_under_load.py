"""Kill -9 in the middle of the work: what the broker accepted is stored and counted, each message once."""

import random
import time
from pathlib import Path

import pytest

from tests.conftest import SoakLimits
from tests.crash.ledger import Ledger, check, drained
from tests.crash.load import Load, loaded
from tests.harness.postgres import Postgres
from tests.harness.process import Gateway

HOMES = 6


async def kill_under_load(gateway: Gateway, load: Load, draw: random.Random) -> None:
    """Start the hub, let it work for a while drawn by lot, kill it."""
    await gateway.start_hub(wait=draw.random() < 0.5)  # some die while they still take in what waited
    load.hub_is_back()
    await load.many(draw.randint(1, 400))
    await gateway.kill_hub()


async def suffer(folder: Path, seed: int, kills: int, database: str | None = None) -> None:
    draw = random.Random(seed)
    ledger = Ledger()
    async with Gateway(folder, homes=HOMES, database=database) as gateway:
        await gateway.start_hub()
        async with loaded(gateway, ledger) as load:
            await load.many(100)
            await gateway.kill_hub()
            for _ in range(kills - 1):
                await kill_under_load(gateway, load, draw)
            await gateway.start_hub()
            load.hub_is_back()
            await load.many(50)
        books = await drained(gateway, ledger)
        check(gateway, ledger, books)
        assert all(len(books.of(home)) == 1 for home in range(1, HOMES + 1)), "one home, one cause, one alert"


@pytest.mark.promise("P1")
@pytest.mark.promise("P7")
@pytest.mark.parametrize("seed", range(2))
async def test_nothing_is_lost_or_doubled_when_killed_under_load(tmp_path: Path, seed: int) -> None:
    print(f"seed {seed}")
    await suffer(tmp_path, seed, kills=3)


@pytest.mark.promise("P1")
async def test_nothing_is_lost_or_doubled_when_killed_under_load_on_postgres(
    tmp_path: Path, postgres: Postgres
) -> None:
    await suffer(tmp_path, 100, 2, postgres.database())


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.promise("P1")
@pytest.mark.promise("P7")
async def test_nothing_is_lost_or_doubled_by_many_kills_under_load(tmp_path: Path, soak_limits: SoakLimits) -> None:
    """Half of the kills of a soak; those at the boundaries of a story are the other half."""
    end = time.monotonic() + soak_limits.duration.total_seconds()
    rounds, left = 0, max(1, soak_limits.kills // 2)
    while left > 0 and time.monotonic() < end:
        rounds += 1
        seed = random.SystemRandom().randrange(2**32)
        print(f"seed {seed}")
        await suffer(tmp_path / str(rounds), seed, min(10, left))
        left -= 10
