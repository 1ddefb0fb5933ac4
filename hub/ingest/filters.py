"""Which session subscribes to what: pure planning of disjoint MQTT filters.

Two filters of ours that overlap make the broker deliver one press twice, with nothing that marks the second one. So no
filter lies inside another one, in no durable session; where devices share topics, the most urgent session has them.
Source: MQTT 5.0, section 4.7 (topic names and topic filters).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Generic, TypeVar

from devices.dialect import Dialect
from hub.homes import LIFE_KINDS, SOS_KINDS, Device, DeviceKind, DeviceRole, Home, Registry
from hub.ports import Session

V = TypeVar("V")

# Most urgent first; the watch session is not among them: it covers what these do not.
DURABLE = (Session.SOS, Session.LIFE, Session.MAIN)

# More gateways than this at one depth are watched through `+`: ten thousand homes need a handful of wildcards, and
# a gateway that nobody configured yet, but whose topics look like those of the others, is heard too.
MANY_PREFIXES = 1

_LONGEST = 65_535  # bytes, MQTT 5.0 section 1.5.4


class _Node(Generic[V]):
    """One level of the tree; `filter` is set where a filter ends."""

    __slots__ = ("below", "filter", "value")

    def __init__(self) -> None:
        self.below: dict[str, _Node[V]] = {}
        self.filter: str | None = None
        self.value: V | None = None


class FilterTree(Generic[V]):
    """Filters with a value each, found by topic or by another filter in time that grows with depth, not number."""

    def __init__(self) -> None:
        self._root: _Node[V] = _Node()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def put(self, filter: str, value: V) -> None:
        """Insert or replace one filter."""
        node = self._root
        for level in filter.split("/"):
            node = node.below.setdefault(level, _Node())
        self._size += node.filter is None
        node.filter, node.value = filter, value

    def get(self, filter: str) -> V | None:
        """Return the value of exactly this filter."""
        node: _Node[V] | None = self._root
        for level in filter.split("/"):
            node = node.below.get(level) if node else None
        return node.value if node else None

    def remove(self, filter: str) -> None:
        """Take one filter out, if it is there."""
        path = [self._root]
        levels = filter.split("/")
        for level in levels:
            node = path[-1].below.get(level)
            if node is None:
                return
            path.append(node)
        self._size -= path[-1].filter is not None
        path[-1].filter = path[-1].value = None
        for parent, level in zip(reversed(path[:-1]), reversed(levels), strict=True):
            child = parent.below[level]
            if child.below or child.filter is not None:
                return
            del parent.below[level]

    def matching(self, topic: str) -> list[tuple[str, V]]:
        """Return the filters that match a topic, with their values."""
        found: list[tuple[str, V]] = []
        levels = topic.split("/")
        nodes = [self._root]
        for depth, level in enumerate(levels):
            # A wildcard at the first level never matches the broker's own topics ($SYS).
            wild = depth > 0 or not level.startswith("$")
            following: list[_Node[V]] = []
            for node in nodes:
                if wild:
                    _collect(node.below.get("#"), found)
                following += [n for name in ((level, "+") if wild else (level,)) if (n := node.below.get(name))]
            nodes = following
        for node in nodes:
            _collect(node, found)
            _collect(node.below.get("#"), found)  # `a/#` matches `a` too
        return found

    def overlapping(self, filter: str) -> list[tuple[str, V]]:
        """Return the filters that some topic would match together with `filter`."""
        found: list[tuple[str, V]] = []
        _overlapping(self._root, filter.split("/"), 0, found)
        return found


def _collect(node: _Node[V] | None, found: list[tuple[str, V]]) -> None:
    if node is not None and node.filter is not None:
        found.append((node.filter, node.value))  # type: ignore[arg-type]  # a filter always has a value


def _overlapping(node: _Node[V], levels: Sequence[str], depth: int, found: list[tuple[str, V]]) -> None:
    if depth == len(levels):
        _collect(node, found)
        _collect(node.below.get("#"), found)
        return
    level = levels[depth]
    if level == "#":
        _all_below(node, found)
        return
    _collect(node.below.get("#"), found)
    names: Iterable[str] = node.below if level == "+" else {level, "+"}
    for name in names:
        if name != "#" and (child := node.below.get(name)):
            _overlapping(child, levels, depth + 1, found)


def _all_below(node: _Node[V], found: list[tuple[str, V]]) -> None:
    _collect(node, found)
    for child in node.below.values():
        _all_below(child, found)


def generalise(one: str, other: str) -> str:
    """Return the narrowest filter that covers both."""
    ours, theirs = one.split("/"), other.split("/")
    levels: list[str] = []
    for a, b in zip(ours, theirs, strict=False):
        if "#" in (a, b):
            return "/".join([*levels, "#"])
        levels.append(a if a == b else "+")
    if len(ours) != len(theirs):
        levels.append("#")
    return "/".join(levels)


def is_filter(text: str) -> bool:
    """Whether a broker can be asked for this filter."""
    if not text or "\0" in text or len(text.encode(errors="replace")) > _LONGEST:
        return False
    levels = text.split("/")
    return all(level in ("+", "#") or not {"+", "#"} & set(level) for level in levels) and "#" not in levels[:-1]


@dataclass(frozen=True)
class Plan:
    """The filters of each session. `faults` say which devices cannot be subscribed, or are read by no dialect."""

    filters: Mapping[Session, tuple[str, ...]]
    faults: tuple[str, ...] = ()
    tree: FilterTree[Session] = field(default_factory=FilterTree, compare=False, repr=False)

    def session_of(self, topic: str) -> Session | None:
        """Return the durable session that hears this topic; None if only the watch may."""
        return min((s for _, s in self.tree.matching(topic)), key=DURABLE.index, default=None)

    def covers(self, topic: str) -> bool:
        """Whether a durable session hears this topic."""
        return bool(self.tree.matching(topic))


def same_routes(before: Registry, after: Registry) -> bool:
    """Whether all devices speak on the topics they spoke on, as the kinds they were: then there is nothing to plan."""
    if before.homes.keys() != after.homes.keys():
        return False
    changed = ((before.homes[id], home) for id, home in after.homes.items() if before.homes[id] is not home)
    return all(_routes(old) == _routes(new) for old, new in changed)


def _routes(home: Home) -> tuple[str, frozenset[tuple[str, DeviceKind, DeviceRole | None]]]:
    return home.prefix, frozenset((device.topic, device.kind, device.role) for device in home.devices)


def session_for(device: Device) -> Session:
    """Return the session that a device's own messages travel on."""
    if device.kind in SOS_KINDS or device.role is DeviceRole.SOS:
        return Session.SOS
    return Session.LIFE if device.kind in LIFE_KINDS else Session.MAIN


