"""The store of a configuration, opened by a command that works beside a running hub."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

from hub.cli.failure import fail
from hub.clock import HubClock
from hub.engine import Engine, floor
from hub.ports import StoreUnavailable

if TYPE_CHECKING:
    from hub.settings import Configuration


@asynccontextmanager
async def opened(configuration: "Configuration") -> AsyncIterator[Engine]:
    """Give an engine on the configured database; a database that cannot be used ends with one sentence."""
    from hub.store import DatabaseUnusable, open_store

    settings = configuration.hub
    _require_file(settings.database)
    try:
        store = await asyncio.to_thread(open_store, settings.database)
    except (DatabaseUnusable, StoreUnavailable) as error:
        fail(str(error))
    try:
        committed = await store.read(floor)
        clock = HubClock(committed)
        engine = Engine(store, clock, settings.site, settings.policies)
        await engine.load()
        yield engine
    except StoreUnavailable as error:
        fail(f"The database cannot be used now: {error}. Nothing was changed; try again.")
    finally:
        await store.close()


def _require_file(database: str) -> None:
    """A command never makes an empty database where the hub's own is missing."""
    url = make_url(database)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        fail(f"There is no database at {url.database} yet. Start the hub once with `carehub run`.")
