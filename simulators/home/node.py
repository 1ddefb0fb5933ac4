"""One device as it lives: its battery, what it senses, whether anybody has heard of it lately."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from simulators.home.dice import Dice, dice
from simulators.home.models import Model, model_of
from simulators.home.plan import Device

LOW_PCT = 4


class Fault(StrEnum):
    """What can be wrong with a device."""

    DEAD_BATTERY = "dead-battery"
    STUCK = "stuck"
    SIX_COPIES = "six-copies"
    CLOCK_1970 = "clock-1970"
    CHATTER = "chatter"


class Clocks(StrEnum):
    """What the clocks of devices and gateway say."""

    RIGHT = "right"
    YEAR_1970 = "1970"
    AHEAD = "ahead"

    def shows(self, now: datetime, booted_at: datetime) -> datetime:
        """Return what such a clock shows; without a battery it began at 1970 when it was switched on."""
        if self is Clocks.YEAR_1970:
            return datetime(1970, 1, 1, tzinfo=now.tzinfo) + (now - booted_at)
        return now + timedelta(hours=3) if self is Clocks.AHEAD else now


@dataclass(frozen=True, slots=True)
class Fact:
    """What a device has to say: a state of a kind, a value, or a press (`action`)."""

    kind: str
    active: bool | None = None
    value: float | None = None
    unit: str = ""
    action: str = ""


@dataclass
class Node:
    """A device of the plan in operation. `cached` is what a bridge knows of it, `active` what it senses, by kind."""

    device: Device
    model: Model
    rng: Dice
    battery_pct: int | None
    linkquality: int
    cached: dict[str, Any] = field(default_factory=dict)
    active: dict[str, bool] = field(default_factory=dict)
    faults: set[Fault] = field(default_factory=set)
    alive: bool = True
    heard_at: datetime | None = None
    available: bool | None = None
    seq: int = 0
    # A PIR sensor is blind for a while after each report, and clear a while after the last one.
    blind_until: datetime | None = None
    round: int = 0

    @classmethod
    def of(cls, device: Device, seed: int) -> "Node":
        """Begin the life of a device; the seed decides its battery and its distance from the bridge."""
        model, rng = model_of(device.kind, device.role), dice("node", seed, device.id)
        battery = rng.randint(62, 100) if model.has_battery or not model.mains else None
        node = cls(device, model, rng, battery, rng.randint(60, 220))
        node.cached = dict(model.properties)
        if model.has_battery:
            node.cached["battery"] = battery
        for kind, (name, _, clear) in model.senses.items():
            node.active[kind] = False
            node.cached[name] = clear
        return node

    @property
    def is_reachable(self) -> bool:
        """Whether it can speak at all."""
        return self.alive

    def feels(self, fact: Fact) -> dict[str, Any]:
        """Take a fact in; return the properties that change for a bridge."""
        if fact.active is not None:
            self.active[fact.kind] = fact.active
        sensed = self.model.senses.get(fact.kind)
        if fact.action:
            return {"action": fact.action}
        if sensed is not None and fact.active is not None:
            name, active, clear = sensed
            return {name: active if fact.active else clear}
        if fact.value is not None and fact.kind in self.cached:
            return {fact.kind: fact.value}
        return {}

    def set_battery(self, percent: int) -> dict[str, Any]:
        """Change the battery; return the properties that change for a bridge."""
        self.battery_pct = percent
        found: dict[str, Any] = {"battery": percent} if self.model.has_battery else {}
        return found | ({"battery_low": percent <= LOW_PCT} if "battery_low" in self.cached else {})

    def signal(self) -> int:
        """Return how well it is received just now."""
        return max(1, min(255, self.linkquality + self.rng.randint(-12, 12)))
