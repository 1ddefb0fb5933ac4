"""Connections to SQLite and PostgreSQL, set up so that a commit that returned is on the disk."""

import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

LOCK_WAIT_S = 5.0
_CONNECT_WAIT_S = 5
_STATEMENT_WAIT_MS = 30_000


class DatabaseUnusable(Exception):
    """The database cannot be opened, whatever one waits for; the text says why and what to do."""


class NotUpgraded(DatabaseUnusable):
    """The database on a server has no tables yet: nothing was ever kept in it."""


def parse(url: str) -> URL:
    """Return the address of a database this hub can use, or raise DatabaseUnusable."""
    try:
        found = make_url(url)
    except (ArgumentError, ValueError):
        found = None
    backend = found.get_backend_name() if found is not None else ""
    if found is not None and backend == "postgresql":
        return found.set(drivername="postgresql+psycopg")
    if found is not None and backend == "sqlite" and found.database and found.database != ":memory:":
        return found.set(drivername="sqlite", query={})
    raise DatabaseUnusable(
        "database: this address cannot be used; allowed are sqlite:///path/to/file.db and postgresql://user@host/name"
    )


def shown(url: URL) -> str:
    """Return an address as its owner wrote it, without the password."""
    plain = url.set(drivername=url.get_backend_name())
    return plain.render_as_string(hide_password=True).replace("%2F", "/")


def sqlite_file(url: URL) -> Path | None:
    """Return the file of a SQLite address, None for PostgreSQL."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def connect_sqlite(path: Path, *, wait_s: float = LOCK_WAIT_S) -> sqlite3.Connection:
    """Open an existing database file. A missing one is an error: SQLite would put an empty one in its place."""
    uri = f"file:{quote(str(path.absolute()))}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=wait_s, isolation_level=None, check_same_thread=False)


def sqlite_engine(
    path: Path, *, writes: bool = True, foreign_keys: bool = True, lock_wait_s: float = LOCK_WAIT_S
) -> Engine:
    """Return an engine for one file; its transactions take the write lock at BEGIN, or never write."""
    engine = create_engine(
        "sqlite://", creator=lambda: connect_sqlite(path, wait_s=lock_wait_s), poolclass=NullPool, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        # In WAL mode anything below FULL may lose the last commits with the power: the broker has their ack.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA foreign_keys={int(foreign_keys)}")
        # Checkpoints are made beside the writer, see upkeep: inside a commit they would hold a press up.
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("PRAGMA journal_size_limit=33554432")
        if not writes:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A deferred BEGIN that reads and then writes fails with "locked" at once, whatever the time-out says.
        raw = connection.connection.driver_connection
        if raw is not None:  # past SQLAlchemy, see hub/store/prepared.py
            raw.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def postgres_engine(url: URL, *, writes: bool = True, impatient: bool = True, name: str | None = None) -> Engine:
    """Return an engine for one server.

    `impatient`: a lock or statement that hangs is an error, not a wait. `name` is what the server shows of us.
    """
    limits = {"synchronous_commit": "on"}  # whatever the server's default: a commit that returned must be on disk
    if impatient:
        limits |= {
            "lock_timeout": f"{int(LOCK_WAIT_S * 1000)}",
            "statement_timeout": f"{_STATEMENT_WAIT_MS}",
            "idle_in_transaction_session_timeout": f"{2 * _STATEMENT_WAIT_MS}",
        }
    arguments: dict[str, Any] = {
        "connect_timeout": _CONNECT_WAIT_S,
        "application_name": name or f"carehub {os.getpid()}",
        "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    }
    engine = create_engine(url, poolclass=NullPool, connect_args=arguments, hide_parameters=True)
    if writes:
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
