"""What the environment says: overrides of hub.yaml, and secrets, which stand nowhere else.

`CAREHUB_MQTT__URL` is `url` in `mqtt:`; two underscores lead one section down, steps and other lists count from
1: `CAREHUB_POLICIES__EMERGENCY__STEPS__1__WAIT`. An empty variable counts as not set.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.settings.fault import Place, Report, Wrong
from hub.settings.files import read_text
from hub.settings.tree import Items, Section

PREFIX = "CAREHUB_"
MQTT_PASSWORD = "CAREHUB_MQTT__PASSWORD"  # noqa: S105 - the name of a variable
# Variables of the command itself; they change no value of hub.yaml.
OTHERS = frozenset({"CAREHUB_CONFIG", MQTT_PASSWORD})

_SECRET_LIMIT = 4096


def override(tree: Section, environ: Mapping[str, str], report: Report) -> None:
    """Put the values of CAREHUB_… variables into the tree; what they name is checked like the rest."""
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in OTHERS and environ[name]:
            _put(tree, name, environ[name], report)


def _put(tree: Section, name: str, value: str, report: Report) -> None:
    """Walk down to one value; sections on the way that the file does not have are added."""
    *path, last = name.removeprefix(PREFIX).split("__")
    here: Section | Items = tree
    for step in path:
        inner = _enter(here, step, name)
        if inner is None:
            report.fault(name, "variable_nowhere", key=step)
            return
        here = inner
    key = _find(here, last)
    if key is None:
        report.fault(name, "variable_nowhere", key=last)
    elif isinstance(_value(here, key), (Section, Items)):
        report.fault(name, "variable_section")
    else:
        _set(here, key, value, name)


def _enter(here: Section | Items, step: str, name: str) -> Section | Items | None:
    """Return what a step leads into, made new where there is nothing yet; None if it leads nowhere."""
    key = _find(here, step)
    if key is None:
        return None
    value = _value(here, key)
    if value is not None and not isinstance(value, (Section, Items)):
        return None
    # A copy: an alias may stand in two places, and what is overridden is one of them.
    inner = Section(name) if value is None else _copy(value)
    _set(here, key, inner, name if value is None else here.place(key))
    return inner


def _value(here: Section | Items, key: str | int) -> Any:
    if isinstance(here, Items):
        return here[int(key)]
    return here.get(str(key))


def _set(here: Section | Items, key: str | int, value: Any, place: Place) -> None:
    if isinstance(here, Items):
        here[int(key)] = value
        here.lines[int(key)] = place
    else:
        here[str(key)] = value
        here.lines[str(key)] = place


def _find(here: Section | Items, step: str) -> str | int | None:
    """Return the key or index that one part of a variable's name means; None if it can mean nothing."""
    if isinstance(here, Items):
        index = int(step) - 1 if step.isascii() and step.isdigit() and len(step) < 4 else -1
        return index if 0 <= index < len(here) else None
    if not step:
        return None
    same = (key for key in here if key.upper().replace("-", "_") == step.upper())
    return next(same, step.lower())


def _copy(value: Section | Items) -> Section | Items:
    if isinstance(value, Section):
        section = Section(value.line)
        section.update(value)
        section.lines.update(value.lines)
        return section
    items = Items(value.line)
    items.extend(value)
    items.lines.extend(value.lines)
    return items


def secret(name: str, environ: Mapping[str, str], folder: Path, report: Report) -> str | None:
    """Return the secret from the variable `name`, or from the file that `name`_FILE names; None if neither is set."""
    value, file = environ.get(name), environ.get(f"{name}_FILE")
    if value and file:
        report.fault(name, "secret_twice", name=name)
        return None
    if file:
        return secret_file(folder / file, Report(f"{name}_FILE", report.faults, report.warnings))
    return value or None


def secret_file(path: Path, report: Report) -> str | None:
    """Return the first line of a file that holds one secret; mistakes are put under the report's path."""
    try:
        content = read_text(path, _SECRET_LIMIT).strip()
    except Wrong as wrong:
        sentence = "secret_file_missing" if wrong.sentence == "file_missing" else wrong.sentence
        report.fault(None, sentence, **wrong.facts)
        return None
    if not content:
        report.fault(None, "secret_empty")
        return None
    return content.splitlines()[0]
