"""`carehub init`: asked, answered, checked; the folder it writes is one that runs."""

import os
import stat
from pathlib import Path

import pytest

from hub.settings import load
from tests.cli.place import Place, Result
from tests.cli.process import Processes, eventually
from tests.harness.broker import HUB, BrokerProcess, free_port

# Every question in its order, the database included.
ANSWERS = {
    "language": "en",
    "site": "anhe-gateway-018",
    "timezone": "Asia/Shanghai",
    "desk": "0936-0000000",
    "carrier": "simulated",
    "from": "+15005550006",
    "signature": "安河县民政局",
    "mqtt": "embedded",
    "listen": "127.0.0.1:8081",
    "public_url": "",
    "area": "620702207200",
    "area_name": "Shangbao",
    "staff_name": "Li Qiang",
    "staff_phone": "+447700900102",
    "home": "Shangbao 3-12",
    "resident": "Wang Xiulan",
    "family_name": "Wang Li",
    "family_phone": "+447700900101",
    "database": "",
    "make": "y",
}


@pytest.fixture
def shell(tmp_path: Path) -> Place:
    """Return a place whose folder is of no interest: the commands name their own."""
    return Place(tmp_path / "elsewhere", {"TZ": "Asia/Shanghai"})


def answered(shell: Place, folder: Path, **others: str) -> Result:
    return shell.carehub("init", str(folder), stdin="".join(f"{line}\n" for line in (ANSWERS | others).values()))


def test_answers_become_a_folder_without_mistakes(shell: Place, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    done = answered(shell, folder)
    assert done.code == 0, done.err
    loaded = load(folder, {"TWILIO_ACCOUNT_SID": "x", "TWILIO_AUTH_TOKEN": "x"})
    assert loaded.warnings == []
    hub = loaded.hub
    assert (hub.site, hub.desk, hub.language, hub.web.public_url) == (
        "anhe-gateway-018",
        "0936-0000000",
        "en",
        "http://127.0.0.1:8081",
    )
    (home,) = loaded.registry.homes.values()
    assert (home.who, home.address, [c.person for c in home.contacts]) == (
        "Wang Xiulan",
        "Shangbao 3-12",
        ["family-1"],
    )
    assert loaded.registry.area_name("620702207200") == "Shangbao"
    assert shell.carehub("check-config", "--config", str(folder)).code == 0
    assert "http://127.0.0.1:8081/welcome/" in done.out
    assert f"carehub run --config {folder}" in done.out
    assert shell.carehub("alerts", "list", "--config", str(folder)).code == 0
    assert not list(tmp_path.glob(".new-*"))


def test_a_wrong_answer_is_said_at_once_in_the_words_of_check_config(shell: Place, tmp_path: Path) -> None:
    asked = [
        *("en", "a site!", "anhe", "Mars/Phobos", "Asia/Shanghai", "110", "", "pigeon", "simulated", "5005", ""),
        *("", "http://x", "embedded", "8080", "", "", "62", "620702207200", "", "", "110", "+447700900102"),
        *("", "", "n"),
    ]
    done = shell.carehub("init", str(tmp_path / "new"), stdin="".join(f"{line}\n" for line in asked))
    assert done.code == 0, done.err
    for words in (
        'site "a site!" is not an id',
        'timezone "Mars/Phobos" is not known',
        'desk "110" is an emergency number',
        "Write one of twilio, simulated.",
        "write the number with + and country code",
        "mqtt.url is not the address of a broker",
        "web.listen",
        '"62"',
        '"110"',
    ):
        assert words in done.err
    assert load(tmp_path / "new", {}).registry.homes == {}


def test_without_questions_everything_is_as_proposed(shell: Place, tmp_path: Path) -> None:
    done = shell.carehub("init", str(tmp_path / "new"), "--yes", "--language", "zh-CN", "--home", "上堡村三社12号")
    assert done.code == 0, done.err
    assert "接下来" in done.out
    assert "第一位管理员" in done.out
    assert shell.carehub("check-config", "--config", str(tmp_path / "new")).code == 0
    assert "这台 carehub 怎么运行" in (tmp_path / "new" / "hub.yaml").read_text("utf-8")


def test_a_wrong_option_ends_with_its_sentence_and_writes_nothing(shell: Place, tmp_path: Path) -> None:
    done = shell.carehub("init", str(tmp_path / "new"), "--yes", "--area", "62")
    assert done.code == 2
    assert "--area: " in done.sentence
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["hub.yaml", "homes.yaml", "homes-east.yaml", "secrets.env"])
def test_nothing_that_exists_is_replaced(shell: Place, tmp_path: Path, name: str) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / name).write_text("mine")
    done = shell.carehub("init", str(tmp_path / "new"), "--yes")
    assert done.code == 2
    assert f"{name} is there already, and nothing is replaced." in done.sentence
    assert [path.name for path in (tmp_path / "new").iterdir()] == [name]
    assert (tmp_path / "new" / name).read_text() == "mine"


