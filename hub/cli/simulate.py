"""`carehub simulate`: stand-ins for what is outside the hub."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Stand-ins for hardware, homes and the phone carrier.", no_args_is_help=True)


@app.callback()
def simulate() -> None:
    """Stand-ins for what is outside the hub."""


@app.command()
def carrier(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8090,
    account_sid: Annotated[str, typer.Option(envvar="TWILIO_ACCOUNT_SID")] = "AC" + "0" * 32,
    auth_token: Annotated[str, typer.Option(envvar="TWILIO_AUTH_TOKEN")] = "simulated",  # noqa: S107
    number: Annotated[str, typer.Option(help="The number that texts come from.")] = "+15005550006",
    webhook_url: Annotated[
        str | None, typer.Option(help="Where replies go, e.g. http://127.0.0.1:8080/twilio/sms. Default: nowhere.")
    ] = None,
    state_file: Annotated[Path | None, typer.Option(help="Keep accepted messages here over a restart.")] = None,
) -> None:
    """Run a carrier that speaks Twilio's REST API and webhooks, and prints every text.

    Point the hub at it with TWILIO_API_BASE=http://127.0.0.1:8090. Phones, replies and faults are under /control/.
    """
    from simulators.carrier.command import run

    raise typer.Exit(run(host, port, account_sid, auth_token, number, webhook_url, state_file))
