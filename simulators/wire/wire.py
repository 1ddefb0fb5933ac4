"""A link to the broker that behaves as links in homes do: slow, lossy, cut, or dead without saying so."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from simulators.wire.packets import Splitter, carries_a_message

_CHUNK = 64 * 1024
# What a slow link holds back at most, per direction; then it stops reading, as a full radio does.
_MOST_WAITING = 1000


@dataclass(frozen=True, slots=True)
class Condition:
    """How the link is now.

    `drop` is the share of messages and acknowledgements that vanish (0 to 1). `frozen`: connections stand, but
    nothing passes and nobody is told. `is_cut`: connections break and new ones are refused.
    """

    delay: timedelta = timedelta(0)
    jitter: timedelta = timedelta(0)
    drop: float = 0.0
    frozen: bool = False
    is_cut: bool = False

    def __post_init__(self) -> None:
        """Refuse what no link can be."""
        if not 0 <= self.drop <= 1:
            raise ValueError(f"drop is a share from 0 to 1, not {self.drop}")
        if self.delay < timedelta(0) or self.jitter < timedelta(0):
            raise ValueError("a link cannot deliver before it was sent to: delay and jitter are not negative")


class Wire:
    """Passes bytes between clients and the broker at `host`:`port`, in both directions, as `condition` says.

    Order is kept, as on any TCP connection. `tell` hears in a sentence what happens.
    """

    def __init__(self, host: str, port: int, *, seed: int = 0, tell: Callable[[str], None] | None = None) -> None:
        self.port = 0
        self.passed = 0
        self.dropped = 0
        self._broker = (host, port)
        self._condition = Condition()
        self._changed = asyncio.Event()
        self._dice = random.Random(seed)  # noqa: S311  # faults that can be had again, no secret
        self._tell = tell or (lambda _: None)
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()

    @property
    def condition(self) -> Condition:
        """Return how the link is."""
        return self._condition

    def set(self, condition: Condition) -> None:
        """Make the link so from now on; what is under way is cut or goes on."""
        was, self._condition = self._condition, condition
        self._changed.set()
        self._changed = asyncio.Event()
        if condition.is_cut and not was.is_cut:
            self._tell(f"cut: {len(self._links)} connections end, new ones are refused")
            for link in self._links:
                link.cancel()
        elif was.is_cut and not condition.is_cut:
            self._tell("whole again")
        if condition.frozen and not was.frozen:
            self._tell("frozen: connections stand, nothing passes")
        elif was.frozen and not condition.frozen:
            self._tell("passes again")

    async def start(self, listen: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. Raises OSError."""
        self._server = await asyncio.start_server(self._accept, listen, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """End all connections and listen no more."""
        if self._server is not None:
            self._server.close()
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._condition.is_cut:
            writer.close()
            return
        link = asyncio.create_task(self._link(reader, writer))
        self._links.add(link)
        link.add_done_callback(self._links.discard)

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join one client with the broker until one of them, or the link, ends it."""
        ends = [writer]
        try:
            broker_reader, broker_writer = await asyncio.open_connection(*self._broker)
            ends.append(broker_writer)
            ways = [self._way(reader, broker_writer), self._way(broker_reader, writer)]
            tasks = [asyncio.create_task(way) for way in ways]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        except OSError as error:
            self._tell(f"the broker at {self._broker[0]}:{self._broker[1]} does not answer: {error.strerror or error}")
        finally:
            for end in ends:
                # Without a goodbye: the other side learns it as it would of a pulled plug.
                with suppress(OSError, RuntimeError):
                    end.transport.abort()

    async def _way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one direction on, each packet after its delay."""
        waiting: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue(_MOST_WAITING)
        passing = asyncio.create_task(self._pass(waiting, writer))
        splitter = Splitter()
        loop = asyncio.get_running_loop()
        try:
            while data := await reader.read(_CHUNK):
                for packet in splitter.feed(data):
                    if self._is_lost(packet):
                        self.dropped += 1
                        continue
                    await waiting.put((loop.time() + self._delay_s(), packet))
            await waiting.put(None)
            await passing
        finally:
            passing.cancel()
            await asyncio.gather(passing, return_exceptions=True)

    async def _pass(self, waiting: asyncio.Queue[tuple[float, bytes] | None], writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while (item := await waiting.get()) is not None:
            due, packet = item
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            while self._condition.frozen:
                await self._changed.wait()
            writer.write(packet)
            await writer.drain()
            self.passed += 1

    def _is_lost(self, packet: bytes) -> bool:
        drop = self._condition.drop
        return drop > 0 and carries_a_message(packet) and self._dice.random() < drop

    def _delay_s(self) -> float:
        condition = self._condition
        return condition.delay.total_seconds() + self._dice.random() * condition.jitter.total_seconds()
