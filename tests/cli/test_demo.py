"""The demo keeps the README's promise: one command, and lines that work when they are pasted."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from hub.ingest.broker import BrokerProblem
from tests.cli.place import Place
from tests.cli.process import Process, Processes

READY = "Texts as they arrive:"


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """Return where the demo keeps its data; its broker outlives it, but not the test."""
    folder = tmp_path / "demo"
    yield folder
    with contextlib.suppress(OSError, ValueError):
        os.kill(int((folder / "broker" / "mosquitto.pid").read_text()), signal.SIGTERM)


def start(processes: Processes, place: Place, data: Path, *options: str) -> Process:
    """Start a demo, wait until it has printed its lines."""
    demo = processes.start(place, "demo", "--no-browser", "--data", str(data), *options)
    demo.says(READY)
    return demo


def asked(url: str, method: str = "GET") -> Any:
    """Return what the page's server answers."""
    address = urlsplit(url)
    connection = HTTPConnection(address.netloc, timeout=30)
    connection.request(method, f"{address.path}?{address.query}", headers={"Content-Type": "application/json"})
    answer = json.load(connection.getresponse())
    connection.close()
    return answer


def pasted(demo: Process, title: str, path: str = os.environ["PATH"]) -> None:
    """Paste the lines below a title into a shell."""
    start = next(number for number, line in enumerate(demo.out) if line.startswith(title))
    end = demo.out.index("", start)
    done = subprocess.run(
        ["sh", "-c", "\n".join(demo.out[start + 1 : end])],
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_printed_lines_press_and_answer_and_open_alerts_outlive_the_demo(
    place: Place, processes: Processes, data: Path
) -> None:
    demo = start(processes, place, data)
    pasted(demo, "Press the button")
    assert "→ 王丽 +447700900101: 【安河县民政局】王秀兰于" in demo.says("按了紧急呼叫")
    assert demo.stop(signal.SIGINT) == 0
    assert any("to end it too: kill " in line for line in demo.out)
    assert demo.err == []

    again = start(processes, place, data)
    shown = again.out[again.out.index("Open from before:") + 1]
    assert "sos" in shown
    assert "waits for somebody" in shown
    pasted(again, "Answer from the phone of 王丽")
    again.says("← 王丽 +447700900101: 1")
    again.says("→ 王丽 +447700900101: 【安河县民政局】收到，由您处理王秀兰的紧急呼叫")
    (line,) = (line for line in again.out if line.strip().startswith("export "))
    settings = dict(pair.split("=", 1) for pair in line.split()[1:])
    assert "taken by 王丽" in place.carehub("alerts", "list", environ=settings).out
    assert again.stop() == 0


def test_the_lines_need_no_tool_that_is_not_there(
    place: Place, processes: Processes, data: Path, tmp_path: Path
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "mosquitto"):
        found = shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin")
        assert found
        (tools / tool).symlink_to(found)
    place.environ["PATH"] = str(tools)
    demo = start(processes, place, data)
    assert not any("mosquitto_pub" in line or "curl" in line for line in demo.out)
    pasted(demo, "Press the button", str(tools))
    demo.says("按了紧急呼叫")
    pasted(demo, "Answer from the phone of 王丽", str(tools))
    demo.says("由您处理")
    assert demo.stop() == 0


def test_nothing_leaves_the_machine_whatever_the_configuration_names(
    place: Place, processes: Processes, data: Path
) -> None:
    place.environ |= {
        "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
        "TWILIO_AUTH_TOKEN": "somebodys-real-token",
        "CAREHUB_WEB__PUBLIC_URL": "https://hub.example",
        "CAREHUB_WEB__LISTEN": "0.0.0.0:8080",
        "CAREHUB_AUDIT__DEADMAN_URL": "https://example.org/ping/real",
        "CAREHUB_MQTT__URL": "mqtts://broker.example:8883",
    }
    demo = start(processes, place, data)
    assert any(line.startswith("carehub runs. Hub: http://127.0.0.1:") for line in demo.out)
    pasted(demo, "Press the button")
    demo.says("按了紧急呼叫")
    assert demo.stop() == 0
    log = (data / "hub.log").read_text()
    assert '"error"' not in log
    assert "example" not in log
    assert (data / "hub.log").stat().st_mode & 0o077 == 0


def test_the_page_is_named_first_and_answers(place: Place, processes: Processes, data: Path) -> None:
    demo = start(processes, place, data)
    first = next(line for line in demo.out if line)
    assert first.startswith("Open http://127.0.0.1:")
    url = first.split()[1]
    state = asked(f"{url}state?lang=en")
    assert state["home"]["title"] == "Home of 王秀兰"
    assert {"button", "gas", "motion", "contact", "bed", "leak"} <= {d["kind"] for d in state["home"]["devices"]}
    assert [phone["name"] for phone in state["phones"]] == ["王丽", "李强", "赵敏"]
    assert asked(f"{url}poke/bed-sos?what=press", "POST") == {"done": True}
    assert "→ 王丽" in demo.says("按了紧急呼叫")
    assert demo.stop() == 0


def test_a_second_demo_on_the_same_data_is_one_sentence(place: Place, processes: Processes, data: Path) -> None:
    demo = start(processes, place, data)
    second = processes.start(place, "demo", "--data", str(data))
    assert second.ends() == 1
    (sentence,) = second.err
    assert sentence.startswith("A demo runs already: ")
    assert f"process {demo.pid}" in sentence
    assert "--data" in sentence
    other = data.with_name("other")
    third = start(processes, place, other)  # beside it, with ports of its own
    assert third.stop() == 0
    os.kill(int((other / "broker" / "mosquitto.pid").read_text()), signal.SIGTERM)


def test_a_port_that_was_asked_for_and_is_taken_is_one_sentence(place: Place, processes: Processes, data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        demo = processes.start(place, "demo", "--data", str(data), "--port", str(taken.getsockname()[1]))
        assert demo.ends() == 1
    (sentence,) = demo.err
    assert "Choose another --port, or leave it out." in sentence


def test_without_mosquitto_the_line_that_installs_it_is_said(
    place: Place, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> str:
        raise BrokerProblem("not here")

    monkeypatch.setattr("hub.ingest.broker.find_mosquitto", missing)
    monkeypatch.setattr("hub.cli.wheel_broker.is_there", lambda: False)
    done = place.carehub("demo", "--data", str(data), "--port", "0")
    assert done.code == 1
    assert done.sentence == "The demo needs the broker Mosquitto. Install it: apt-get install mosquitto"


def test_a_folder_that_cannot_be_written_is_one_sentence(place: Place) -> None:
    done = place.carehub("demo", "--data", str(place.folder / "hub.yaml" / "demo"))
    assert done.code == 1
    assert "Name a folder with --data." in done.sentence


def test_a_mistake_of_the_configuration_is_said_before_anything_starts(place: Place, data: Path) -> None:
    place.change("room: kitchen,", "room: kichen,")
    done = place.carehub("demo", "--data", str(data))
    assert done.code == 2
    assert 'room "kichen"' in done.err
    assert not (data / "broker").exists()


def test_its_console_is_open_to_whoever_reads_its_page(place: Place, data: Path, processes: Processes) -> None:
    def signs_in(demo: Process) -> tuple[int, str]:
        line = demo.says("Console: ")
        url, _, rest = line.removeprefix("Console: ").partition(" : name demo, password ")
        page = demo.says("Open http").split()[1]
        connection = HTTPConnection(urlsplit(page).netloc, timeout=30)
        connection.request("GET", "/")
        shown = connection.getresponse().read().decode()
        assert f'href="{url}"' in shown
        assert rest in shown
        console = HTTPConnection(urlsplit(url).netloc, timeout=30)
        form = urlencode({"name": "demo", "password": rest})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": url.rstrip("/")}
        console.request("POST", "/sign-in", form, headers)
        return console.getresponse().status, rest

    demo = start(processes, place, data)
    status, password = signs_in(demo)
    assert status == 303
    assert demo.stop() == 0
    again = start(processes, place, data)
    status, another = signs_in(again)
    assert (status, another != password) == (303, True)
    assert password not in (data / "hub.log").read_text()
    assert again.stop() == 0
