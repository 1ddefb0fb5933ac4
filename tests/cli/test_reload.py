"""SIGHUP: the configuration is read anew, taken whole or not at all, and an open alert keeps its ladder."""

import os
import signal
from typing import Any

import pytest

from tests.cli.live import Live
from tests.cli.process import Process, eventually
from tests.harness.broker import free_port

DAUGHTER, STAFF, SUPERVISOR = "+447700900101", "+447700900102", "+447700900103"


def hup(hub: Process) -> None:
    os.kill(hub.pid, signal.SIGHUP)


def reloads(hub: Process) -> list[dict[str, Any]]:
    return [line for line in hub.log if line["event"] == "reloaded"]


def reload(hub: Process) -> dict[str, Any]:
    """Have the configuration read anew; return what the log says of it."""
    before = len(reloads(hub))
    hup(hub)
    eventually(lambda: len(reloads(hub)) > before)
    return reloads(hub)[-1]


def configuration(live: Live) -> str:
    says: str = live.readiness()["parts"]["configuration"]["says"]
    return says


def test_ladders_language_and_channels_are_taken_and_an_open_alert_keeps_its_own(live: Live) -> None:
    live.start_carrier()
    hub = live.start_hub()
    live.press()
    live.gets(DAUGHTER, "按了紧急呼叫")
    live.place.change(
        "tell: [family],     by: [sms], wait: 60s", "tell: [supervisor], by: [sms], wait: 60s", "hub.yaml"
    )
    live.place.change("language: zh-CN", "language: en", "hub.yaml")
    live.place.change("signature: 安河县民政局", "signature: Anhe", "hub.yaml")
    said = reload(hub)
    assert (said["needs_a_restart"], said["says"]) == ([], "All of the configuration is taken.")
    assert configuration(live) == "as loaded"
    live.replies(DAUGHTER, "2")  # she cannot: the next step of the ladder that this alert began with
    live.gets(STAFF, "EMERGENCY")
    assert live.texts(SUPERVISOR) == []
    (before,) = live.alerts()
    live.place.carehub("alerts", "resolve", str(before["code"]), "--by", "li-qiang", "--outcome", "false")
    live.press()
    live.gets(SUPERVISOR, "EMERGENCY")
    assert hub.stop() == 0


@pytest.mark.promise("P3")
def test_an_open_alert_climbs_on_when_its_channel_was_renamed(live: Live) -> None:
    live.start_carrier()
    hub = live.start_hub()
    live.press()
    live.gets(DAUGHTER, "按了紧急呼叫")
    live.place.change("  sms: {type", "  text: {type", "hub.yaml")
    live.place.change("by: [sms]", "by: [text]", "hub.yaml")
    assert reload(hub)["says"] == "All of the configuration is taken."
    live.replies(DAUGHTER, "2")
    live.gets(STAFF, "按了紧急呼叫")
    assert hub.stop() == 0


def test_a_mistake_changes_nothing_and_is_said_with_its_place(live: Live) -> None:
    live.start_carrier()
    hub = live.start_hub()
    live.place.change("language: zh-CN", "language: en", "hub.yaml")
    live.place.change("wait: 60s", "wait: soon", "hub.yaml")
    live.place.change("room: kitchen", "room: kichen")
    live.place.change('"+447700900101"', '"+861391234567"')
    hup(hub)
    says = eventually(lambda: configuration(live) if configuration(live) != "as loaded" else None)
    assert says.startswith("The last reload was refused, the old configuration stays: ")
    assert "hub.yaml:" in says
    assert 'wait "soon" is not a duration' in says
    assert "+861391234567" not in says  # anybody may read /readyz
    refused = [line["says"] for line in hub.log if line["event"] == "configuration_refused"]
    assert len(refused) == 3
    assert any('room "kichen" is not a room' in line for line in refused)
    assert live.readiness()["ready"]
    live.press()
    assert "王秀兰" in live.gets(DAUGHTER, "按了紧急呼叫")
    live.place.change("wait: soon", "wait: 60s", "hub.yaml")
    live.place.change("room: kichen", "room: kitchen")
    live.place.change('"+861391234567"', '"+447700900101"')
    reload(hub)
    assert configuration(live) == "as loaded"
    assert hub.stop() == 0


def test_what_needs_a_restart_is_named_and_the_rest_is_taken(live: Live) -> None:
    live.start_carrier()
    del live.place.environ["CAREHUB_WEB__LISTEN"]
    port = live.url.rpartition(":")[2]
    live.place.change('listen: "127.0.0.1:8080"', f'listen: "127.0.0.1:{port}"', "hub.yaml")
    hub = live.start_hub()
    live.place.change(f'listen: "127.0.0.1:{port}"', f'listen: "127.0.0.1:{free_port()}"', "hub.yaml")
    live.place.change("site: anhe-gateway-017", "site: another", "hub.yaml")
    live.place.change("language: zh-CN", "language: en", "hub.yaml")
    said = reload(hub)
    assert said["needs_a_restart"] == ["site", "web.listen"]
    assert configuration(live) == "site, web.listen: changed, needs a restart; all else is taken."
    live.press()
    live.gets(DAUGHTER, "EMERGENCY")
    assert hub.stop() == 0


def test_homes_of_the_files_are_not_taken_but_that_they_differ_is_said(live: Live) -> None:
    live.start_carrier()
    hub = live.start_hub()
    live.place.change("+447700900101", "+447700900111")
    reload(hub)
    hub.says('"files_and_database_differ"')
    live.press()
    live.gets(DAUGHTER, "按了紧急呼叫")
    assert hub.stop() == 0


def test_a_new_secret_is_taken_from_its_file(live: Live) -> None:
    live.start_carrier()
    secret = live.place.folder / "token"
    secret.write_text("not-the-carriers\n")
    token = live.place.environ.pop("TWILIO_AUTH_TOKEN")
    live.place.environ["TWILIO_AUTH_TOKEN_FILE"] = str(secret)
    hub = live.start_hub()
    secret.write_text(f"{token}\n")
    reload(hub)
    live.press()
    live.gets(DAUGHTER, "按了紧急呼叫")
    assert hub.stop() == 0
    assert not any(line["event"] == "sent" and line["result"] == "Rejected" for line in hub.log)
    assert token not in "\n".join(hub.err)


def test_a_hang_up_before_the_start_is_over_ends_nothing(live: Live) -> None:
    live.start_carrier()
    hub = live.start_hub(ready=False)
    for _ in range(5):
        hup(hub)
    eventually(lambda: live.readiness()["ready"])
    assert reload(hub)["says"] == "All of the configuration is taken."
    assert hub.stop() == 0


@pytest.mark.promise("P13")
def test_a_hub_without_its_database_takes_it_too(live: Live) -> None:
    live.start_carrier()
    live.place.prepare()
    (live.place.folder / "var" / "carehub.db").write_bytes(b"no database" * 100)
    hub = live.start_hub(ready=False)
    live.place.change("language: zh-CN", "language: en", "hub.yaml")
    reload(hub)
    eventually(lambda: live.readiness()["parts"]["broker"]["ready"])
    live.press()
    live.gets(DAUGHTER, "EMERGENCY")
    assert hub.stop() == 0
