"""What `apply` would change: files against the state applied last, and what the database has changed since.

Compared key by key: that a home was set to "away" in the database does not keep a new address in the files from
being applied. What the database changed wins over the files, and is listed, unless it is to be overwritten.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from operator import eq
from typing import Any

from hub.homes import EMPTY_MODES, Device, Home, Registry

# Shown by name only: what apply prints may end in a log or a ticket.
_PERSONAL = frozenset({"name", "phone", "address", "residents", "contacts", "rooms", "access"})
# Set until a time by page or command: no business of the files, which cannot say them.
_RUNNING = ("mode", "mode_until", "tester")
_NOT_COMPARED = frozenset({"devices", *_RUNNING})


class MergeRefused(ValueError):
    """The files and what the database changed do not fit together; the text says where."""


class Change(StrEnum):
    """What happened to a thing."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Item:
    """One changed thing. `what` is person, home, device or area; a device's `id` is `home/device`.

    `values` holds before and after of each changed key.
    """

    what: str
    id: str
    change: Change
    values: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """`changes`: what the files change against the state applied last. `kept`: what the database changed since."""

    changes: tuple[Item, ...]
    kept: tuple[Item, ...]
    applied: Registry
    database: Registry
    files: Registry

    @property
    def is_empty(self) -> bool:
        """Whether files and database say the same, whatever was applied before."""
        return next(_items(self.database, self.files), None) is None

    def lines(self, *, overwrite: bool = False) -> list[str]:
        """Return the difference as lines: `+` added, `~` changed, `-` removed; then what the database changed."""
        lines = [_line(item) for item in self.changes]
        if self.kept:
            what = "overwritten" if overwrite else "kept; --overwrite discards it"
            lines.append(f"Changed in the database since the last apply ({what}):")
            lines += [f"  {_line(item)}" for item in self.kept]
        return lines


@dataclass(frozen=True, slots=True)
class Removed:
    """What a merge takes away; refused by `apply` while an alert on it is open."""

    people: tuple[str, ...]
    homes: tuple[str, ...]
    devices: tuple[tuple[str, str], ...]


def difference(applied: Registry | None, database: Registry, files: Registry) -> Difference:
    """Compare the files and the database with the state applied last; None: nothing was applied yet.

    What files and database changed alike is neither a change nor kept.
    """
    base = applied or Registry()
    by_files = {(item.what, item.id): item for item in _items(base, files)}
    by_database = {(item.what, item.id): item for item in _items(base, database)}
    changes = tuple(item for key, item in by_files.items() if by_database.get(key) != item)
    kept = tuple(item for key, item in by_database.items() if by_files.get(key) != item)
    return Difference(changes, kept, base, database, files)


def merge(found: Difference, *, overwrite: bool = False) -> Registry:
    """Return the registry to apply: the files, with what the database changed since kept unless `overwrite`.

    Raises MergeRefused if a kept device and one of the files would share a topic.
    """
    version = found.database.version + 1
    if overwrite:
        homes = {id: _running(found.database.homes.get(id), home) for id, home in found.files.homes.items()}
        return Registry(found.files.people, homes, version, found.files.areas)
    people = _merge(found.applied.people, found.database.people, found.files.people, _merge_keys)
    homes = _merge(found.applied.homes, found.database.homes, found.files.homes, _merge_home, _is_same_home)
    for home in homes.values():
        for contact in home.contacts:
            # A contact that one side added keeps its person, even if the other side removed that person.
            if contact.person not in people:
                known = found.files.people.get(contact.person) or found.database.people.get(contact.person)
                if known:
                    people[known.id] = known
    areas = _merge(found.applied.areas, found.database.areas, found.files.areas, _merge_name)
    merged = Registry(people, homes, version, areas)
    _refuse_shared_topics(merged)
    return merged


def removed(before: Registry, after: Registry) -> Removed:
    """Return what `after` no longer has."""
    devices = _devices(after)
    return Removed(
        tuple(id for id in before.people if id not in after.people),
        tuple(id for id in before.homes if id not in after.homes),
        tuple((device.home, device.id) for key, device in _devices(before).items() if key not in devices),
    )


def _items(before: Registry, after: Registry) -> Iterator[Item]:
    yield from _compare("person", before.people, after.people)
    yield from _compare("home", before.homes, after.homes, skip=_NOT_COMPARED)
    yield from _compare("device", _devices(before), _devices(after))
    yield from _compare_names(before.areas, after.areas)


def _devices(registry: Registry) -> dict[str, Device]:
    return {f"{home.id}/{device.id}": device for home in registry.homes.values() for device in home.devices}


