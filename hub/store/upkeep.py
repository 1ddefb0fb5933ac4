"""What a SQLite database needs beside its writer: checkpoints and ballast, in a thread of their own.

A checkpoint inside a commit makes that commit wait for the whole database file to reach the disk; on a memory card
this can take longer than a press may.
"""

import os
import sqlite3
import threading
from pathlib import Path

import structlog

from hub.store.ballast import Ballast
from hub.store.engines import connect_sqlite

# A checkpoint is due after so many changed rows, or when the log grew by so much.
_ROWS = 1000
_GROWTH = 4 * 1024 * 1024
# Under steady load the log never becomes free by itself; from here on the writer is held up for the short rest.
_LONG_LOG_PAGES = 8192
_log = structlog.get_logger()


class Upkeep:
    """Wakes when the writer says there is something to do; ends with `close`."""

    def __init__(self, path: Path, ballast: Ballast) -> None:
        self._path = path
        self._wal = path.with_name(path.name + "-wal")
        self._ballast = ballast
        self._wake = threading.Event()
        self._closing = False
        self._rows = 0
        self._size = 0
        self._thread = threading.Thread(target=self._run, name="store-upkeep", daemon=True)
        self._thread.start()

    def committed(self, changes: int) -> None:
        """Note a commit (from the writer's thread): `changes` counts all rows changed by its connection."""
        try:
            size = os.stat(self._wal).st_size
        except OSError:
            size = 0
        if not 0 <= changes - self._rows < _ROWS or size - self._size >= _GROWTH:
            self._rows, self._size = changes, size
            self._wake.set()
        elif not self._ballast.is_held:
            self._wake.set()

    def close(self) -> None:
        """End after what is under way; the thread holds nothing that a process exit would harm."""
        self._closing = True
        self._wake.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        self._ballast.restore()
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._closing:
                return
            try:
                self._checkpoint()
            except sqlite3.Error as error:  # the writer meets the same fault and reports it
                _log.warning("no checkpoint", reason=str(error))
            self._ballast.restore()

    def _checkpoint(self) -> None:
        # A short wait: the last form below waits for readers while it keeps the writer out.
        db = connect_sqlite(self._path, wait_s=0.05)
        try:
            db.execute("PRAGMA synchronous=FULL")
            _, pages, _ = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if pages > _LONG_LOG_PAGES:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            db.close()
