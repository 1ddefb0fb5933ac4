"""A secret of this hub's own, in a file that only it can read."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

import structlog

log = structlog.get_logger("store")

LENGTH = 32


def secret(path: Path) -> bytes:
    """Return the secret kept at `path`; make one where there is none.

    Where it cannot be kept it lasts as long as this process: what was made with it is then not made alike again.
    """
    kept = _read(path)
    if kept is not None:
        return kept
    fresh = secrets.token_bytes(LENGTH)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, fresh)
    except OSError as error:
        log.warning("secret_not_kept", file=path.name, error=type(error).__name__)
        return fresh
    return _read(path) or fresh  # another process may have been first


def _read(path: Path) -> bytes | None:
    try:
        kept = path.read_bytes()
    except OSError:
        return None
    return kept if len(kept) == LENGTH else None


def _write(path: Path, fresh: bytes) -> None:
    """Put the whole file there at once, unless a right one came between; never half of it, never readable by others."""
    part = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(fresh)
            file.flush()
            os.fsync(file.fileno())
        if _read(path) is None:
            with suppress(FileNotFoundError):
                path.unlink()  # one that was cut short opens nothing
            with suppress(FileExistsError):
                os.link(part, path)
    finally:
        part.unlink(missing_ok=True)
