"""One connection of one thread: begun, committed, dropped when it is no longer to be trusted."""

import os
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from hub.ports import StoreUnavailable
from hub.store.revisions import HEAD

_REVISION = text("SELECT version_num FROM alembic_version")


class Link:
    """Connects when first needed, and again after it was dropped. Belongs to one thread.

    Raises StoreUnavailable if the database is not the one that was opened: SQLite would go on for ever in a file
    that was deleted or replaced under it.
    """

    def __init__(self, engine: Engine, path: Path | None = None) -> None:
        self._engine = engine
        self._path = path
        self._file: tuple[int, int] | None = None
        self._db: Connection | None = None
        self._opened = 0

    def begin(self) -> Connection:
        """Return a connection in a new transaction."""
        if self._db is not None and self._path is not None and self._file != self._identity():
            self.drop()
        if self._db is not None:
            self._db.begin()
            return self._db
        self._file = self._identity()
        db = self._engine.connect()
        self._db = db
        self._opened += 1
        db.begin()
        revision = db.execute(_REVISION).scalar()
        if revision != HEAD:
            self.drop()
            raise StoreUnavailable(f"the database changed under the hub: its revision is {revision}, not {HEAD}")
        return db

    def commit(self) -> None:
        """Make the transaction durable."""
        if self._db is not None:
            self._db.commit()

    def rollback(self) -> None:
        """End the transaction without a trace; a connection that cannot even do that is dropped."""
        try:
            if self._db is not None:
                self._db.rollback()
        except DBAPIError:
            self.drop()

    def drop(self) -> None:
        """Give the connection up."""
        db, self._db = self._db, None
        if db is None:
            return
        try:
            db.close()
        except DBAPIError:
            db.invalidate()

    def say(self, sql: str) -> None:
        """Run a plain statement about savepoints; past SQLAlchemy on SQLite, where it takes a tenth of the time."""
        if self._db is None:
            raise StoreUnavailable("the transaction is gone")
        raw = self._db.connection.driver_connection if self._path is not None else None
        if raw is not None:
            raw.execute(sql)
        else:
            self._db.exec_driver_sql(sql)

    def data_version(self) -> int | None:
        """Return a number that changes with each commit of others on SQLite, None if there is no connection."""
        if self._db is None or self._path is None:
            return None
        raw = self._db.connection.driver_connection
        if raw is None:
            return None
        # SQLite counts for each connection anew.
        return (self._opened << 32) + int(raw.execute("PRAGMA data_version").fetchone()[0])

    def changes(self) -> int:
        """Return SQLite's count of rows this connection changed."""
        raw = self._db.connection.driver_connection if self._db is not None and self._path is not None else None
        return int(raw.total_changes) if raw is not None else 0

    def _identity(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        try:
            found = os.stat(self._path)
        except OSError as error:
            raise StoreUnavailable(f"the database file {self._path} is gone: {error.strerror}") from error
        return found.st_dev, found.st_ino
