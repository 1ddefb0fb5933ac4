"""Many homes speak as many single ones would: the same shapes, the same shares, the same stream from a seed."""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from devices.dialects import build, route
from devices.message import Message as Arrived
from devices.reading import Kind
from hub.settings import load
from simulators.fleet import DEVICES, Message, Traffic, usual_rate
from simulators.fleet.homes_file import write
from simulators.home.models import model_of
from tests.simulators.home.simulated import START

ACCOUNT = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "simulated"}


def readings(message: Message) -> list[tuple[Kind, bool]]:
    topic = message.topic.split("/", 2)[2]
    dialect = route(build({}), topic)
    assert dialect is not None
    found = dialect.decode(Arrived(message.topic, message.payload.encode(), START, message.retain), topic)
    assert not [reading for reading in found if reading.kind is Kind.FAULT]
    return [(reading.kind, reading.sos) for reading in found]


def test_the_same_seed_gives_the_same_stream() -> None:
    one, other = Traffic(50, seed=3), Traffic(50, seed=3)
    assert [one.event() for _ in range(200)] == [other.event() for _ in range(200)]
    assert one.wait_s(10) == other.wait_s(10)
    assert one.wait_s(0) == float("inf")


def test_events_are_read_and_none_calls_for_help() -> None:
    traffic = Traffic(20)
    for message in (traffic.event() for _ in range(500)):
        kinds = readings(message)
        assert kinds
        assert not [sos for _, sos in kinds if sos]
        assert not json.loads(message.payload).get("gas")


def test_a_press_calls_for_help() -> None:
    traffic = Traffic(20)
    for _ in range(50):
        press = traffic.press()
        assert press.is_press
        assert (Kind.BUTTON, True) in readings(press)


def test_movement_is_most_of_what_is_said_and_is_followed_by_its_end() -> None:
    traffic = Traffic(5)
    said = [traffic.event() for _ in range(3000)]
    shares = Counter(message.topic.rpartition("/")[2] for message in said)
    motion = sum(count for topic, count in shares.items() if topic.endswith("motion"))
    assert 0.6 < motion / len(said) < 0.9
    for topic in {message.topic for message in said if message.topic.endswith("motion")}:
        seen = [json.loads(message.payload)["occupancy"] for message in said if message.topic == topic]
        assert seen[:4] == [True, False, True, False]


def test_payloads_hold_what_the_models_publish() -> None:
    models = {f"zigbee2mqtt/{id.replace('-', '_')}": model_of(kind, role) for id, kind, role, *_ in DEVICES}
    traffic = Traffic(5)
    for message in (*(traffic.event() for _ in range(300)), traffic.press()):
        exposed = {expose["property"] for expose in models[message.topic.split("/", 2)[2]].exposes}
        assert set(json.loads(message.payload)) - {"linkquality"} <= exposed


def test_homes_are_livelier_by_day_than_at_night() -> None:
    night, day = usual_rate(1000, datetime(2026, 3, 1, 2)), usual_rate(1000, datetime(2026, 3, 1, 11))
    assert 0.5 < night < 2.5 < 10 < day < 20
    hours = [usual_rate(1000, datetime(2026, 3, 1, hour)) for hour in range(24)]
    assert sum(hours) * 3600 == pytest.approx(1000 * sum(often for *_, often in DEVICES))


def test_the_written_configuration_is_without_mistakes_and_knows_every_topic(tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    assert write(folder, 120) == [folder / "hub.yaml", folder / "homes.yaml"]
    loaded = load(folder, ACCOUNT)
    assert list(loaded.warnings) == []
    traffic = Traffic(120)
    assert {traffic.event().topic for _ in range(2000)} <= set(loaded.registry.by_topic)
    assert all(traffic.press().topic in loaded.registry.by_topic for _ in range(50))
    assert all(person.phone.startswith("+447700900") for person in loaded.registry.people.values())


def test_a_hub_yaml_of_ones_own_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_text("site: mine\n", "utf-8")
    assert write(tmp_path, 3) == [tmp_path / "homes.yaml"]
    assert (tmp_path / "hub.yaml").read_text("utf-8") == "site: mine\n"
