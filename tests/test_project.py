"""The project keeps its own word: locked dependencies, documents that match, files of a readable size."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES = ("hub", "devices", "simulators")

# Written so that this file does not contain what it forbids.
FORBIDDEN = {
    "a document that is not here": r"\b(DESIGN|REQUIREMENTS|STYLE|LIBRARIES)\b(\.md| [0-9]|, P)",
    "a path of somebody's machine": r"/(work|farm|home/[a-z]+|root)/[a-z]|\.\./[s]hared|\b[s]hared/(DESIGN|STYLE|ui)",
    "how it was made": r"[s]ubagent|before-[s]top|[i]ssue #?[0-9]+",
    "a package index": r"py[p]i\.org|python[h]osted|regis[t]ry\.npmjs",
    "unfinished work": r"\b(TO[D]O|FIX[M]E|X[X]X)\b|Not[I]mplementedError",
    "a merge left open": r"^[<]{7} |^[>]{7} ",
}
# What a distribution is called when it is imported, where the names differ.
IMPORT_NAMES = {
    "argon2-cffi": "argon2",
    "sse-starlette": "sse_starlette",
    "prometheus-client": "prometheus_client",
    "phonenumberslite": "phonenumbers",
    "python-ulid": "ulid",
    "pyyaml": "yaml",
    "paho-mqtt": "paho",
    "psycopg": "psycopg",
}
# SQLAlchemy loads the driver by its URL, zoneinfo reads the data.
USED_WITHOUT_IMPORT = {"psycopg", "tzdata"}


def project_files() -> list[Path]:
    """Return the files that belong to the project: those git knows, those a copy without git has."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout.split("\0")
    except (FileNotFoundError, subprocess.CalledProcessError):
        ignored = {line.strip("/\n") for line in (ROOT / ".gitignore").open()}
        listed = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if not ignored & set(p.relative_to(ROOT).parts)]
    return [path for name in listed if name and (path := ROOT / name).is_file()]


def python_files(*folders: str) -> list[Path]:
    """Return the project's Python files, of some folders or of all."""
    files = [path for path in project_files() if path.suffix == ".py"]
    return [path for path in files if not folders or path.relative_to(ROOT).parts[0] in folders]