def marker_topic(client_id: str, session: Session) -> str:
    """Return where a session publishes its own markers: outside of every dialect's tree, one topic each."""
    return f"carehub-hub/{client_id.translate(_PLAIN)}/marker/{session.value}"


_PLAIN = str.maketrans({"/": "-", "+": "-", "#": "-", "\0": "-"})


def plan(registry: Registry, dialects: Sequence[Dialect], client_id: str) -> Plan:
    """Return disjoint filters for all sessions, each session's own marker topic included."""
    wanted, faults = _wanted(registry, dialects)
    tree = disjoint(wanted)
    filters: dict[Session, list[str]] = {session: [] for session in Session}
    for filter, session in tree.overlapping("#"):
        filters[session].append(filter)
    watched = disjoint((filter, Session.WATCH) for filter in _watched(registry, dialects))
    filters[Session.WATCH] = [filter for filter, _ in watched.overlapping("#")]
    return Plan({s: (*sorted(f), marker_topic(client_id, s)) for s, f in filters.items()}, tuple(faults), tree)


def disjoint(wanted: Iterable[tuple[str, Session]]) -> FilterTree[Session]:
    """Return filters that cover all of `wanted` without overlapping; what is merged goes to the most urgent session."""
    tree: FilterTree[Session] = FilterTree()
    urgency = [*DURABLE, Session.WATCH].index
    for first, session in wanted:
        filter = first
        while others := tree.overlapping(filter):
            session = min((session, *(s for _, s in others)), key=urgency)
            merged = reduce(generalise, (f for f, _ in others), filter)
            for inner, _ in others:
                tree.remove(inner)
            if merged == filter:
                break
            filter = merged  # wider now: it may meet further ones
        tree.put(filter, session)
    return tree


def _wanted(registry: Registry, dialects: Sequence[Dialect]) -> tuple[list[tuple[str, Session]], list[str]]:
    """Return every device's and bridge's filters, not yet disjoint, and what is wrong with some."""
    wanted: list[tuple[str, Session]] = []
    faults: list[str] = []
    for home in registry.homes.values():
        for device in home.devices:
            dialect = next((d for d in dialects if d.claims(device.topic)), None)
            if dialect is None:
                faults.append(f"home {home.id}: device {device.id}: no dialect reads {device.topic}")
            # Even without a dialect its messages shall wait for us: they are kept and shown as unreadable.
            for filter in dialect.filters(device.topic) if dialect else (device.topic,):
                wanted.append((home.prefix + filter, session_for(device)))
    for prefix in registry.homes_by_prefix:
        wanted += [(prefix + f, Session.MAIN) for dialect in dialects for f in dialect.bridge_filters()]
    faults += [f"{f!r} is not an MQTT filter" for f, _ in wanted if not is_filter(f)]
    return [(f, s) for f, s in wanted if is_filter(f)], faults


def _watched(registry: Registry, dialects: Sequence[Dialect]) -> Iterator[str]:
    """Yield wildcards over all dialects below all prefixes."""
    by_depth: dict[int, list[str]] = {}
    for prefix in registry.homes_by_prefix or ("",):
        by_depth.setdefault(prefix.count("/"), []).append(prefix)
    for dialect in dialects:
        for filter in dialect.watch_filters():
            for prefixes in by_depth.values():
                full = [prefix + filter for prefix in prefixes]
                few = len(full) <= MANY_PREFIXES
                yield from (f for f in (full if few else [reduce(generalise, full)]) if is_filter(f))
