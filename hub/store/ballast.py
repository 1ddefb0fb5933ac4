"""Some megabytes beside the database that are given up when the disk is full, so that a press still commits."""

import os
from pathlib import Path

import structlog

BALLAST_BYTES = 8 * 1024 * 1024
_log = structlog.get_logger()


class Ballast:
    """A file of real blocks. Empty, it still says that a database lived here, so it is emptied, never removed."""

    def __init__(self, database: Path, size: int = BALLAST_BYTES) -> None:
        self.path = database.with_name(database.name + ".ballast")
        self._size = size

    def release(self) -> bool:
        """Give the room back; True if there was any."""
        try:
            if os.stat(self.path).st_size == 0:
                return False
            os.truncate(self.path, 0)
        except OSError:
            return False
        _log.error("the disk is full: ballast released", room=self._size)
        return True

    @property
    def is_held(self) -> bool:
        """Whether the room is set aside."""
        try:
            return os.stat(self.path).st_size >= self._size
        except OSError:
            return False

    def restore(self) -> bool:
        """Set the room aside if four times as much is free; True if it is held afterwards."""
        if self.is_held:
            return True
        try:
            room = os.statvfs(self.path.parent)
            if room.f_bavail * room.f_frsize < 4 * self._size:
                return False
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                # Written, not only reserved: not every file system keeps a reservation apart.
                for _ in range(self._size // 65536):
                    os.write(handle, bytes(65536))
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            _log.warning("no ballast beside the database", reason=error.strerror)
            return False
        return True
