"""`carehub db`: the database itself."""

import typer

from hub.cli.failure import fail, sentence
from hub.cli.helping import Commands
from hub.cli.opened import why_unusable
from hub.cli.place import ConfigOption, configuration

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


app.add("upgrade", upgrade, "carehub db upgrade --config /etc/carehub")
app.add("check", check, "carehub db check --config /etc/carehub")