def distribution(requirement: str) -> str:
    """Return the bare name of a requirement such as `psycopg[binary]>=3.3`."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match, requirement
    return match.group().lower()


def declared() -> set[str]:
    """Return the distributions carehub needs when it runs."""
    return {distribution(line) for line in PROJECT["project"]["dependencies"]}


def declared_for_development() -> set[str]:
    """Return the distributions its developers need besides."""
    return {distribution(line) for line in PROJECT["project"]["optional-dependencies"]["dev"]}


def imported_by(*folders: str) -> dict[str, str]:
    """Return the outside packages that these folders import, with one place each."""
    found: dict[str, str] = {}
    own = {*PACKAGES, "tests", "bench"}
    for path in python_files(*folders):
        for node in ast.walk(ast.parse(path.read_bytes())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in (full.partition(".")[0] for full in names):
                if name not in sys.stdlib_module_names and name not in own:
                    found.setdefault(name, f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def test_every_locked_package_has_hashes_and_no_host() -> None:
    for name in ("requirements.lock", "deploy/run.lock", "deploy/broker.lock", "deploy/uv.lock"):
        lock = (ROOT / name).read_text("utf-8")
        entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"^\s*#.*\n", "", lock, flags=re.MULTILINE))
        without = [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry]
        assert not without, f"{name} has packages without a hash"
        assert "://" not in lock, f"{name} names a host: a clone would hang on it"
        assert not re.search(r"^\s*--(index|extra-index|find-links|trusted)", lock, re.MULTILINE), name


def test_the_lock_pins_every_dependency() -> None:
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE))
    missing = (declared() | declared_for_development()) - pinned
    assert not missing, f"not in requirements.lock: {sorted(missing)}. Run `make lock`"


def test_a_gateway_gets_the_versions_that_were_tested_and_no_tools() -> None:
    pins = {
        name: set(re.findall(r"^([a-z0-9._-]+==[^ ;]+)", (ROOT / name).read_text("utf-8"), re.MULTILINE))
        for name in ("requirements.lock", "deploy/run.lock")
    }
    assert pins["deploy/run.lock"] < pins["requirements.lock"], "run `make lock`"
    assert not [pin for pin in pins["deploy/run.lock"] if pin.startswith(("pytest", "mypy", "ruff", "playwright"))]


def test_every_dependency_says_why_it_is_there() -> None:
    page = (ROOT / "docs/dependencies.md").read_text("utf-8")
    explained = set(re.findall(r"^\| ([a-z0-9._-]+) \| \S", page, re.MULTILINE | re.IGNORECASE))
    explained = {name.lower() for name in explained} - {"package"}
    wanted = declared() | declared_for_development()
    assert explained == wanted, "docs/dependencies.md and pyproject.toml name different packages"


def test_what_is_imported_is_declared_and_what_is_declared_is_used() -> None:
    named = {IMPORT_NAMES.get(name, name) for name in declared()}
    imported = imported_by(*PACKAGES)
    surprises = {name: place for name, place in imported.items() if name not in named}
    assert not surprises, "imported, but only there because something else needs it"
    unused = named - set(imported) - USED_WITHOUT_IMPORT
    assert not unused, f"declared in pyproject.toml, imported nowhere: {sorted(unused)}"


def test_the_readme_only_names_commands_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    readme = (ROOT / "README.md").read_text("utf-8")
    named = set(re.findall(r"^make ([a-z]+)|`make ([a-z]+)`", readme, re.MULTILINE))
    commands = {first or second for first, second in named}
    assert {"run", "test"} <= commands
    assert commands <= targets


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for page in (path for path in project_files() if path.suffix == ".md"):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken


def test_the_files_that_documents_name_are_there() -> None:
    missing = []
    for page in (ROOT / "docs").glob("*.md"):
        named = re.findall(r"`((?:hub|devices|simulators|bench|tests|deploy)/[\w./-]+)`", page.read_text("utf-8"))
        missing += [f"{page.name}: {name}" for name in named if not (ROOT / name).exists()]
    assert not missing


def test_every_decision_has_its_five_parts_and_a_line_in_the_list() -> None:
    listed = (ROOT / "docs/decisions/README.md").read_text("utf-8")
    for page in (ROOT / "docs/decisions").glob("[0-9]*.md"):
        headings = re.findall(r"^## (.+)$", page.read_text("utf-8"), re.MULTILINE)
        assert headings == ["Situation", "Options", "Choice", "Price", "What would change our mind"], page.name
        assert f"({page.name})" in listed, f"docs/decisions/README.md does not list {page.name}"


def test_the_changelog_tells_of_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(rf"^## {re.escape(PROJECT['project']['version'])}\b", changelog, re.MULTILINE)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_project_speaks_of_itself_alone(what: str) -> None:
    found = []
    for path in project_files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(FORBIDDEN[what], line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert not found, f"{what} does not belong into the project"


def test_files_and_functions_stay_readable() -> None:
    too_long = []
    for path in python_files():
        text = path.read_text("utf-8")
        name = path.relative_to(ROOT)
        if (lines := text.count("\n")) > 600:
            too_long.append(f"{name} has {lines} lines (600)")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > 70:
                    too_long.append(f"{name}:{node.lineno} {node.name} has {length} lines (70)")
    assert not too_long, "split it by meaning"


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
    found = [str(p.relative_to(ROOT)) for p in python_files() if {p.stem, p.parent.name} & drawers]
    assert not found


def test_every_hub_module_has_its_place_in_the_import_order() -> None:
    contract = PROJECT["tool"]["importlinter"]["contracts"][0]
    places = {name for layer in contract["layers"] for name in re.findall(r"[a-z]+", layer)}
    assert contract["exhaustive"] is True
    there = {p.relative_to(ROOT / "hub").parts[0].removesuffix(".py") for p in python_files("hub")} - {"__init__"}
    assert there <= places
