"""The simulated home of the demo: what it is made of, its line to the broker, and how it looks."""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import aiomqtt

from hub.homes import Device, DeviceKind, DeviceRole, Home, Registry
from simulators.home import Plan, PublisherAway, SimulatedHome

if TYPE_CHECKING:
    from hub.clock import PacedClock
    from hub.ingest.client import Broker
    from hub.settings import Configuration

_AGAIN_AFTER_S = 0.2
_FENCE = "demo/fence"
# What a home needs so that there is something to play with: added to one that has nothing of the kind in that room.
_EXTRA: Sequence[tuple[str, DeviceKind, DeviceRole | None, str]] = (
    ("bed-mat", DeviceKind.BED, DeviceRole.BED, "bedroom"),
    ("bedroom-motion", DeviceKind.MOTION, None, "bedroom"),
    ("kitchen-motion", DeviceKind.MOTION, None, "kitchen"),
    ("bath-motion", DeviceKind.MOTION, DeviceRole.BATHROOM, "bathroom"),
    ("bath-sos", DeviceKind.BUTTON, DeviceRole.SOS, "bathroom"),
    ("bath-leak", DeviceKind.LEAK, None, "bathroom"),
    ("living-motion", DeviceKind.MOTION, None, "living"),
)
_DEFAULT_BASE = "zigbee2mqtt"


def played(registry: Registry) -> Home | None:
    """Return the home that is played: the first one with devices."""
    return next((home for home in registry.homes.values() if home.devices), None)


def furnished(loaded: "Configuration") -> "Configuration":
    """Return the configuration with enough devices in the home that is played, so that everything can be tried."""
    home = played(loaded.registry)
    if home is None:
        return loaded
    base = base_topics(loaded)[0]
    taken = {(device.kind, device.room) for device in home.devices}
    ids, topics = {device.id for device in home.devices}, set(loaded.registry.by_topic)
    more = [
        Device(home.id, id, kind, topic, role, room)
        for id, kind, role, room in _EXTRA
        if (kind, room) not in taken and id not in ids
        for topic in (f"{base}/{id.replace('-', '_')}",)
        if home.prefix + topic not in topics
    ]
    homes = {**loaded.registry.homes, home.id: replace(home, devices=(*home.devices, *more))}
    return replace(
        loaded, registry=Registry(loaded.registry.people, homes, loaded.registry.version, loaded.registry.areas)
    )


def base_topics(loaded: "Configuration") -> Sequence[str]:
    """Return the base topics of the configured Zigbee2MQTT bridges."""
    configured: Mapping[str, Any] = loaded.hub.dialects.get("zigbee2mqtt") or {}
    return tuple(configured.get("base_topics") or (_DEFAULT_BASE,))


def plan_of(home: Home, loaded: "Configuration") -> Plan:
    """Return what the simulated home is built from."""
    return Plan.of(
        {
            "id": home.id,
            "who": home.who,
            "timezone": loaded.hub.timezone.key,
            "prefix": home.prefix,
            "rooms": home.rooms,
            "base_topics": base_topics(loaded),
            "devices": [
                {
                    "id": d.id,
                    "kind": d.kind.value,
                    "role": d.role.value if d.role else "",
                    "room": d.room,
                    "topic": d.topic,
                }
                for d in home.devices
            ],
        }
    )


class DemoHome:
    """A home that lives, with a line to the demo's broker that mends itself."""

    def __init__(self, plan: Plan, clock: "PacedClock", seed: int) -> None:
        self.plan = plan
        self.home = SimulatedHome(plan, clock, self, seed=seed)
        self.said_something = False
        self._client: aiomqtt.Client | None = None
        self._line: asyncio.Task[None] | None = None
        self._connected = asyncio.Event()

    async def start(self, broker: "Broker") -> None:
        """Connect and begin to live."""
        self._line = asyncio.create_task(self._keep_line(broker))
        await self._connected.wait()
        await self.home.start()

    async def stop(self) -> None:
        """Say goodbye and hang up."""
        await self.home.stop()
        with suppress(PublisherAway, TimeoutError):
            async with asyncio.timeout(1):
                await self.surely_said()
        if self._line is not None:
            self._line.cancel()
            await asyncio.gather(self._line, return_exceptions=True)

    @property
    def busy(self) -> bool:
        """Whether it has something to say at this instant."""
        return self.home.busy

    async def publish(self, topic: str, payload: str, qos: int, retain: bool) -> None:
        """Publish as the bridge does; what follows a message without acknowledgement shows that it arrived."""
        self.said_something = True
        await self._publish(topic, payload, qos, retain)

    async def surely_said(self) -> None:
        """Return when the broker has all that was published; raises PublisherAway."""
        self.said_something = False
        await self._publish(_FENCE, "", 1, retain=False)

    async def _publish(self, topic: str, payload: str, qos: int, retain: bool) -> None:
        client = self._client
        if client is None:
            raise PublisherAway
        try:
            await client.publish(topic, payload, qos=qos, retain=retain)
        except aiomqtt.MqttError:
            raise PublisherAway from None

    async def _keep_line(self, broker: "Broker") -> None:
        while True:
            with suppress(aiomqtt.MqttError):
                async with aiomqtt.Client(
                    broker.host,
                    broker.port,
                    username=broker.username,
                    password=broker.password,
                    socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
                    protocol=aiomqtt.ProtocolVersion.V5,  # the broker from the package speaks nothing else here
                ) as client:
                    self._client = client
                    if self._connected.is_set():
                        await self.home.reconnected()
                    self._connected.set()
                    async for _ in client.messages:
                        pass
            self._client = None
            await asyncio.sleep(_AGAIN_AFTER_S)
