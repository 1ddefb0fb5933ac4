"""Help that is worth reading, and one sentence for every command that is typed wrongly."""

import importlib.metadata
import re
import shlex
from pathlib import Path

import pytest
import typer

from hub.cli import commands
from hub.cli.commands import app, main
from hub.cli.place import PLACES
from tests.cli.place import Place


def _paths(command: typer.core.TyperGroup | object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    inner = getattr(command, "commands", {})
    return [path, *(p for name, each in inner.items() for p in _paths(each, (*path, name)))]


COMMANDS = _paths(typer.main.get_command(app))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_is_plain_english_without_types(place: Place, path: tuple[str, ...]) -> None:
    shown = place.carehub(*path, "--help")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith(f"Usage: carehub{''.join(f' {name}' for name in path)} ")
    assert not re.search(r"<\w+>|[{}╭│]", shown.out)
    assert "..." not in shown.out.replace("[ARGS]...", "")  # no first line is cut off
    assert max(len(line) for line in shown.out.splitlines()) <= 100


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_example_of_the_help_is_a_command_that_exists(place: Place, path: tuple[str, ...]) -> None:
    for line in place.carehub(*path, "--help").out.partition("Examples:")[2].splitlines():
        words = shlex.split(line.partition("carehub ")[2])
        if words:
            assert place.carehub(*words, "--help").code == 0, line


def test_the_help_of_a_group_is_shown_when_its_command_is_missing(place: Place) -> None:
    for path in ((), ("alerts",), ("db",), ("shelf",), ("simulate",)):
        shown = place.carehub(*path)
        assert (shown.code, shown.out) == (2, "")
        assert "Commands:" in shown.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("alerts lst", "No such command 'lst'. Did you mean 'list'? See `carehub alerts --help`."),
        ("alerts ack", "Missing argument 'ALERT'. See `carehub alerts ack --help`."),
        ("alerts list --bogus", "No such option: --bogus. See `carehub alerts list --help`."),
        ("alerts list --limit 0", "greater than or equal to 1"),
        ("alerts resolve K7 --outcome great", "'great' is not one of 'genuine', 'false', 'test'"),
        ("simulate carrier --port many", "'--port': Input should be a valid integer"),
        ("alerts ack K7 K8", "unexpected extra argument"),
    ],
)
def test_what_is_typed_wrongly_ends_with_2_and_one_sentence(place: Place, line: str, said: str) -> None:
    done = place.carehub(*line.split())
    assert done.code == 2
    assert said in done.sentence
    assert "--help`." in done.sentence


def test_the_version_is_that_of_the_package(place: Place) -> None:
    assert place.carehub("--version").out == f"carehub {importlib.metadata.version('carehub')}\n"


def test_an_error_nobody_foresaw_is_one_sentence_without_people(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(_: object) -> None:
        raise RuntimeError("cannot call +447700900101")

    monkeypatch.setattr("hub.cli.alerts.configuration", break_down)
    done = place.carehub("alerts", "list")
    assert done.code == 1
    assert "RuntimeError: cannot call ***01" in done.sentence
    assert "--debug" in done.sentence
    for arguments in (("--debug", "alerts", "list"), ("alerts", "list", "--debug")):
        with pytest.raises(RuntimeError):
            place.carehub(*arguments)


def test_ctrl_c_is_no_error_worth_words(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("hub.cli.alerts.configuration", interrupt)
    done = place.carehub("alerts", "list")
    assert (done.code, done.out, done.err) == (130, "", "")


def test_without_a_configuration_the_places_looked_at_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CAREHUB_CONFIG", raising=False)
    assert Path("/etc/carehub") in PLACES
    monkeypatch.setattr("hub.cli.place.PLACES", (Path("config"), tmp_path / "etc"))
    assert main(["alerts", "list"]) == 2
    assert capsys.readouterr().err == (
        f"No configuration found in ./config or {tmp_path}/etc. Name its folder with --config DIR.\n"
    )


def test_the_configuration_is_looked_for_in_the_environment_and_beside(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder.parent)
    assert "1 home" in place.carehub("check-config", environ={"CAREHUB_CONFIG": ""}).out
    wrong = place.carehub("check-config", environ={"CAREHUB_CONFIG": "/nowhere"})
    assert wrong.code == 2
    assert "CAREHUB_CONFIG=/nowhere is not a folder" in wrong.sentence
    assert "1 home" in place.carehub("check-config", "--config", str(place.folder)).out
    wrong = place.carehub("check-config", "--config", "/nowhere")
    assert wrong.code == 2
    assert "--config /nowhere is not a folder" in wrong.sentence


def test_main_is_what_the_package_installs() -> None:
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="carehub")
    assert script.load() is commands.main
