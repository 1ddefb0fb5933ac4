"""A configuration folder for each test, on both databases where that can make a difference."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.live import Live
from tests.cli.place import Place
from tests.cli.process import Processes
from tests.harness.broker import BrokerProcess
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


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Start commands as processes of their own; none outlives the test."""
    found = Processes()
    yield found
    found.end()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    """Return a running Mosquitto, one for each worker; each test's hub has a client id of its own."""
    process = BrokerProcess(tmp_path_factory.mktemp("broker")).start()
    yield process
    process.kill()


@pytest.fixture
def live(tmp_path: Path, broker: BrokerProcess, processes: Processes) -> Live:
    """Return what a hub needs to run beside the commands: broker, carrier, a port of its own."""
    return Live(Place(tmp_path / "config"), broker, processes)
