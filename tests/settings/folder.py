"""A configuration folder that starts as the shipped example and is edited by each test."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from hub.settings import Configuration, ConfigurationError, Fault, load

EXAMPLE = Path(__file__).parents[2] / "config"


class Folder:
    """A copy of the example; `check` gives its faults as sentences, with file names instead of paths."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in ("hub.yaml", "homes.yaml"):
            (path / name).write_bytes((EXAMPLE / name).read_bytes())

    def edit(self, name: str, old: str, new: str) -> "Folder":
        content = (self.path / name).read_text(encoding="utf-8")
        assert old in content, f"{name} has no {old!r}"
        return self.write(name, content.replace(old, new, 1))

    def write(self, name: str, content: str | bytes) -> "Folder":
        data = content.encode() if isinstance(content, str) else content
        (self.path / name).write_bytes(data)
        return self

    def load(self, environ: Mapping[str, str] | None = None) -> Configuration:
        return load(self.path, environ or {})

    def faults(self, environ: Mapping[str, str] | None = None, language: str = "en") -> list[str]:
        with pytest.raises(ConfigurationError) as caught:
            self.load(environ)
        return [self._short(fault, language) for fault in caught.value.faults]

    def warnings(self, language: str = "en") -> list[str]:
        found = self.load()
        return [self._short(each, language) for each in found.warnings if each not in found.missing_secrets]

    def _short(self, fault: Fault, language: str) -> str:
        return fault.say(language).replace(f"{self.path}/", "")
