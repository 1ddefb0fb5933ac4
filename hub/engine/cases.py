"""What the timed rules may look at, read for all that is due at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta

from hub.alerts.alert import Alert, Stage
from hub.decide import site_or, word
from hub.engine.work import Work
from hub.homes import SITE, DeviceState, Home
from hub.rules.gaps import HUB, Gap, sources
from hub.rules.gateways import QUIET
from hub.rules.watch import Case, Neighbour, TimedRule, Watch

# Twice the longest `inactivity_after` that a configuration may say.
LOOK_BACK = timedelta(days=28)
# So many homes of an area are looked at together; a village has a few hundred.
MOST_AROUND = 1_000


def cases(work: Work, rules: Mapping[Watch, TimedRule]) -> list[Case]:
    """Return what each rule may look at."""
    transaction, registry = work.transaction, work.world.registry
    ids = list(dict.fromkeys(watch.home_id for watch in rules))
    homes = [registry.homes[id] for id in ids if id in registry.homes]
    states = _states(work, homes)
    heard_by = {home.id: _sources(home) for home in homes}
    since = work.now - LOOK_BACK
    gaps = transaction.gaps({HUB}.union(*heard_by.values()), since)
    ended = transaction.alerts_ended(ids, since)
    alerts = transaction.unresolved({*ids, SITE})
    around = _Around(work)
    found = []
    for watch, rule in rules.items():
        id = watch.home_id
        well_at, unreached_at = word([a for a in ended if a.home_id == id])
        unresolved = _unresolved(alerts, id)
        found.append(
            Case(
                watch=watch,
                home=registry.homes.get(id),
                registry=registry,
                states=states.get(id, []),
                gaps=_of(gaps, heard_by.get(id, frozenset((HUB,)))),
                well_at=well_at,
                unreached_at=unreached_at,
                reported=(id, rule.cause(watch.subject)) in unresolved,
                unresolved=unresolved,
                around=around.of(registry.homes.get(id)),
            )
        )
    return found


class _Around:
    """The homes of an area with their states, read once for all who ask."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._known: dict[str, list[Neighbour]] = {}

    def of(self, home: Home | None) -> Callable[[], Sequence[Neighbour]]:
        """Return what answers with the other homes of this one's area."""
        return lambda: [] if home is None else [near for near in self._area(home.area) if near[0].id != home.id]

    def _area(self, area: str) -> list[Neighbour]:
        if area not in self._known:
            homes = self._work.world.registry.homes_by_area.get(area, ())[:MOST_AROUND]
            states = _states(self._work, homes)
            self._known[area] = [(home, states[home.id]) for home in homes]
        return self._known[area]


def _states(work: Work, homes: Iterable[Home]) -> dict[str, list[DeviceState]]:
    """Return per home the last words of its devices, of the bridges above them, and whether all of it is quiet."""
    wanted: dict[tuple[str, str], list[str]] = {}
    found: dict[str, list[DeviceState]] = {}
    for home in homes:
        found[home.id] = []
        owner = site_or(work.world.registry, home.prefix)
        above = {topic for device in home.devices for topic in sources(home.prefix, device)[1:]}
        own = [*((home.id, device.id) for device in home.devices), (home.id, QUIET[0])]
        for pair in (*own, *((owner, topic) for topic in above)):
            wanted.setdefault(pair, []).append(home.id)
    for state in work.transaction.device_states(wanted) if wanted else ():
        for id in wanted.get((state.home_id, state.device_id), ()):
            found[id].append(state)
    return found


def _unresolved(alerts: Iterable[Alert], home_id: str) -> dict[tuple[str, str], Mapping[str, str | int]]:
    mine = (a for a in alerts if a.home_id in (home_id, SITE) and a.stage is not Stage.RESOLVED)
    return {(alert.home_id, alert.cause): alert.facts for alert in mine}


def _sources(home: Home) -> frozenset[str]:
    return frozenset((HUB,)).union(*(sources(home.prefix, device) for device in home.devices))


def _of(gaps: Sequence[Gap], wanted: frozenset[str]) -> list[Gap]:
    return [gap for gap in gaps if gap.source in wanted]
