"""What many homes publish, as a stream: who says what, and when. Pure: the same seed gives the same stream."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from simulators.home.dice import Dice, dice
from simulators.home.models import Model, model_of

# What hangs in each home: id, kind, role, room, and how often it speaks in a usual day, counted from simulated homes.
DEVICES: tuple[tuple[str, str, str, str, float], ...] = (
    ("bed-sos", "button", "sos", "bedroom", 6),
    ("bath-sos", "button", "sos", "bathroom", 6),
    ("kitchen-gas", "gas", "", "kitchen", 48),
    ("hall-motion", "motion", "", "hall", 190),
    ("bedroom-motion", "motion", "", "bedroom", 120),
    ("kitchen-motion", "motion", "", "kitchen", 170),
    ("front-door", "contact", "entrance", "hall", 35),
    ("kitchen-climate", "temperature", "", "kitchen", 48),
)
PER_HOME_AND_DAY = sum(often for *_, often in DEVICES)
# How much busier homes are in each hour of the day than on average; the mean is one.
_NIGHT, _MORNING = (0.2, 0.2, 0.2, 0.2, 0.3, 0.6), (1.4, 1.7, 1.5, 1.4, 1.4, 1.6)
_AFTERNOON, _EVENING = (1.4, 0.9, 1.1, 1.4, 1.5, 1.7), (1.6, 1.4, 1.1, 0.7, 0.3, 0.2)
_HOURS = _NIGHT + _MORNING + _AFTERNOON + _EVENING
_MEAN = sum(_HOURS) / 24


def home_id(number: int) -> str:
    """Return the id of a home: fl-00001."""
    return f"fl-{number + 1:05d}"


def prefix(number: int) -> str:
    """Return what all topics of a home begin with."""
    return f"homes/{home_id(number)}/"


def topic_of(device: str) -> str:
    """Return a device's topic without the prefix."""
    return f"zigbee2mqtt/{device.replace('-', '_')}"


def usual_rate(homes: int, local: datetime) -> float:
    """Return how many messages a second so many homes publish at this local time of day."""
    return homes * PER_HOME_AND_DAY / 86_400 * _HOURS[local.hour] / _MEAN


@dataclass(frozen=True, slots=True)
class Message:
    """One publish; `is_press` if somebody calls for help with it."""

    topic: str
    payload: str
    is_press: bool = False
    retain: bool = False


class Traffic:
    """Many homes that speak one after the other, by chance. A motion sensor that saw somebody says clear next."""

    def __init__(self, homes: int, seed: int = 0) -> None:
        self.homes = homes
        self._rng: Dice = dice("fleet", seed, homes)
        self._models: list[Model] = [model_of(kind, role) for _, kind, role, _, _ in DEVICES]
        self._buttons = [number for number, device in enumerate(DEVICES) if device[2] == "sos"]
        self._often = [often for *_, often in DEVICES]
        self._active: set[tuple[int, int]] = set()

    def online(self) -> Iterator[Message]:
        """Say for every home that its bridge is there."""
        for home in range(self.homes):
            yield Message(f"{prefix(home)}zigbee2mqtt/bridge/state", '{"state":"online"}', retain=True)

    def offline(self) -> Iterator[Message]:
        """Say for every home that its bridge has ended."""
        for home in range(self.homes):
            yield Message(f"{prefix(home)}zigbee2mqtt/bridge/state", '{"state":"offline"}', retain=True)

    def event(self) -> Message:
        """Return what some home says next."""
        home = self._rng.randrange(self.homes)
        number = self._rng.choices(range(len(DEVICES)), self._often)[0]
        return self._message(home, number, {})

    def press(self) -> Message:
        """Return a call for help from some home."""
        home, number = self._rng.randrange(self.homes), self._rng.choice(self._buttons)
        return self._message(home, number, {"action": self._models[number].press})

    def wait_s(self, rate: float) -> float:
        """Return how long it is until the next of so many events a second, as chance has it."""
        return self._rng.expovariate(rate) if rate > 0 else float("inf")

    def _message(self, home: int, number: int, said: dict[str, object]) -> Message:
        id, kind, *_ = DEVICES[number]
        model = self._models[number]
        content: dict[str, object] = dict(model.properties)
        if model.has_battery:
            content["battery"] = 60 + (home * 7 + number * 13) % 41
        if kind in ("motion", "contact"):
            content |= self._turned(home, number, model)
        elif kind == "temperature":
            content |= {
                "temperature": round(self._rng.gauss(20.5, 1.0), 2),
                "humidity": round(self._rng.gauss(46, 4), 2),
            }
        else:
            content |= {name: clear for name, _, clear in model.senses.values()}
        content |= {"linkquality": self._rng.randint(40, 220), **said}
        payload = json.dumps(dict(sorted(content.items())), separators=(",", ":"))
        return Message(prefix(home) + topic_of(id), payload, is_press="action" in said)

    def _turned(self, home: int, number: int, model: Model) -> dict[str, object]:
        """Turn a sensor from clear to active or back."""
        key = (home, number)
        active = key not in self._active
        (self._active.add if active else self._active.discard)(key)
        return {name: on if active else off for name, on, off in model.senses.values()}
