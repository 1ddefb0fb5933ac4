"""The carrier's memory over a restart of its process: one JSON line per change, the last one of a message counts."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from simulators.carrier.message import Message


class Journal:
    """A file that keeps accepted messages and who opted out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def load(self) -> tuple[list[Message], set[str]]:
        """Return the kept messages, oldest first, and the numbers that opted out; an unfinished last line is none."""
        rows: dict[str, dict[str, Any]] = {}
        opted_out: set[str] = set()
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue  # cut off when the process was killed: that request was never answered
                if "opted_out" in entry:
                    opted_out = set(entry["opted_out"])
                elif "deleted" in entry:
                    rows.pop(entry["deleted"], None)
                else:
                    rows[entry["sid"]] = entry
        messages = sorted((Message.from_row(row) for row in rows.values()), key=lambda message: message.number)
        return messages, opted_out

    def rewrite(self, messages: Iterable[Message], opted_out: Iterable[str]) -> None:
        """Make the file hold exactly this."""
        self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lines = [message.to_row() for message in messages] + [{"opted_out": sorted(opted_out)}]
        fresh = self._path.with_suffix(self._path.suffix + ".new")
        fresh.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        fresh.replace(self._path)
        self._file = self._path.open("a", encoding="utf-8")

    def keep(self, message: Message) -> None:
        """Keep a message as it is now. It survives the process; a power cut is not simulated here."""
        self._append(message.to_row())

    def keep_opted_out(self, numbers: Iterable[str]) -> None:
        """Keep who opted out."""
        self._append({"opted_out": sorted(numbers)})

    def forget(self, sid: str) -> None:
        """Keep that a message was deleted."""
        self._append({"deleted": sid})

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
            self._file = None

    def _append(self, entry: dict[str, Any]) -> None:
        if self._file is None:
            self._file = self._path.open("a", encoding="utf-8")
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()
