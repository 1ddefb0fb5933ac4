"""What `make setup` does on a machine where something is missing, with stand-ins for apt and sudo."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


class Machine:
    """A machine whose Python has no venv module, and whose rights the test chooses."""

    def __init__(self, folder: Path, *, user: int, sudo: bool) -> None:
        self.bin, self.log = folder / "bin", folder / "called"
        self.bin.mkdir()
        self.program("id", f"echo {user}")
        self.program("python", "test -e installed")
        self.program("apt-get", f'echo "apt-get $*" >> {self.log}; case "$*" in *install*) touch installed;; esac')
        self.program("sudo", f'echo "sudo $*" >> {self.log}; shift; exec "$@"' if sudo else "exit 1")
        self.folder = folder

    def program(self, name: str, script: str) -> None:
        """Put a stand-in in front of the system's programs."""
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def need(self, *names: str) -> subprocess.CompletedProcess[str]:
        """Run deploy/need on this machine."""
        env = {"PATH": f"{self.bin}:{os.environ['PATH']}", "PYTHON": str(self.bin / "python")}
        return subprocess.run(
            [ROOT / "deploy/need", *names], cwd=self.folder, env=env, capture_output=True, text=True, check=False
        )

    @property
    def called(self) -> list[str]:
        """The stand-ins' calls, in order."""
        return self.log.read_text().splitlines() if self.log.exists() else []


def test_without_rights_the_line_to_run_is_printed_and_nothing_is_installed(tmp_path: Path) -> None:
    machine = Machine(tmp_path, user=1000, sudo=False)
    done = machine.need("python3-venv")
    assert done.returncode == 1
    assert "sudo apt-get update && sudo apt-get install -y python3-venv" in done.stderr
    assert machine.called == []


@pytest.mark.parametrize(("user", "sudo", "first"), [(0, False, "apt-get"), (1000, True, "sudo -n")])
def test_with_rights_it_is_installed_without_a_question(tmp_path: Path, user: int, sudo: bool, first: str) -> None:
    machine = Machine(tmp_path, user=user, sudo=sudo)
    assert machine.need("python3-venv").returncode == 0
    installs = [line for line in machine.called if line.startswith("apt-get") and " install " in line]
    assert len(installs) == 1
    assert "-y" in installs[0].split()
    assert any(line.startswith(first) and "update" in line for line in machine.called)


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    machine = Machine(tmp_path, user=0, sudo=False)
    (tmp_path / "installed").touch()
    assert machine.need("python3-venv").returncode == 0
    assert machine.called == []


def test_a_source_that_does_not_answer_does_not_stop_the_installation(tmp_path: Path) -> None:
    machine = Machine(tmp_path, user=0, sudo=False)
    machine.program("apt-get", 'case "$*" in *update*) exit 100;; *) touch installed;; esac')
    assert machine.need("python3-venv").returncode == 0


def test_an_unknown_name_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    done = Machine(tmp_path, user=0, sudo=False).need("emacs")
    assert done.returncode == 2
    assert "emacs" in done.stderr
