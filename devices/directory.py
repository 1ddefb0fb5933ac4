"""What is known before a message comes: published definitions, groups, roles, and where a battery is low.

A Directory is a value. Who learns something makes a new one; messages that are being read keep the one they began with.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from devices.definitions import Definition
from devices.reading import Kind, Reading, State

# Percent, included. Source: the makers' own "low" of coin cells lies between 5 and 15 %.
LOW_PERCENT = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """A device that its bridge lists. `definition` is None as long as the bridge does not know what it is."""

    identity: str
    definition: Definition | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """What one bridge told: its devices and groups by friendly name. Groups publish like devices and are none."""

    devices: Mapping[str, Entry] = field(default_factory=dict)
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Role:
    """What the installer says of a device or one of its properties: a kind, or a call for help; perhaps one state."""

    kind: Kind
    sos: bool = False
    state: State | None = None

    @classmethod
    def parse(cls, text: str) -> "Role":
        """Read `smoke`, `sos`, `button`, `contact:active`. Raises ValueError for anything else."""
        name, _, state = text.partition(":")
        if state not in ("", "active", "clear"):
            raise ValueError(f"{state!r} is neither active nor clear")
        kind = Kind.BUTTON if name == "sos" else Kind(name)
        return cls(kind, name == "sos", State(state) if state else None)


# What any device may have beside what it is for; a role speaks of the latter.
_ACCESSORY = frozenset(
    {
        *(Kind.BATTERY, Kind.TAMPER, Kind.FAULT, Kind.TEMPERATURE, Kind.HUMIDITY, Kind.MAINS),
        *(Kind.AVAILABILITY, Kind.BRIDGE, Kind.LIFECYCLE, Kind.DISCOVERY),
    }
)
EMPTY_NETWORK = Network()


@dataclass(frozen=True, slots=True)
class Directory:
    """All that is known beforehand.

    `networks` by the bridge's full base topic, the home's prefix included. `kinds` says what a configured device is, by
    full topic: it decides where names say nothing (`alarm`). `roles`, by device or `device/property`, replace the kind
    that was guessed.
    """

    networks: Mapping[str, Network] = field(default_factory=lambda: MappingProxyType({}))
    kinds: Mapping[str, Kind] = field(default_factory=lambda: MappingProxyType({}))
    roles: Mapping[str, Role] = field(default_factory=lambda: MappingProxyType({}))
    battery_low_percent: int = LOW_PERCENT

    def network(self, base: str) -> Network:
        """Return what is known of a bridge; nothing is known of a new one."""
        return self.networks.get(base, EMPTY_NETWORK)

    def with_network(self, base: str, network: Network) -> "Directory":
        """Return a directory in which a bridge's devices and groups are these; itself if that is no news."""
        if self.networks.get(base) == network:
            return self
        return replace(self, networks=MappingProxyType({**self.networks, base: network}))

    def with_role(self, reading: Reading) -> Reading:
        """Return the reading as its role makes it: of its property, else of its device. It replaces the guess."""
        role = self.roles.get(f"{reading.device}/{reading.property}")
        if role is None and reading.kind not in _ACCESSORY:
            role = self.roles.get(reading.device)
        if role is None:
            return reading
        state = reading.state if role.state is None or reading.state is None else role.state
        is_call = role.sos or (reading.sos and role.kind is Kind.BUTTON)
        return reading._replace(kind=role.kind, state=state, sos=is_call, maybe_sos=False)


NOTHING_KNOWN = Directory()
