"""Every story runs undisturbed, and with the hub, the broker or the carrier restarted in its middle.

In `make test` on SQLite with devices that publish with QoS 0; in the soak on all combinations.
"""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.postgres import Postgres
from tests.harness.postgres import postgres as postgres
from tests.harness.world import World

DATABASES, LEVELS, DISTURBANCES = ("sqlite", "postgresql"), (0, 1), ("none", "hub", "broker", "carrier")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each story its combinations; all but the first database and level are soak."""
    if "world" not in metafunc.fixturenames:
        return
    combinations = [
        pytest.param(
            (database, qos, disturbance),
            id=f"{database}-qos{qos}-{disturbance}",
            marks=[] if (database, qos) == ("sqlite", 0) else [pytest.mark.soak],
        )
        for database, qos, disturbance in itertools.product(DATABASES, LEVELS, DISTURBANCES)
    ]
    metafunc.parametrize("combination", combinations)


@pytest.fixture
async def world(
    tmp_path: Path, combination: tuple[str, int, str], request: pytest.FixtureRequest
) -> AsyncIterator[World]:
    """Return a world with a nurse and a supervisor; the story adds homes and starts it."""
    database, qos, disturbance = combination
    world = World(tmp_path, qos=qos, disturbance=disturbance)
    if database == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        world.fresh_database = server.database
        world.database = server.database()
    world.person("nurse", "Nurse Li", "staff", areas=["620702207200"])
    world.person("chief", "Chief Zhao", "supervisor")
    yield world
    await world.close()
