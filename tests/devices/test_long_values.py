"""Definitions that list several states joined by commas: an alarm among them is not too long to be read."""

import pytest

from devices.definitions import definition
from devices.meanings import read
from devices.reading import State

VALVE = [
    "normal",
    "water_shortage_channel_1,fail_safe_channel_1,water_shortage_channel_2",
    "water_shortage_channel_1,water_leakage,fail_safe_channel_1,water_shortage_channel_2",
]


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (VALVE[2], State.ACTIVE),
        (VALVE[2].upper(), State.ACTIVE),
        (VALVE[0], State.CLEAR),
        (VALVE[1] + ",unheard_of", None),
        ("x" * 10_000, None),
    ],
)
def test_a_leak_among_many_states_is_a_leak(value: str, state: State | None) -> None:
    expose = {"type": "enum", "name": "s", "property": "valve_abnormal_state", "access": 1, "values": VALVE}
    meaning = definition({"description": "Water valve", "exposes": [expose]}).meanings["valve_abnormal_state"]
    assert meaning is not None
    assert read(meaning, value).state is state
