"""The store on SQLAlchemy: who writes in which thread, and how callers of an event loop reach it."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine

from hub.alerts.tally import Spread
from hub.ports import Lane, StoreUnavailable, Transaction
from hub.store.ballast import Ballast
from hub.store.latency import Latencies
from hub.store.link import Link
from hub.store.reader import Reader
from hub.store.upkeep import Upkeep
from hub.store.waiting import Job, Waiting
from hub.store.writer import Writer

T = TypeVar("T")

# A life-safety message that is not kept within this is texted without the store (promise P13).
LONGEST_WRITE_S = 2.0
_CLOSE_S = 3.0
_PROBE_S = 1.0


class SqlStore:
    """What `hub.ports.Store` promises; made by `open_store`.

    SQLite has one writer, whose lanes share it by urgency; on PostgreSQL each lane has a writer and a connection of
    its own. `created`: the database was made when it was opened; `lost`: one had been in its place before.
    """

    def __init__(
        self, writers: dict[Lane, Writer], reader: Reader, *, upkeep: Upkeep | None = None, engines: tuple[Engine, ...]
    ) -> None:
        self.created = False
        self.lost = False
        self._refused: str | None = None
        self._latencies = Latencies()
        self._writers = writers
        self._reader = reader
        self._upkeep = upkeep
        self._engines = engines

    @classmethod
    def on_sqlite(cls, path: Path, writing: Engine, reading: Engine, ballast: Ballast) -> "SqlStore":
        """Return the store on one file."""
        upkeep = Upkeep(path, ballast)
        writer = Writer("writer", Link(writing, path), ballast=ballast, committed=upkeep.committed)
        reader = Reader("reader", Link(reading, path))
        return cls(dict.fromkeys(Lane, writer), reader, upkeep=upkeep, engines=(writing, reading))

    @classmethod
    def on_postgres(cls, writing: Engine, reading: Engine) -> "SqlStore":
        """Return the store on one server."""
        writers = {lane: Writer(lane, Link(writing)) for lane in Lane}
        return cls(writers, Reader("reader", Link(reading)), engines=(writing, reading))

    @property
    def sick(self) -> str | None:
        """Why the last write was not kept, or that one hangs in a disk or behind a lock; None if all is well."""
        if self._refused is None and any(writer.under_way_s > LONGEST_WRITE_S for writer in self._writers.values()):
            return f"a write has not ended for {LONGEST_WRITE_S:.0f} s: the disk hangs, or another program holds it"
        return self._refused

    async def write(
        self, lane: Lane, work: Callable[[Transaction], T], durable: Callable[[], object] | None = None
    ) -> T:
        """Run `work` in a transaction of its lane and return its result once it is durable; see `hub.ports.Store`.

        `work` may run more than once before it is kept once, so it must change nothing outside the transaction.
        Raises what `work` raises, or StoreUnavailable; then nothing was kept, unless a server's connection broke
        during the commit itself: that commit may have been heard.
        """
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        try:
            result = await self._hand_in(self._writers[lane].waiting, lane, work, durable)
        except StoreUnavailable as error:
            self._refused = str(error)
            raise
        self._refused = None
        self._latencies.note(lane, loop.time() - started_s)
        return result

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a snapshot; a write in it is an error of the database."""
        return await self._hand_in(self._reader.waiting, Lane.SLOW, work)

    def commits(self) -> Mapping[Lane, Spread]:
        """Return how long transactions took that were kept, the wait for the database included."""
        return self._latencies.by_lane()

    def waiting(self) -> Mapping[Lane, int]:
        """Return how many transactions wait for the database."""
        return {lane: writer.waiting.count(lane) for lane, writer in self._writers.items()}

    async def change_token(self) -> int | None:
        """Return a number that changes when another process commits; None: not known, look for yourself."""
        if self._upkeep is None:
            return None
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int | None] = loop.create_future()

        def tell(version: int | None) -> None:
            try:
                loop.call_soon_threadsafe(lambda: None if future.done() else future.set_result(version))
            except RuntimeError:  # the loop ended meanwhile
                return

        self._writers[Lane.SLOW].probe(tell)
        try:
            async with asyncio.timeout(_PROBE_S):
                return await future
        except TimeoutError:  # the writer hangs in the disk; whoever asks has other things to do
            return None

    async def close(self) -> None:
        """Commit what waits and end; a thread that hangs in the disk is left behind after 3 s."""
        threads: list[Reader | Writer] = [self._reader, *dict.fromkeys(self._writers.values())]
        for thread in threads:
            thread.waiting.close()
        await asyncio.to_thread(self._join, threads)

    def _join(self, threads: list[Reader | Writer]) -> None:
        for thread in threads:
            thread.thread.join(timeout=_CLOSE_S)
        if self._upkeep is not None:
            self._upkeep.close()
        for engine in self._engines:
            engine.dispose()

    @staticmethod
    async def _hand_in(
        waiting: Waiting,
        lane: Lane,
        work: Callable[[Transaction], T],
        durable: Callable[[], object] | None = None,
    ) -> T:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        waiting.put(Job(lane, work, future, durable))
        return await future


class NoStore:
    """Stands where a database cannot be opened: the hub runs, says so, and keeps nothing."""

    def __init__(self, reason: str) -> None:
        self.reason = self.sick = reason

    async def write(
        self,
        lane: Lane,  # noqa: ARG002
        work: Callable[[Transaction], T],  # noqa: ARG002
        durable: Callable[[], object] | None = None,  # noqa: ARG002
    ) -> T:
        """Raise StoreUnavailable with the reason."""
        raise StoreUnavailable(self.reason)

    async def read(self, work: Callable[[Transaction], T]) -> T:  # noqa: ARG002
        """Raise StoreUnavailable with the reason."""
        raise StoreUnavailable(self.reason)

    def commits(self) -> Mapping[Lane, Spread]:
        """Return nothing: there are none."""
        return {}

    def waiting(self) -> Mapping[Lane, int]:
        """Return nothing: none waits."""
        return {}

    async def change_token(self) -> int | None:
        """Return None: nothing is known."""
        return None

    async def close(self) -> None:
        """Do nothing."""
