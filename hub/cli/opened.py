"""The store of a configuration, opened by a command that works beside a running hub."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hub.cli.failure import fail, sentence

if TYPE_CHECKING:
    from hub.engine import Engine
    from hub.settings import Configuration


@asynccontextmanager
async def opened(configuration: "Configuration") -> "AsyncIterator[Engine]":
    """Give an engine on the configured database; a database that cannot be used ends with one sentence."""
    from hub.clock import HubClock
    from hub.engine import Engine, floor
    from hub.ports import StoreUnavailable
    from hub.store import DatabaseUnusable, open_store

    settings = configuration.hub
    file = database_file(settings.database)
    if file is not None and not is_there(file):
        # A command never makes an empty database where the hub's own is missing.
        fail(f"There is no database at {file}. Start the hub with `carehub run`: it makes it.")
    try:
        store = await asyncio.to_thread(open_store, settings.database)
    except (DatabaseUnusable, StoreUnavailable, OSError) as error:
        fail(why_unusable(error))
    try:
        engine = Engine(store, HubClock(await store.read(floor)), settings.site, settings.policies)
        await engine.load()
        yield engine
    except StoreUnavailable as error:
        fail(f"{why_unusable(error)} Nothing was changed.")
    finally:
        await store.close()


def database_file(url: str) -> Path | None:
    """Return the file of an SQLite database; None for a server."""
    from sqlalchemy.engine import make_url

    address = make_url(url)
    return Path(address.database or "") if address.get_backend_name() == "sqlite" else None


def is_there(file: Path) -> bool:
    """Whether a file is there; one in a folder that we may not look into may be, and opening it says what is wrong."""
    try:
        return file.exists()
    except OSError:
        return True


def why_unusable(error: Exception) -> str:
    """Return why a database cannot be used, and what to do, in one or two sentences."""
    from hub.ports import StoreUnavailable

    if isinstance(error, OSError):
        return (
            f"{error.filename} cannot be used: {error.strerror}. Give the user of carehub its folder to read and write."
        )
    said = sentence(str(error))
    return (
        f"{said} See that it runs and is not locked, then try again." if isinstance(error, StoreUnavailable) else said
    )
