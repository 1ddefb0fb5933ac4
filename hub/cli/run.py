"""`carehub run`: the hub itself."""

import asyncio
import sys
from typing import TYPE_CHECKING

import structlog

from hub.cli.failure import USAGE, fail
from hub.cli.place import ConfigOption, configuration

if TYPE_CHECKING:
    from hub.ingest.client import Broker
    from hub.settings import Configuration
    from hub.store import NoStore, SqlStore

log = structlog.get_logger("run")


def run(config: ConfigOption = None) -> None:
    """Run the hub until SIGTERM or Ctrl-C.

    Creates and upgrades an SQLite database itself (a copy first); PostgreSQL with `carehub db upgrade`. With a
    database that cannot be read it starts all the same, texts every press from the image kept beside the database,
    says so everywhere, and never replaces the database.
    """
    from hub.settings import ConfigurationError

    loaded = configuration(config)
    for warning in loaded.warnings:
        sys.stderr.write(f"{warning}\n")
    try:
        loaded.require_secrets()
    except ConfigurationError as error:
        fail("\n".join(str(fault) for fault in error.faults), USAGE)
    asyncio.run(serve(loaded))


async def serve(loaded: "Configuration") -> None:
    """Open what the hub needs, run it until it is stopped."""
    from hub.app import Hub, run_until_stopped
    from hub.clock import HubClock
    from hub.store import AlreadyRunning, RunLock
    from hub.web.server import CannotListen

    lock = RunLock(loaded.hub.database)
    try:
        await asyncio.to_thread(lock.acquire)
    except AlreadyRunning as error:
        fail(str(error))
    store = await open_or_sick(loaded)
    hub = Hub(loaded, store, HubClock(), await broker_of(loaded))
    try:
        await run_until_stopped(hub, lambda _: log.info("running", site=loaded.hub.site))
    except CannotListen as error:
        await hub.stop()
        fail(str(error))
    finally:
        await asyncio.to_thread(lock.release)


async def open_or_sick(loaded: "Configuration") -> "SqlStore | NoStore":
    """Open the store; one that cannot be used is left as it is, and the hub starts without."""
    from hub.ports import StoreUnavailable
    from hub.store import DatabaseUnusable, NoStore, open_store

    try:
        return await asyncio.to_thread(open_store, loaded.hub.database)
    except (DatabaseUnusable, StoreUnavailable) as error:
        sys.stderr.write(f"{error}\nUntil it is repaired and the hub restarted, presses are texted without it.\n")
        log.error("database_unusable", why=str(error))
        return NoStore(str(error))


async def broker_of(loaded: "Configuration") -> "Broker":
    """Return the broker to connect to, started by us if it is embedded."""
    from hub.ingest.client import Broker

    mqtt = loaded.hub.mqtt
    if not mqtt.is_embedded:
        return Broker.of(mqtt.url, mqtt.username, mqtt.password)
    from hub.ingest.broker import BrokerProblem, ensure_embedded

    try:
        return await ensure_embedded(loaded.folder / "var" / "broker", password=mqtt.password, port=0)
    except BrokerProblem as error:
        fail(f"{error}.")
