"""A copy of the whole database while the hub runs, and the way back from it.

A backup is whole or not there: it is written beside its place, checked, put on the disk, and named last.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, select, true

from hub.alerts.alert import Stage
from hub.ports import LAST_COMMITTED, RESTORED_FROM, StoreUnavailable
from hub.store import postgres_dump, tables
from hub.store.engines import DatabaseUnusable, connect_sqlite, parse, sqlite_engine, sqlite_file
from hub.store.fact_rows import FactRows
from hub.store.faults import is_full
from hub.store.inspection import examine, explain
from hub.store.lock import RunLock
from hub.store.opening import integrity, migrate_file, upgrade
from hub.store.revisions import HEAD

NAME, BEFORE = "carehub-{at}.backup", "before-restore-{at}.backup"
_PART = ".part"
# SQLite keeps its log and its index of the log beside the file.
_BESIDE = ("-wal", "-shm")


class BackupFailed(Exception):
    """No backup was made, or nothing was put back; the text says why and what to do. What was there is as it was."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back: until when it knows, the revision it had, alerts that were open, where the old one is kept."""

    until: datetime | None
    revision: str
    open_alerts: int
    kept: Path | None


def backup(url: str, target: Path, now: datetime) -> Path:
    """Write a backup to a new file, or into a folder under a name with the time; return its path.

    On SQLite what was deleted is not in it. Raises BackupFailed, DatabaseUnusable, StoreUnavailable.
    """
    path = target / NAME.format(at=_stamp(now)) if target.is_dir() else target
    if path.exists():
        raise BackupFailed(f"{path} is there already. Name another file, or a folder.")
    if not path.parent.is_dir():
        raise BackupFailed(f"{path.parent} is not a folder. Make it, or name another.")
    address = parse(url)
    file = sqlite_file(address)
    with _unfinished(path) as part:
        if file is None:
            postgres_dump.dump(address, part)
        else:
            _copy_out(file, part)
    return path


def restore(url: str, source: Path, now: datetime) -> Restored:
    """Put a backup in the place of the database, which is kept beside it; an older backup is upgraded.

    Raises AlreadyRunning while a hub has the database, BackupFailed, DatabaseUnusable, StoreUnavailable.
    """
    if not source.is_file():
        raise BackupFailed(f"{source} is not a file. Name a file that `carehub db backup` wrote.")
    address = parse(url)
    file = sqlite_file(address)
    with RunLock(url):
        if file is not None:
            return _restore_file(source, file, now)
        return _restore_server(source, url, now)


def _stamp(now: datetime) -> str:
    return f"{now:%Y%m%dT%H%M%SZ}"


def _restore_server(source: Path, url: str, now: datetime) -> Restored:
    address = parse(url)
    revision, before = postgres_dump.check(source), postgres_dump.revision(address)
    sessions, kept = None, None
    if before == HEAD:
        with postgres_dump.connected(address) as db:
            sessions = _sessions_of(db)
    if before is not None:  # a new server has nothing to keep
        kept = source.with_name(BEFORE.format(at=_stamp(now)))
        with _unfinished(kept) as part:
            postgres_dump.dump(address, part)
    postgres_dump.load(address, source)
    upgrade(url)
    with postgres_dump.connected(address) as db:
        until, open_alerts = _mark(db, sessions)
        db.commit()
    return Restored(until, revision, open_alerts, kept)


# --- SQLite


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """Give a private file to write to, and name it `path` once it is whole and on the disk."""
    part = path.with_name(path.name + _PART)
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        yield part
        _sync(part)
        part.rename(path)
        _sync(path.parent)
    except OSError as error:
        raise BackupFailed(_unwritable(path, error)) from error
    finally:
        for name in (part.name, *(part.name + beside for beside in _BESIDE)):
            part.with_name(name).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(path: Path, error: OSError) -> str:
    return f"{error.filename or path} cannot be written: {error.strerror}. See that the disk has room, or name another."


def _copy_out(file: Path, part: Path) -> None:
    """Write a whole, compact copy of a database that others may be writing to, and check it."""
    if examine(file) is None:
        raise BackupFailed(f"There is no database at {file}.")
    try:
        # One snapshot, beside the writer. Not the page by page copy of the backup interface: that would take what was
        # deleted along.
        with closing(connect_sqlite(file)) as db:
            db.execute("VACUUM INTO ?", (str(part),))
    except sqlite3.Error as error:
        if is_full(error):
            raise BackupFailed(f"The disk of {part.parent} is full: make room, or name another folder.") from error
        raise explain(error, file) from error
    if faults := integrity(part):
        raise BackupFailed(f"The copy is not sound, so it was removed: {faults[0]}.")