def _compare(
    what: str, before: Mapping[str, Any], after: Mapping[str, Any], skip: frozenset[str] = frozenset()
) -> Iterator[Item]:
    for id, new in after.items():
        old = before.get(id)
        if old is None:
            yield Item(what, id, Change.ADDED, _values(None, new, skip))
        elif values := _values(old, new, skip):
            yield Item(what, id, Change.CHANGED, values)
    for id in before:
        if id not in after:
            yield Item(what, id, Change.REMOVED, {})


def _compare_names(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Item]:
    """Compare what areas are called."""
    for code in dict.fromkeys((*after, *before)):
        old, new = before.get(code), after.get(code)
        if old != new:
            change = Change.ADDED if old is None else Change.REMOVED if new is None else Change.CHANGED
            yield Item("area", code, change, {} if new is None else {"called": (old, new)})


def _values(old: Any, new: Any, skip: frozenset[str]) -> dict[str, tuple[Any, Any]]:
    """Return before and after of each key that differs; everything for a new thing, so that two can be compared."""
    pairs = {
        field.name: (getattr(old, field.name) if old is not None else None, getattr(new, field.name))
        for field in fields(new)
        if field.name not in skip
    }
    return {name: pair for name, pair in pairs.items() if old is None or pair[0] != pair[1]}


def _merge(
    base: Mapping[str, Any],
    database: Mapping[str, Any],
    files: Mapping[str, Any],
    both: Callable[[Any, Any, Any], Any],
    is_same: Callable[[Any, Any], bool] = eq,
) -> dict[str, Any]:
    """Merge by id; in the order of the files, then of the database. `is_same`: the database changed nothing."""
    merged: dict[str, Any] = {}
    for id in dict.fromkeys((*files, *database)):
        ours, theirs, old = database.get(id), files.get(id), base.get(id)
        if ours is not None and theirs is not None:
            merged[id] = both(old, ours, theirs)
        elif theirs is not None and old is None:
            merged[id] = theirs  # new in the files; what the database removed stays removed
        elif ours is not None and (old is None or not is_same(old, ours)):
            merged[id] = ours  # added or changed in the database: the files cannot take it away
    return merged


def _merge_name(base: str | None, database: str, files: str) -> str:
    return database if database != base else files


def _running(database: Home | None, files: Home) -> Home:
    """Give a home of the files the mode that holds now; while nobody is at home that is its absence too."""
    if database is None or database.mode is None:
        return files
    kept = replace(files, mode=database.mode, mode_until=database.mode_until, tester=database.tester)
    return replace(kept, away_until=database.away_until) if database.mode in EMPTY_MODES else kept


def _merge_keys(base: Any, database: Any, files: Any, skip: frozenset[str] = frozenset()) -> Any:
    """Take each key from the database if it changed there, else from the files."""
    kept = {
        field.name: getattr(database, field.name)
        for field in fields(database)
        if field.name not in skip and (base is None or getattr(base, field.name) != getattr(database, field.name))
    }
    return replace(files, **kept)


def _merge_home(base: Home | None, database: Home, files: Home) -> Home:
    merged: Home = _merge_keys(base, database, files, skip=_NOT_COMPARED)
    merged = replace(merged, **{name: getattr(database, name) for name in _RUNNING})
    devices = _merge(_by_id(base), _by_id(database), _by_id(files), _merge_keys)
    return replace(merged, devices=tuple(devices.values()))


def _is_same_home(base: Home, database: Home) -> bool:
    """Whether nothing was edited: the order of devices says nothing, and neither does the mode of today."""
    return not _values(base, database, _NOT_COMPARED) and _by_id(base) == _by_id(database)


def _by_id(home: Home | None) -> dict[str, Device]:
    return {device.id: device for device in home.devices} if home else {}


def _refuse_shared_topics(registry: Registry) -> None:
    taken: dict[str, Device] = {}
    for home in registry.homes.values():
        for device in home.devices:
            topic = home.prefix + device.topic
            other = taken.setdefault(topic, device)
            if other is not device:
                raise MergeRefused(
                    f'topic "{topic}" would belong to device {other.id} of home {other.home} and to device {device.id} '
                    f"of home {device.home}: one comes from the files, the other was set in the database. Correct the "
                    "files, or apply them with --overwrite."
                )


def _line(item: Item) -> str:
    mark = {Change.ADDED: "+", Change.CHANGED: "~", Change.REMOVED: "-"}[item.change]
    text = f"{mark} {item.what} {item.id}"
    if item.change is Change.CHANGED:
        text += ": " + ", ".join(_key(name, *pair) for name, pair in item.values.items())
    return text


def _key(name: str, old: Any, new: Any) -> str:
    return name if name in _PERSONAL else f"{name} {_plain(old)} -> {_plain(new)}"


def _plain(value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (frozenset, Sequence)) and not isinstance(value, str):
        items: Iterable[Any] = sorted(value) if isinstance(value, frozenset) else value
        return ",".join(str(item) for item in items) or "none"
    return str(value)
