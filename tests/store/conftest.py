"""Every test that asks for a `store` runs on both databases."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hub.store import SqlStore, open_store
from tests.harness.postgres import Postgres, postgres  # noqa: F401


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of an upgraded database of the test's own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/var/carehub.db"
        return
    server: Postgres = request.getfixturevalue("postgres")
    address = server.database()
    yield address
    server.drop(address)


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    found = open_store(url)
    yield found
    await found.close()
