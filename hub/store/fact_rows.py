"""Small facts by name, and the last committed instant among them."""

from datetime import UTC, datetime
from functools import cache

from sqlalchemy import Connection, bindparam, select

from hub.ports import LAST_COMMITTED, Lane
from hub.store import tables
from hub.store.prepared import Prepared
from hub.store.rows import Rows, insert, several

# The last committed instant, which the engine sets in each transaction, is kept in a row for each lane and written
# as the last thing before a commit: one common row would make the lanes of PostgreSQL wait for each other, and a
# press for slow work.
_FLOORS = tuple(f"{LAST_COMMITTED}/{lane}" for lane in Lane)

_VALUE = Prepared(select(tables.facts.c.value).where(tables.facts.c.name == bindparam("wanted")))
_LAST = several(lambda names: select(tables.facts.c.value).where(tables.facts.c.name.in_(names)))(_FLOORS)


@cache
def _raise_floor(dialect: str) -> Prepared:
    statement = insert(tables.facts, dialect)
    new = statement.excluded.value
    return Prepared(
        statement.on_conflict_do_update(index_elements=["name"], set_={"value": new}, where=new > tables.facts.c.value)
    )


def write_floor(db: Connection, lane: Lane, value: str) -> None:
    """Keep the last committed instant of a lane, unless another process was ahead."""
    FactRows(db, lane).write_floor(value)


class FactRows(Rows):
    """Facts by name. `floor`: the last committed instant this transaction wants kept.

    It is ISO text in UTC of one width, so that instants compare as text in every collation.
    """

    floor: str | None = None

    def fact(self, name: str) -> str | None:
        """Return a named fact."""
        if name != LAST_COMMITTED:
            found = self._rows(_VALUE, {"wanted": name})
            return found[0][0] if found else None
        kept: list[str] = [value for (value,) in self._rows(*_LAST)]
        if self.floor is not None:
            kept.append(self.floor)
        return max(kept, default=None)

    def set_fact(self, name: str, value: str) -> None:
        """Keep a named fact; the last committed instant never falls."""
        if name == LAST_COMMITTED:
            instant = datetime.fromisoformat(value).astimezone(UTC).isoformat(timespec="microseconds")
            self.floor = max(self.floor or instant, instant)
            return
        self._upsert(tables.facts, {"name": name, "value": value})

    def write_floor(self, value: str) -> None:
        """Keep the last committed instant of this lane, unless another process was ahead."""
        self._run(_raise_floor(self._dialect), {"name": f"{LAST_COMMITTED}/{self._lane}", "value": value})

    def _last_committed(self) -> datetime | None:
        last = self.fact(LAST_COMMITTED)
        return None if last is None else datetime.fromisoformat(last)
