"""Tells the open pages of homes that something of theirs changed: a reading, an alert, a mode."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from hub.engine import Engine
from hub.engine.news import News

# Real time: what follows within this is shown together. It is part of the second that a change may take to a screen.
COALESCE_S = 0.15


class Watched:
    """One open page. `alerts` are those it shows."""

    def __init__(self) -> None:
        self.alerts: frozenset[str] = frozenset()
        self.news = asyncio.Event()

    def about(self, alerts: Iterable[str]) -> None:
        """Note which alerts the page shows."""
        self.alerts = frozenset(alerts)

    async def changed(self, within_s: float, stopping: asyncio.Event | None = None) -> bool:
        """Wait until something changed, at most so long in real time; return whether it did.

        Returns at once when `stopping` is set.
        """
        waits = [asyncio.ensure_future(event.wait()) for event in (self.news, stopping) if event is not None]
        try:
            await asyncio.wait(waits, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if not self.news.is_set():
            return False
        await asyncio.sleep(COALESCE_S)
        self.news.clear()
        return True


class HomeNews:
    """Follows the engine's commits for all open pages; a home nobody looks at costs one look-up."""

    def __init__(self, engine: Engine) -> None:
        self._open: dict[str, set[Watched]] = {}
        engine.listen(self._hear)

    @contextmanager
    def watch(self, home_id: str) -> Iterator[Watched]:
        """Watch a home as long as its page is open."""
        page = Watched()
        self._open.setdefault(home_id, set()).add(page)
        try:
            yield page
        finally:
            self._open[home_id].discard(page)
            if not self._open[home_id]:
                del self._open[home_id]

    def _hear(self, news: News) -> None:
        """Called after each commit: it must return at once."""
        if not self._open:
            return
        for home_id in self._open if news.everything else news.homes & self._open.keys():
            self._wake(self._open[home_id])
        if news.alerts:
            # One that no page shows may be new on any of them: nobody heard a device when a home is found still.
            for pages in self._open.values():
                known = {id for page in pages for id in page.alerts}
                if known & news.alerts or not news.homes:
                    self._wake(pages)

    @staticmethod
    def _wake(pages: Iterable[Watched]) -> None:
        for page in pages:
            page.news.set()
