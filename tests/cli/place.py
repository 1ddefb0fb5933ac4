"""A configuration folder of a test's own, and the commands used on it as a person would."""

import asyncio
import io
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

from hub.cli.commands import main
from hub.engine import Engine
from hub.engine.work import Work
from hub.ports import Lane
from hub.rules.finding import Finding, Severity
from hub.settings import load

T = TypeVar("T")
EXAMPLE = Path(__file__).parent.parent.parent / "config"
TOKEN = "the-carriers-token"


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line that a failed command says."""
        assert self.out == ""
        assert len(self.err.splitlines()) == 1, self.err
        return self.err.strip()


@dataclass
class Place:
    """The example configuration in a folder that a test may change."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        for file in EXAMPLE.glob("*.yaml"):
            (self.folder / file.name).write_text(file.read_text("utf-8"), "utf-8")

    def change(self, old: str, new: str, file: str = "homes.yaml") -> None:
        """Change the configuration as an editor would."""
        path = self.folder / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    def replace_device(self, old: str, new: str, topic: str) -> None:
        """Put another device, "id: …, kind: …", in the place of one."""
        path = self.folder / "homes.yaml"
        lines = path.read_text("utf-8").splitlines(keepends=True)
        (at,) = (number for number, line in enumerate(lines) if f"{{id: {old}," in line)
        lines[at] = f"      - {{{new}, topic: zigbee2mqtt/{topic}}}\n"
        path.write_text("".join(lines), "utf-8")

    @property
    def environment(self) -> dict[str, str]:
        """What the command sees of the environment."""
        ours = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
        return ours | {"CAREHUB_CONFIG": str(self.folder), "LANG": "C.UTF-8"} | self.environ

    def carehub(self, *arguments: str, stdin: str = "", environ: Mapping[str, str] | None = None) -> Result:
        """Run a command in this process."""
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, self.environment | dict(environ or {}), clear=True),
            patch.object(sys, "stdin", io.StringIO(stdin)),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                code = main(arguments)
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 1
        return Result(code, out.getvalue(), err.getvalue())

    def prepare(self) -> None:
        """Make the database with the homes of the files in it, as the first run does."""
        assert self.carehub("db", "upgrade").code == 0
        assert self.carehub("apply", "--yes").code == 0

    def engine(self, act: Callable[[Engine], Any]) -> Any:
        """Do something as the running hub does."""

        async def run() -> Any:
            from hub.cli.opened import opened

            async with opened(load(self.folder, self.environment)) as engine:
                return await act(engine)

        return asyncio.run(run())

    def work(self, work: Callable[[Work], T]) -> T:
        """Run one transaction of the hub."""
        result: T = self.engine(lambda engine: engine.write(Lane.SOS, work))
        return result

    def press(self, device: str = "bed-sos", *, hazard: bool = False) -> str:
        """Open an alert as a press (or a gas detector) does; return its code."""

        def report(work: Work) -> str:
            kind, room = ("gas", "kitchen") if hazard else ("sos", "bedroom")
            cause = f"gas:{device}" if hazard else "sos"
            since = datetime(2026, 3, 1, tzinfo=UTC)
            work.report(Finding(cause, kind, Severity.EMERGENCY, "ah-001", device, room, since, latched=hazard))
            return work.opened[-1].code

        return self.work(report)
