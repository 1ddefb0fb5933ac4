"""Backups of a server's database, by the programs that come with the server."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from hub.ports import StoreUnavailable
from hub.store import tables
from hub.store.engines import DatabaseUnusable, postgres_engine, shown
from hub.store.faults import unavailable
from hub.store.inspection import known
from hub.store.revisions import revision_of

# Of what a program says at its end, so much is passed on.
_SAID = 300
_VERSION = re.compile(r"^COPY .*alembic_version.*\n(\S+)$", re.MULTILINE)
# A line of a dump's table of contents: number, two catalogue numbers, kind, schema, name, owner.
_TABLE = re.compile(r"^\d+; \d+ \d+ TABLE \S+ (\S+) ", re.MULTILINE)


def dump(address: URL, target: Path) -> None:
    """Write the database to `target`, of one moment, and check that it can be read; one without tables is refused."""
    _found("pg_dump")
    if revision(address) is None:
        raise DatabaseUnusable(f"{shown(address)} is empty: there is nothing to back up.")
    _run(
        "pg_dump", address, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}", *_database(address)
    )
    check(target)


def check(source: Path) -> str:
    """Return the revision of a dump; raises DatabaseUnusable for one that is none of ours, damaged or newer."""
    try:
        said = _run("pg_restore", None, "--data-only", "--table=alembic_version", "--file=-", str(source))
    except StoreUnavailable as error:
        raise DatabaseUnusable(f"{source} is no backup of a PostgreSQL database that can be read: {error}") from error
    found = _VERSION.search(said)
    revision = known(found[1] if found else "", str(source))
    _run("pg_restore", None, "--list", str(source))
    return str(revision)


def revision(address: URL) -> str | None:
    """Return the revision of the database, None if it is empty; raises DatabaseUnusable if it is none of ours."""
    with connected(address) as db:
        return known(revision_of(db), shown(address))


def load(address: URL, source: Path) -> None:
    """Put a dump in the place of what the database holds, all of it or nothing."""
    _run(
        "pg_restore",
        address,
        "--clean",
        "--if-exists",
        "--no-owner",
        "--no-privileges",
        "--single-transaction",
        *_database(address),
        str(source),
    )
    # --clean takes away what the dump has too; tables that came after it would stand in the way of its upgrade.
    held = set(_TABLE.findall(_run("pg_restore", None, "--list", str(source))))
    with connected(address) as db:
        for table in reversed(tables.metadata.sorted_tables):
            if table.name not in held:
                table.drop(db, checkfirst=True)
        db.commit()


@contextmanager
def connected(address: URL) -> Iterator[Connection]:
    """Give a connection; its errors are StoreUnavailable."""
    engine = postgres_engine(address)
    try:
        with engine.connect() as db:
            yield db
    except DBAPIError as error:
        raise unavailable(error) from error
    finally:
        engine.dispose()


def _database(address: URL) -> list[str]:
    """Return the arguments that name the database; a password does not stand where others can list it."""
    plain = URL.create(
        "postgresql", address.username, None, address.host, address.port, address.database, address.query
    )
    return [f"--dbname={plain.render_as_string(hide_password=False)}"]


def _run(program: str, address: URL | None, *arguments: str) -> str:
    """Run a program of the server; return what it wrote. Raises StoreUnavailable with what it said."""
    found = _found(program)
    environ = dict(os.environ)
    if address is not None and address.password:
        environ["PGPASSWORD"] = str(address.password)
    done = subprocess.run(  # noqa: S603 - no shell, and the program is the server's own
        [found, *arguments], env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode:
        where = f" {shown(address)}" if address is not None else ""
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise StoreUnavailable(f"{program}{where}: {(said or ['it failed'])[0][:_SAID]}")
    return done.stdout.decode(errors="replace")


def _found(program: str) -> str:
    found = shutil.which(program) or _newest(program)
    if found is None:
        raise DatabaseUnusable(
            f"{program} is not installed, and a database on a server is copied by it. Install the server's client"
            " programs (on Debian: apt-get install postgresql-client) and try again."
        )
    return found


def _newest(program: str) -> str | None:
    """Return the newest one of those that Debian keeps beside each other."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: path.parts[-3])
    return str(found[-1]) if found else None
