"""`carehub decode`: one line out for each line in, at once, and nothing that comes in ends it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.cli.decode import InvalidConfig, Stream

CAREHUB = str(Path(sys.executable).parent / "carehub")
T0 = 1_767_258_000_000


class Decoder:
    """A stream, fed with objects."""

    def __init__(self, **settings: object) -> None:
        self.stream = Stream(settings)
        self.ms = 0

    def line(self, line: bytes) -> dict[str, Any]:
        return self.stream.take(line)

    def send(self, topic: str, payload: object, *, retain: bool = False, after_ms: int = 60_000) -> dict[str, Any]:
        self.ms += after_ms
        text = payload if isinstance(payload, str) else json.dumps(payload)
        return self.line(
            json.dumps({"topic": topic, "payload": text, "retain": retain, "qos": 0, "at": T0 + self.ms}).encode()
        )

    def config(self, **settings: object) -> dict[str, Any]:
        return self.line(json.dumps({"config": settings}).encode())

    def reset(self) -> None:
        assert self.line(b'{"reset":true}') == {"readings": []}


def brief(answer: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(r["kind"], r.get("state")) for r in answer["readings"]]


def defined(name: str, *exposes: dict[str, object]) -> list[dict[str, object]]:
    return [
        {"ieee_address": "0x1", "friendly_name": name, "definition": {"description": "x", "exposes": list(exposes)}}
    ]


REMOTE = defined("b", {"type": "enum", "property": "action", "access": 1, "values": ["on", "off"]})
LIST = "zigbee2mqtt/bridge/devices"


def test_a_reading_and_what_is_new_in_it() -> None:
    decoder = Decoder()
    first = decoder.send("zigbee2mqtt/kitchen", {"gas": True, "battery": 9})
    assert first["readings"] == [
        {"kind": "gas", "state": "active", "device": "kitchen", "property": "gas"},
        {"kind": "battery", "state": "active", "device": "kitchen", "property": "battery", "percent": 9},
    ]
    assert [(e["kind"], e["edge"], e["device"]) for e in first["events"]] == [
        ("gas", "active", "kitchen"),
        ("battery", "active", "kitchen"),
    ]
    assert "events" not in decoder.send("zigbee2mqtt/kitchen", {"gas": True, "battery": 9})


def test_one_press_on_two_topics_is_one_event_and_two_readings() -> None:
    decoder = Decoder()
    told = [
        decoder.send("zigbee2mqtt/bed", {"action": "emergency"}),
        decoder.send("zigbee2mqtt/bed/action", "emergency", after_ms=4),
    ]
    assert [answer["readings"][0]["sos"] for answer in told] == [True, True]
    assert ["events" in answer for answer in told] == [True, False]


@pytest.mark.promise("P7")
def test_a_retained_press_is_no_reading_and_a_retained_state_is_one() -> None:
    answer = Decoder().send("zigbee2mqtt/bed", {"action": "sos", "smoke": True, "sos": True}, retain=True)
    assert answer["readings"] == [
        {"kind": "smoke", "state": "active", "device": "bed", "property": "smoke", "retained": True}
    ]
    assert [e["kind"] for e in answer["events"]] == ["smoke"]


def test_a_self_test_is_clear_and_marked() -> None:
    (reading,) = Decoder().send("zigbee2mqtt/a", {"smoke": True, "test": True})["readings"]
    assert (reading["state"], reading["test"]) == ("clear", True)
    (muted,) = Decoder().send("zigbee2mqtt/a", {"smoke": True, "muted": True})["readings"]
    assert (muted["state"], muted["muted"]) == ("active", True)


def test_what_was_learned_is_forgotten_at_a_reset_and_the_file_s_settings_are_not() -> None:
    decoder = Decoder(base_topics=["z"])
    decoder.send("z/bridge/devices", REMOTE, retain=True)
    decoder.config(roles={"b": "sos"})
    assert decoder.send("z/b", {"action": "off"})["readings"][0] | {} == {
        "kind": "button",
        "state": "active",
        "device": "b",
        "property": "action",
        "action": "off",
        "sos": True,
    }
    decoder.reset()
    assert decoder.send("z/b", {"action": "off"})["readings"][0]["state"] == "clear"
    assert decoder.send("z/b", {"action": "single"})["readings"][0]["sos"] is False
    assert "note" in decoder.send("zigbee2mqtt/b", {"action": "single"})


@pytest.mark.parametrize(
    ("roles", "payload", "expected"),
    [
        ({"b": "sos"}, {"action": "single"}, [("button", "active")]),
        ({"b": "smoke"}, {"contact": False, "battery": 50}, [("smoke", "active"), ("battery", "clear")]),
        ({"b/alarm": "gas"}, {"alarm": True}, [("gas", "active")]),
        ({"b": "leak"}, {"alarm": "ON"}, [("leak", "active")]),
        ({"b/contact": "contact:active"}, {"contact": True}, [("contact", "active")]),
        ({"other": "gas"}, {"contact": True}, [("contact", "clear")]),
    ],
)
def test_a_role_replaces_what_was_guessed(
    roles: dict[str, str], payload: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    assert brief(Decoder(roles=roles).send("zigbee2mqtt/b", payload)) == expected


def test_settings_are_merged_line_by_line() -> None:
    decoder = Decoder()
    decoder.config(roles={"a": "sos"}, battery_low_percent=30)
    decoder.config(roles={"b": "smoke"}, tasmota={"full_topic": "%prefix%/%topic%/"})
    assert decoder.send("zigbee2mqtt/a", {"action": "x"})["readings"][0]["sos"] is True
    assert brief(decoder.send("zigbee2mqtt/b", {"contact": False})) == [("smoke", "active")]
    assert brief(decoder.send("zigbee2mqtt/c", {"battery": 25})) == [("battery", "active")]


def test_the_hub_s_own_dialect_is_read_too() -> None:
    press = {"kind": "button", "state": "active", "at": "2026-03-01T08:00:00+08:00", "seq": 42, "battery": 87}
    decoder = Decoder(roles={"hall": "sos"})
    answer = decoder.send("carehub/hall", press)
    assert [(r["kind"], r.get("sos"), r.get("seq")) for r in answer["readings"]] == [
        ("button", True, 42),
        ("battery", None, 42),
    ]
    assert "events" not in decoder.send("carehub/hall", press)
    assert decoder.send("carehub/hall", {**press, "seq": 43})["events"][0]["edge"] == "active"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"   \n",
        b"{",
        b"null",
        b"[]",
        b"17",
        b'"text"',
        b"\xff\xfe{}",
        b"{}",
        b'{"topic":7,"payload":"x"}',
        b'{"topic":"zigbee2mqtt/a","payload":{"gas":true}}',
        b'{"config":7}',
        b'{"config":{"roles":{"a":"nonsense"}}}',
        b'{"config":{"base_topics":"zigbee2mqtt"}}',
        b'{"config":{"battery_low_percent":"many"}}',
        b'{"topic":"zigbee2mqtt/a","payload":"\\ud800"}',
        b"[" * 100_000,
        b'{"topic":"rtl_433/pi/events","payload":"{\\"model\\":\\"smoke\\",\\"alarm\\":1}"}',
    ],
    ids=range(19),
)
def test_a_line_that_says_nothing_has_a_note_and_hurts_nobody(line: bytes) -> None:
    decoder = Decoder()
    answer = decoder.line(line)
    assert answer["readings"] == []
    assert answer["note"]
    assert brief(decoder.send("zigbee2mqtt/a", {"gas": True})) == [("gas", "active")]


@pytest.mark.parametrize(
    "at", [None, "yesterday", True, [], 10**30, -5, "2026-03-01T08:00:00", "2026-03-01T08:00:00+08:00"]
)
def test_any_time_is_taken(at: object) -> None:
    line = json.dumps({"topic": "zigbee2mqtt/a", "payload": '{"action":"sos"}', "at": at}).encode()
    assert Stream({}).take(line)["events"][0]["sos"] is True


def test_wrong_settings_in_the_file_are_refused_with_what_is_allowed() -> None:
    with pytest.raises(InvalidConfig, match="roles: a: allowed are sos and the kinds"):
        Stream({"roles": {"a": 7}})


# --- as a command -------------------------------------------------------------------------------------------------


@pytest.fixture
def process() -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [CAREHUB, "decode"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as running:
        yield running
        running.kill()


def test_a_partner_talks_with_it_line_by_line(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    said = []
    for n, line in enumerate(['{"topic":"zigbee2mqtt/王","payload":"{\\"gas\\":true}"}', "", '{"reset":true}'], 1):
        process.stdin.write(line + "\n")
        process.stdin.flush()
        said.append(json.loads(process.stdout.readline()))
        assert said[-1]["n"] == n
    assert said[0]["readings"][0]["device"] == "王"
    process.stdin.close()
    assert process.wait(10) == 0


def test_it_ends_well_without_a_last_newline_and_with_nothing_to_read(tmp_path: Path) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text('{"roles":{"a":"sos"}}')
    line = b'{"topic":"zigbee2mqtt/a","payload":"{\\"action\\":\\"x\\"}"}'
    done = subprocess.run([CAREHUB, "decode", "--config", settings], input=line, capture_output=True, check=True)
    assert json.loads(done.stdout)["readings"][0]["sos"] is True
    assert subprocess.run([CAREHUB, "decode"], input=b"", capture_output=True, check=True).stdout == b""


@pytest.mark.parametrize("content", [None, b"[]", b'{"roles":{"a":"x"}}', b"{"])
def test_a_settings_file_that_cannot_be_used_is_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    settings = tmp_path / "settings.json"
    if content is not None:
        settings.write_bytes(content)
    done = subprocess.run([CAREHUB, "decode", "--config", settings], input=b"", capture_output=True, check=False)
    assert done.returncode == 2
    assert b"settings.json" in done.stderr
    assert b"Traceback" not in done.stderr
