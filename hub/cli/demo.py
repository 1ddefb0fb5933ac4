"""`carehub demo`: broker, hub and carrier with one command, on the example home."""

import asyncio
import contextlib
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.demo_lines import Lines
from hub.cli.failure import USAGE, fail, sentence
from hub.cli.logs import configure
from hub.cli.place import ConfigOption, folder, keep_secret, mistakes

if TYPE_CHECKING:
    from hub.ingest.client import Broker
    from hub.settings import Configuration
    from hub.store import SqlStore
    from simulators.carrier import Carrier

ACCOUNT, TOKEN = "AC" + "d" * 32, "simulated"
PORT = 8090
SUBSCRIBED_WITHIN_S = 10.0


def demo(
    config: ConfigOption = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the demo keeps its data. Default: var/demo in the configuration."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", min=0, max=65535, help=f"Port of the simulated carrier. Default: {PORT}, or a free one."
        ),
    ] = None,
    headless: Annotated[bool, typer.Option("--headless", help="Open no browser: for scripts and for servers.")] = False,  # noqa: ARG001  # there is no page to open yet
) -> None:
    """Start broker, hub and simulated carrier; show every text as it arrives.

    Prints the lines that press a button, answer from a phone, and show the alerts. Nothing leaves this machine: the
    carrier is simulated, whatever account or numbers the configuration names. Open alerts outlive Ctrl-C: the next
    demo goes on with them.
    """
    place = folder(config)
    kept = (data or place / "var" / "demo").absolute()
    try:
        kept.mkdir(parents=True, exist_ok=True, mode=0o700)
        log = open(os.open(kept / "hub.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8")  # noqa: SIM115
    except OSError as error:
        fail(f"{kept} cannot be used: {error.strerror}. Name a folder with --data.")
    with log:
        configure(stream=log)
        asyncio.run(_demo(place, kept, port))


async def _demo(place: Path, data: Path, port: int | None) -> None:
    from hub.cli.lasting import stopping
    from hub.store import AlreadyRunning, RunLock

    stop = stopping()
    try:
        with RunLock(_database(data)):
            await _with_carrier(place, data, port, stop)
    except AlreadyRunning as error:
        fail(f"A demo runs already: {error} Or give this one a folder of its own with --data.")


async def _with_carrier(place: Path, data: Path, port: int | None, stop: asyncio.Event) -> None:
    """Start the carrier, then all that talks to it."""
    from simulators.carrier import Carrier, CarrierServer, Journal

    numbers = [channel.from_ for channel in _local(place, data, "http://127.0.0.1").hub.channels.values()]
    carrier = Carrier(ACCOUNT, TOKEN, numbers, journal=Journal(data / "carrier.jsonl"))
    server = CarrierServer(carrier, port=_port(PORT) if port is None else port)
    try:
        await server.start()
    except OSError as error:
        fail(f"The carrier cannot listen on port {port}: {error.strerror}. Choose another --port, or leave it out.")
    try:
        loaded = _local(place, data, server.url)
        carrier.settings.webhook_url = f"{loaded.hub.web.public_url}/twilio/sms"
        await _show(loaded, carrier, Lines(place, data, server.url), stop)
    finally:
        await server.stop()


def _database(data: Path) -> str:
    return f"sqlite:///{data}/carehub.db"


def _local(place: Path, data: Path, carrier_url: str) -> "Configuration":
    """Load the configuration, with all that leaves this machine or is somebody's own turned to the demo's."""
    from hub.settings import AuditSettings, ConfigurationError, load

    theirs = {name: value for name, value in os.environ.items() if not name.startswith("TWILIO_")}
    ours = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_API_BASE": carrier_url}
    ours |= {"CAREHUB_DATABASE": _database(data), "CAREHUB_MQTT__URL": "embedded"}
    try:
        loaded = load(place, theirs | ours)
    except ConfigurationError as error:
        fail(mistakes(error), USAGE)
    keep_secret(loaded)
    port = _port(loaded.hub.web.port)
    web = replace(loaded.hub.web, listen=f"127.0.0.1:{port}", public_url=f"http://127.0.0.1:{port}")
    return replace(loaded, hub=replace(loaded.hub, web=web, audit=AuditSettings()))


def _port(wanted: int) -> int:
    """Return the port if nobody has it, else a free one."""
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    return wanted


async def _show(loaded: "Configuration", carrier: "Carrier", lines: Lines, stop: asyncio.Event) -> None:
    """Run the hub and show what happens, until told to stop."""
    from hub.app import Hub
    from hub.clock import HubClock
    from hub.web.server import CannotListen

    broker = await _broker(lines.data)
    hub = Hub(loaded, await _store(loaded), HubClock(), broker)
    try:
        await hub.start()
        if hub.ingest is not None:  # from here on the broker keeps for us what is pressed
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(hub.ingest.barrier(), SUBSCRIBED_WITHIN_S)
        lines.start(hub.engine.world.registry, loaded.hub, broker, await hub.store.read(lambda t: t.alerts()))
        carrier.events.listen(lines.text)
        await stop.wait()
    except CannotListen as error:
        fail(str(error))
    finally:
        await hub.stop()
        lines.end()


async def _broker(data: Path) -> "Broker":
    from hub.ingest.broker import BrokerProblem, ensure_embedded, find_mosquitto

    try:
        find_mosquitto()
    except BrokerProblem:
        fail("The demo needs the broker Mosquitto. Install it: apt-get install mosquitto")
    try:
        return await ensure_embedded(data / "broker", port=0)
    except BrokerProblem as error:
        fail(sentence(str(error)))


async def _store(loaded: "Configuration") -> "SqlStore":
    from hub.ports import StoreUnavailable
    from hub.store import DatabaseUnusable, open_store

    try:
        return await asyncio.to_thread(open_store, loaded.hub.database)
    except (DatabaseUnusable, StoreUnavailable) as error:
        fail(f"{sentence(str(error))} Or give the demo another folder with --data.")
