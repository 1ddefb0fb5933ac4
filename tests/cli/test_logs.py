"""Logs are JSON, carry ids and not people, and hold no secret."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from hub.cli import logs
from hub.cli.logs import configure, hide, masked
from tests.cli.live import Live
from tests.cli.place import TOKEN
from tests.harness.broker import HUB

PEOPLE = ("王丽", "李强", "赵敏", "王秀兰", "上堡村", "三社12号")
NUMBERS = ("447700900101", "447700900102", "447700900103")


@pytest.fixture(autouse=True)
def _afresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget the secrets of other tests, and the log that goes to a stream of ours."""
    monkeypatch.setattr(logs, "_secrets", set())
    yield
    structlog.reset_defaults()
    logging.basicConfig(force=True)


def written(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return the log as its reader gets it."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.promise("P10")
@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("to +447700900101: refused", "to ***01: refused"),
        ("tel:+447700900101.", "tel:***01."),
        ("phones/%2B447700900101/reply", "phones/%2B***01/reply"),
        ("+86 138 0013 8000", "***00"),
        ("(0936) 821-4455", "***55"),
        ("desk 0936-0000000, please", "desk ***00, please"),
        ("13800138000", "***00"),
        ("GET /a/V1StGXR8_Z5jdHi6B-myT", "GET /a/***"),
        ("AC" + "5" * 32, "AC***"),
    ],
)
def test_numbers_and_tokens_are_masked_wherever_they_stand(text: str, safe: str) -> None:
    assert masked(text) == safe


@pytest.mark.parametrize(
    "text",
    [
        "01M853AGA4QTRBEJ5ZWWFXNCSH@anhe-gateway-017",
        "session sos on 127.0.0.1:39193",
        "since 2026-03-01 05:02, 2026-03-01T08:00:00+08:00",
        "due 0:04:17.306947 ago",
        "ah-001 bed-sos",
        "hub/store/opening.py:123",
        "SM0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    ],
)
def test_ids_times_and_addresses_of_machines_stay(text: str) -> None:
    assert masked(text) == text


def test_a_secret_is_hidden_wherever_it_turns_up() -> None:
    hide("s3cret-pass", None, "")
    assert masked("could not sign in with s3cret-pass") == "could not sign in with ***"


def test_a_line_is_json_and_begins_with_when_and_what() -> None:
    configure(stream=(stream := io.StringIO()))
    structlog.get_logger().info("sent", alert="01X", to=["+447700900101"], text="王秀兰", more={"phone": "1", "n": 2})
    (line,) = written(stream)
    assert list(line)[:3] == ["timestamp", "level", "event"]
    assert (line["to"], line["text"], line["more"], line["alert"]) == (
        ["***01"],
        "***",
        {"phone": "***", "n": 2},
        "01X",
    )


def test_what_libraries_log_is_json_too() -> None:
    configure(stream=(stream := io.StringIO()))
    logging.getLogger("somebody.else").warning("no answer from %s", "+447700900101")
    logging.getLogger("somebody.else").info("not worth a line")
    (line,) = written(stream)
    assert (line["event"], line["level"], line["logger"]) == ("no answer from ***01", "warning", "somebody.else")


def _fail() -> None:
    raise ValueError("cannot read 王秀兰")


def test_an_exception_shows_its_way_but_not_its_words() -> None:
    configure(stream=(stream := io.StringIO()))
    try:
        _fail()
    except ValueError:
        structlog.get_logger().exception("part_failed")
    (line,) = written(stream)
    assert line["exception"] == "ValueError"
    assert line["way"][-1].endswith(" _fail")
    assert "王秀兰" not in stream.getvalue()


def test_debug_shows_the_words_too() -> None:
    configure(stream=(stream := io.StringIO()), debug=True)
    try:
        _fail()
    except ValueError:
        structlog.get_logger().debug("part_failed", exc_info=True)
    (line,) = written(stream)
    assert "ValueError: cannot read 王秀兰" in line["exception"]


def test_a_hub_goes_on_when_nobody_reads_its_log() -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    configure(stream=Gone())
    structlog.get_logger().error("nobody hears this")
    logging.getLogger("somebody.else").error("nor this")


@pytest.mark.promise("P10")
def test_the_log_of_a_whole_story_names_nobody(live: Live) -> None:
    """Everything that a hub logs about: texts, replies, commands, faults, bad input, a refused carrier, a restart."""
    live.start_carrier()
    hub = live.start_hub()
    live.press()
    live.gets("+447700900101", "按了紧急呼叫")
    live.replies("+447700900101", "1")
    live.gets("+447700900101", "由您处理")
    live.replies("+447700900199", "我是王丽，住上堡村")  # a stranger
    live.publish("zigbee2mqtt/bed_sos", "王秀兰 +447700900101 is no JSON")
    live.publish("zigbee2mqtt/somebody", {"action": "emergency"})
    live.publish("zigbee2mqtt/kitchen_gas", {"gas": True})
    live.gets("+447700900101", "燃气报警")
    live.fault(kind="dead_number", number="+447700900102")
    code = next(str(alert["code"]) for alert in live.alerts() if alert["cause"] == "sos")
    live.place.carehub("alerts", "pass", code, "--by", "wang-li")
    live.gets("+447700900103", "")
    live.place.change("+447700900101", "+447700900111")
    assert live.place.carehub("apply", "--yes").code == 0
    live.place.carehub("alerts", "resolve", code, "--note", "王秀兰没事")
    live.gets("+447700900111", "办结")
    assert hub.stop() == 0
    live.place.environ["CAREHUB_MQTT__PASSWORD"] = "a-wrong-password"
    again = live.start_hub(ready=False)
    again.says("Cannot sign in")
    assert again.stop() == 0

    told = [line["event"] for process in (hub, again) for line in process.log]  # every line is JSON
    assert {"running", "sent", "stopping"} <= set(told)
    written = "\n".join((*hub.err, *again.err, *hub.out, *again.out))
    for secret in (*PEOPLE, *NUMBERS, "447700900111", "447700900199", TOKEN, HUB.password, "a-wrong-password"):
        assert secret not in written, secret
    for text in ("紧急呼叫", "燃气", "编号", "没事", "no JSON"):
        assert text not in written, text