def test_a_folder_with_other_things_keeps_them(shell: Place, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "notes.txt").write_text("mine")
    assert shell.carehub("init", str(tmp_path / "new"), "--yes", "--no-make-database").code == 0
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == ["homes.yaml", "hub.yaml", "notes.txt", "secrets.env"]


def test_whoever_stops_answering_leaves_nothing_behind(shell: Place, tmp_path: Path) -> None:
    lines = list(ANSWERS.values())
    for answers in (lines[:1], lines[:10], lines[:-1]):
        done = shell.carehub("init", str(tmp_path / "new"), stdin="".join(f"{line}\n" for line in answers))
        assert done.code == 130
        assert "Nothing was changed." in done.err
        assert [path.name for path in tmp_path.iterdir()] == ["elsewhere"]


def test_secrets_stand_in_a_file_of_their_own_and_nowhere_else(shell: Place, tmp_path: Path) -> None:
    sid, token = "AC" + "5" * 32, "carriersecret5"
    shell.environ |= {"TWILIO_ACCOUNT_SID": sid, "TWILIO_AUTH_TOKEN": token}
    done = shell.carehub("init", str(tmp_path / "new"), "--yes", "--mqtt", "mqtt://127.0.0.1:1883")
    assert done.code == 0, done.err
    kept = tmp_path / "new" / "secrets.env"
    assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600
    values = dict(line.split("=", 1) for line in kept.read_text().splitlines() if not line.startswith("#"))
    assert (values["TWILIO_ACCOUNT_SID"], values["TWILIO_AUTH_TOKEN"]) == (sid, token)
    for name in ("hub.yaml", "homes.yaml"):
        text = (tmp_path / "new" / name).read_text("utf-8")
        assert not [secret for secret in values.values() if secret in text]
    assert not [secret for secret in values.values() if secret in done.out + done.err]


def test_the_folder_runs(tmp_path: Path, broker: BrokerProcess, processes: Processes) -> None:
    folder, port = tmp_path / "new", free_port()
    shell = Place(tmp_path / "elsewhere")
    given = (
        "--mqtt",
        broker.url,
        "--listen",
        f"127.0.0.1:{port}",
        "--home",
        "上堡村三社12号",
        "--carrier",
        "simulated",
    )
    assert shell.carehub("init", str(folder), "--yes", *given).code == 0
    lines = (folder / "secrets.env").read_text().splitlines()
    shell.environ |= dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    shell.environ |= {"CAREHUB_MQTT__PASSWORD": HUB.password, "CAREHUB_MQTT__CLIENT_ID": f"init-{port}"}
    hub = processes.start(shell, "run", "--config", str(folder))
    hub.says('"running"')
    eventually(lambda: shell.carehub("alerts", "list", "--config", str(folder)).code == 0)
    assert hub.stop() == 0


def test_a_home_is_judged_when_all_its_numbers_are_known(shell: Place, tmp_path: Path) -> None:
    done = answered(shell, tmp_path / "mixed", staff_phone="+8613800138000")
    assert done.code == 0, done.err
    assert "takes no replies" not in done.err
    assert len(load(tmp_path / "mixed", {}).registry.homes) == 1


def test_a_home_that_nobody_could_answer_for_is_left_out_with_a_sentence(shell: Place, tmp_path: Path) -> None:
    numbers = {"staff_phone": "+8613800138000", "family_phone": "+8613800138001"}
    done = answered(shell, tmp_path / "new", **numbers)
    assert done.code == 0, done.err
    assert "takes no replies from +86" in done.err
    assert "The home is left out for now" in done.err
    assert load(tmp_path / "new", {}).registry.homes == {}
    assert "carehub homes import" in done.out
    alone = {name: value for name, value in ANSWERS.items() if name != "family_phone"}
    alone |= {"staff_phone": "+8613800138000", "family_name": ""}
    done = shell.carehub("init", str(tmp_path / "alone"), stdin="".join(f"{line}\n" for line in alone.values()))
    assert done.code == 0, done.err
    assert load(tmp_path / "alone", {}).registry.homes == {}
    done = shell.carehub("init", str(tmp_path / "no"), "--yes", "--home", "x", "--staff-phone", "+8613800138000")
    assert done.code == 2
    assert "takes no replies from +86" in done.sentence
