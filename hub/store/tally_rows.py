"""Counts for whoever watches the hub from outside; each has an index to count by."""

from datetime import datetime

from sqlalchemy import func, select, true
from ulid import ULID

from hub.alerts.alert import Stage
from hub.alerts.notification import Fate
from hub.alerts.policy import Severity
from hub.alerts.tally import Tally
from hub.store import tables
from hub.store.rows import Rows

# The part of an id that is its time.
_TIME_CHARACTERS = 10
_UNSENT = (Fate.QUEUED, Fate.SENDING)


class TallyRows(Rows):
    """The part of a transaction that counts."""

    def tally(self, since: datetime) -> Tally:
        """Count what is open, and the messages made since then."""
        a, n, s = tables.alerts.c, tables.notifications.c, tables.shelf.c
        alerts = select(a.severity, a.stage, func.count()).where(a.live == true(), a.stage != Stage.RESOLVED)
        # Ids begin with their time, and a year of messages is more than a scrape may read.
        made = n.id >= str(ULID.from_datetime(since))[:_TIME_CHARACTERS]
        fates = select(n.fate, func.count()).where(made).group_by(n.fate)
        unsent = select(func.min(n.created_at)).where(n.fate.in_(_UNSENT), n.severity == Severity.EMERGENCY)
        counted = self._db.execute(alerts.group_by(a.severity, a.stage))
        return Tally(
            {(severity, stage): count for severity, stage, count in counted},
            dict(self._db.execute(fates).all()),
            self._db.execute(unsent).scalar(),
            self._db.execute(select(func.count(s.id))).scalar() or 0,
        )
