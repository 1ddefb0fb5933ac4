"""The first start on a database that was put back: what it does not know is told, and nobody is judged by it."""

from datetime import datetime

from hub.engine.work import Work
from hub.ports import RESTORED_FROM
from hub.rules import faults
from hub.rules.gaps import HUB, Gap


def put_back(work: Work) -> None:
    """Tell staff from when to when nothing is known, and keep that time as one in which nobody watched; once."""
    kept = work.transaction.fact(RESTORED_FROM)
    if not kept:
        return
    since = min(datetime.fromisoformat(kept), work.now)
    work.report(faults.restored(work.now, since))
    work.transaction.add_gap(Gap(HUB, since, work.now))
    work.transaction.set_fact(RESTORED_FROM, "")
