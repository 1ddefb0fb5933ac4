"""All that the page of one home is made of, read in one look: few questions, none about more than this home."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hub.alerts.alert import Alert, Entry, Stage
from hub.coverage import Covered, judge
from hub.homes import Act, DeviceState, Home, HomeMode
from hub.ports import Transaction
from hub.ports.sights import Sight
from hub.rules.gaps import HUB, Gap, sources
from hub.web.console.board import Item
from hub.web.console.overview import LOOK_BACK

CELL, CELLS = timedelta(minutes=15), 96
# What is shown of the past: alerts of a month, of all that people did the last so many.
ALERTS_FOR, MOST_ALERTS, MOST_ACTS = timedelta(days=30), 30, 60
# Modes change rarely; these reach back beyond a day unless somebody plays with them.
_MOST_MODES = 40
MODE_EVENTS = (*(mode.value for mode in HomeMode), "back", "mode_ended", "test_ended")


@dataclass(frozen=True, slots=True)
class Moment:
    """How a home is now. `states` are the last words of its devices and of the bridges above them.

    `items` are its unresolved alerts with all that happened to them, newest first.
    """

    home: Home
    now: datetime
    states: Sequence[DeviceState]
    covered: Covered
    items: Sequence[Item] = ()
    batteries: Mapping[str, int] = field(default_factory=dict)

    def of(self, device_id: str) -> Sequence[DeviceState]:
        """Return the last words of one device."""
        return [state for state in self.states if state.device_id == device_id]


@dataclass(frozen=True, slots=True)
class Past:
    """What happened in a home: movement from `since` to `until` by cell, and who did what; newest first."""

    since: datetime
    until: datetime
    sight: Sight
    gaps: Sequence[Gap] = ()
    modes: Sequence[Act] = ()
    alerts: Sequence[Alert] = ()
    histories: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    acts: Sequence[Act] = ()
    accounts: Mapping[str, str] = field(default_factory=dict)


def window(now: datetime) -> tuple[datetime, datetime]:
    """Return the 24 hours that the picture shows: whole cells, the last one holds `now`."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    until = midnight + CELL * ((now - midnight) // CELL + 1)
    return until - CELL * CELLS, until


def read_moment(transaction: Transaction, home: Home, now: datetime) -> Moment:
    """Return how a home is now."""
    states = list(transaction.states_of_homes([home.id]))
    above = {topic for device in home.devices for topic in sources(home.prefix, device)[1:]}
    states += [state for state in transaction.shared_bridges() if state.device_id in above]
    alerts = [a for a in transaction.unresolved([home.id]) if a.stage is not Stage.RESOLVED and not a.only_test]
    ids = [alert.id for alert in alerts]
    histories, messages = transaction.histories(ids), transaction.messages_of(ids)
    items = [Item(alert, histories[alert.id], messages[alert.id]) for alert in alerts]
    items.sort(key=lambda item: (item.alert.severity.rank, item.alert.opened_at))
    known = transaction.gaps([HUB], now - LOOK_BACK)
    return Moment(home, now, states, judge(home, states, known, {a.cause for a in alerts}, now), tuple(items))


def read_past(transaction: Transaction, home: Home, now: datetime) -> Past:
    """Return what happened in a home."""
    since, until = window(now)
    wanted = {HUB}.union(*(sources(home.prefix, device) for device in home.devices))
    alerts = transaction.alerts_of(home.id, now - ALERTS_FOR, MOST_ALERTS)
    return Past(
        since,
        until,
        transaction.heard_of(home.id, since, until, CELL),
        transaction.gaps(wanted, since),
        transaction.acts_about(home.id, _MOST_MODES, MODE_EVENTS),
        alerts,
        transaction.histories([alert.id for alert in alerts]),
        transaction.acts_about(home.id, MOST_ACTS),
        {account.id: account.name for account in transaction.accounts()},
    )
