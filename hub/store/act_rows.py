"""What people did beside the alerts, in rows."""

from collections.abc import Sequence
from typing import Any

from hub.ports import Act
from hub.store import tables
from hub.store.rows import Rows

_acts = tables.acts


class ActRows(Rows):
    """The part of a transaction that keeps who did what when."""

    def record_act(self, act: Act) -> None:
        """Append one act."""
        self._insert(_acts, [_row(act)])

    def record_acts(self, acts: Sequence[Act]) -> None:
        """Append many acts."""
        self._insert(_acts, [_row(act) for act in acts])

    def acts(self, home_id: str) -> list[Act]:
        """Return what was done about a home, oldest first."""
        c = _acts.c
        query = _acts.select().with_only_columns(c.at, c.who, c.event, c.home_id, c.detail, c.area)
        return [Act(*row) for row in self._db.execute(query.where(c.home_id == home_id).order_by(c.at, c.id))]


def _row(act: Act) -> dict[str, Any]:
    return {
        "at": act.at,
        "who": act.who,
        "event": act.event,
        "home_id": act.home_id,
        "detail": dict(act.detail),
        "area": act.area,
    }
