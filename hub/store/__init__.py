"""The database: what was accepted is kept here, on SQLite or PostgreSQL, before anybody hears that it was."""

from hub.store.alert_rows import AlertConflict
from hub.store.engines import DatabaseUnusable, NotUpgraded
from hub.store.lock import AlreadyRunning, RunLock
from hub.store.opening import CheckReport, check, open_store, upgrade
from hub.store.sql_store import NoStore, SqlStore

__all__ = [
    "AlertConflict",
    "AlreadyRunning",
    "CheckReport",
    "DatabaseUnusable",
    "NoStore",
    "NotUpgraded",
    "RunLock",
    "SqlStore",
    "check",
    "open_store",
    "upgrade",
]
