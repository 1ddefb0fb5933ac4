"""That a home is away: its stillness is nobody's worry until then. Nothing else is silenced by it."""

from datetime import datetime

from hub.engine.work import Work
from hub.homes import Home
from hub.ports import Act


class NoSuchHome(LookupError):
    """No home has this id."""


def set_away(work: Work, home_id: str, until: datetime, by: str) -> Home:
    """Note until when the residents are away and who said so; return the home as it was before."""
    home = work.world.registry.homes.get(home_id)
    if home is None:
        raise NoSuchHome(home_id)
    work.transaction.set_away(home_id, until)
    event = "away" if until > work.now else "back"
    work.transaction.record_act(Act(work.now, by, event, home_id, {"until": until.isoformat()}))
    return home
