"""`carehub simulate fleet`: many homes at a real broker, and a configuration for their hub."""

from pathlib import Path

from tests.cli.live import Live
from tests.cli.place import Place
from tests.cli.test_simulate_home import Ear
from tests.harness.broker import free_port


def test_the_written_folder_passes_the_check_and_the_next_steps_are_printed(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    done = place.carehub("simulate", "fleet", "--write", str(folder), "--homes", "30")
    assert done.code == 0
    assert f"carehub simulate fleet --config {folder} --homes 30" in done.out
    environ = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "simulated"}
    assert (
        "30 homes, 31 people, 240 devices"
        in place.carehub("check-config", "--config", str(folder), environ=environ).out
    )
    (tmp_path / "file").write_text("", "utf-8")
    refused = place.carehub("simulate", "fleet", "--write", str(tmp_path / "file" / "below"))
    assert refused.code == 2
    assert "cannot be written" in refused.sentence


def test_homes_speak_press_and_say_goodbye(live: Live) -> None:
    ear = Ear(live.broker, "homes/#")
    done = live.place.carehub(
        "simulate", "fleet", "--homes", "5", "--rate", "400", "--presses", "600", "--for", "2s", "--qos", "1"
    )
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("5 homes at 127.0.0.1:")
    assert any("pressed: homes/fl-0000" in line for line in lines)
    events, presses = (int(word) for word in lines[-1].split() if word.isdigit())
    assert events > 100
    assert presses > 2
    for number in range(1, 6):
        ear.hears(f"fl-0000{number}/zigbee2mqtt/bridge/state", "offline")
    spoken = [payload for topic, payload in ear.heard if "/bridge/" not in topic]
    assert len(spoken) == events + presses
    assert sum("emergency" in payload for payload in spoken) == presses
    ear.close()


def test_a_broker_that_is_not_there_is_one_sentence(place: Place) -> None:
    done = place.carehub("simulate", "fleet", "--broker", f"mqtt://127.0.0.1:{free_port()}")
    assert done.code == 1
    assert "No broker answers at" in done.sentence
