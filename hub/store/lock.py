"""One run per database: a lock that the system takes away with the process that holds it."""

import fcntl
import os
import socket
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from hub.store.engines import parse, postgres_engine, shown, sqlite_file
from hub.store.faults import unavailable

_KEY = "hashtextextended('carehub run', 0)"
_TAKE = text(f"SELECT pg_advisory_lock({_KEY})")
_GIVE = text(f"SELECT pg_advisory_unlock({_KEY})")
# A server notices the death of the run before us some moments later.
_WAIT = text("SET lock_timeout = '1s'")
_WAITED = "55P03"
_HOLDER = text(
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)"  # noqa: S608
    f" WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
    f" AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    f" AND (l.classid::bigint << 32 | l.objid::bigint) = {_KEY}"
)


class AlreadyRunning(Exception):
    """Another run has this database; the text says which process, where that is known."""


class RunLock:
    """The right to be the one `run` on a database. Held from `acquire` to `release`, or to the process's death."""

    def __init__(self, url: str) -> None:
        self._url = parse(url)
        self._file = sqlite_file(self._url)
        self._handle: int | None = None
        self._db: Connection | None = None

    def acquire(self) -> Self:
        """Take the lock or raise AlreadyRunning; StoreUnavailable if a server cannot be asked."""
        if self._file is not None:
            self._lock_file()
        else:
            self._lock_server()
        return self

    def still_held(self) -> bool:
        """Whether the lock is ours; a server that was restarted is asked for it again.

        Raises StoreUnavailable while the server cannot be asked.
        """
        if self._file is not None:
            return self._handle is not None
        if self._db is not None:
            try:
                self._db.exec_driver_sql("SELECT 1")
                return True
            except DBAPIError:
                self._db.invalidate()
                self._db = None
        try:
            self._lock_server()
        except AlreadyRunning:
            return False
        return True

    def release(self) -> None:
        """Give the lock up."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        db, self._db = self._db, None
        if db is not None:
            try:
                db.execute(_GIVE)
                db.close()
            except DBAPIError:  # the server is gone, and the lock with it
                db.invalidate()

    def _lock_file(self) -> None:
        if self._file is None or self._handle is not None:
            return
        path = self._file.with_name(self._file.name + ".lock")
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, parents=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(handle, 64).decode(errors="replace").strip()
            os.close(handle)
            raise self._already(f"process {holder}" if holder.isdigit() else "another process") from None
        os.truncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        self._handle = handle

    def _lock_server(self) -> None:
        engine = postgres_engine(self._url, name=self._name())
        try:
            db = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        except DBAPIError as error:
            raise unavailable(error) from error
        try:
            db.execute(_WAIT)
            holder = self._take(db)
        except DBAPIError as error:
            db.invalidate()
            raise unavailable(error) from error
        if holder is None:
            self._db = db
            return
        db.close()
        raise self._already(holder.removeprefix("carehub run: "))

    def _take(self, db: Connection) -> str | None:
        """Take the lock on a server; return who has it instead, None if it is ours."""
        try:
            db.execute(_TAKE)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _WAITED:
                raise
            return str(db.execute(_HOLDER).scalar() or "another process")
        return None

    def _name(self) -> str:
        return f"carehub run: process {os.getpid()} on {socket.gethostname()}"[:63]

    def _already(self, holder: str) -> AlreadyRunning:
        return AlreadyRunning(
            f"{self._file or shown(self._url)} is in use by {holder}: only one run per database. End that one first."
        )

    def __enter__(self) -> Self:
        """Acquire."""
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release."""
        self.release()
