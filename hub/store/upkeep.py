"""What a SQLite database needs beside its writer: checkpoints and ballast, in a thread of their own.

A checkpoint inside a commit makes that commit wait for the whole database file to reach the disk; on a memory card
this can take longer than a press may.
"""

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import structlog

from hub.store.ballast import Ballast
from hub.store.engines import connect_sqlite

# A checkpoint is due after so many changed rows, or when the log grew by so much.
_ROWS = 1000
_GROWTH = 4 * 1024 * 1024
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
        self._rest_due = False
        self._thread = threading.Thread(target=self._run, name="store-upkeep", daemon=True)
        self._thread.start()

    def committed(self, changes: int) -> None:
        """Note a commit (from the writer's thread): `changes` counts all rows changed by its connection."""
        if self._rest_due:
            self._rest_due = False
            self._checkpoint("TRUNCATE")
        try:
            size = os.stat(self._wal).st_size
        except OSError:
            size = 0
        self._size = min(self._size, size)
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
            # Beside a busy writer the log never becomes empty. From this length on the writer itself waits for the
            # rest, between two commits; nearly all of it has been done here.
            self._rest_due = self._checkpoint("PASSIVE") > _LONG_LOG_PAGES
            self._ballast.restore()

    def _checkpoint(self, how: str) -> int:
        """Make a checkpoint; return how many pages the log had."""
        try:
            # The wait is short: a reader may be in the way, then the next one succeeds.
            with closing(connect_sqlite(self._path, wait_s=0.05)) as db:
                db.execute("PRAGMA synchronous=FULL")
                return int(db.execute(f"PRAGMA wal_checkpoint({how})").fetchone()[1])
        except sqlite3.Error as error:  # the writer meets the same fault and reports it
            _log.warning("no checkpoint", reason=str(error))
            return 0
