"""Time in which nobody watched: the hub's own absence, a bridge that was offline, a device that was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.homes import Device

# The source of gaps of the hub itself: away, cut off from the broker, or set to another time.
HUB = ""
# A shorter absence of the hub is nobody's silence, so a restart every hour leaves 12 hours 12 hours.
SHORTEST = timedelta(seconds=60)

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Gap:
    """From `since` to `until` nothing could be heard of `source`; None: it still cannot.

    `source` is HUB, a bridge's full topic (`homes/ah-001/zigbee2mqtt/bridge`) or a device's.
    """

    source: str
    since: datetime
    until: datetime | None = None


def sources(prefix: str, device: Device) -> tuple[str, ...]:
    """Return whose gaps leave a device unheard beside the hub's: its own, and those of a bridge above it.

    A friendly name may contain slashes, so that the bridge may stand on any level above it.
    """
    topic = prefix + device.topic
    levels = topic.split("/")
    return (topic, *("/".join([*levels[:n], "bridge"]) for n in range(len(levels) - 1, 0, -1)))


def spans(gaps: Iterable[Gap], of: Iterable[str], since: datetime, now: datetime) -> list[Span]:
    """Return the gaps of some sources between `since` and `now`, joined where they overlap, oldest first."""
    wanted = frozenset(of)
    cut = sorted((max(g.since, since), min(g.until or now, now)) for g in gaps if g.source in wanted)
    joined: list[Span] = []
    for start, end in cut:
        if end <= start:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def both(first: Sequence[Span], second: Sequence[Span]) -> list[Span]:
    """Return the time that lies in both."""
    shared = ((max(a[0], b[0]), min(a[1], b[1])) for a in first for b in second)
    return sorted(span for span in shared if span[0] < span[1])


def length(found: Iterable[Span]) -> timedelta:
    """Return how long spans are that do not overlap."""
    return sum((end - start for start, end in found), timedelta(0))
