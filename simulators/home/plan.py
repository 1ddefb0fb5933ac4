"""What is installed in a home: its rooms and devices, from plain values as a configuration holds them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from simulators.home.house import House

ZIGBEE2MQTT, NATIVE = "zigbee2mqtt", "native"
DIALECTS = (ZIGBEE2MQTT, NATIVE)
# The first level of the native dialect's topics.
NATIVE_ROOT = "carehub"


@dataclass(frozen=True, slots=True)
class Device:
    """One installed device. `base` is what its topic begins with, the home's prefix included; `name` what follows."""

    id: str
    kind: str
    room: str
    dialect: str
    base: str
    name: str
    role: str = ""

    @property
    def topic(self) -> str:
        """The full topic on which it speaks."""
        return f"{self.base}/{self.name}"


@dataclass(frozen=True)
class Plan:
    """A home: who lives there, what hangs where. `skipped` are devices whose dialect nobody here speaks."""

    home: str
    who: str
    zone: ZoneInfo
    devices: tuple[Device, ...]
    rooms: Mapping[str, str] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()

    @classmethod
    def of(cls, described: Mapping[str, Any], dialect: str | None = None) -> "Plan":
        """Build a plan from plain values; `dialect` makes all devices speak that one, whatever their topics say.

        `described`: id, who, timezone, and optionally prefix, rooms (own rooms: id to name), base_topics (those of
        the zigbee2mqtt bridges), devices (id, kind, topic without the prefix, and optionally role and room).
        """
        prefix = described.get("prefix") or ""
        bases = tuple(described.get("base_topics") or (ZIGBEE2MQTT,))
        made = [(entry, _device(entry, prefix, bases, dialect)) for entry in described.get("devices") or ()]
        return cls(
            described["id"],
            described.get("who") or described["id"],
            ZoneInfo(described.get("timezone") or "UTC"),
            tuple(device for _, device in made if device is not None),
            dict(described.get("rooms") or {}),
            tuple(entry["id"] for entry, device in made if device is None),
        )

    @cached_property
    def house(self) -> House:
        """The rooms that the devices name, those of the home's own, and what every home has."""
        doors = (device.room for device in self.devices if device.role == "entrance")
        return House.of((*(device.room for device in self.devices if device.room), *self.rooms), next(doors, None))

    @cached_property
    def bases(self) -> tuple[str, ...]:
        """The zigbee2mqtt bridges of this home, by base topic."""
        return tuple(dict.fromkeys(d.base for d in self.devices if d.dialect == ZIGBEE2MQTT))

    def device(self, id: str) -> Device | None:
        """Return one device, or None."""
        return next((device for device in self.devices if device.id == id), None)

    def of_kind(self, *kinds: str) -> tuple[Device, ...]:
        """Return the devices of some kinds."""
        return tuple(device for device in self.devices if device.kind in kinds)


def _device(entry: Mapping[str, Any], prefix: str, bases: Sequence[str], dialect: str | None) -> Device | None:
    topic = str(entry["topic"])
    base = next((base for base in (*bases, NATIVE_ROOT) if topic.startswith(f"{base}/")), None)
    if base is None:
        return None
    name, spoken = topic[len(base) + 1 :], NATIVE if base == NATIVE_ROOT else ZIGBEE2MQTT
    if dialect is not None and dialect != spoken:
        spoken, base = dialect, NATIVE_ROOT if dialect == NATIVE else bases[0]
        name = entry["id"] if dialect == NATIVE else name
    room, role = entry.get("room") or "", entry.get("role") or ""
    return Device(entry["id"], str(entry["kind"]), str(room), spoken, prefix + base, name, str(role))
