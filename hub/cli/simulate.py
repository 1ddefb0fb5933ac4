"""`carehub simulate`: stand-ins for what is outside the hub."""

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.helping import Commands
from hub.cli.simulate_fleet import fleet
from hub.cli.simulate_home import home
from hub.cli.simulate_wire import wire

app = Commands(
    "Stand-ins for what is outside the hub: homes, the link to the broker, the phone carrier with its phones."
)


def carrier(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", help="Port to listen on; 0 takes a free one.", min=0, max=65535)
    ] = 8090,
    account_sid: Annotated[
        str, typer.Option(metavar="SID", envvar="TWILIO_ACCOUNT_SID", help="The account that the hub signs in with.")
    ] = "AC" + "0" * 32,
    auth_token: Annotated[
        str, typer.Option(metavar="TOKEN", envvar="TWILIO_AUTH_TOKEN", help="Its password, which also signs webhooks.")
    ] = "simulated",  # noqa: S107
    number: Annotated[str, typer.Option(metavar="NUMBER", help="The number that texts come from.")] = "+15005550006",
    webhook_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where replies go: the hub's public_url and /twilio/sms. Default: nowhere."),
    ] = None,
    state_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep accepted messages here over a restart.")
    ] = None,
) -> None:
    """Run a carrier that speaks Twilio's REST API and webhooks, and prints every text.

    Point the hub at it with TWILIO_API_BASE=http://127.0.0.1:8090 and give both the same account. Phones, replies and
    faults are under /control/; texts go nowhere else.
    """
    from simulators.carrier.command import run

    raise typer.Exit(run(host, port, account_sid, auth_token, number, webhook_url, state_file))


app.add(
    "home",
    home,
    "carehub simulate home --scenario list",
    "carehub simulate home --scenario gas-leak --virtual --messages",
    "carehub simulate home --speed 60 --fault stuck:hall-motion",
)
app.add(
    "fleet",
    fleet,
    "carehub simulate fleet --write /tmp/fleet --homes 500",
    "carehub simulate fleet --config /tmp/fleet --homes 500 --rate 2000 --presses 30",
)
app.add(
    "carrier",
    carrier,
    "carehub simulate carrier --webhook-url http://127.0.0.1:8080/twilio/sms",
    "curl http://127.0.0.1:8090/control/phones",
)
app.add(
    "wire",
    wire,
    "carehub simulate wire --to mqtt://127.0.0.1:1883 --port 1884 --delay 0.2 --drop 5",
    "carehub simulate wire --cut-every 60 --cut-for 10",
)
