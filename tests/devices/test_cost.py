"""What reading a message costs, beside what parsing its JSON costs: a burst must not wait for meaning."""

import json
import statistics
import timeit
from datetime import UTC, datetime

from devices.directory import NOTHING_KNOWN, Directory
from devices.message import Message
from devices.zigbee2mqtt import Zigbee2mqtt
from tests.devices.test_recorded_dialects import NETWORK, rows

# Measured: the median is 5 times. The slack is for a machine that does other things meanwhile.
MOST_TIMES = 12
DIALECT = Zigbee2mqtt()


def ratio(message: Message, known: Directory) -> float:
    """Compare the best of several runs: what disturbs a run makes it longer, never shorter."""
    parsing = min(timeit.repeat(lambda: json.loads(message.payload), number=20, repeat=5))
    return min(timeit.repeat(lambda: DIALECT.decode(message, message.topic, known), number=20, repeat=5)) / parsing


def test_decoding_costs_a_few_times_what_parsing_costs() -> None:
    at = datetime(2026, 3, 20, tzinfo=UTC)
    messages = [
        Message(row["topic"], json.dumps(row["cases"][0]["payload"]).encode(), at) for row in rows("zigbee2mqtt.jsonl")
    ]
    for known in (NETWORK, NOTHING_KNOWN):
        assert statistics.median(ratio(message, known) for message in messages) < MOST_TIMES
