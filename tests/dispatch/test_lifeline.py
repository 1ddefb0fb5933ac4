"""A sick store does not silence a press."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from devices.message import Message
from devices.reading import Kind, Reading, State
from hub.alerts.policy import Severity
from hub.dispatch.lifeline import _CRIES, Lifeline
from hub.dispatch.words import Words
from hub.homes import Contact, Device, DeviceKind, DeviceRole, Home, Person, Registry, Resident, Role
from hub.ports import Accepted, Arrival, Channels, Delivery, Inbound, NoAnswer, Session
from hub.rules import findings
from hub.rules.finding import Heard
from hub.settings.registry_json import dump, parse
from tests.harness.clock import StoryClock
from tests.harness.memory import NOON

AREA = "620702207200"
PEOPLE = [
    Person("daughter", "王丽", "+447700900101", frozenset({Role.FAMILY})),
    Person("nurse", "李强", "+447700900102", frozenset({Role.STAFF}), (AREA,)),
    Person("far", "远方", "+447700900103", frozenset({Role.STAFF}), ("110101001001",)),
]
DEVICES = (
    Device("wang", "bed-sos", DeviceKind.BUTTON, "zigbee2mqtt/bed_sos", DeviceRole.SOS, "bedroom"),
    Device("wang", "kitchen-gas", DeviceKind.GAS, "zigbee2mqtt/kitchen_gas", None, "kitchen"),
)
HOME = Home(
    "wang",
    AREA,
    "上堡村三社12号",
    residents=(Resident("王秀兰"),),
    contacts=(Contact("daughter", Role.FAMILY),),
    devices=DEVICES,
)
REGISTRY = Registry.of(PEOPLE, [HOME])


class Pocket:
    """A channel that keeps what it was given."""

    name, signature, polled = "sms", None, False

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []
        self.answer: Any = Accepted("SM1")

    def replies(self, to: str) -> bool:
        return bool(to)

    async def send(self, to: str, text: str, *, limit: timedelta) -> Any:
        assert limit > timedelta(0)
        self.texts.append((to, text))
        return self.answer


def press(kind: Kind = Kind.BUTTON, *, source: str = "zigbee2mqtt/bed_sos", retained: bool = False) -> Arrival:
    clock = StoryClock()
    message = Message(source, b"{}", clock.now(), retained)
    reading = Reading(source, source, kind, State.ACTIVE, "action", action="single", retained=retained)
    return Arrival(Delivery(message, Session.SOS, 1, 1), "", (reading,))


@asynccontextmanager
async def running(tmp_path: Path, *pockets: Pocket) -> AsyncIterator[tuple[Lifeline, StoryClock]]:
    clock = StoryClock()
    words = Words("zh-CN", ZoneInfo("Asia/Shanghai"))
    channels: Any = {f"sms{i}": pocket for i, pocket in enumerate(pockets)}
    lifeline = Lifeline(clock, Channels(channels), words, tmp_path / "image.json")
    await lifeline.use(REGISTRY, dump)
    task = asyncio.create_task(lifeline.run())
    await quiet()
    try:
        yield lifeline, clock
    finally:
        task.cancel()


async def quiet() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def pass_by(clock: StoryClock, span: timedelta) -> None:
    clock.set(clock.now() + span)
    await quiet()


@pytest.mark.promise("P13")
async def test_a_press_that_is_not_committed_in_two_seconds_is_texted_to_contacts_and_staff(tmp_path: Path) -> None:
    pocket = Pocket()
    async with running(tmp_path, pocket) as (lifeline, clock):
        lifeline.arrived(press())
        await pass_by(clock, timedelta(seconds=1.9))
        assert pocket.texts == []
        await pass_by(clock, timedelta(seconds=0.2))
        assert [to for to, _ in pocket.texts] == ["+447700900101", "+447700900102"]
        assert all("王秀兰" in text and "不用回复" in text and len(text) <= 70 for _, text in pocket.texts)


@pytest.mark.promise("P13")
async def test_a_press_that_is_committed_in_time_is_not(tmp_path: Path) -> None:
    pocket = Pocket()
    async with running(tmp_path, pocket) as (lifeline, clock):
        lifeline.arrived(press())
        lifeline.arrived(press(retained=True, source="zigbee2mqtt/bed_sos"))
        await pass_by(clock, timedelta(seconds=1))
        lifeline.committed([press()])
        await pass_by(clock, timedelta(seconds=60))
        assert pocket.texts == []
        assert lifeline.idle


@pytest.mark.promise("P13")
async def test_one_device_is_told_once_in_five_minutes_and_another_at_once(tmp_path: Path) -> None:
    pocket = Pocket()
    async with running(tmp_path, pocket) as (lifeline, clock):
        for _ in range(4):
            lifeline.arrived(press())
            await pass_by(clock, timedelta(seconds=30))
        assert len(pocket.texts) == 2
        lifeline.arrived(press(Kind.GAS, source="zigbee2mqtt/kitchen_gas"))
        await pass_by(clock, timedelta(seconds=3))
        assert len(pocket.texts) == 4
        await pass_by(clock, timedelta(minutes=4))
        lifeline.arrived(press())
        await pass_by(clock, timedelta(seconds=3))
        assert len(pocket.texts) == 6


@pytest.mark.promise("P13")
async def test_motion_and_retained_presses_are_nobodys_emergency(tmp_path: Path) -> None:
    pocket = Pocket()
    async with running(tmp_path, pocket) as (lifeline, clock):
        lifeline.arrived(press(Kind.MOTION, source="zigbee2mqtt/hall"))
        lifeline.arrived(press(retained=True))
        await pass_by(clock, timedelta(seconds=10))
        assert pocket.texts == []


@pytest.mark.promise("P13")
async def test_a_reply_is_passed_on_to_the_others_once(tmp_path: Path) -> None:
    pocket = Pocket()
    async with running(tmp_path, pocket) as (lifeline, clock):
        lifeline.arrived(press())
        await pass_by(clock, timedelta(seconds=3))
        pocket.texts.clear()
        for _ in range(2):  # the carrier repeats a webhook that was answered 503
            await lifeline.received(Inbound("sms0", "SM9", "+447700900102", "我去"))
        await lifeline.received(Inbound("sms0", "SM10", "+447700900199", "我去"))
        assert [to for to, _ in pocket.texts] == ["+447700900101"]
        assert "李强" in pocket.texts[0][1]
        assert "我去" in pocket.texts[0][1]


@pytest.mark.promise("P13")
async def test_a_channel_that_does_not_take_it_is_followed_by_the_next(tmp_path: Path) -> None:
    broken, whole = Pocket(), Pocket()
    broken.answer = NoAnswer("time-out")
    async with running(tmp_path, broken, whole) as (lifeline, clock):
        lifeline.arrived(press())
        await pass_by(clock, timedelta(seconds=3))
        assert len(whole.texts) == 2


@pytest.mark.promise("P13")
async def test_a_press_that_ended_on_the_shelf_is_told_at_once(tmp_path: Path) -> None:
    pocket = Pocket()
    async with running(tmp_path, pocket) as (lifeline, _):
        lifeline.shelved(press())
        await quiet()
        assert len(pocket.texts) == 2


@pytest.mark.promise("P13")
@pytest.mark.promise("P10")
async def test_the_image_is_ours_alone_and_can_be_recalled(tmp_path: Path) -> None:
    async with running(tmp_path, Pocket()) as (lifeline, clock):
        image = tmp_path / "image.json"
        assert stat.S_IMODE(image.stat().st_mode) == 0o600
        other = Lifeline(clock, Channels({}), lifeline.words, image)
        assert other.recall(parse)
        assert dump(other.registry) == dump(REGISTRY)
        image.write_text("{", encoding="utf-8")
        assert not other.recall(parse)
        image.write_text(json.dumps({"people": 7}), encoding="utf-8")
        assert not other.recall(parse)
        image.unlink()
        assert not other.recall(parse)


@pytest.mark.promise("P13")
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("known", [True, False])
def test_whatever_the_rules_call_an_emergency_is_a_cry(kind: Kind, known: bool) -> None:
    device = Device("wang", "x", DeviceKind.BUTTON, "zigbee2mqtt/x", DeviceRole.SOS, "bedroom") if known else None
    for state in (*State, None):
        reading = Reading("zigbee2mqtt/x", "x", kind, state, sos=True)
        heard = Heard(reading, "wang", "x", device, NOON)
        if any(found.severity is Severity.EMERGENCY for found in findings(heard)):
            assert kind in _CRIES
            assert state is State.ACTIVE
