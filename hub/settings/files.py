"""Reads the files of a configuration folder, whatever state they are in."""

from pathlib import Path
from typing import Any

from hub.settings.fault import Report, Wrong
from hub.settings.tree import Section, read_tree

_MEGABYTE = 1_000_000
MAX_FILE = 64 * _MEGABYTE
HUB_FILE = "hub.yaml"
HOMES_FILES = "homes*.yaml"


def read_text(path: Path, limit: int = MAX_FILE) -> str:
    """Return a file's text; raises Wrong if it cannot be read, is too large or is not UTF-8."""
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except FileNotFoundError as error:
        raise Wrong("file_missing") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Wrong("unreadable", reason=reason) from error
    if len(content) > limit:
        raise Wrong("too_large", limit=max(1, limit // _MEGABYTE))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Wrong("not_utf8", position=error.start + 1) from error


def read_file(path: Path, report: Report) -> Section | None:
    """Return a file as its top section; None if nothing of it can be used."""
    try:
        content = read_text(path)
    except Wrong as wrong:
        report.fault(None, wrong.sentence, **wrong.facts)
        return None
    before = len(report.faults)
    root: Any = read_tree(content, report)
    if isinstance(root, Section):
        return root
    if len(report.faults) == before:
        if root is None:
            report.fault(None, "empty_file")
        else:
            report.fault(1, "no_names")
    return None
