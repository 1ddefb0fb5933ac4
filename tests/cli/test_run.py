"""The hub as its operator knows it: started, refused, stopped, and with commands beside it."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.cli.live import Live
from tests.cli.process import IMPATIENT, eventually
from tests.harness.postgres import Postgres

DAUGHTER, STAFF = "+447700900101", "+447700900102"


def test_a_press_is_texted_and_commands_are_heard_by_the_running_hub(live: Live) -> None:
    live.start_carrier()
    hub = live.start_hub()
    live.press()
    live.gets(DAUGHTER, "按了紧急呼叫")
    (alert,) = live.alerts()
    asked = time.monotonic()
    assert live.place.carehub("alerts", "ack", str(alert["code"]), "--by", "li-qiang").code == 0
    live.gets(STAFF, "由您处理")
    assert "李强已接手" in live.gets(DAUGHTER, "已接手")
    assert time.monotonic() - asked < 10  # within 1 s it is seen; this machine and the carrier take their time too
    live.place.carehub("alerts", "resolve", str(alert["code"]), "--by", "li-qiang", "--outcome", "false")
    live.gets(DAUGHTER, "办结：误报")
    assert live.alerts() == []
    assert hub.stop() == 0


def test_a_new_device_is_heard_and_a_new_number_told_after_apply(live: Live) -> None:
    live.start_carrier()
    live.start_hub()
    live.press()
    live.gets(DAUGHTER, "按了紧急呼叫")
    live.place.change("+447700900101", "+447700900111")
    live.place.replace_device("front-door", "id: bath-sos, kind: button, role: sos, room: bathroom", "bath_sos")
    assert live.place.carehub("apply", "--yes").code == 0
    code = str(live.alerts()[0]["code"])
    live.place.carehub("alerts", "ack", code, "--by", "li-qiang")
    live.gets("+447700900111", "已接手")  # the open alert reads the number at each send
    live.publish("zigbee2mqtt/bath_sos", {"action": "emergency"})
    live.gets(STAFF, "又按了呼叫")
    shown = live.place.carehub("alerts", "show", code).out
    assert "again by bath-sos" in shown


def test_a_second_run_on_the_same_database_is_refused(live: Live) -> None:
    live.start_carrier()
    hub = live.start_hub()
    second = live.place.carehub("run")
    assert second.code == 1
    assert f"is in use by process {hub.pid}" in second.sentence
    assert "End that one first." in second.sentence
    assert hub.stop(signal.SIGINT) == 0
    assert live.start_hub().stop() == 0


def test_it_stops_within_five_seconds_whatever_hangs(live: Live) -> None:
    live.start_carrier()
    hub = live.start_hub()
    live.fault(kind="hang", delay_s=60)
    live.press()
    eventually(lambda: live.alerts())
    os.kill(live.broker._process.pid, signal.SIGSTOP)  # type: ignore[union-attr]
    try:
        assert hub.stop() == 0
    finally:
        os.kill(live.broker._process.pid, signal.SIGCONT)  # type: ignore[union-attr]


def test_a_wrong_password_is_said_and_tried_again(live: Live) -> None:
    live.start_carrier()
    live.place.environ["CAREHUB_MQTT__PASSWORD"] = "not-the-password"
    hub = live.start_hub(ready=False)
    sentence = f"Cannot sign in to {live.broker.url}: wrong password. Check CAREHUB_MQTT__PASSWORD and run again."
    assert json.loads(hub.says("Cannot sign in"))["why"] == sentence
    readiness = live.readiness()
    assert not readiness["ready"]
    assert sentence in readiness["parts"]["broker"]["says"]
    assert hub.stop() == 0
    assert "not-the-password" not in "\n".join(hub.err)


def test_a_taken_port_is_one_sentence(live: Live) -> None:
    live.start_carrier()
    live.place.environ["CAREHUB_WEB__LISTEN"] = live.carrier.removeprefix("http://")
    hub = live.processes.start(live.place, "run")
    assert hub.ends() == 1
    assert hub.out == []
    (sentence,) = [line for line in hub.err if not line.startswith("{")]
    assert sentence.startswith(f"web.listen {live.carrier.removeprefix('http://')}: another program has this port.")


def test_missing_secrets_are_named_once(live: Live) -> None:
    del live.place.environ["TWILIO_AUTH_TOKEN"]
    done = live.place.carehub("run")
    assert done.code == 2
    assert "TWILIO_AUTH_TOKEN: is not set, but channel sms needs it." in done.sentence


def test_a_database_folder_that_cannot_be_made_is_one_sentence(live: Live) -> None:
    live.place.environ["CAREHUB_DATABASE"] = f"sqlite:///{live.place.folder}/hub.yaml/carehub.db"
    done = live.place.carehub("run")
    assert done.code == 1
    assert "Give the user of carehub its folder to read and write." in done.sentence


# --- a sick store (P13)


@pytest.mark.promise("P13")
def test_a_damaged_database_starts_sick_and_is_taken_once_it_is_repaired(live: Live) -> None:
    live.start_carrier()
    live.place.prepare()
    file = live.place.folder / "var" / "carehub.db"
    copy = live.place.folder / "copy.db"
    copy.write_bytes(file.read_bytes())
    file.write_bytes(b"garbage" * 1000)
    hub = live.start_hub(ready=False, program=IMPATIENT)
    assert "is damaged" in live.readiness()["parts"]["database"]["says"]
    eventually(lambda: live.readiness()["parts"]["broker"]["ready"])
    live.press()
    assert "不用回复" in live.gets(DAUGHTER, "按了紧急呼叫")
    assert file.read_bytes().startswith(b"garbage")
    copy.replace(file)
    eventually(lambda: live.readiness()["ready"])
    live.gets(DAUGHTER, "能去请回复1")  # the press was never acknowledged: it is kept now
    assert "sos" in [alert["cause"] for alert in live.alerts()]
    assert hub.stop() == 0


@pytest.mark.promise("P13")
def test_a_server_that_is_away_at_the_start_is_taken_when_it_comes_back(live: Live, postgres: Postgres) -> None:
    live.place.environ["CAREHUB_DATABASE"] = address = postgres.database()
    live.start_carrier()
    postgres.stop()
    try:
        hub = live.start_hub(ready=False, program=IMPATIENT)
        assert "cannot be used now" in live.readiness()["parts"]["database"]["says"]
    finally:
        postgres.start()
    eventually(lambda: live.readiness()["ready"])
    live.press()
    live.gets(DAUGHTER, "能去请回复1")
    assert hub.stop() == 0
    postgres.drop(address)


# --- the embedded broker


def test_an_embedded_broker_outlives_the_hub_and_is_adopted(live: Live) -> None:
    live.start_carrier()
    live.place.environ["CAREHUB_MQTT__URL"] = "embedded"
    del live.place.environ["CAREHUB_MQTT__PASSWORD"]
    folder = live.place.folder / "var" / "broker"
    pid = 0
    try:
        assert live.start_hub().stop() == 0
        pid = int((folder / "mosquitto.pid").read_text())
        os.kill(pid, 0)  # it runs
        assert live.start_hub().stop() == 0
        assert int((folder / "mosquitto.pid").read_text()) == pid
    finally:
        if pid:
            os.kill(pid, signal.SIGTERM)


# --- the broker's configuration


def test_the_written_broker_lets_the_hub_in(live: Live, tmp_path: Path) -> None:
    written = live.place.carehub("broker-config", environ={"CAREHUB_MQTT__PASSWORD": ""})
    assert written.code == 0
    assert "CAREHUB_MQTT__PASSWORD" in written.err
    folder = live.place.folder / "broker"
    assert str(folder / "mosquitto.conf") in written.out
    conf = (folder / "mosquitto.conf").read_text()
    for line in ("persistence true", "autosave_on_changes true", "upgrade_outgoing_qos true"):
        assert line in conf.splitlines()
    passwords = {user: secret for _, user, secret in (row.split() for row in written.out.splitlines()[2:])}
    assert set(passwords) == {"hub", "bridge", "device"}
    assert not any(secret in (folder / "passwd").read_text() for secret in passwords.values())


def test_a_broker_in_use_keeps_its_passwords_unless_told(live: Live) -> None:
    folder = live.place.folder.parent / "mine"
    assert live.place.carehub("broker-config", str(folder), "--port", "18999").code == 0
    before = (folder / "passwd").read_text()
    again = live.place.carehub("broker-config", str(folder))
    assert again.code == 1
    assert "--overwrite" in again.sentence
    assert "--topics" in again.sentence
    assert (folder / "passwd").read_text() == before
    (folder / "acl").write_text("")
    added = live.place.carehub("broker-config", str(folder), "--topics")
    assert (added.code, (folder / "passwd").read_text()) == (0, before)
    acl = (folder / "acl").read_text()
    assert "/zigbee2mqtt/#\n" in acl
    assert "marker" not in acl.replace("own markers", "")  # no device may write what only the hub says to itself
    assert live.place.carehub("broker-config", str(folder / "none"), "--topics").code == 1
    assert live.place.carehub("broker-config", str(folder), "--overwrite").code == 0
    assert (folder / "passwd").read_text() != before
    blocked = live.place.carehub("broker-config", str(live.place.folder / "hub.yaml" / "x"))
    assert blocked.code == 2
    assert "cannot be written" in blocked.sentence
