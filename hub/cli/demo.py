"""`carehub demo`: broker, hub and carrier with one command, on the example home."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.failure import fail
from hub.cli.place import ConfigOption, folder

if TYPE_CHECKING:
    from hub.app import Hub
    from simulators.carrier import Carrier, Event

ACCOUNT, TOKEN = "AC" + "d" * 32, "simulated"
TEMPLATE = '{"action":"emergency","battery":87,"linkquality":98}'


def demo(
    config: ConfigOption = None,
    port: Annotated[int, typer.Option(help="Port of the simulated carrier; 0 takes a free one.")] = 8090,
    data: Annotated[
        Path | None,
        typer.Option(help="Where broker and database keep their data. Default: var/demo in the configuration."),
    ] = None,
) -> None:
    """Start broker, hub and simulated carrier; print the line that presses the button, and every text as it arrives.

    Nothing leaves this machine: the carrier is simulated, the numbers reach nobody.
    """
    place = folder(config)
    kept = (data or place / "var" / "demo").resolve()
    kept.mkdir(parents=True, exist_ok=True, mode=0o700)
    asyncio.run(_demo(place, port, kept))


async def _demo(place: Path, port: int, data: Path) -> None:
    from hub.app import Hub, run_until_stopped
    from hub.cli.run import open_or_sick
    from hub.clock import HubClock
    from hub.ingest.broker import BrokerProblem, ensure_embedded
    from hub.settings import ConfigurationError, load
    from hub.store import AlreadyRunning, RunLock
    from hub.web.server import CannotListen
    from simulators.carrier import Carrier, CarrierServer

    try:
        first = load(place, {**os.environ, **_account("http://127.0.0.1")})
        numbers = [channel.from_ for channel in first.hub.channels.values()]
        carrier = Carrier(ACCOUNT, TOKEN, numbers, webhook_url=f"{first.hub.web.public_url}/twilio/sms")
        async with CarrierServer(carrier, port=port) as server:
            environ = {**os.environ, **_account(server.url), "CAREHUB_DATABASE": f"sqlite:///{data}/carehub.db"}
            loaded = load(place, environ | {"CAREHUB_MQTT__URL": "embedded"})
            with RunLock(loaded.hub.database):
                broker = await ensure_embedded(data / "broker", port=0)
                hub = Hub(loaded, await open_or_sick(loaded), HubClock(), broker)
                try:
                    await run_until_stopped(hub, lambda started: _say(started, carrier, server.url, data))
                except CannotListen as error:
                    await hub.stop()
                    fail(str(error))
    except ConfigurationError as error:
        fail("\n".join(str(fault) for fault in error.faults))
    except (AlreadyRunning, BrokerProblem, OSError) as error:
        fail(str(error))


def _account(api_base: str) -> dict[str, str]:
    return {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_API_BASE": api_base}


def _say(hub: "Hub", carrier: "Carrier", carrier_url: str, data: Path) -> None:
    """Print the lines that press the button and answer, then every text."""
    registry = hub.engine.world.registry
    button = next((d for h in registry.homes.values() for d in h.devices if d.is_life_safety), None)
    broker = hub.broker
    topic = registry.homes[button.home].prefix + button.topic if button else "zigbee2mqtt/bed_sos"
    tool = "mosquitto_pub" if shutil.which("mosquitto_pub") else "mosquitto_pub (apt-get install mosquitto-clients)"
    home = registry.homes[button.home] if button else next(iter(registry.homes.values()))
    first = home.contacts[0].person if home.contacts else next(iter(registry.people))
    phone = registry.people[first].phone
    typer.echo(
        f"""
carehub runs: hub {hub.configuration.hub.web.public_url}, carrier {carrier_url} (simulated), data in {data}

Press the button:
  {tool} -h {broker.host} -p {broker.port} -u {broker.username} -P "$(cat {data}/broker/password)" -q 1 \\
    -t {topic} -m '{TEMPLATE}'
Answer from a phone:
  curl -s -H 'Content-Type: application/json' -d '{{"text": "1"}}' {carrier_url}/control/phones/{phone}/reply
See and act:
  CAREHUB_DATABASE=sqlite:///{data}/carehub.db .venv/bin/carehub alerts list
End with Ctrl-C. Texts as they arrive:
"""
    )
    names = {person.phone: person.name for person in registry.people.values()}
    zone = hub.configuration.hub.timezone

    def show(event: "Event") -> None:
        arrow = {"arrived": "→", "inbound": "←"}.get(event.what)
        if arrow is not None:
            at = event.at.astimezone(zone).strftime("%H:%M:%S")
            typer.echo(f"  {at} {arrow} {names.get(event.phone, '')} {event.phone}: {event.text}")

    carrier.events.listen(show)
