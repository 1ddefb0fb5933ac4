"""What overviews read: each question has an index, and none of them touches the readings."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import bindparam, func, select, text, true
from ulid import ULID

from devices.reading import Kind
from hub.alerts.alert import Stage
from hub.alerts.notification import Fate
from hub.homes import SITE, DeviceState
from hub.ports.overview import AlertMark, CarrierFigures
from hub.store import tables
from hub.store.columns import storable
from hub.store.prepared import Prepared
from hub.store.rows import Rows, chunks, several

# Ids begin with their time: the newest messages are found without reading a year of them.
_TIME_CHARACTERS = 10
_NEWEST = 500
_FAILED = frozenset({Fate.FAILED, Fate.UNKNOWN})

_a, _n, _s = tables.alerts.c, tables.notifications.c, tables.device_states
_MARKS = Prepared(
    select(_a.id, _a.home_id, _a.cause, _a.what, _a.severity, _a.stage, _a.code, _a.opened_at, _a.holder)
    .where(_a.live == true(), _a.stage != Stage.RESOLVED)
    .order_by(_a.severity, _a.opened_at, _a.id)
)
_states_of = several(lambda homes: select(_s).where(_s.c.home_id.in_(homes)))
_BRIDGES = Prepared(select(_s).where(_s.c.home_id == SITE, _s.c.kind == Kind.BRIDGE.value))
_LATELY = Prepared(
    select(_n.channel, _n.fate, _n.id, _n.accepted_at, _n.ended_at, _n.error)
    .order_by(_n.id.desc())
    .limit(bindparam("most"))
)
_COUNTED = select(_n.channel, _n.fate, func.count()).where(_n.id >= bindparam("first")).group_by(_n.channel, _n.fate)
_SIZES = {
    "sqlite": text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"),
    "postgresql": text("SELECT pg_database_size(current_database())"),
}


class OverviewRows(Rows):
    """The part of a transaction that overviews read."""

    def alert_marks(self) -> list[AlertMark]:
        """Return all unresolved alerts, most severe and oldest first."""
        return [AlertMark(*row) for row in self._rows(_MARKS)]

    def states_of_homes(self, homes: Iterable[str]) -> list[DeviceState]:
        """Return the last words of all devices of these homes."""
        found: list[DeviceState] = []
        for some in chunks([storable(home) for home in dict.fromkeys(homes)]):
            found += [DeviceState(*row) for row in self._rows(*_states_of(some))]
        return found

    def shared_bridges(self) -> list[DeviceState]:
        """Return the last words of bridges that serve several homes."""
        return [DeviceState(*row) for row in self._rows(_BRIDGES)]

    def carriers(self, since: datetime) -> Mapping[str, CarrierFigures]:
        """Return by channel how the newest messages fared; `fates` of those made since then."""
        first = str(ULID.from_datetime(since))[:_TIME_CHARACTERS]
        counts: dict[str, dict[Fate, int]] = {}
        for channel, fate, count in self._db.execute(_COUNTED, {"first": first}):
            counts.setdefault(channel, {})[fate] = count
        accepted: dict[str, datetime] = {}
        delivered: dict[str, datetime] = {}
        errors: dict[str, str] = {}
        channels = dict.fromkeys(counts)
        for channel, fate, _, accepted_at, ended_at, error in self._rows(_LATELY, {"most": _NEWEST}):
            channels[channel] = None
            if accepted_at is not None:
                accepted[channel] = max(accepted.get(channel, accepted_at), accepted_at)
            if fate is Fate.DELIVERED and ended_at is not None:
                delivered[channel] = max(delivered.get(channel, ended_at), ended_at)
            if fate in _FAILED and error:
                errors.setdefault(channel, error)  # rows come newest first
        return {
            name: CarrierFigures(accepted.get(name), delivered.get(name), counts.get(name, {}), errors.get(name))
            for name in channels
        }

    def size_bytes(self) -> int:
        """Return how large the database is."""
        return int(self._db.execute(_SIZES[self._dialect]).scalar() or 0)
