"""How a hub lasts: with its store or without, until somebody stops it; and how it ends in time."""

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from hub.cli.failure import fail
from hub.cli.opened import database_file, is_there, why_unusable

if TYPE_CHECKING:
    from hub.settings import Configuration
    from hub.store import NoStore, SqlStore

log = structlog.get_logger("run")

END_WITHIN = timedelta(seconds=4.5)
LOOK_AGAIN = timedelta(seconds=10)


def stopping() -> asyncio.Event:
    """Return what SIGTERM and Ctrl-C set. From then on the process ends within 5 s, whatever hangs.

    Everything that counts is on the disk at any moment, so a hard end loses nothing; the next start finds it.
    """
    event = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if not event.is_set():
            log.info("stopping")
            event.set()
            last = threading.Timer(END_WITHIN.total_seconds(), os._exit, [0])
            last.daemon = True
            last.start()

    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop)
    return event


class Database:
    """The store of one run and the right to it. A database that cannot be used is looked at again and again."""

    look_again = LOOK_AGAIN

    def __init__(self, loaded: "Configuration") -> None:
        """Nothing is opened yet; raises DatabaseUnusable for an address nobody can use."""
        from hub.store import RunLock

        self._loaded = loaded
        self._url = loaded.hub.database
        self._lock = RunLock(self._url)
        self._locked = False

    async def open(self) -> "SqlStore | NoStore":
        """Open the store. One that cannot be used is left as it is, and the hub starts without (P13).

        Ends the command if another run has it, or if there is nothing yet that presses could be lost from: a new
        database that cannot be made is a mistake of the configuration.
        """
        from hub.ports import StoreUnavailable
        from hub.store import AlreadyRunning, DatabaseUnusable, NoStore

        try:
            return await self._opened()
        except AlreadyRunning as error:
            fail(str(error))
        except (DatabaseUnusable, StoreUnavailable, OSError) as error:
            why = why_unusable(error)
            if self._is_new(error):
                fail(why)
            log.error("database_unusable", why=why, until="it is repaired, presses are texted without it")
            return NoStore(why)

    async def mended(self) -> "SqlStore":
        """Return the store once it can be used; a missing file is waited for, never made."""
        from hub.ports import StoreUnavailable
        from hub.store import AlreadyRunning, DatabaseUnusable

        file = database_file(self._url)
        while True:
            await asyncio.sleep(self.look_again.total_seconds())
            if file is not None and not is_there(file):
                continue
            try:
                store = await self._opened()
            except AlreadyRunning as error:
                fail(str(error))
            except (DatabaseUnusable, StoreUnavailable, OSError):
                continue
            log.info("database_usable_again")
            return store

    async def lost(self) -> None:
        """Return when another run has taken the database; a server that was restarted forgets who had it."""
        from hub.ports import StoreUnavailable

        while True:
            await asyncio.sleep(self.look_again.total_seconds())
            with suppress(StoreUnavailable):
                if not await asyncio.to_thread(self._lock.still_held):
                    return

    async def release(self) -> None:
        """Give the right up."""
        await asyncio.to_thread(self._lock.release)

    async def _opened(self) -> "SqlStore":
        from hub.store import open_store

        if not self._locked:
            await asyncio.to_thread(self._lock.acquire)
            self._locked = True
        return await asyncio.to_thread(open_store, self._url)

    def _is_new(self, error: Exception) -> bool:
        """Whether no database was ever here, so that nobody's presses rest on it."""
        from hub.app import image_path
        from hub.store import NotUpgraded

        file = database_file(self._url)
        if file is None:
            return isinstance(error, NotUpgraded)
        return not is_there(file) and not is_there(image_path(self._loaded))


async def first(*ends: Awaitable[object]) -> int:
    """Wait until one of them ends and return which; the others are cancelled, its error is raised."""
    tasks = [asyncio.ensure_future(end) for end in ends]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        which = next(number for number, task in enumerate(tasks) if task.done())
        tasks[which].result()
        return which
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
