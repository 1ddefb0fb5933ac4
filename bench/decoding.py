"""What it costs to understand a message, beside what parsing its JSON costs."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from bench.figures import Figure, percentile
from devices.directory import NOTHING_KNOWN
from devices.message import Message
from devices.zigbee2mqtt import Zigbee2mqtt

MOST_TIMES = 6.0
ROUNDS, REPEATS = 15, 200

# What the devices of a home say: a button, a motion sensor, a door, a gas and a smoke detector, a leak sensor,
# a thermometer.
PAYLOADS: dict[str, dict[str, object]] = {
    "bed_sos": {"action": "emergency", "battery": 87, "linkquality": 98, "voltage": 2900},
    "hall_motion": {"battery": 97, "illuminance": 12, "linkquality": 120, "occupancy": True, "voltage": 3000},
    "front_door": {"battery": 100, "contact": False, "linkquality": 76, "tamper": False, "voltage": 3000},
    "kitchen_gas": {"gas": True, "linkquality": 110, "test": False},
    "hall_smoke": {"battery": 100, "battery_low": False, "linkquality": 61, "smoke": False, "smoke_density": 0},
    "bathroom_leak": {"battery": 64, "battery_low": False, "linkquality": 84, "water_leak": False},
    "bedroom_climate": {"battery": 71, "humidity": 41.2, "linkquality": 133, "temperature": 19.8, "voltage": 2800},
}


def decoding() -> Figure:
    """Decode and parse each payload in turn; of its rounds the median counts, and of the messages the median."""
    dialect = Zigbee2mqtt()
    at = datetime(2026, 3, 1, tzinfo=UTC)
    found: dict[str, tuple[float, float]] = {}
    for name, said in PAYLOADS.items():
        message = Message(f"zigbee2mqtt/{name}", json.dumps(said).encode(), at)
        decode = partial(dialect.decode, message, message.topic, NOTHING_KNOWN)
        parse = partial(json.loads, message.payload)
        pairs = [(_span_us(decode), _span_us(parse)) for _ in range(ROUNDS)]
        found[name] = (_median([ours for ours, _ in pairs]), _median([least for _, least in pairs]))
    ratios = {name: ours / least for name, (ours, least) in found.items()}
    ratio = _median(list(ratios.values()))
    dearest = max(ratios, key=lambda name: ratios[name])
    return Figure(
        "decoding",
        f"a message is decoded (the median of {len(found)})",
        f"{_median([ours for ours, _ in found.values()]):.1f} us",
        f"{_median([least for _, least in found.values()]):.1f} us with json.loads",
        ratio,
        f"at most {MOST_TIMES:.0f} times json.loads",
        ratio <= MOST_TIMES,
        {f"the dearest of them, {dearest}": f"{ratios[dearest]:.1f} times"},
    )


def _median(values: list[float]) -> float:
    return percentile(values, 50)


def _span_us(work: Callable[[], object]) -> float:
    started = time.process_time()
    for _ in range(REPEATS):
        work()
    return (time.process_time() - started) / REPEATS * 1e6
