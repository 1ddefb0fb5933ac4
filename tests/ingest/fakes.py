"""Small stand-ins around ingest: a dialect, a store that can be slow or sick, a lifeline, homes."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from devices.directory import NOTHING_KNOWN, Directory
from devices.message import Message
from devices.reading import Kind, Reading, State, Undecodable
from hub.homes import Device, DeviceKind, DeviceRole, Home, Registry
from hub.ingest.grants import Signal
from hub.ports import Arrival, Connection, Session, StoreUnavailable

AWAY_SINCE = datetime(2026, 3, 1, 5, 2, tzinfo=UTC)
PATIENCE_S = 30.0


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until it is so, where nothing tells that it has become so."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@dataclass(frozen=True)
class WireDialect:
    """Topics `<base>/<device>/...`; the payload is what a button says."""

    base: str = "zigbee2mqtt"
    name: str = "wire"

    def claims(self, topic: str) -> bool:
        return topic.startswith(f"{self.base}/")

    def filters(self, topic: str) -> tuple[str, ...]:
        return (f"{topic}/#",)

    def bridge_filters(self) -> tuple[str, ...]:
        return (f"{self.base}/bridge/state", f"{self.base}/bridge/devices")

    def watch_filters(self) -> tuple[str, ...]:
        return (f"{self.base}/#",)

    def teaches(self, topic: str) -> bool:
        return False

    def learn(self, message: Message, topic: str, directory: Directory) -> Directory:
        return directory

    def decode(self, message: Message, topic: str, directory: Directory = NOTHING_KNOWN) -> Sequence[Reading]:
        if message.payload == b"garbage":
            raise Undecodable("not what it should be")
        if message.payload == b"bug":
            raise KeyError("a mistake in the decoder")
        device = topic.split("/")[1]
        action = message.payload[:100].decode(errors="replace")
        return [Reading(f"{self.base}/{device}", device, Kind.BUTTON, State.ACTIVE, action=action)]


WIRE = WireDialect()


def button(name: str) -> Device:
    return Device("wang", name, DeviceKind.BUTTON, f"zigbee2mqtt/{name}", DeviceRole.SOS)


def gas(name: str) -> Device:
    return Device("wang", name, DeviceKind.GAS, f"zigbee2mqtt/{name}")


def motion(name: str) -> Device:
    return Device("wang", name, DeviceKind.MOTION, f"zigbee2mqtt/{name}")


def home_of(*devices: Device, prefix: str = "", id: str = "wang") -> Home:
    return Home(id, "620702207200", "12 Shangbao", prefix, devices=devices)


def registry_of(*devices: Device) -> Registry:
    return Registry.of([], [home_of(*devices)])


@dataclass
class FakeIntake:
    """Remembers what it is given. `gate` holds commits back, `sick` makes every call fail."""

    arrivals: list[Arrival] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    connections: list[tuple[Session, bool]] = field(default_factory=list)
    markers: list[tuple[Connection, int, tuple[int, ...]]] = field(default_factory=list)
    filters: dict[Session, list[tuple[str, ...]]] = field(default_factory=dict)
    sick: bool = False
    tries: int = 0

    def __post_init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self._changed = Signal()

    async def connected(self, session: Session, *, session_present: bool) -> Connection:
        self._try()
        self.connections.append((session, session_present))
        self._changed.fire()
        stored = self.filters.get(session, [()])[-1]
        return Connection(session, len(self.connections), AWAY_SINCE, stored)

    async def subscribed(self, session: Session, filters: Sequence[str]) -> None:
        self._try()
        self.filters.setdefault(session, []).append(tuple(filters))

    async def commit(self, arrivals: Sequence[Arrival]) -> None:
        self._changed.fire()
        await self.gate.wait()
        self._try()
        self.arrivals += arrivals
        self.batches.append(len(arrivals))
        self._changed.fire()

    async def marker(self, connection: Connection, number: int, acknowledged: Sequence[int]) -> None:
        self._try()
        self.markers.append((connection, number, tuple(acknowledged)))
        self._changed.fire()

    def _try(self) -> None:
        self.tries += 1
        self._changed.fire()
        if self.sick:
            raise StoreUnavailable("the disk is full")

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until it is so; looked at whenever something reaches the store."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await self._changed.wait()

    def payloads(self, session: Session | None = None) -> list[bytes]:
        return [a.delivery.message.payload for a in self.arrivals if session in (None, a.delivery.session)]


@dataclass
class FakeLifeline:
    """Remembers what it was offered."""

    heard: list[Arrival] = field(default_factory=list)
    safe: list[Arrival] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.news = Signal()

    def arrived(self, arrival: Arrival) -> None:
        self.heard.append(arrival)
        self.news.fire()

    def committed(self, arrivals: Sequence[Arrival]) -> None:
        self.safe += arrivals


class HandClock:
    """Hub time that only moves when a test says so."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
        self._moved = Signal()

    def now(self) -> datetime:
        return self._now

    def forward(self, span: timedelta) -> None:
        self._now += span
        self._moved.fire()

    async def sleep(self, span: timedelta, wake: asyncio.Event | None = None) -> None:
        until = self._now + span
        while self._now < until and not (wake and wake.is_set()):
            waits = [asyncio.ensure_future(self._moved.wait())]
            waits += [asyncio.ensure_future(wake.wait())] if wake else []  # type: ignore[list-item]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
