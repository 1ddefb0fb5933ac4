"""The command and its sub-commands. Heavy parts are imported inside the command that needs them."""

import sys
from typing import Annotated

import typer

from hub.cli import alerts, database, demo, deploy, homes, run, shelf, simulate
from hub.cli.failure import FAILED
from hub.cli.logs import configure, masked

app = typer.Typer(
    name="carehub",
    help="""Alert hub for older people who live at home: from a pressed button to a person who takes it.

Start with `carehub demo` (everything simulated), `carehub check-config` (is my configuration right?) and
`carehub run` (the hub itself). Every command takes --config DIR and works beside a running hub.""",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and debug logs.")] = False,
) -> None:
    """Take the options that stand before the command."""
    configure(debug=debug)


app.add_typer(alerts.app, name="alerts")
app.add_typer(shelf.app, name="shelf")
app.add_typer(database.app, name="db")
app.add_typer(simulate.app, name="simulate")
app.command("run")(run.run)
app.command("demo")(demo.demo)
app.command("check-config")(homes.check_config)
app.command("apply")(homes.apply)
app.command("broker-config")(deploy.broker_config)


def main() -> None:
    """Run the command; an error that nobody foresaw is one sentence, with --debug a traceback."""
    try:
        app()
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        what = masked(f"{type(error).__name__}: {error}")
        sys.stderr.write(f"carehub failed unexpectedly ({what}). Run it again with --debug for the details.\n")
        sys.exit(FAILED)
