"""Which link carries a home's devices, and whether it is lost: one fault, however many devices hang on it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.reading import Kind, State
from hub.homes import Device, DeviceState, Home
from hub.rules import gaps
from hub.rules.gaps import Gap
from hub.rules.life import REMEMBERS_FOR
from hub.rules.presence import BATTERY_LIMIT, Presence, of_device, presence

# A bridge that reports its health does so every 10 minutes unless set otherwise; six of them missing are no chance.
# Source: zigbee2mqtt.io, "health": interval 10.
HEALTH_LIMIT = timedelta(hours=1)
# When one device reached its limit and for so long nothing at all came from the home, it is not that one device.
# Our choice: half the limit; sensors with batteries report at least every few hours.
ALL_QUIET = BATTERY_LIMIT / 2
# Under which word a bridge's states keep when it last reported its health.
HEALTH = (Kind.BRIDGE.value, "health")
# One device cannot show that all are lost.
SEVERAL = 2


@dataclass(frozen=True, slots=True)
class Lost:
    """A lost link. `key` is the bridge's full topic, or the home's id where everything in it is quiet."""

    key: str
    since: datetime


def lost(home: Home, states: Sequence[DeviceState], known: Iterable[Gap], now: datetime) -> Lost | None:
    """Return the link that this home lost, or None; of several the first.

    `states` are the last words of its devices and of the bridges above them. The hub's own gaps are nobody's silence.
    """
    own = [gap for gap in known if gap.source == gaps.HUB]
    health, devices, bridges = _parts(home, states)
    gone = [Lost(b.device_id, at) for b in bridges if (at := _gone_since(b, health, own, now)) is not None]
    gone = [link for link in gone if not is_disproved(link, home, devices, bridges)]
    if gone:
        return min(gone, key=lambda link: (link.since, link.key))
    if not bridges and (since := _all_cut_off(devices)) is not None:
        return Lost(home.id, since)
    since = _all_quiet(_words(devices, [*(b.at for b in bridges), *health.values()]), own, now)
    return Lost(home.id, since) if since is not None else None


def is_disproved(
    link: Lost, home: Home, devices: Iterable[tuple[Device, Presence]], bridges: Sequence[DeviceState]
) -> bool:
    """Whether devices behind a link spoke since it was said to be lost.

    A broker may publish the last will of an old connection after its bridge has a new one, and it stays so.
    """
    behind = (
        p.heard_at
        for device, p in devices
        if (bridge := bridge_of(home, device, bridges)) is not None and bridge.device_id == link.key
    )
    return any(at is not None and at - link.since > REMEMBERS_FOR for at in behind)


def carries(link: Lost, home: Home, device: Device, states: Sequence[DeviceState]) -> bool:
    """Whether a device cannot be heard while this link is lost."""
    if link.key == home.id:
        return True
    bridge = bridge_of(home, device, bridges_of(home, states))
    return bridge is not None and bridge.device_id == link.key


def bridges_of(home: Home, states: Iterable[DeviceState]) -> list[DeviceState]:
    """Return the last words of the bridges that may stand above the home's devices."""
    above = {topic for device in home.devices for topic in gaps.sources(home.prefix, device)[1:]}
    return [s for s in states if s.kind == Kind.BRIDGE and not s.property and s.device_id in above]


def bridge_of(home: Home, device: Device, bridges: Iterable[DeviceState]) -> DeviceState | None:
    """Return the bridge right above a device."""
    by_topic = {bridge.device_id: bridge for bridge in bridges}
    above = gaps.sources(home.prefix, device)[1:]
    return next((by_topic[topic] for topic in above if topic in by_topic), None)


def _gone_since(
    bridge: DeviceState, health: Mapping[str, datetime], own: Sequence[Gap], now: datetime
) -> datetime | None:
    if bridge.state == State.OFFLINE:
        return bridge.since
    # "online" may be the broker's memory of a bridge that nobody hears; its health it says itself.
    alive_at = health.get(bridge.device_id)
    return alive_at if alive_at is not None and quiet(alive_at, own, now) >= HEALTH_LIMIT else None


def _all_cut_off(devices: Sequence[tuple[Device, Presence]]) -> datetime | None:
    """Return when the last of a home's own links ended: all of them are gone and nothing was heard since."""
    linked = [p for _, p in devices if p.link is not None and p.turned_at is not None]
    if len(linked) < SEVERAL or not all(p.is_offline for p in linked):
        return None
    since = max(p.turned_at for p in linked if p.turned_at is not None)
    return since if all(p.heard_at is None or p.heard_at <= since for _, p in devices) else None


def _words(devices: Sequence[tuple[Device, Presence]], bridges: Iterable[datetime]) -> tuple[datetime, datetime] | None:
    """Return when the device that is silent for longest spoke, and when anything was last heard of the home."""
    owing = [p.heard_at for d, p in devices if p.heard_at is not None and p.limit(d) == BATTERY_LIMIT]
    if len(owing) < SEVERAL:
        return None
    words = [at for _, p in devices for at in (p.heard_at, p.turned_at) if at is not None]
    return min(owing), max(*words, *bridges)


def _all_quiet(words: tuple[datetime, datetime] | None, own: Sequence[Gap], now: datetime) -> datetime | None:
    """Return when anything was last heard of a home of whose devices one has been silent for its whole limit."""
    if words is None or quiet(words[0], own, now) < BATTERY_LIMIT or quiet(words[1], own, now) < ALL_QUIET:
        return None
    return words[1]


def next_at(home: Home, states: Sequence[DeviceState], known: Iterable[Gap], now: datetime) -> datetime | None:
    """Return when the home's link could be found lost at the earliest without a further word."""
    own = [gap for gap in known if gap.source == gaps.HUB]
    health, devices, bridges = _parts(home, states)
    found = [now + HEALTH_LIMIT - quiet(at, own, now) for at in health.values()]
    if (words := _words(devices, [*(b.at for b in bridges), *health.values()])) is not None:
        left = max(BATTERY_LIMIT - quiet(words[0], own, now), ALL_QUIET - quiet(words[1], own, now))
        found.append(now + left)
    return min(found, default=None)


def _parts(
    home: Home, states: Sequence[DeviceState]
) -> tuple[dict[str, datetime], list[tuple[Device, Presence]], list[DeviceState]]:
    """Return when each bridge last reported its health, the devices' presence, the bridges."""
    health = {state.device_id: state.at for state in states if (state.kind, state.property) == HEALTH}
    devices = [(device, presence(of_device(device.id, states))) for device in home.devices]
    return health, devices, bridges_of(home, states)


def quiet(since: datetime, known: Iterable[Gap], now: datetime, sources: Iterable[str] = (gaps.HUB,)) -> timedelta:
    """Return how long it has been since then, without the time in which `sources` could not be heard."""
    return max(timedelta(0), now - since - gaps.length(gaps.spans(known, sources, since, now)))
