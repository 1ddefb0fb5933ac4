"""`carehub db`: the database itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.failure import fail, sentence
from hub.cli.helping import Commands
from hub.cli.opened import why_unusable
from hub.cli.place import ConfigOption, configuration, hub_alone

if TYPE_CHECKING:
    from hub.alerts.kept import Kept

app = Commands("""Look after the database itself.

    An SQLite database is made and upgraded by `carehub run`. On PostgreSQL `carehub db upgrade` does it: once before
    the first start, and after each update of carehub.
    """)


def upgrade(config: ConfigOption = None) -> None:
    """Bring the database to this version's tables.

    An SQLite file is copied first, beside itself. A damaged database, or one of a newer carehub, is left as it is.
    """
    from hub.ports import StoreUnavailable
    from hub.store import DatabaseUnusable
    from hub.store import upgrade as upgrade_store
    from hub.store.revisions import HEAD

    loaded = configuration(config)
    try:
        before = upgrade_store(loaded.hub.database)
    except (DatabaseUnusable, StoreUnavailable, OSError) as error:
        fail(why_unusable(error))
    if before is None:
        typer.echo(f"The database was empty and now has its tables (revision {HEAD}).")
    elif before == HEAD:
        typer.echo(f"The database is up to date (revision {HEAD}).")
    else:
        typer.echo(f"The database was upgraded from revision {before} to {HEAD}.")


def check(config: ConfigOption = None) -> None:
    """Examine the database: readable, whole, with exactly this version's tables; changes nothing.

    Ends with 1 and one sentence for each fault if something is wrong.
    """
    from hub.ports import StoreUnavailable
    from hub.store import DatabaseUnusable
    from hub.store import check as check_store

    loaded = configuration(config)
    try:
        report = check_store(loaded.hub.database)
    except (DatabaseUnusable, StoreUnavailable, OSError) as error:
        fail(why_unusable(error))
    if report.faults:
        fail("\n".join(sentence(fault) for fault in report.faults))
    typer.echo(f"The database is whole and up to date (revision {report.revision}).")


def backup(
    target: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="A new file, or a folder: then the time names it.")
    ],
    config: ConfigOption = None,
) -> None:
    """Write a backup of the whole database, while the hub runs.

    It is of one moment, checked after it was written, readable by its owner alone, and there whole or not at all. On
    PostgreSQL pg_dump writes it. It holds personal data: keep it no longer than `keep` says.
    """
    from hub.clock import HubClock
    from hub.ports import StoreUnavailable
    from hub.store import DatabaseUnusable
    from hub.store.backup import BackupFailed
    from hub.store.backup import backup as write

    loaded = hub_alone(config)
    try:
        path = write(loaded.hub.database, target, HubClock().now())
    except (BackupFailed, DatabaseUnusable, StoreUnavailable, OSError) as error:
        fail(why_unusable(error))
    typer.echo(f"Wrote {path} ({_size(path.stat().st_size)}).")


def restore(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="What `carehub db backup` wrote.")],
    config: ConfigOption = None,
) -> None:
    """Put a backup in the place of the database. The hub must be stopped.

    The backup is checked first, and upgraded if it is older. The database it replaces is kept beside it. What came
    after the backup is not known any more: at its next start the hub tells staff from when to when, alerts that were
    open then are open again and go on, and what the broker sends again is taken for new.
    """
    from hub.clock import HubClock
    from hub.ports import StoreUnavailable
    from hub.store import AlreadyRunning, DatabaseUnusable
    from hub.store.backup import BackupFailed
    from hub.store.backup import restore as put_back

    loaded = hub_alone(config)
    try:
        done = put_back(loaded.hub.database, source, HubClock().now())
    except (AlreadyRunning, BackupFailed, DatabaseUnusable, StoreUnavailable, OSError) as error:
        fail(why_unusable(error))
    until = done.until.astimezone(loaded.hub.timezone).strftime("%Y-%m-%d %H:%M:%S") if done.until else "its beginning"
    typer.echo(f"Restored {source}, revision {done.revision}: it knows all until {until}.")
    if done.kept is not None:
        typer.echo(f"The database it replaced is kept as {done.kept}.")
    if done.until is None:
        return
    alerts = f"{done.open_alerts} alert{'s' * (done.open_alerts != 1)}"
    typer.echo(f"{alerts} of that time will go on when the hub starts. Staff are told from when calls are not known.")


def tidy(config: ConfigOption = None) -> None:
    """Delete what was kept long enough, now; a running hub does so each hour.

    Readings and shelved messages older than keep.readings; resolved alerts, with history and messages, replies and
    what people did, older than keep.alerts. Unresolved alerts are never touched.
    """
    import asyncio

    from hub.cli.opened import opened

    loaded = hub_alone(config)

    async def run() -> "Mapping[Kept, int]":
        from hub.engine.retention import Retention

        async with opened(loaded) as engine:
            keep = loaded.hub.keep
            return await Retention(engine.store, engine.clock, keep.readings, keep.alerts).once()

    gone = asyncio.run(run())
    rows = ", ".join(f"{what.value} {count}" for what, count in gone.items())
    typer.echo(f"Deleted: {rows}." if gone else "Nothing was old enough.")


def _size(count: int) -> str:
    """Return a file's size as people say it."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


app.add("backup", backup, "carehub db backup /var/backups/carehub", "carehub db backup before-update.backup")
app.add("restore", restore, "systemctl stop carehub", "carehub db restore carehub-20260301T040000Z.backup")
app.add("tidy", tidy, "carehub db tidy --config /etc/carehub")
app.add("upgrade", upgrade, "carehub db upgrade --config /etc/carehub")
app.add("check", check, "carehub db check --config /etc/carehub")
