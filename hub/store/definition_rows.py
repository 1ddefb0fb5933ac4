"""What bridges told of their devices, in rows: the last list of each, as it was published."""

from datetime import datetime

from sqlalchemy import bindparam, select

from hub.store import tables
from hub.store.prepared import Prepared
from hub.store.rows import Rows

_lists = tables.definitions
_SOURCES = Prepared(select(_lists.c.source).order_by(_lists.c.source))
_PAYLOAD = Prepared(select(_lists.c.payload).where(_lists.c.source == bindparam("wanted")))


class DefinitionRows(Rows):
    """The part of a transaction that keeps what is known of devices."""

    def definition_sources(self) -> list[str]:
        """Return the full topics of the lists that are kept."""
        return [source for (source,) in self._rows(_SOURCES)]

    def definition(self, source: str) -> bytes | None:
        """Return a bridge's list as it was published last."""
        found = self._rows(_PAYLOAD, {"wanted": source})
        return bytes(found[0][0]) if found else None

    def keep_definition(self, source: str, payload: bytes, at: datetime) -> None:
        """Keep a bridge's list in place of the one before."""
        self._upsert(_lists, {"source": source, "payload": payload, "at": at})
