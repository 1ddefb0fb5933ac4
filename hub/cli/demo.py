"""`carehub demo`: broker, hub, carrier and a simulated home with one command, on one page."""

import asyncio
import contextlib
import os
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.demo_lines import Lines
from hub.cli.failure import USAGE, fail
from hub.cli.logs import configure
from hub.cli.place import ConfigOption, folder, keep_secret, mistakes

if TYPE_CHECKING:
    from hub.cli.demo_play import DemoPlay
    from hub.cli.demo_world import World
    from hub.clock import PacedClock
    from hub.ingest.client import Broker
    from hub.settings import Configuration
    from simulators.carrier import Carrier
    from simulators.stage import ConsoleLink, StageServer

ACCOUNT, TOKEN = "AC" + "d" * 32, "simulated"
CARRIER_PORT, PAGE_PORT = 8090, 8091


def demo(
    config: ConfigOption = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the demo keeps its data. Default: var/demo in the configuration."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=0,
            max=65535,
            help=f"Port of the simulated carrier. Default: {CARRIER_PORT}, or a free one.",
        ),
    ] = None,
    page: Annotated[
        int | None,
        typer.Option(metavar="PORT", min=0, max=65535, help=f"Port of the page. Default: {PAGE_PORT}, or a free one."),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser, where there is a screen.")
    ] = True,
    seed: Annotated[int, typer.Option(metavar="N", help="Another number gives the resident other days.")] = 1,
    headless: Annotated[
        bool,
        typer.Option(
            "--headless",
            help="Play the whole story in seconds without a page, print it as a timeline, end with 0 if all went as "
            "expected.",
        ),
    ] = False,
) -> None:
    """Start broker, hub, simulated carrier and a simulated home, on one page in the browser.

    The page shows the home to play with, the phones, the open alerts and what the hub decides; its address is printed
    first. Then come the lines that press a button, answer from a phone, and show the alerts. Nothing leaves this
    machine: the carrier is simulated, whatever account or numbers the configuration names. Open alerts outlive
    Ctrl-C: the next demo goes on with them.
    """
    place = folder(config)
    if headless:
        from hub.cli.demo_story import play_story

        raise typer.Exit(play_story(place, data))
    kept = (data or place / "var" / "demo").absolute()
    with log_in(kept):
        asyncio.run(_demo(place, kept, port, page, seed, show=browser))


@contextlib.contextmanager
def log_in(kept: Path) -> Iterator[None]:
    """Have the hub's log written beside the demo's data, where only its user reads it."""
    try:
        kept.mkdir(parents=True, exist_ok=True, mode=0o700)
        log = open(os.open(kept / "hub.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8")  # noqa: SIM115
    except OSError as error:
        fail(f"{kept} cannot be used: {error.strerror}. Name a folder with --data.")
    with log:
        configure(stream=log)
        yield


async def _demo(place: Path, data: Path, port: int | None, page: int | None, seed: int, *, show: bool) -> None:
    from hub.cli.lasting import stopping
    from hub.clock import PacedClock
    from hub.store import AlreadyRunning, RunLock

    stop = stopping()
    try:
        with RunLock(database(data)):
            clock = PacedClock()
            async with carrier_for(place, data, port, clock) as (loaded, carrier, url):
                await _show(loaded, carrier, clock, Lines(place, data, url), page, seed, stop, show=show)
    except AlreadyRunning as error:
        fail(f"A demo runs already: {error} Or give this one a folder of its own with --data.")


@contextlib.asynccontextmanager
async def carrier_for(
    place: Path, data: Path, port: int | None, clock: "PacedClock"
) -> "AsyncIterator[tuple[Configuration, Carrier, str]]":
    """Start the carrier; give the configuration turned to it, the carrier itself, and its address."""
    from simulators.carrier import Carrier, CarrierServer, Journal

    numbers = [channel.from_ for channel in _local(place, data, "http://127.0.0.1").hub.channels.values()]
    carrier = Carrier(ACCOUNT, TOKEN, numbers, clock=clock, journal=Journal(data / "carrier.jsonl"))
    server = CarrierServer(carrier, port=_port(CARRIER_PORT) if port is None else port)
    try:
        await server.start()
    except OSError as error:
        fail(f"The carrier cannot listen on port {port}: {error.strerror}. Choose another --port, or leave it out.")
    try:
        loaded = _local(place, data, server.url)
        carrier.settings.webhook_url = f"{loaded.hub.web.public_url}/twilio/sms"
        yield loaded, carrier, server.url
    finally:
        await server.stop()


def database(data: Path) -> str:
    """Return the address of the demo's own database."""
    return f"sqlite:///{data}/carehub.db"


def _local(place: Path, data: Path, carrier_url: str) -> "Configuration":
    """Load the configuration, with all that leaves this machine or is somebody's own turned to the demo's."""
    from hub.cli.demo_home import furnished
    from hub.settings import AuditSettings, ConfigurationError, load

    theirs = {name: value for name, value in os.environ.items() if not name.startswith("TWILIO_")}
    ours = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_API_BASE": carrier_url}
    ours |= {"CAREHUB_DATABASE": database(data), "CAREHUB_MQTT__URL": "embedded"}
    try:
        loaded = load(place, theirs | ours)
    except ConfigurationError as error:
        fail(mistakes(error), USAGE)
    keep_secret(loaded)
    loaded = furnished(loaded)
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


async def _show(
    loaded: "Configuration",
    carrier: "Carrier",
    clock: "PacedClock",
    lines: Lines,
    page: int | None,
    seed: int,
    stop: asyncio.Event,
    *,
    show: bool,
) -> None:
    """Run all parts and show what happens, until told to stop."""
    from hub.cli.demo_account import console_for
    from hub.cli.demo_pace import Pacer
    from hub.cli.demo_play import DemoPlay
    from hub.cli.demo_world import World
    from hub.web.server import CannotListen

    world = World(loaded, carrier, clock, lines.data)
    tasks: list[asyncio.Task[None]] = []
    server: StageServer | None = None
    try:
        broker = await world.start(seed)
        pacer = Pacer(world)
        play = DemoPlay(world, pacer)
        tasks = [asyncio.create_task(pacer.run()), asyncio.create_task(play.run())]
        console = await console_for(world.hub) if world.hub is not None else None
        server = await _page(play, page, loaded.hub.language, console)
        await _say(world, broker, lines, server.url, console)
        if show and _has_screen():
            await asyncio.to_thread(webbrowser.open, server.url)
        carrier.events.listen(lines.text)
        await stop.wait()
    except CannotListen as error:
        fail(str(error))
    finally:
        if server is not None:
            await server.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await world.stop()
        lines.end()


async def _say(world: "World", broker: "Broker", lines: Lines, url: str, console: "ConsoleLink | None") -> None:
    before = await world.alerts()
    lines.console = console
    lines.start(world.registry, world.loaded.hub, broker, before, url, is_durable=world.broker.is_durable)


async def _page(
    play: "DemoPlay", port: int | None, language: str, console: "ConsoleLink | None" = None
) -> "StageServer":
    from simulators.stage import StageServer

    server = StageServer(play, _port(PAGE_PORT) if port is None else port, language, console)
    try:
        await server.start()
    except OSError as error:
        fail(f"The page cannot listen on port {port}: {error.strerror}. Choose another --page, or leave it out.")
    return server


def _has_screen() -> bool:
    """Whether a browser could be shown; on a server `webbrowser` would begin one in the terminal."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
