"""Time in which nobody watched, in rows."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, or_, select, update

from hub.rules.gaps import Gap
from hub.store import tables
from hub.store.columns import storable
from hub.store.rows import Rows, chunks, several

_gaps = tables.gaps
_c = _gaps.c
_SELECTED = select(_c.source, _c.since, _c.until)
_of = several(
    lambda sources: _SELECTED.where(_c.source.in_(sources), or_(_c.until.is_(None), _c.until > bindparam("after")))
)
_IS_OPEN = select(_c.id).where(_c.source == bindparam("of"), _c.until.is_(None)).limit(1)
_CLOSE = update(_gaps).where(_c.source == bindparam("of"), _c.until.is_(None)).values(until=bindparam("ended"))


class GapRows(Rows):
    """The part of a transaction that keeps gaps."""

    def gaps(self, sources: Iterable[str], since: datetime) -> list[Gap]:
        """Return the gaps of these sources that end after `since` or have not ended, oldest first."""
        found: list[Gap] = []
        for some in chunks([storable(source) for source in dict.fromkeys(sources)]):
            question, values = _of(some)
            found += [Gap(*row) for row in self._rows(question, {**values, "after": since})]
        return sorted(found, key=lambda gap: (gap.since, gap.source))

    def add_gap(self, gap: Gap) -> None:
        """Keep a gap; one that has not ended is kept once per source."""
        if gap.until is None and self._db.execute(_IS_OPEN, {"of": storable(gap.source)}).first() is not None:
            return
        self._db.execute(_gaps.insert(), {"source": gap.source, "since": gap.since, "until": gap.until})

    def end_gap(self, source: str, until: datetime) -> None:
        """Note that a source can be heard again."""
        self._db.execute(_CLOSE, {"of": storable(source), "ended": until})
