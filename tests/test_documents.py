"""What the documents say is so: commands, options, targets, files, headings and sentences that they name exist."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from hub.cli.commands import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# After these words "carehub" is the command; elsewhere it may be a user, a group, a service or a file.
CALLED_BY = frozenset({"sudo", "env", "time"})
EVERYWHERE = frozenset({"--help", "--debug", "--version"})


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def code(page: Path) -> Iterator[str]:
    """Yield what stands as code: the lines of shell blocks, continued ones joined, and the spans in the text."""
    text, block = re.sub(r" *\\\n\s*", " ", page.read_text("utf-8")), None
    for line in text.splitlines():
        if (fence := re.match(r" *```(\w*)", line)) is not None:
            block = fence[1] or "sh" if block is None else None
        elif block == "sh":
            yield line
        elif block is None:
            yield from re.findall(r"`([^`]+)`", line)


def words(line: str) -> list[str]:
    """Return a line as a shell would cut it; what is no shell line is cut at its spaces."""
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return line.split()


def calls(line: str) -> Iterator[list[str]]:
    """Yield the words behind each call of the command in a line."""
    for part in re.split(r"\|\|?|&&|;|\$\(", line):
        found = words(part)
        for place, word in enumerate(found):
            before = found[:place]
            called = not before or before[-1] in CALLED_BY or "=" in before[-1] or before[-2:-1] == ["-u"]
            if called and (word == "carehub" or word.endswith("/bin/carehub")):
                yield found[place + 1 :]
                break


def mistake(said: list[str]) -> str | None:
    """Return what is wrong with a call, if anything."""
    here: Any = typer.main.get_command(app)
    for word in said:
        if word in ("…", "...", ">", "<", "&"):
            return None
        if word.startswith("--"):
            known = {option for param in here.params for option in (*param.opts, *param.secondary_opts)} | EVERYWHERE
            if word.partition("=")[0] not in known:
                return f"no option {word}"
        elif hasattr(here, "commands"):
            if word not in here.commands:
                return f"no command {word}"
            here = here.commands[word]
    return None


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_commands_and_options_it_names_exist(page: Path) -> None:
    wrong = [f"{line.strip()}: {why}" for line in code(page) for said in calls(line) if (why := mistake(said))]
    assert not wrong


def test_commands_are_found_where_they_stand() -> None:
    assert [*calls("sudo -u carehub carehub db backup /x  # each night")] == [["db", "backup", "/x"]]
    assert [*calls("cd && sudo carehub check-config && sudo systemctl restart carehub")] == [["check-config"]]
    assert mistake(["alerts", "lst"]) == "no command lst"
    assert mistake(["alerts", "list", "--al"]) == "no option --al"
    assert sum(1 for page in PAGES for line in code(page) for _ in calls(line)) > 50


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_targets_of_make_it_names_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        found for line in code(page) for found in re.findall(r"(?:^|&& |sudo )make (?:[A-Z]+=\S+ )?([a-z]+)", line)
    }
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_files_of_an_installation_it_names_exist(page: Path) -> None:
    named = re.findall(r"/opt/carehub/((?:deploy|config)/[\w./-]*\w)", page.read_text("utf-8"))
    assert not [path for path in named if not (ROOT / path).exists()]


def anchors(page: Path) -> set[str]:
    """Return the names of a page's headings, as GitHub and most viewers make them."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_headings_it_leads_to_exist(page: Path) -> None:
    broken = []
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text("utf-8")):
        there = page.parent / target if target else page
        if "://" not in target and anchor not in anchors(there):
            broken.append(f"{target}#{anchor}")
    assert not broken


@cache
def sentences() -> str:
    """Return the hub's source with strings that are continued on the next line joined."""
    source = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "hub").rglob("*.py")))
    return re.sub(r"\"\s*\n\s*f?\"", "", source)


def test_the_faults_that_installers_look_up_are_said_like_that() -> None:
    guide = (ROOT / "docs/installers.md").read_text("utf-8")
    chapter = guide.partition("## When something is wrong\n")[2].partition("\n## ")[0]
    looked_up = [
        span for row in re.findall(r"^\| (`.*?) \|", chapter, re.MULTILINE) for span in re.findall("`(.+?)`", row)
    ]
    pieces = [piece.strip(" ;:,.") for span in looked_up for piece in span.split("…")]
    # "session" and the like are names that are filled in; what is left is a sentence of ours.
    unsaid = [piece for piece in pieces if len(piece) > 8 and re.sub(r"^\w+: ", "", piece) not in sentences()]
    assert len(looked_up) > 12
    assert not unsaid


def test_staff_find_the_same_in_both_languages() -> None:
    english, chinese = ((ROOT / "docs" / file).read_text("utf-8") for file in ("staff.md", "staff.zh.md"))

    def shape(text: str) -> list[str]:
        return [line.split()[0] for line in text.splitlines() if re.match(r"#|\|", line)]

    assert shape(english) == shape(chinese)
    assert {*re.findall(r"`(carehub [^`]+)`", chinese)} >= {
        span for span in re.findall(r"`(carehub [^`]+)`", english) if "--note" not in span
    }
