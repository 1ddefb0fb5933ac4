"""A configuration folder for each test, on both databases where that can make a difference."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.place import Place
from tests.harness.postgres import Postgres, postgres  # noqa: F401


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return the example configuration; there is no database yet."""
    return Place(tmp_path / "config")


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, place: Place) -> Iterator[Place]:
    """Return the example configuration with a database that holds its homes, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        place.prepare()
        yield place
        return
    server: Postgres = request.getfixturevalue("postgres")
    address = server.database()
    place.environ["CAREHUB_DATABASE"] = address
    place.prepare()
    yield place
    server.drop(address)
