"""What an error of the database means: whose it is, and whether the same again can help."""

import sqlite3

from sqlalchemy.exc import DatabaseError as SomeDatabaseError
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError

from hub.ports import StoreUnavailable

# What a file system without room answers, and SQLite's names for it. EFBIG (a limit of the process or of the file
# system) and a full tmpfs under the shared memory file arrive as I/O errors.
_FULL_SQLITE = {
    "SQLITE_FULL",
    "SQLITE_IOERR_WRITE",
    "SQLITE_IOERR_SHMSIZE",
    "SQLITE_IOERR_SHMOPEN",
    "SQLITE_IOERR_TRUNCATE",
}
_FULL_POSTGRES = "53100"
_ABORTED_BY_OWN_FAULT = "25P02"
# Two lanes held what the other wanted (deadlock detected, serialization failure): the same again works.
_IN_EACH_OTHERS_WAY = {"40P01", "40001"}


def _state(error: BaseException) -> str | None:
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state if isinstance(state, str) else None


def _sqlite_name(error: BaseException) -> str | None:
    name = getattr(getattr(error, "orig", error), "sqlite_errorname", None)
    return name if isinstance(name, str) else None


def is_unavailable(error: BaseException) -> bool:
    """Whether the database failed, rather than the work that was asked of it."""
    if isinstance(error, StoreUnavailable):
        return True
    if not isinstance(error, DBAPIError):
        return isinstance(error, sqlite3.Error)
    if _state(error) == _ABORTED_BY_OWN_FAULT:
        return False
    if isinstance(error, OperationalError | InterfaceError | InternalError) or error.connection_invalidated:
        return True
    # SQLite says "malformed" and "not a database" with the bare class; its children are the caller's own errors.
    return type(error) is SomeDatabaseError


def is_full(error: BaseException) -> bool:
    """Whether the disk had no room."""
    return _sqlite_name(error) in _FULL_SQLITE or _state(error) == _FULL_POSTGRES


def is_lost(error: BaseException) -> bool:
    """Whether the connection broke, so that a new one may work at once."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def is_passing(error: BaseException) -> bool:
    """Whether the same work will do at once: the connection broke, or another transaction was in the way."""
    return is_lost(error) or _state(error) in _IN_EACH_OTHERS_WAY


def is_conflict(error: BaseException) -> bool:
    """Whether a constraint of the schema refused the row."""
    return isinstance(error, IntegrityError)


def unavailable(error: BaseException) -> StoreUnavailable:
    """Return the error that waiting callers get: one line, without the statement and its personal data."""
    if isinstance(error, StoreUnavailable):
        return error
    told = str(getattr(error, "orig", None) or error).strip().splitlines()
    found = StoreUnavailable(f"the database cannot be used now: {told[0] if told else type(error).__name__}")
    found.__cause__ = error
    return found
