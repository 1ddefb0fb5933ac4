"""`carehub demo --headless`: the story without a page, printed and checked, with an exit code that can be trusted."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.place import Place
from tests.cli.process import Processes

WITHIN_S = 110.0


def running(folder: Path) -> list[str]:
    """Return the brokers that run with a configuration below this folder."""
    found = subprocess.run(["pgrep", "-af", "mosquitto"], capture_output=True, text=True, check=False).stdout
    return [line for line in found.splitlines() if str(folder) in line]


def test_the_story_goes_as_expected_and_is_told(place: Place, processes: Processes, tmp_path: Path) -> None:
    place.environ |= {"TMPDIR": str(tmp_path)}
    demo = processes.start(place, "demo", "--headless")
    assert demo.ends(within_s=WITHIN_S) == 0, (demo.out, demo.err)
    assert demo.err == []
    assert demo.out[-1].endswith("件预期的事都发生了。")
    assert not any("✗" in line for line in demo.out)
    told = "\n".join(demo.out)
    for words in (
        "按钮的用途是“呼叫”，按一次就算",
        "1 分钟内没有人接手",
        "李强接手了",
        "探测器自己说没事不算完，要有人看过才办结",
        "没有动静，到了给她定的限度",
        "王丽办结",
    ):
        assert words in told
    assert running(tmp_path) == []
    assert [path for path in tmp_path.iterdir() if path.name.startswith("carehub-")] == []


def test_it_speaks_english_and_keeps_its_data_where_it_is_told(
    place: Place, processes: Processes, tmp_path: Path
) -> None:
    place.environ |= {"CAREHUB_LANGUAGE": "en"}
    data = tmp_path / "kept"
    demo = processes.start(place, "demo", "--headless", "--data", str(data))
    assert demo.ends(within_s=WITHIN_S) == 0, (demo.out, demo.err)
    assert any("nobody took it within 1 min" in line for line in demo.out)
    assert demo.out[-1].startswith("All ")
    assert (data / "carehub.db").exists()
    assert (data / "hub.log").stat().st_mode & 0o077 == 0
    assert running(data) == []


def test_what_did_not_happen_is_said_and_ends_with_1(place: Place, processes: Processes, tmp_path: Path) -> None:
    place.change("+447700900101", "+15005550009")  # a landline: the carrier takes no text for it
    demo = processes.start(place, "demo", "--headless", "--data", str(tmp_path / "kept"))
    assert demo.ends(within_s=WITHIN_S) == 1
    assert any("✗ 王丽：马上收到短信" in line for line in demo.out)
    (sentence,) = demo.err
    assert "things expected did not happen: " in sentence
    assert "王丽：马上收到短信" in sentence
    assert running(tmp_path) == []


def test_a_home_without_what_the_story_needs_is_one_sentence(
    place: Place, processes: Processes, tmp_path: Path
) -> None:
    place.replace_device("kitchen-gas", "id: kitchen-smoke, kind: smoke, room: kitchen", "kitchen_smoke")
    demo = processes.start(place, "demo", "--headless", "--data", str(tmp_path / "kept"))
    assert demo.ends() == 1
    (sentence,) = demo.err
    assert "home ah-001 has no gas detector" in sentence
    assert running(tmp_path) == []


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_whoever_ends_it_early_leaves_no_broker_behind(
    place: Place, processes: Processes, tmp_path: Path, sign: signal.Signals
) -> None:
    demo = processes.start(place, "demo", "--headless", "--data", str(tmp_path / "kept"))
    demo.says("== 1.")
    assert demo.stop(sign) == 130
    assert running(tmp_path) == []
