"""What bridges tell of their devices: learned in a thread, kept in the database, known to all sessions' decoders.

A bridge's list may have megabytes. It is read away from the event loop, one list at a time, so that no press waits for
it; each item of a list is parsed by itself, so that no thread holds the others up for long.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from devices.dialect import Dialect
from devices.directory import Directory
from devices.message import Message
from devices.reading import Kind
from hub.clock import Clock
from hub.homes import DeviceKind, Registry
from hub.ports import Lane, Store, StoreUnavailable

_LOG = structlog.get_logger(__name__)

# Real time: how long a start waits for what was known before. A gateway needs some milliseconds; ten thousand homes
# need seconds, and presses are understood by their names until then.
RECALL_PATIENCE_S = 1.0
# Gateways that nobody configured: their topics may be endless.
MOST_STRANGERS = 100

# Which dialect writes a full topic, and the topic without the home's prefix.
Route = Callable[[str], tuple[Dialect, str] | None]

# What an installer says a device is, where that decides how a nameless alarm is read.
_KINDS: Mapping[DeviceKind, Kind] = {
    DeviceKind.GAS: Kind.GAS,
    DeviceKind.SMOKE: Kind.SMOKE,
    DeviceKind.CO: Kind.CO,
    DeviceKind.LEAK: Kind.LEAK,
    DeviceKind.FALL: Kind.FALL,
    DeviceKind.MOTION: Kind.MOTION,
    DeviceKind.CONTACT: Kind.CONTACT,
    DeviceKind.BED: Kind.BED,
    DeviceKind.BUTTON: Kind.BUTTON,
}


def kinds_of(registry: Registry) -> Mapping[str, Kind]:
    """Return what the configured devices are, by full topic."""
    return {topic: kind for topic, device in registry.by_topic.items() if (kind := _KINDS.get(device.kind)) is not None}


class Learning:
    """Holds the directory that decoders read with; make and use it on the event loop.

    Without a store nothing is kept; a bridge's list is retained, so it comes again with the next subscription.
    """

    def __init__(self, registry: Registry, clock: Clock, store: Store | None = None) -> None:
        self.directory = Directory(kinds=kinds_of(registry))
        self._prefixes = registry.homes_by_prefix
        self._clock = clock
        self._store = store
        self._one_at_a_time = asyncio.Lock()
        self._heard: set[str] = set()
        self._unkept: set[str] = set()
        self._strangers: set[str] = set()
        self._recalling: asyncio.Task[None] | None = None

    def use(self, registry: Registry, kinds: Mapping[str, Kind]) -> None:
        """Follow changed homes; `kinds` as `kinds_of` gives them."""
        self._prefixes = registry.homes_by_prefix
        self.directory = replace(self.directory, kinds=kinds)

    async def learn(self, dialect: Dialect, topic: str, message: Message) -> None:
        """Learn from one list and keep it. Never raises: what is not kept now is kept when the list comes again."""
        source = message.topic
        prefix = source.removesuffix(topic)
        if prefix not in self._prefixes and prefix not in self._strangers:
            if len(self._strangers) >= MOST_STRANGERS:
                return
            self._strangers.add(prefix)
        async with self._one_at_a_time:
            self._heard.add(source)
            is_news = await self._take(dialect, topic, message)
            if is_news or source in self._unkept:
                await self._keep(message)

    async def recall(self, route: Route, patience_s: float | None = RECALL_PATIENCE_S) -> None:
        """Take what was kept, within a second as far as that goes, the rest soon after. Newer lists are not undone.

        With `patience_s` None all of it.
        """
        if self._store is None:
            return
        if self._recalling is not None:
            self._recalling.cancel()
        self._recalling = asyncio.create_task(self._recall(self._store, route), name="recall definitions")
        await asyncio.wait([self._recalling], timeout=patience_s)

    def stop(self) -> None:
        """End what is still being recalled."""
        if self._recalling is not None:
            self._recalling.cancel()

    async def _recall(self, store: Store, route: Route) -> None:
        with contextlib.suppress(StoreUnavailable):
            for source in await store.read(lambda t: t.definition_sources()):
                found, payload = route(source), await _kept(store, source)
                if payload is None or found is None:
                    continue
                async with self._one_at_a_time:
                    if source not in self._heard:
                        await self._take(*found, Message(source, payload, self._clock.now(), retained=True))

    async def _take(self, dialect: Dialect, topic: str, message: Message) -> bool:
        before = self.directory
        try:
            learned = await asyncio.to_thread(dialect.learn, message, topic, before)
        except Exception as error:
            # One list's fault: its devices are read by their names.
            _LOG.error("list_not_learned", source=message.topic, error=type(error).__name__)
            return False
        if learned is before:
            return False
        # Homes may have changed meanwhile; what is installed in them is not for a list to say.
        self.directory = replace(self.directory, networks=learned.networks)
        return True

    async def _keep(self, message: Message) -> None:
        self._unkept.add(message.topic)
        if self._store is None:
            return
        try:
            await self._store.write(
                Lane.SLOW, lambda t: t.keep_definition(message.topic, message.payload, message.received_at)
            )
        except StoreUnavailable:
            _LOG.warning("list_not_kept", source=message.topic)
            return
        self._unkept.discard(message.topic)


async def _kept(store: Store, source: str) -> bytes | None:
    return await store.read(lambda t: t.definition(source))
