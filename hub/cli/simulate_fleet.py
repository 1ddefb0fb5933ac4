"""`carehub simulate fleet`: many homes that speak at once."""

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.failure import USAGE, fail
from hub.cli.place import ConfigOption, configuration
from hub.cli.simulate_home import BrokerOption, PasswordOption, SeedOption, UsernameOption, signed_in, span


def fleet(
    config: ConfigOption = None,
    homes: Annotated[int, typer.Option(metavar="NUMBER", help="How many homes.", min=1, max=99_999)] = 100,
    rate: Annotated[
        float | None,
        typer.Option(metavar="EVENTS", help="Events a second, all homes together. Default: as people live.", min=0),
    ] = None,
    presses: Annotated[
        float, typer.Option(metavar="NUMBER", help="Calls for help a minute, all homes together.", min=0)
    ] = 0.0,
    write: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Only write a configuration with these homes there, to run a hub with."),
    ] = None,
    lasting: Annotated[
        str | None, typer.Option("--for", metavar="SPAN", help="End after 90s, 10m, 24h. Default: with Ctrl-C.")
    ] = None,
    qos: Annotated[int, typer.Option(metavar="LEVEL", help="0 as bridges do, or 1.", min=0, max=1)] = 0,
    seed: SeedOption = 0,
    broker: BrokerOption = None,
    username: UsernameOption = None,
    password_file: PasswordOption = None,
) -> None:
    """Let many homes publish from one process, and say how many messages a second the broker takes.

    Every home has the same devices behind a bridge and a topic prefix of its own, homes/fl-00001/ and so on. `--write`
    makes a configuration that knows them: `carehub run --config FOLDER` is their hub.
    """
    if write is not None:
        _write(write, homes)
        return
    from hub.clock import HubClock
    from simulators.fleet.command import Load, run

    loaded = configuration(config)
    sign_in = signed_in(loaded, broker, username, password_file)
    load = Load(homes, rate, presses, qos, seed, span(lasting), loaded.hub.timezone)
    raise typer.Exit(run(load, sign_in, HubClock().now))


def _write(folder: Path, homes: int) -> None:
    from simulators.fleet.homes_file import write

    try:
        written = write(folder, homes)
    except OSError as error:
        fail(f"{folder} cannot be written: {error.strerror}. Choose a folder you may write to.", USAGE)
    typer.echo(f"Wrote {' and '.join(str(path) for path in written)} with {homes} homes. Next, each in a terminal:")
    typer.echo("  export TWILIO_ACCOUNT_SID=AC00000000000000000000000000000000 TWILIO_AUTH_TOKEN=simulated")
    typer.echo("  carehub simulate carrier --webhook-url http://127.0.0.1:8080/twilio/sms")
    typer.echo(f"  TWILIO_API_BASE=http://127.0.0.1:8090 carehub run --config {folder}")
    typer.echo(f"  carehub simulate fleet --config {folder} --homes {homes}")
