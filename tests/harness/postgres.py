"""A PostgreSQL server of the tests' own: one for each worker, without fsync, on a socket in a folder of its own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from hub.store import upgrade

_NUMBERS = count(1)
_TEMPLATE = "carehub_template"
_ROOM_BYTES = 4 * 1024**3


def _programs() -> Path | None:
    """Return the folder of initdb and pg_ctl, the newest version first."""
    beside = shutil.which("pg_ctl")
    folders = [Path(beside).parent] if beside else []
    versions = Path("/usr/lib/postgresql")
    if versions.is_dir():
        found = sorted(versions.iterdir(), key=lambda v: int(v.name) if v.name.isdigit() else 0, reverse=True)
        folders += [version / "bin" for version in found]
    return next((f for f in folders if (f / "initdb").exists() and (f / "pg_ctl").exists()), None)


def _fast_disk() -> str | None:
    """Return a folder in memory if there is room to spare: databases are made six times as fast there."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        return None
    room = os.statvfs(memory)
    return str(memory) if room.f_bavail * room.f_frsize > _ROOM_BYTES else None


class Postgres:
    """A running server. `database()` makes an empty, upgraded database; `stop` and `start` are for the brave."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._data = folder / "data"
        # initdb and the server refuse to run as root.
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(folder, self._user, self._user)

    def create(self) -> None:
        """Make the cluster, start it, and prepare the database all others are copied from."""
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = {
            "listen_addresses": "''",
            "unix_socket_directories": f"'{self._folder}'",
            "fsync": "off",
            "full_page_writes": "off",
            "shared_buffers": "16MB",
            "max_connections": "60",
        }
        with (self._data / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in options.items())
        self.start()
        self._execute(f"CREATE DATABASE {_TEMPLATE}")
        upgrade(self.url(_TEMPLATE))

    def url(self, database: str) -> str:
        """Return the address of one database."""
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def database(self, *, empty: bool = False) -> str:
        """Return the address of a new database, upgraded unless `empty`."""
        name = f"test_{next(_NUMBERS)}"
        template = "template1" if empty else _TEMPLATE
        with psycopg.connect(self.url("postgres"), autocommit=True) as db:
            quickly = " STRATEGY FILE_COPY" if db.info.server_version >= 150000 else ""
            db.execute(f"CREATE DATABASE {name} TEMPLATE {template}{quickly}".encode())
        return self.url(name)

    def drop(self, url: str) -> None:
        """Give the room of a database back, whoever is still connected to it."""
        name = url.removeprefix("postgresql://postgres@/").partition("?")[0]
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._run("pg_ctl", "-D", str(self._data), "-l", str(self._folder / "log"), "-w", "-t", "60", "start")

    def stop(self) -> None:
        """Stop the server at once, as a crash would."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as db:
            db.execute(statement.encode())

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user else None,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stdout.decode(errors='replace')}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Return this worker's server; tests that want it are skipped where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="carehub-pg-", dir=_fast_disk()))
    server = Postgres(programs, folder)
    try:
        server.create()
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
