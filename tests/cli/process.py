"""The command as a process of its own, with its log read line by line."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cli.place import Place

PATIENCE_S = 30.0
PROGRAM = "import sys; from hub.cli import main; sys.exit(main())"
# One that looks at a sick database again at once: ten seconds are nothing to a hub and much to a test.
IMPATIENT = f"""
from datetime import timedelta
from hub.cli import lasting
lasting.Database.look_again = timedelta(milliseconds=50)
{PROGRAM}
"""


class Process:
    """`carehub ...` running; what it writes on stdout and stderr is kept."""

    def __init__(self, place: Place, *arguments: str, program: str = PROGRAM, cwd: Path | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            env=place.environment | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": os.getcwd()},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.out: list[str] = []
        self.err: list[str] = []
        self._more = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read, args=(stream, lines), daemon=True)
            for stream, lines in ((self._process.stdout, self.out), (self._process.stderr, self.err))
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def _read(self, stream: Any, lines: list[str]) -> None:
        for line in stream:
            with self._more:
                lines.append(line.rstrip("\n"))
                self._more.notify_all()

    def says(self, words: str) -> str:
        """Wait until a line on stdout or stderr has these words; return it."""

        def found() -> str | None:
            return next((line for line in (*self.out, *self.err) if words in line), None)

        with self._more:
            self._more.wait_for(lambda: found() is not None, PATIENCE_S)
        line = found()
        assert line is not None, f"{words!r} was not said. stdout: {self.out} stderr: {self.err}"
        return line

    @property
    def log(self) -> list[dict[str, Any]]:
        """Its log; every line of stderr must be part of it."""
        return [json.loads(line) for line in self.err]

    def ends(self, *, within_s: float = PATIENCE_S) -> int:
        """Wait until it ends; return its exit code."""
        code = self._process.wait(within_s)
        for reader in self._readers:
            reader.join(PATIENCE_S)
        return code

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop, which takes it at most 5 s; return its exit code."""
        self._process.send_signal(sign)
        return self.ends(within_s=5.0)

    def kill(self) -> None:
        """End it as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self.ends()


class Processes:
    """Starts processes and ends those that a test leaves behind."""

    def __init__(self) -> None:
        self._all: list[Process] = []

    def start(self, place: Place, *arguments: str, program: str = PROGRAM, cwd: Path | None = None) -> Process:
        """Start `carehub ...`."""
        process = Process(place, *arguments, program=program, cwd=cwd)
        self._all.append(process)
        return process

    def end(self) -> None:
        """Kill what still runs."""
        for process in self._all:
            process.kill()


def eventually(condition: Callable[[], Any]) -> Any:
    """Wait until it is so, where another process does not tell that it has become so; return what made it so."""
    end = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < end, "it did not become so"
        time.sleep(0.02)
    return found
