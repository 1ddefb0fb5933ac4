"""A home with every kind of device, and what it said."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from simulators.home import SCENARIOS, Fault, Happening, Machine, Plan, Said, Told

START = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai
DEVICES: Sequence[tuple[str, str, str, str]] = (
    ("bed-sos", "button", "sos", "bedroom"),
    ("door-bell", "button", "doorbell", "hall"),
    ("kitchen-gas", "gas", "", "kitchen"),
    ("kitchen-smoke", "smoke", "", "kitchen"),
    ("kitchen-co", "co", "", "kitchen"),
    ("bath-leak", "leak", "", "bathroom"),
    ("hall-motion", "motion", "", "hall"),
    ("bedroom-motion", "motion", "", "bedroom"),
    ("bath-motion", "motion", "bathroom", "bathroom"),
    ("front-door", "contact", "entrance", "hall"),
    ("fridge", "contact", "", "kitchen"),
    ("bed-mat", "bed", "bed", "bedroom"),
    ("bath-fall", "fall", "", "bathroom"),
    ("kitchen-climate", "temperature", "", "kitchen"),
    ("kitchen-damp", "humidity", "", "kitchen"),
)


def described(base: str = "zigbee2mqtt", *extra: tuple[str, str, str, str]) -> dict[str, Any]:
    """Return a home as plain values, as a configuration holds it."""
    return {
        "id": "ah-001",
        "who": "王秀兰",
        "timezone": "Asia/Shanghai",
        "devices": [
            {"id": id, "kind": kind, "role": role, "room": room, "topic": f"{base}/{id.replace('-', '_')}"}
            for id, kind, role, room in (*DEVICES, *extra)
        ],
    }


def machine_of(plan: Plan, *, seed: int = 0, start: datetime = START) -> Machine:
    return Machine(plan, start, seed=seed)


def lived(
    machine: Machine, lasting: timedelta, then: Callable[[Machine], list[Happening]] | None = None
) -> list[Happening]:
    """Let a home live from its start; return all that happened."""
    happened = machine.start()
    if then is not None:
        happened += then(machine)
    return happened + machine.advance(machine.started_at + lasting)


def played(name: str, plan: Plan, lasting: timedelta, seed: int = 0) -> tuple[Machine, list[Happening]]:
    """Play a scenario from the start."""
    machine = machine_of(plan, seed=seed)
    return machine, lived(machine, lasting, lambda m: m.play(m.started_at, SCENARIOS[name]))


def failing(fault: Fault, plan: Plan, lasting: timedelta, device: str | None = None) -> list[Happening]:
    """Let a home live with a fault from the start."""
    return lived(machine_of(plan), lasting, lambda m: m.add_fault(m.started_at, fault, device))


def said(happened: Sequence[Happening], topic: str | None = None) -> list[Said]:
    """Return what was published, on one topic if it is named."""
    return [one for one in happened if isinstance(one, Said) and topic in (None, one.topic)]


def told(happened: Sequence[Happening]) -> list[Told]:
    """Return what happened in words."""
    return [one for one in happened if isinstance(one, Told)]


def content(one: Said) -> Any:
    """Return a payload as JSON."""
    return json.loads(one.payload)