def _restore_file(source: Path, file: Path, now: datetime) -> Restored:
    revision = _sound(source)
    fresh = file.with_name(file.name + ".restored")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        until, open_alerts = _prepare(source, fresh, file)
        kept = _put_aside(file, now)
        fresh.replace(file)
        _sync(file.parent)
    except sqlite3.Error as error:
        raise explain(error, file) from error
    except OSError as error:
        raise BackupFailed(_unwritable(file, error)) from error
    finally:
        for name in (fresh.name, *(fresh.name + beside for beside in _BESIDE)):
            fresh.with_name(name).unlink(missing_ok=True)
    return Restored(until, revision, open_alerts, kept)


def _sound(source: Path) -> str:
    """Return the revision of a backup that can be put back."""
    try:
        revision = examine(source)
    except DatabaseUnusable as error:
        raise BackupFailed(f"{error} Nothing was put back.") from error
    faults = integrity(source)
    if revision is None or faults:
        raise BackupFailed(f"{faults[0] if faults else f'{source} is empty'}. Nothing was put back.")
    return revision


def _prepare(source: Path, fresh: Path, file: Path) -> tuple[datetime | None, int]:
    """Make a file of this hub's revision out of the backup, with the marks of a database that was put back."""
    fresh.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(connect_sqlite(source)) as db:
        db.execute("VACUUM INTO ?", (str(fresh),))
    migrate_file(fresh)
    engine = sqlite_engine(fresh)
    with engine.connect() as db:
        found = _mark(db, _sessions(file))
        db.commit()
    engine.dispose()
    with closing(connect_sqlite(fresh)) as raw:
        raw.execute("PRAGMA journal_mode=DELETE")  # all of it in one file, to be moved
    _sync(fresh)
    _hand_over(file, fresh, file.with_name(file.name + ".lock"))
    return found


def _hand_over(file: Path, *made: Path) -> None:
    """Give what root made to the user of the hub: to whom the database belongs, or its folder."""
    if os.geteuid() == 0:
        owner = (file if file.exists() else file.parent).stat()
        for path in made:
            os.chown(path, owner.st_uid, owner.st_gid)


def _sessions(file: Path) -> list[dict[str, object]] | None:
    """Return what the database that goes knows of the broker's sessions, if it can still be read."""
    try:
        if examine(file) != HEAD:
            return None
        with sqlite_engine(file, writes=False).connect() as db:
            return _sessions_of(db)
    except Exception:  # whatever it is, it is why a backup is put back
        return None


def _is_readable(file: Path) -> bool:
    try:
        return examine(file) is not None
    except (DatabaseUnusable, StoreUnavailable):
        return False


def _sessions_of(db: Connection) -> list[dict[str, object]]:
    return [dict(row) for row in db.execute(select(tables.sessions)).mappings()]


def _put_aside(file: Path, now: datetime) -> Path | None:
    """Keep the database that goes under another name; until it is replaced, it stays under its own too."""
    if not file.exists():
        return None
    kept = file.with_name(f"{file.name}.replaced-{_stamp(now)}")
    if _is_readable(file):
        with closing(connect_sqlite(file)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.execute("PRAGMA journal_mode=DELETE")
    else:  # its log is kept with it; beside another file it would destroy that
        for beside in _BESIDE:
            log = file.with_name(file.name + beside)
            if log.exists():
                log.rename(kept.with_name(kept.name + beside))
    try:
        os.link(file, kept)
    except OSError:  # a file system without links
        shutil.copy2(file, kept)
    kept.chmod(0o600)
    _sync(kept)
    return kept


# --- what a database that was put back must not believe


def _mark(db: Connection, sessions: list[dict[str, object]] | None) -> tuple[datetime | None, int]:
    """Make it safe to go on with an old state; return until when it knows, and how many alerts were open then.

    The broker is ahead. What it sends again may be a press that came after the backup: nothing is taken for known
    (duplicates rather than losses). `sessions`: how far the database that goes had heard; else the backup's word holds.
    """
    kept = FactRows(db, None).fact(LAST_COMMITTED)
    until = datetime.fromisoformat(kept) if kept else None
    db.execute(delete(tables.deliveries))
    db.execute(delete(tables.tries))
    if sessions is not None:
        db.execute(delete(tables.sessions))
        if sessions:
            db.execute(insert(tables.sessions), sessions)
    if until is not None:
        db.execute(delete(tables.facts).where(tables.facts.c.name == RESTORED_FROM))
        db.execute(insert(tables.facts).values(name=RESTORED_FROM, value=until.isoformat()))
    a = tables.alerts.c
    is_open = (a.live == true(), a.stage != Stage.RESOLVED)
    return until, int(db.execute(select(func.count()).select_from(tables.alerts).where(*is_open)).scalar() or 0)
