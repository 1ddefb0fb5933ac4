"""Open, create, upgrade and check a database. What is damaged or newer is refused, never replaced."""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path

import structlog
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError

from hub.clock import HubClock
from hub.store.ballast import Ballast
from hub.store.engines import (
    LOCK_WAIT_S,
    DatabaseUnusable,
    NotUpgraded,
    connect_sqlite,
    parse,
    postgres_engine,
    shown,
    sqlite_engine,
    sqlite_file,
)
from hub.store.faults import is_full, unavailable
from hub.store.inspection import damaged, examine, explain, had_database, known
from hub.store.revisions import HEAD, migrate, revision_of
from hub.store.schema import differences
from hub.store.sql_store import SqlStore

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('carehub upgrade', 0))")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check` found. `faults` has one sentence each; none means that the database is sound."""

    revision: str | None
    faults: tuple[str, ...] = ()


def open_store(url: str, *, lock_wait: timedelta = timedelta(seconds=LOCK_WAIT_S)) -> SqlStore:
    """Open the database at `url`; a SQLite one is created or upgraded first. Blocks for up to some seconds.

    `lock_wait`: how long a write waits for another process that holds a SQLite database.

    Raises DatabaseUnusable with what to do about it, StoreUnavailable if waiting may help.
    """
    address = parse(url)
    path = sqlite_file(address)
    if path is not None:
        return _open_sqlite(path, lock_wait.total_seconds())
    with _connected(address) as db:
        revision = known(revision_of(db), shown(address))
    if revision != HEAD:
        unusable, state = (NotUpgraded, "empty") if revision is None else (DatabaseUnusable, f"at revision {revision}")
        raise unusable(f"{shown(address)} is {state}, and this carehub needs {HEAD}. Run `carehub db upgrade` first.")
    return SqlStore.on_postgres(postgres_engine(address), postgres_engine(address, writes=False))


def upgrade(url: str) -> str | None:
    """Bring a database to this hub's revision; return the one it had (None: it was empty). Errors as `open_store`."""
    address = parse(url)
    path = sqlite_file(address)
    if path is not None:
        return _prepare(path)
    with _connected(address, impatient=False) as db:
        db.execute(_LOCK)
        revision = known(revision_of(db), shown(address))
        if revision != HEAD:
            migrate(db)
        db.commit()
    return revision


def check(url: str) -> CheckReport:
    """Examine a database as a whole: readable, sound, of this revision, with exactly this schema. Changes nothing."""
    address = parse(url)
    path = sqlite_file(address)
    try:
        if path is None:
            with _connected(address, impatient=False) as db:
                return _check_schema(db, known(revision_of(db), shown(address)))
        revision = examine(path)
        if revision is None:
            return CheckReport(None, (f"there is no database at {path} yet",))
        faults = integrity(path)
        if faults:
            return CheckReport(revision, faults)
        engine = sqlite_engine(path, writes=False)
        with engine.connect() as db:
            return _check_schema(db, revision)
    except (DatabaseUnusable, DBAPIError) as error:
        return CheckReport(None, (str(getattr(error, "orig", None) or error),))


class _connected:  # noqa: N801 - used like the function it stands for
    """A connection to a server for one task; its errors are StoreUnavailable."""

    def __init__(self, address: URL, *, impatient: bool = True) -> None:
        self._engine = postgres_engine(address, impatient=impatient)
        self._db: Connection | None = None

    def __enter__(self) -> Connection:
        try:
            self._db = self._engine.connect()
        except DBAPIError as error:
            raise unavailable(error) from error
        return self._db

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if self._db is not None:
            self._db.close()
        self._engine.dispose()


def _check_schema(db: Connection, revision: str | None) -> CheckReport:
    if revision != HEAD:
        state = "has no tables yet" if revision is None else f"is at revision {revision}, not {HEAD}"
        return CheckReport(revision, (f"the database {state}: run `carehub db upgrade`",))
    try:
        return CheckReport(revision, tuple(differences(db)))
    except DBAPIError as error:
        return CheckReport(revision, (f"the schema could not be compared: {unavailable(error)}",))


def integrity(path: Path) -> tuple[str, ...]:
    """Return what is damaged in a SQLite file, a sentence each."""
    try:
        with closing(connect_sqlite(path)) as db:
            told = [row[0] for row in db.execute("PRAGMA integrity_check(20)")]
            loose = db.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.Error as error:
        return (str(explain(error, path)),)
    faults = [] if told == ["ok"] else [f"{path} is damaged: {line}" for line in told]
    faults += [f"table {row[0]}: a row points at nothing in {row[2]}" for row in loose[:20]]
    return tuple(faults)


def _open_sqlite(path: Path, lock_wait_s: float) -> SqlStore:
    ballast = Ballast(path)
    lost = had_database(path)
    try:
        revision = _prepare(path)
    except Exception as error:
        if not (is_full(error.__cause__ or error) and ballast.release()):
            raise
        revision = _prepare(path)
    store = SqlStore.on_sqlite(
        path, sqlite_engine(path, lock_wait_s=lock_wait_s), sqlite_engine(path, writes=False), ballast
    )
    store.created = revision is None
    store.lost = store.created and lost
    return store


def _prepare(path: Path) -> str | None:
    """Make the file what this hub needs; return the revision it had."""
    revision = examine(path)
    try:
        if revision is None:
            _create_file(path)
        elif revision != HEAD:
            _copy(path, revision)
        _private(path)
    except OSError as error:
        raise DatabaseUnusable(
            f"{path} cannot be made or copied: {error.strerror}. Give the user of carehub this folder to write,"
            " and see that the disk has room."
        ) from error
    if revision != HEAD:
        migrate_file(path)
    return revision


def _create_file(path: Path) -> None:
    """Make an empty file that only we can read; SQLite gives the files beside it the same rights."""
    if not path.parent.exists():
        path.parent.mkdir(mode=0o700, parents=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _private(path: Path) -> None:
    for name in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        if name.exists() and name.stat().st_uid == os.getuid() and name.stat().st_mode & 0o077:
            name.chmod(0o600)


def _copy(path: Path, revision: str) -> None:
    """Put a whole copy beside the database, named with its revision and the time."""
    now = HubClock().now().astimezone(UTC)
    target = path.with_name(f"{path.name}.{revision}.{now:%Y%m%dT%H%M%SZ}.copy")
    part = target.with_name(target.name + ".part")
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        with closing(connect_sqlite(path)) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        handle = os.open(part, os.O_RDWR)
        os.fsync(handle)
        os.close(handle)
        part.rename(target)
    except sqlite3.Error as error:
        part.unlink(missing_ok=True)
        raise explain(error, path) from error
    _log.info("copied the database before its upgrade", copy=str(target))


def migrate_file(path: Path) -> None:
    """Bring a SQLite file to this hub's revision, or leave it as it was."""
    # Without foreign keys: a table that is written anew is dropped in between, and would take its children along.
    engine = sqlite_engine(path, foreign_keys=False)
    try:
        with engine.connect() as db:
            revision = known(revision_of(db), str(path))  # another process may have been first
            if revision != HEAD:
                migrate(db)
            if loose := db.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise damaged(path, f"a row of {loose[0]} points at nothing")
            db.commit()
    except DBAPIError as error:
        raise explain(error.orig, path) if isinstance(error.orig, sqlite3.Error) else unavailable(error) from error
    finally:
        engine.dispose()
