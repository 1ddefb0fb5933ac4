"""`carehub db`: the database itself."""

import typer

from hub.cli.failure import fail
from hub.cli.place import ConfigOption, configuration

app = typer.Typer(help="The database itself.", no_args_is_help=True)


@app.command()
def upgrade(config: ConfigOption = None) -> None:
    """Bring the database to this version's tables; an SQLite file is copied first."""
    from hub.ports import StoreUnavailable
    from hub.store import DatabaseUnusable
    from hub.store import upgrade as upgrade_store

    loaded = configuration(config)
    try:
        before = upgrade_store(loaded.hub.database)
    except (DatabaseUnusable, StoreUnavailable) as error:
        fail(str(error))
    typer.echo("The database is up to date." if before else "The database was empty and now has its tables.")


@app.command()
def check(config: ConfigOption = None) -> None:
    """Check revision, integrity and tables; ends with 1 if something is wrong."""
    from hub.ports import StoreUnavailable
    from hub.store import DatabaseUnusable
    from hub.store import check as check_store

    loaded = configuration(config)
    try:
        report = check_store(loaded.hub.database)
    except (DatabaseUnusable, StoreUnavailable) as error:
        fail(str(error))
    if report.faults:
        fail("\n".join(report.faults))
    typer.echo(f"The database is whole and up to date (revision {report.revision}).")
