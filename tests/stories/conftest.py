"""Every story runs on SQLite with devices that publish with QoS 0; in the soak on all combinations."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Return a world with a nurse and a supervisor; the story adds homes and starts it."""
    world = World(tmp_path)
    world.person("nurse", "Nurse Li", "staff", areas=["620702207200"])
    world.person("chief", "Chief Zhao", "supervisor")
    yield world
    await world.close()
