"""A home is tested from a terminal, beside a hub that runs; the week of the buttons."""

import json
import signal
from typing import Any

import pytest

from tests.cli.live import Live
from tests.cli.place import Place
from tests.cli.process import eventually

STAFF, DAUGHTER = "+447700900102", "+447700900101"


def has_heard(live: Live, device: str) -> bool:
    """Whether the test of the home has a word of this device."""

    async def read(engine: Any) -> bool:
        test = await engine.store.read(lambda t: t.running_home_test("ah-001"))
        return test is not None and test.probe(device).heard_at is not None

    return bool(live.place.engine(read))


@pytest.mark.promise("P9")
def test_a_home_is_tested_and_all_buttons_pass(live: Live) -> None:
    live.start_carrier()
    live.start_hub()
    test = live.processes.start(live.place, "test-home", "ah-001", "--tester", "li-qiang", "--buttons")
    test.says("li-qiang is told of presses")
    live.press()
    live.gets(STAFF, "试验")
    test.says("Signal 98 of 255")
    live.replies(STAFF, "1")
    assert test.ends() == 0, test.out
    test.says("[ok] bed-sos")
    assert test.out[-1].startswith("1 of 1 passed. Sheet: http://127.0.0.1:")
    assert live.texts(DAUGHTER) == []
    week = live.place.carehub("homes", "buttons", "--json")
    assert [(v["missed"], v["due"], v["done"]) for v in json.loads(week.out)] == [(0, 0, 1)]


@pytest.mark.promise("P9")
def test_ctrl_c_ends_the_test_and_what_nobody_confirmed_is_real(live: Live) -> None:
    live.start_carrier()
    live.start_hub()
    test = live.processes.start(live.place, "test-home", "ah-001", "--tester", "li-qiang", "--json")
    test.says("is tested until")
    live.press()
    live.gets(STAFF, "试验")
    live.publish("zigbee2mqtt/kitchen_gas", {"gas": False})
    eventually(lambda: has_heard(live, "kitchen-gas"))
    assert test.stop(signal.SIGINT) == 1
    said = json.loads("\n".join(test.out))
    faults = {device["device"]: device["why"] for device in said["devices"]}
    assert said["passed"] is False
    assert 'said "no gas"' in faults["kitchen-gas"]
    assert "told as real" in faults["bed-sos"]
    live.gets(DAUGHTER, "紧急呼叫")


def test_a_chinese_terminal_speaks_chinese_from_the_first_line_to_the_last(live: Live) -> None:
    live.place.environ["LANG"] = "zh_CN.UTF-8"
    live.start_hub()
    test = live.processes.start(live.place, "test-home", "ah-001", "--tester", "li-qiang")
    test.says("按按钮只通知 li-qiang")
    live.publish("zigbee2mqtt/bed_sos", {"battery": 88, "linkquality": 98})
    test.says("信号 98")
    assert test.stop(signal.SIGINT) == 1
    assert "个设备，0 个通过。试验单：http://127.0.0.1:" in test.out[-1]
    assert not [line for line in test.out if "passed" in line or "Press" in line]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("nowhere",), "There is no home nowhere. Name one by id: ah-001"),
        (("ah-001", "--tester", "nobody"), "There is no person nobody with a number."),
        (("ah-001", "--minutes", "0"), "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_tested_is_said_in_one_sentence(place: Place, line: tuple[str, ...], said: str) -> None:
    place.prepare()
    done = place.carehub("test-home", *line)
    assert done.code == 2
    assert said in done.sentence


def test_a_button_that_was_never_pressed_is_due(place: Place) -> None:
    place.prepare()
    done = place.carehub("homes", "buttons")
    assert done.code == 0
    assert "0 missed, 1 due, 0 done" in done.out
    assert "due · ah-001 bed-sos" in done.out
    assert "never pressed" in done.out
