"""What the page of one home reads of the past, in rows."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, and_, bindparam, false, func, literal, or_, select, true, type_coerce

from devices.reading import Kind, State
from hub.alerts.alert import Alert, Stage
from hub.ports import Act
from hub.ports.sights import Busy, Sight
from hub.store import tables
from hub.store.alert_rows import SELECTED
from hub.store.board_rows import BoardRows
from hub.store.columns import EPOCH, MICROSECOND, storable
from hub.store.prepared import Prepared
from hub.store.rows import chunks, several

_r, _a, _c = tables.readings.c, tables.alerts.c, tables.acts.c
# What shows that somebody moves, or presses; hazards have marks of their own.
_MOVES = tuple(kind.value for kind in (Kind.MOTION, Kind.CONTACT, Kind.BED, Kind.BUTTON))
_moved = and_(
    or_(*(_r.kind == kind for kind in _MOVES)),
    _r.state == State.ACTIVE.value,
    _r.retained == false(),
    _r.test == false(),
)
_charged = and_(_r.kind == Kind.BATTERY.value, _r.percent.is_not(None))
_number = (type_coerce(_r.received_at, BigInteger) - bindparam("start", type_=BigInteger)) // bindparam(
    "cell", type_=BigInteger
)
# One walk along the index of homes and times, however much is kept.
_WINDOW = Prepared(
    select(_r.device_id, _r.kind, _number.label("number"), func.count(), func.max(_r.id))
    .where(
        _r.home_id == bindparam("home"),
        _r.received_at >= bindparam("since"),
        _r.received_at < bindparam("until"),
        or_(_moved, _charged),
    )
    .group_by(_r.device_id, _r.kind, _number)
)
_percents = several(lambda ids: select(_r.device_id, _r.percent).where(_r.id.in_(ids)))
# "Live or not" lets both databases use the index on homes, which begins with it.
_OF_HOME = Prepared(
    SELECTED.where(
        or_(_a.live == true(), _a.live == false()),
        _a.home_id == bindparam("home"),
        or_(_a.opened_at > bindparam("since"), _a.stage != Stage.RESOLVED),
    )
    .order_by(_a.opened_at.desc(), _a.id.desc())
    .limit(bindparam("most"))
)
_ACTS = select(_c.at, _c.who, _c.event, _c.home_id, _c.detail, _c.area).order_by(_c.at.desc(), _c.id.desc())


class SightRows(BoardRows):
    """The part of a transaction that the page of one home reads."""

    def heard_of(self, home_id: str, since: datetime, until: datetime, cell: timedelta) -> Sight:
        """Return what a home's devices said in a window, counted by the database."""
        values = {
            "home": storable(home_id),
            "since": since,
            "until": until,
            "start": (since - EPOCH) // MICROSECOND,
            "cell": cell // MICROSECOND,
        }
        busy: list[Busy] = []
        newest: dict[str, int] = {}
        for device, kind, number, count, last in self._rows(_WINDOW, values):
            if kind == Kind.BATTERY:
                newest[device] = max(newest.get(device, 0), last)
            else:
                busy.append(Busy(device, kind, int(number), count))
        percents = [tuple(row) for some in chunks(sorted(newest.values())) for row in self._rows(*_percents(some))]
        return Sight(tuple(busy), tuple((device, percent) for device, percent in percents))

    def alerts_of(self, home_id: str, since: datetime, limit: int) -> list[Alert]:
        """Return a home's unresolved alerts, and those opened after `since`, newest first."""
        return self._load(self._rows(_OF_HOME, {"home": storable(home_id), "since": since, "most": limit}))

    def acts_about(self, home_id: str, limit: int, events: Sequence[str] = ()) -> list[Act]:
        """Return the newest acts about a home, newest first; only these events if any are given."""
        wanted = _c.event.in_(list(events)) if events else literal(True)
        return [Act(*row) for row in self._db.execute(_ACTS.where(_c.home_id == home_id, wanted).limit(limit))]
