"""`carehub simulate home`: a day to read, a stream to pipe, a home at a real broker; and a sentence when it cannot."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.cli.live import Live
from tests.cli.place import Place
from tests.cli.process import PATIENCE_S, PROGRAM
from tests.harness.broker import BRIDGE, HUB, BrokerProcess, free_port

START = ("--start", "2026-03-01 08:00")


class Ear:
    """Hears what is published below some topics."""

    def __init__(self, broker: BrokerProcess, filter: str) -> None:
        self.heard: list[tuple[str, str]] = []
        self._more = threading.Condition()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(HUB.username, HUB.password)
        self._client.on_message = self._take
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect("127.0.0.1", broker.port)
        self._client.subscribe(filter)
        self._client.loop_start()
        assert subscribed.wait(PATIENCE_S)

    def _take(self, _: object, __: object, message: paho.MQTTMessage) -> None:
        with self._more:
            self.heard.append((message.topic, message.payload.decode()))
            self._more.notify_all()

    def hears(self, topic: str, *words: str) -> str:
        """Wait for a message on a topic with these words in it; return it."""

        def found() -> str | None:
            return next((p for t, p in self.heard if t.endswith(topic) and all(w in p for w in words)), None)

        with self._more:
            self._more.wait_for(lambda: found() is not None, PATIENCE_S)
        payload = found()
        assert payload is not None, f"{topic} {words} was not heard, but {self.heard[-20:]}"
        return payload

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def rehearsed(place: Place, *options: str) -> list[str]:
    """Run a rehearsal of three hours; return its lines."""
    done = place.carehub("simulate", "home", "--virtual", "--for", "3h", *START, *options)
    assert done.code == 0, done.err
    return done.out.splitlines()


def test_a_day_is_printed_a_line_for_each_act_the_same_each_time(place: Place) -> None:
    lines = rehearsed(place)
    assert lines == rehearsed(place)
    assert lines[0].startswith("03-01 08:00:00  王秀兰 ")
    assert 4 <= len(lines) <= 40
    assert lines != rehearsed(place, "--seed", "7")


def test_it_is_told_in_the_language_of_the_terminal(place: Place) -> None:
    place.environ["LANG"] = "zh_CN.UTF-8"
    assert any("王秀兰在客厅坐着看电视" in line for line in rehearsed(place))


def test_messages_are_shown_when_asked_for(place: Place) -> None:
    lines = rehearsed(place, "--messages")
    assert '03-01 08:00:00    zigbee2mqtt/bridge/state {"state":"online"}  [QoS 1, retained]' in lines


def test_json_lines_can_be_piped_into_decode(place: Place) -> None:
    lines = rehearsed(place, "--json", "--scenario", "sos", "--fault", "six-copies")
    assert all(isinstance(json.loads(line), dict) for line in lines)
    decoded = subprocess.run(
        [sys.executable, "-c", PROGRAM, "decode"],
        input="\n".join(lines) + "\n",
        env=place.environment | {"PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        check=True,
    )
    events = [event for line in decoded.stdout.splitlines() for event in json.loads(line).get("events", ())]
    calls = [event for event in events if event["kind"] == "button"]
    assert [(event["device"], event["sos"]) for event in calls] == [("bed_sos", True)]
    assert {event["device"] for event in events if event["kind"] == "motion"} == {"hall_motion"}


def test_all_scenarios_are_listed_with_what_is_expected(place: Place) -> None:
    listed = place.carehub("simulate", "home", "--scenario", "list")
    assert listed.code == 0
    for name in ("quiet-day", "sos", "gas-leak", "fall-without-press", "night-at-the-neighbours", "power-cut"):
        assert f"\n{name}  " in f"\n{listed.out}"
    assert "    - an emergency for gas opens within seconds" in listed.out


def test_a_scenario_begins_when_it_is_believable_and_ends_with_what_is_expected(place: Place) -> None:
    done = place.carehub("simulate", "home", "--virtual", "--scenario", "night-at-the-neighbours", "--for", "1h")
    assert " 17:30:00  Scenario: A night at the neighbour's" in done.out
    assert "spends the night at the neighbour's" in done.out
    assert done.err.startswith("Expected:\n  - the front door opens and closes")


def test_what_nobody_hears_while_the_broker_restarts_is_not_shown(place: Place) -> None:
    lines = rehearsed(place, "--scenario", "broker-restart", "--messages")
    gone, back = (next(n for n, line in enumerate(lines) if f"broker is {word}" in line) for word in ("gone", "back"))
    assert back == gone + 1
    assert "bridge/state" in lines[back + 1]


def test_the_native_dialect_says_which_topics_the_hub_does_not_know(place: Place) -> None:
    done = place.carehub("simulate", "home", "--virtual", "--for", "1h", "--dialect", "native", "--messages", *START)
    assert "  carehub/bed-sos/availability online  [QoS 1, retained]".strip() in done.out
    assert "zigbee2mqtt" not in done.out
    assert "not in the configuration" in done.err


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--home", "ah-009"], 2, "has no home ah-009. It has: ah-001."),
        (["--scenario", "party"], 2, "There is no scenario party; there are quiet-day, sos"),
        (["--fault", "rust"], 2, "There is no fault rust; there are dead-battery, stuck"),
        (["--fault", "stuck:bed-sos", "--virtual"], 1, "Bed-sos is a button; stuck strikes motion"),
        (["--dialect", "zwave"], 2, "There is no dialect zwave here; there are zigbee2mqtt and native."),
        (["--start", "noon"], 2, "--start noon is no local time. Write 07:40, or 2026-03-01 07:40."),
        (["--for", "long"], 2, "--for long is no span of time. Write 90s, 10m, 24h or 2d."),
        (["--broker", "mqtt://hub:geheim@127.0.0.1"], 2, "the user goes into --username"),
        (["--broker", "demo"], 1, "No broker was started from"),
        (["--password-file", "/nowhere/secret"], 2, "/nowhere/secret cannot be read: No such file or directory."),
        (["--speed", "0"], 2, "--speed"),
    ],
)
def test_what_cannot_be_played_is_one_sentence(place: Place, options: list[str], code: int, said: str) -> None:
    done = place.carehub("simulate", "home", *options)
    assert done.code == code
    assert said.lower() in done.sentence.lower()
    assert "geheim" not in done.sentence


def test_a_broker_that_is_not_there_is_one_sentence(place: Place) -> None:
    done = place.carehub("simulate", "home", "--broker", f"mqtt://127.0.0.1:{free_port()}")
    assert done.code == 1
    assert "(Connection refused). Start it, or name another with --broker." in done.sentence


def test_at_a_real_broker_a_scenario_plays_and_the_bridge_says_goodbye(live: Live, tmp_path: Path) -> None:
    ear = Ear(live.broker, f"t/{live.unique}/#")
    password = tmp_path / "password"
    password.write_text(f"{HUB.password}\n", "utf-8")
    home = live.processes.start(
        live.place, "simulate", "home", "--scenario", "sos", "--speed", "60", "--username", HUB.username,
        "--password-file", str(password),
    )  # fmt: skip
    home.says("Expected:")
    home.says("bed-sos in the bedroom is pressed")
    assert json.loads(ear.hears("zigbee2mqtt/bed_sos", "emergency"))["action"] == "emergency"
    assert home.stop() == 0
    ear.hears("zigbee2mqtt/bridge/state", "offline")
    ear.close()


def test_a_killed_home_is_given_up_by_the_broker(live: Live) -> None:
    ear = Ear(live.broker, f"t/{live.unique}/#")
    home = live.processes.start(live.place, "simulate", "home")
    ear.hears("zigbee2mqtt/bridge/state", "online")
    home.kill()
    ear.hears("zigbee2mqtt/bridge/state", "offline")
    ear.close()


def test_who_is_not_let_in_is_told_how_to_sign_in(live: Live) -> None:
    live.place.environ["CAREHUB_MQTT__PASSWORD"] = "wrong"
    done = live.place.carehub("simulate", "home", "--username", BRIDGE.username)
    assert done.code == 1
    assert "does not let the user bridge in" in done.sentence
