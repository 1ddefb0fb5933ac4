"""What consoles that see the same show at one moment, and what a console lacks that showed another moment.

Consoles go from one picture to the next together: what changed is put into bytes once for all of them.
"""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_numbers = itertools.count()


@dataclass(frozen=True, eq=False)
class Picture:
    """All pieces of a board by their key, each with the word for what it shows; their order; the pieces around."""

    rev: str = ""
    rows: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    order: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    is_empty: bool = True
    number: int = field(default_factory=_numbers.__next__)
    # What was put into bytes, by the number of the picture it is compared with.
    _known: dict[int, bytes] = field(default_factory=dict)

    def since(self, before: "Picture", now: datetime) -> bytes:
        """Return what a console lacks that showed `before`; empty if it lacks nothing."""
        if before is self:
            return b""
        known = self._known.get(before.number)
        if known is None:
            changes = self._changes(before)
            known = event("board", changes | {"now": now.timestamp()}) if changes else b""
            self._known[before.number] = known
        return known

    def _changes(self, before: "Picture") -> dict[str, Any]:
        found: dict[str, Any] = {}
        html = {k: row[1] for k, row in self.rows.items() if before.rows.get(k, ("",))[0] != row[0]}
        if html or self.order != before.order:
            found |= {"order": self.order, "html": html}
        if parts := {name: text for name, text in self.parts.items() if before.parts.get(name) != text}:
            found |= {"parts": parts}
        return found | {"rev": self.rev, "empty": self.is_empty} if found else {}


NOTHING = Picture()


def event(name: str, data: Mapping[str, Any]) -> bytes:
    """Return one server-sent event."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {name}\ndata: {body}\n\n".encode()
