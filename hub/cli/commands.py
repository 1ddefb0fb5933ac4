"""The command and its sub-commands. Heavy parts are imported inside the command that needs them."""

import importlib.metadata
import io
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from hub.cli import (
    accounts,
    alerts,
    away,
    buttons,
    database,
    decode,
    demo,
    deploy,
    export,
    homes,
    homes_import,
    init,
    mode,
    run,
    shelf,
    simulate,
    test_home,
)
from hub.cli.failure import FAILED, INTERRUPTED, say, sentence
from hub.cli.helping import Commands
from hub.cli.logs import configure, masked

DEBUG = "--debug"

app = Commands(
    """Alert hub for older people who live at home: from a pressed button to a person who takes it.

    Start with `carehub demo` (everything simulated), `carehub check-config` (is my configuration right?) and
    `carehub run` (the hub itself). The commands work beside a running hub, which sees what they write within a second.

    They end with 0 if all went well, 1 if what was asked for failed, and 2 if the command or the configuration
    is wrong; then one sentence on standard error says what to do.
    """,
)


LASTING = frozenset({"run", "demo"})


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"carehub {importlib.metadata.version('carehub')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    debug: Annotated[
        bool, typer.Option(DEBUG, help="Show tracebacks and debug logs; may stand anywhere in the line.")
    ] = False,
    version: Annotated[  # noqa: ARG001  # its callback has shown it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Take the options that stand before the command."""
    # What a command did is its answer; only who stays says more than warnings beside it.
    configure(debug=debug, quiet=context.invoked_subcommand not in LASTING)


app.add("run", run.run, "carehub run --config /etc/carehub", "CAREHUB_WEB__LISTEN=127.0.0.1:8081 carehub run")
app.add("demo", demo.demo, "carehub demo", "carehub demo --data /tmp/another-demo")
app.add(
    "init",
    init.init,
    "carehub init",
    "carehub init /tmp/try --yes --language zh-CN",
    "carehub init /etc/carehub --carrier twilio --area 620702207200",
)
app.add("check-config", homes.check_config, "carehub check-config --config /etc/carehub")
app.add("apply", homes.apply, "carehub apply", "carehub apply --yes --config /etc/carehub")
app.add("export", export.export, "carehub export --out -", "carehub export --force --config /etc/carehub")
app.add("decode", decode.decode, "carehub decode < messages.jsonl", "carehub decode --config settings.json")
app.add(
    "broker-config",
    deploy.broker_config,
    "carehub broker-config --config /etc/carehub",
    "carehub broker-config /etc/mosquitto/carehub --listen 0.0.0.0",
)
app.add(
    "test-home",
    test_home.run_test,
    "carehub test-home ah-001 --tester li-qiang",
    "carehub test-home ah-001 --buttons --minutes 10",
)
app.add_typer(accounts.app, name="accounts")
app.add_typer(alerts.app, name="alerts")
mode.add_to(away.app)
buttons.add_to(away.app)
away.app.add("template", homes_import.template, "carehub homes template homes.xlsx", "carehub homes template homes.csv")
away.app.add("import", homes_import.import_, "carehub homes import homes.xlsx", "carehub homes import homes.csv --yes")
app.add_typer(away.app, name="homes")
app.add_typer(shelf.app, name="shelf")
app.add_typer(database.app, name="db")
app.add_typer(simulate.app, name="simulate")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; an error that nobody foresaw is one sentence, with --debug raised."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = DEBUG in given
    given = [DEBUG, *(word for word in given if word != DEBUG)] if debug else given
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without Chinese still gets its line
    try:
        ended = typer.main.get_command(app).main(given, prog_name="carehub", standalone_mode=False)
    except typer.TyperException as error:
        return _misused(error)
    except typer.Abort:
        say("Stopped. Nothing was changed.")
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if debug:
            raise
        what = masked(f"{type(error).__name__}: {error}")
        say(f"carehub failed unexpectedly ({what}). Run it again with --debug for the details.")
        return FAILED
    return ended if isinstance(ended, int) else 0


def _misused(error: typer.TyperException) -> int:
    """Say in one sentence what is wrong with the command line; without a command show the list of them."""
    message, context = error.format_message().replace(": Value error, ", ": "), getattr(error, "ctx", None)
    if message.startswith("Usage:"):
        typer.echo(message, err=True)
    else:
        where = f" See `{context.command_path} --help`." if context is not None else ""
        say(f"{sentence(message)}{where}")
    return error.exit_code
