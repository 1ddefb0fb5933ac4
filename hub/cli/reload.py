"""Reading the configuration anew while the hub runs: all of it is checked, then it is taken, else the old stays."""

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import structlog

from hub.cli.logs import masked
from hub.cli.notify import Notify
from hub.cli.place import keep_secret

if TYPE_CHECKING:
    from hub.app import Hub
    from hub.settings import Configuration, ConfigurationError

log = structlog.get_logger("run")

# So many mistakes are shown by /readyz; the log has all.
SHOWN = 3


class Reloads:
    """The configuration of a run. `loaded` is what the hub works with: as it started, then as SIGHUP last found it."""

    def __init__(self, loaded: "Configuration", notify: Notify) -> None:
        """Begin with what was loaded."""
        self.loaded = loaded
        self._notify = notify
        self._asked = asyncio.Event()

    def listen(self) -> None:
        """From now on SIGHUP asks for the configuration to be read anew."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._asked.set)

    async def follow(self, hub: "Hub") -> None:
        """Read anew whenever it is asked for, until cancelled; no mistake in a file ends the hub."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            self._notify.reloading()
            try:
                await self._reload(hub)
            except Exception as error:
                log.exception("reload_failed")
                hub.not_taken = f"The configuration could not be read anew ({type(error).__name__}); the old one stays."
            finally:
                self._notify.reloaded()

    async def _reload(self, hub: "Hub") -> None:
        from hub.settings import ConfigurationError, load
        from hub.settings.reload import taken

        try:
            wanted = await asyncio.to_thread(load, self.loaded.folder, os.environ)
            wanted.require_secrets()
        except ConfigurationError as error:
            hub.not_taken = _refused(error)
            return
        keep_secret(wanted)
        found, left = taken(self.loaded, wanted)
        await hub.reconfigure(found)
        self.loaded = found
        hub.not_taken = f"{_listed(left)}: changed, needs a restart; all else is taken." if left else ""
        for warning in wanted.warnings:
            log.warning("configuration", says=str(warning))
        log.info("reloaded", needs_a_restart=list(left), says=hub.not_taken or "All of the configuration is taken.")


def _refused(error: "ConfigurationError") -> str:
    """Log every mistake; return the first ones, as far as strangers may read them."""
    for fault in error.faults:
        log.error("configuration_refused", says=str(fault), what="the old one stays")
    shown = [masked(str(fault)) for fault in error.faults[:SHOWN]]
    more = len(error.faults) - len(shown)
    rest = f" (and {more} more, see the log)" if more else ""
    return f"The last reload was refused, the old configuration stays: {' '.join(shown)}{rest}"


def _listed(keys: tuple[str, ...]) -> str:
    return ", ".join(keys)
