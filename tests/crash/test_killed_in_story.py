"""Kill -9 at the boundaries of a story: nothing is lost, nothing is told twice, nothing is forgotten."""

import random
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import SoakLimits
from tests.crash import story
from tests.harness.postgres import Postgres
from tests.harness.process import Gateway

# A start alone crosses about twenty boundaries, the whole story about two hundred.
FURTHEST = 70


async def tell_with_kills(folder: Path, kills: Sequence[int], database: str | None = None) -> int:
    """Tell the story; the hub's lives end at these boundaries. Return how many boundaries the last life crossed."""
    async with Gateway(folder, homes=story.HOMES, database=database) as gateway:
        async with story.kept_running(gateway, iter(kills)):
            try:
                ledger, books = await story.tell(gateway)
                story.hold(gateway, ledger, books)
            except AssertionError as error:
                ends = story.described(gateway)
                raise AssertionError(f"kills {list(kills)}, lives ended at {ends}: {error}") from error
        return len(story.boundaries(gateway)[-1])


def drawn(seed: int, kills: int) -> list[int]:
    draw = random.Random(seed)
    return [draw.randint(1, FURTHEST) for _ in range(kills)]


@pytest.mark.promise("P1")
@pytest.mark.promise("P4")
@pytest.mark.promise("P5")
@pytest.mark.parametrize("seed", range(3))
async def test_story_goes_on_after_kills_at_boundaries(tmp_path: Path, seed: int) -> None:
    await tell_with_kills(tmp_path, drawn(seed, 4))


@pytest.mark.promise("P1")
async def test_story_goes_on_after_kills_on_postgres(tmp_path: Path, postgres: Postgres) -> None:
    await tell_with_kills(tmp_path, drawn(100, 2), postgres.database())


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.promise("P1")
@pytest.mark.promise("P4")
@pytest.mark.promise("P5")
async def test_story_survives_kills_at_every_boundary(tmp_path: Path, soak_limits: SoakLimits) -> None:
    """Half of the kills of a soak: alone at each boundary, as far as they go, then four to a story."""
    end = time.monotonic() + soak_limits.duration.total_seconds()
    crossed = await tell_with_kills(tmp_path / "whole", [])
    alone = [[kill_at] for kill_at in range(1, crossed + 1)]
    random.SystemRandom().shuffle(alone)
    half = max(4, soak_limits.kills // 2)
    together = [drawn(random.SystemRandom().randrange(2**32), 4) for _ in range(half // 8)]
    for kills in [*alone[: half - 4 * len(together)], *together]:
        if time.monotonic() > end:
            break
        await tell_with_kills(tmp_path / "-".join(map(str, kills)), kills)
