"""`carehub run`: the hub itself."""

import asyncio
from typing import TYPE_CHECKING

import structlog
import typer

from hub.cli.failure import USAGE, fail, sentence
from hub.cli.place import ConfigOption, configuration, mistakes

if TYPE_CHECKING:
    from hub.cli.lasting import Database
    from hub.cli.notify import Notify
    from hub.cli.reload import Reloads
    from hub.ingest.client import Broker
    from hub.settings import Configuration
    from hub.store import NoStore, SqlStore

log = structlog.get_logger("run")


def run(config: ConfigOption = None) -> None:
    """Run the hub until SIGTERM or Ctrl-C; SIGHUP makes it read its configuration anew.

    Makes and upgrades an SQLite database itself (a copy first); PostgreSQL needs `carehub db upgrade` once. One hub
    runs on a database: a second one ends with 1.

    With a database that cannot be used it starts all the same, texts every press from the image kept beside the
    database, says so in /readyz and in its log, never replaces the database, and takes it once it is repaired.
    On SIGHUP hub.yaml and all homes*.yaml are checked whole, then taken: ladders, promises, channels with their
    secrets, language, desk, time zone, dialects, keep, audit, public_url. What cannot change while the hub runs is
    named, and stays. With a mistake in them nothing is taken. People, homes and devices are taken by `carehub apply`.

    It logs one JSON object a line to standard error. /readyz on the address of web.listen says whether it could alarm,
    /metrics gives figures to Prometheus. Under systemd it says when it is ready, and gives signs of life.
    """
    from hub.settings import ConfigurationError

    loaded = configuration(config)
    try:
        loaded.require_secrets()
    except ConfigurationError as error:
        fail(mistakes(error), USAGE)
    for warning in loaded.warnings:
        log.warning("configuration", says=str(warning))

    async def until_told() -> None:
        from hub.cli.lasting import stopping

        await serve(loaded, stopping())

    asyncio.run(until_told())


async def serve(loaded: "Configuration", stop: asyncio.Event) -> None:
    """Run the hub until it is told to stop; when its database can be used again, run it anew with that."""
    from hub.cli.lasting import Database
    from hub.cli.notify import Notify
    from hub.cli.reload import Reloads
    from hub.store import DatabaseUnusable

    notify = Notify()
    reloads = Reloads(loaded, notify)
    reloads.listen()
    notify.status("Opening the database.")
    try:
        database = Database(loaded)
    except DatabaseUnusable as error:
        fail(str(error), USAGE)
    opened = await database.open()
    store: SqlStore | NoStore | None = opened
    try:
        broker = await _broker_or_close(loaded, opened)
        while store is not None:
            store = await _live(reloads, store, broker, database, stop, notify)
    finally:
        await database.release()


async def _live(
    reloads: "Reloads",
    store: "SqlStore | NoStore",
    broker: "Broker",
    database: "Database",
    stop: asyncio.Event,
    notify: "Notify",
) -> "SqlStore | None":
    """Live with this store; return the one to go on with, None when told to stop."""
    from hub.app import Hub
    from hub.cli.lasting import first
    from hub.cli.notify import tell
    from hub.cli.settle import settle
    from hub.clock import HubClock
    from hub.store import NoStore
    from hub.web.server import CannotListen

    settings = reloads.loaded.hub
    hub = Hub(reloads.loaded, store, HubClock(), broker)
    hub.on_loaded = settle
    mended: list[SqlStore] = []

    async def mend() -> None:
        mended.append(await database.mended())

    sick = isinstance(store, NoStore)
    try:
        await hub.start()
        log.info("running", site=settings.site, url=settings.web.public_url)
        until = mend() if sick else database.lost()
        ended = await first(stop.wait(), until, reloads.follow(hub), tell(hub, notify, sick=sick))
    except CannotListen as error:
        fail(str(error))
    finally:
        if stop.is_set():
            notify.status("Stopping.", "STOPPING=1")
        await hub.stop()
    if ended == 1 and not sick:
        fail("Another run has taken this database, so this one has ended. Only one may run on a database.")
    return mended[0] if mended else None


async def _broker_or_close(loaded: "Configuration", store: "SqlStore | NoStore") -> "Broker":
    try:
        return await broker_of(loaded)
    except typer.Exit:
        await store.close()
        raise


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
        fail(sentence(str(error)))
