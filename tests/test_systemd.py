"""The units of deploy/systemd are what systemd takes, and call what there is."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cli.commands import main

ROOT = Path(__file__).parent.parent
UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
COMMAND = "/opt/carehub/.venv/bin/carehub"


def settings(name: str) -> list[tuple[str, str]]:
    """Return all lines of a unit, key and value; a key may stand several times."""
    lines = (ROOT / "deploy" / "systemd" / name).read_text("utf-8").splitlines()
    return [
        (key, value) for line in lines if not line.startswith(("#", "[")) for key, _, value in [line.partition("=")]
    ]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_them(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text("utf-8").replace(COMMAND, sys.executable).replace("/usr/sbin/mosquitto", sys.executable)
        (tmp_path / unit.name).write_text(text, "utf-8")
    units = [str(tmp_path / unit.name) for unit in UNITS]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_each_is_well_formed() -> None:
    for unit in UNITS:
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.read(unit, "utf-8")
        assert parser.has_section("Unit"), unit


def test_they_call_commands_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    called = [value for unit in UNITS for key, value in settings(unit.name) if value.startswith(COMMAND)]
    assert sorted(line.removeprefix(COMMAND).strip() for line in called) == [
        "db backup /var/lib/carehub/backups",
        "run",
    ]
    for words in (["run"], ["db", "backup"]):
        assert main([*words, "--help"]) == 0
    assert "SIGHUP" in capsys.readouterr().out


def test_a_hub_that_hangs_or_ends_is_begun_anew_and_one_with_a_mistake_is_not() -> None:
    found = dict(settings("carehub.service"))
    assert (found["Type"], found["Restart"], found["RestartPreventExitStatus"]) == ("notify", "always", "2")
    assert int(found["WatchdogSec"]) >= 30
    assert found["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert found["NoNewPrivileges"] == "yes"
    assert found["ProtectSystem"] == "strict"


def test_the_guide_installs_each_of_them() -> None:
    guide = (ROOT / "docs" / "installers.md").read_text("utf-8")
    named = set(re.findall(r"carehub[a-z-]*\.(?:service|timer)", guide))
    assert {unit.name for unit in UNITS} <= named
