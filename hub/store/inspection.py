"""A look at a SQLite file before it is used: what must not be touched is recognised here."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from hub.ports import StoreUnavailable
from hub.store.ballast import Ballast
from hub.store.engines import DatabaseUnusable, connect_sqlite
from hub.store.revisions import HEAD, REVISIONS
from hub.store.tables import readings

_MAGIC = b"SQLite format 3\x00"
# Larger files are checked without the one table that grows: a start must not read a month of readings.
_CHECK_ALL_BYTES = 64 * 1024 * 1024
_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB"}
_REFUSED = {"SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH"}


def damaged(path: Path, why: str) -> DatabaseUnusable:
    """Return the error for a file that cannot be trusted."""
    return DatabaseUnusable(
        f"{path} is damaged ({why}). It was left as it is: put a copy in its place, or move it and the files"
        f" beside it that begin with {path.name} away to begin with an empty database."
    )


def had_database(path: Path) -> bool:
    """Whether the folder holds a sign that a database lived at `path`."""
    return Ballast(path).path.exists() or _log_size(path) > 0


def _log_size(path: Path) -> int:
    try:
        return os.stat(path.with_name(path.name + "-wal")).st_size
    except OSError:
        return 0


def examine(path: Path) -> str | None:
    """Return the revision of the database at `path`, None if there is none yet.

    Raises DatabaseUnusable for one that is damaged, newer, not ours or not readable, StoreUnavailable for one that
    is locked. Changes nothing.
    """
    try:
        size = os.stat(path).st_size
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except FileNotFoundError:
        if _log_size(path) > 0:
            raise damaged(path, "the file is gone, but its log is there") from None
        return None
    except OSError as error:
        raise DatabaseUnusable(
            f"{path} cannot be read: {error.strerror}. Give the user of carehub this file."
        ) from error
    if size == 0:
        if had_database(path):
            raise damaged(path, "it is empty, but a database was here before")
        return None
    if start != _MAGIC:
        raise damaged(path, "it is not a SQLite database")
    return known(_look_inside(path, size), str(path), empty_is_fine=not had_database(path))


def _look_inside(path: Path, size: int) -> str | None:
    try:
        with closing(connect_sqlite(path)) as db:
            return _examine_open(db, path, size)
    except sqlite3.Error as error:
        raise explain(error, path) from error


def _examine_open(db: sqlite3.Connection, path: Path, size: int) -> str | None:
    names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    checks = ["PRAGMA quick_check(1)"]
    if size > _CHECK_ALL_BYTES:
        quoted = [name.replace("'", "''") for name in names if name != readings.name]
        checks = [f"PRAGMA quick_check('{name}')" for name in quoted]
    for check in checks:
        told = db.execute(check).fetchone()[0]
        if told != "ok":
            raise damaged(path, str(told).splitlines()[-1])
    if "alembic_version" not in names:
        return "" if names else None
    row = db.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row is not None else ("" if len(names) > 1 else None)


def explain(error: sqlite3.Error, path: Path) -> Exception:
    """Return what an error of SQLite on opening means."""
    name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
    if name in _DAMAGED:
        return damaged(path, str(error))
    if name in _REFUSED:
        return DatabaseUnusable(
            f"{path} cannot be used: {error}. Give the user of carehub this file and its folder to read and write."
        )
    return StoreUnavailable(f"{path} cannot be opened now: {error}")


def known(revision: str | None, where: str, *, empty_is_fine: bool = True) -> str | None:
    """Return the revision if this hub can work with it or upgrade it, else raise DatabaseUnusable."""
    if revision in REVISIONS or (revision is None and empty_is_fine):
        return revision
    if revision is None:
        raise damaged(Path(where), "its tables are gone")
    if revision == "":
        raise DatabaseUnusable(
            f"{where} holds the tables of another program. Give carehub a database of its own under `database:`."
        )
    raise DatabaseUnusable(
        f"{where} was written by a newer carehub (revision {revision}; this one knows up to {HEAD})."
        " It was left as it is: install the newer carehub again, or put back the copy made before the upgrade."
    )
