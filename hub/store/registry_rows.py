"""People, homes and devices in rows."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Table, and_, bindparam, delete, exists, select, text, update

from hub.homes import Contact, Device, Home, HomeMode, Person, Registry, Resident, Role
from hub.store import tables
from hub.store.codec import decoder, encoder
from hub.store.fact_rows import FactRows
from hub.store.prepared import Prepared
from hub.store.rows import chunks

K = TypeVar("K")
V = TypeVar("V")

_VERSION = "registry_version"
# The fact that says what the last changes were about, so that whoever knows the version before reads only that.
_RECENT = "registry_recent"
_MOST_VERSIONS, _MOST_IDS = 200, 1000
# Asked at the start of each transaction.
_VERSION_AND_HOME = Prepared(
    select(
        select(tables.facts.c.value).where(tables.facts.c.name == _VERSION).scalar_subquery(),
        exists(select(tables.homes.c.id)),
    )
)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('carehub registry', 0))")
_residents_in, _residents_out = encoder(tuple[Resident, ...]), decoder(tuple[Resident, ...])
_contacts_in, _contacts_out = encoder(tuple[Contact, ...]), decoder(tuple[Contact, ...])

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Changed:
    """Ids of what one version, or several, changed."""

    people: frozenset[str] = frozenset()
    homes: frozenset[str] = frozenset()
    areas: bool = False

    def __or__(self, other: "_Changed") -> "_Changed":
        return _Changed(self.people | other.people, self.homes | other.homes, self.areas or other.areas)


def _person_row(person: Person) -> Row:
    return {
        "id": person.id,
        "name": person.name,
        "phone": person.phone,
        "roles": tuple(sorted(person.roles)),
        "areas": person.areas,
        "language": person.language,
    }


def _home_row(home: Home) -> Row:
    return {
        "id": home.id,
        "area": home.area,
        "address": home.address,
        "prefix": home.prefix,
        "away_until": home.away_until,
        "rooms": dict(home.rooms),
        "residents": _residents_in(home.residents),
        "contacts": _contacts_in(home.contacts),
        "access": home.access,
        "mode": home.mode,
        "mode_until": home.mode_until,
        "tester": home.tester,
    }


def _device_rows(home: Home) -> list[Row]:
    return [
        {
            "home_id": home.id,
            "id": device.id,
            "position": position,
            "full_topic": home.prefix + device.topic,
            "topic": device.topic,
            "kind": device.kind,
            "role": device.role,
            "room": device.room,
            "model": device.model,
            "place": device.place,
            "installed_on": device.installed_on.isoformat() if device.installed_on else None,
            "subsidy": device.subsidy,
        }
        for position, device in enumerate(home.devices)
    ]


def _device(row: Any) -> Device:
    """Return one device; read by name, so that a column more shifts nothing."""
    return Device(
        row.home_id,
        row.id,
        row.kind,
        row.topic,
        row.role,
        row.room,
        row.model,
        row.place,
        date.fromisoformat(row.installed_on) if row.installed_on else None,
        row.subsidy,
    )


def _home(row: Any, devices: list[Device]) -> Home:
    return Home(
        row.id,
        row.area,
        row.address,
        row.prefix,
        row.away_until,
        row.rooms,
        _residents_out(row.residents),
        _contacts_out(row.contacts),
        tuple(devices),
        row.access,
        row.mode,
        row.mode_until,
        row.tester,
    )


def _differences(old: Mapping[K, V], new: Mapping[K, V]) -> tuple[list[V], list[V]]:
    """Return the old rows that go and the new ones that come; a changed row is in both."""
    gone = [row for key, row in old.items() if new.get(key) != row]
    come = [row for key, row in new.items() if old.get(key) != row]
    return gone, come


def _ids(differences: tuple[list[Row], list[Row]]) -> set[str]:
    return {row["id"] for rows in differences for row in rows}


def _merged(known: Mapping[str, V], changed: Iterable[str], rows: Iterable[Any]) -> Mapping[str, V]:
    """Return what is known with what changed: new and changed ones in, those without a row out; ordered by id."""
    found = {row.id: row for row in rows}
    ids = set(changed)
    if not ids:
        return known
    merged = {id: found.get(id, each) for id, each in known.items() if id in found or id not in ids}
    if len(merged) != len(known) or any(id not in known for id in found):
        merged = dict(sorted({**merged, **found}.items()))
    return merged


class RegistryRows(FactRows):
    """The part of a transaction that keeps people, homes and devices."""

    def registry_version(self) -> int:
        """Return 0 while there is no home; else it rises with every change."""
        version, some_home = self._rows(_VERSION_AND_HOME)[0]
        return int(version or 0) if some_home else 0

    def registry(self) -> Registry:
        """Return all people, homes and devices; people and homes by id, devices in their home's order."""
        return Registry.of(self._people(), self._homes(), self.registry_version(), self._areas())

    def registry_from(self, known: Registry) -> Registry:
        """Return all people, homes and devices, of which `known` are those of an earlier version.

        Only what changed since is read, as long as that is known: one edit costs nothing that grows with the site.
        """
        near = self.registry_near(known)
        return self.registry() if near is None else near

    def registry_near(self, known: Registry) -> Registry | None:
        """Return what `registry_from` does if that takes little; None if too much has changed since."""
        version = self.registry_version()
        if version == known.version != 0:  # without a home the version says nothing of people
            return known
        changed = self._changed_since(known.version, version)
        if changed is None:
            return None
        people = _merged(known.people, changed.people, self._people(changed.people))
        homes = _merged(known.homes, changed.homes, self._homes(changed.homes))
        return Registry(people, homes, version, self._areas() if changed.areas else known.areas)

    def _people(self, ids: Iterable[str] | None = None) -> list[Person]:
        p = tables.people.c
        found: list[Person] = []
        for row in self._selected(select(tables.people).order_by(p.id), p.id, ids):
            roles = frozenset(map(Role, row.roles))
            found.append(Person(row.id, row.name, row.phone, roles, row.areas, row.language))
        return found

    def _homes(self, ids: Iterable[str] | None = None) -> list[Home]:
        devices: dict[str, list[Device]] = {}
        d, h = tables.devices.c, tables.homes.c
        columns = (d.home_id, d.id, d.kind, d.topic, d.role, d.room, d.model, d.place, d.installed_on, d.subsidy)
        for row in self._selected(select(*columns).order_by(d.home_id, d.position), d.home_id, ids):
            devices.setdefault(row.home_id, []).append(_device(row))
        rows = self._selected(select(tables.homes).order_by(h.id), h.id, ids)
        return [_home(row, devices.get(row.id, [])) for row in rows]

    def _areas(self) -> dict[str, str]:
        return {row.code: row.name for row in self._db.execute(select(tables.areas))}

    def _selected(self, query: Any, key: Any, ids: Iterable[str] | None) -> Iterable[Any]:
        """Return all rows, or those of these ids, which may be more than fit one statement."""
        if ids is None:
            yield from self._db.execute(query)
            return
        for some in chunks(sorted(ids)):
            yield from self._db.execute(query.where(key.in_(some)))

    # --- changes

    def save_people(self, people: Iterable[Person]) -> int:
        """Insert or replace these people; return the new version."""
        rows = [_person_row(person) for person in people]
        self._lock_registry()
        self._upsert(tables.people, rows)
        return self._raise_version(_Changed(people=frozenset(row["id"] for row in rows)))

    def drop_person(self, id: str) -> int:
        """Remove a person; return the new version."""
        self._lock_registry()
        self._db.execute(delete(tables.people).where(tables.people.c.id == id))
        return self._raise_version(_Changed(people=frozenset((id,))))

    def save_homes(self, homes: Iterable[Home]) -> int:
        """Insert or replace these homes with their devices, which may have swapped topics; return the new version."""
        homes = list(homes)
        ids = [home.id for home in homes]
        self._lock_registry()
        self._drop_devices(ids)
        self._upsert(tables.homes, [_home_row(home) for home in homes])
        self._insert(tables.devices, [row for home in homes for row in _device_rows(home)])
        return self._raise_version(_Changed(homes=frozenset(ids)))

    def drop_home(self, id: str) -> int:
        """Remove a home and its devices; return the new version."""
        self._lock_registry()
        self._drop_devices([id])
        self._db.execute(delete(tables.homes).where(tables.homes.c.id == id))
        return self._raise_version(_Changed(homes=frozenset((id,))))

    def save_areas(self, areas: Mapping[str, str]) -> int:
        """Name these areas, the others as they are; return the new version."""
        self._lock_registry()
        self._upsert(tables.areas, [{"code": code, "name": name} for code, name in areas.items()])
        return self._raise_version(_Changed(areas=True))

    def _drop_devices(self, homes: Sequence[str]) -> None:
        for some in chunks(homes):
            self._db.execute(delete(tables.devices).where(tables.devices.c.home_id.in_(some)))

    def _lock_registry(self) -> None:
        if self._on_postgres:
            self._db.execute(_LOCK)

    def replace_registry(self, registry: Registry) -> int:
        """Write only what differs; the version rises only if something did."""
        self._lock_registry()
        people = self._changed(tables.people, map(_person_row, registry.people.values()))
        homes = self._changed(tables.homes, map(_home_row, registry.homes.values()))
        devices = self._changed(tables.devices, (row for home in registry.homes.values() for row in _device_rows(home)))
        # Devices go first and come last: they point at homes, and two of them may have swapped their topics.
        # A changed home keeps its row, or its unchanged devices would have nothing to point at.
        self._remove(tables.devices, devices[0])
        stay = {row["id"] for row in homes[1]}
        self._remove(tables.homes, [row for row in homes[0] if row["id"] not in stay])
        self._remove(tables.people, people[0])
        self._upsert(tables.people, people[1])
        self._upsert(tables.homes, homes[1])
        self._upsert(tables.devices, devices[1])
        areas = self._changed(tables.areas, ({"code": c, "name": name} for c, name in registry.areas.items()))
        self._remove(tables.areas, areas[0])
        self._upsert(tables.areas, areas[1])
        if any(gone or come for gone, come in (people, homes, devices, areas)):
            owners = {row["home_id"] for rows in devices for row in rows} | _ids(homes)
            self._raise_version(_Changed(frozenset(_ids(people)), frozenset(owners), any(areas)))
        return self.registry_version()

    def set_away(self, home_id: str, until: datetime | None) -> int:
        """Note until when a home is away; return the new version. The whole registry need not be compared for it."""
        return self._set(home_id, away_until=until)

    def set_mode(self, home_id: str, mode: HomeMode | None, until: datetime | None, tester: str | None = None) -> int:
        """Note a home's mode and its end, and whom a test tells; return the new version."""
        return self._set(home_id, mode=mode, mode_until=until, tester=tester)

    def _set(self, home_id: str, **values: Any) -> int:
        self._lock_registry()
        self._db.execute(update(tables.homes).where(tables.homes.c.id == home_id).values(**values))
        return self._raise_version(_Changed(homes=frozenset((home_id,))))

    def _raise_version(self, changed: _Changed) -> int:
        """Raise the version, and note what it is about if that is little."""
        version = int(self.fact(_VERSION) or 0) + 1
        self.set_fact(_VERSION, str(version))
        recent: list[Any] = json.loads(self.fact(_RECENT) or "[]")
        recent.append([version, sorted(changed.people), sorted(changed.homes), changed.areas])
        recent = recent[-_MOST_VERSIONS:]
        while sum(len(people) + len(homes) for _, people, homes, _ in recent) > _MOST_IDS:
            recent.pop(0)
        self.set_fact(_RECENT, json.dumps(recent, ensure_ascii=False, separators=(",", ":")))
        return version

    def _changed_since(self, known: int, version: int) -> _Changed | None:
        """Return what changed after the version `known`; None if that was too much to be noted, or too long ago."""
        noted: dict[int, _Changed] = {
            number: _Changed(frozenset(people), frozenset(homes), areas)
            for number, people, homes, areas in json.loads(self.fact(_RECENT) or "[]")
        }
        if not 0 < known < version or not all(number in noted for number in range(known + 1, version + 1)):
            return None
        changed = _Changed()
        for number in range(known + 1, version + 1):
            changed |= noted[number]
        return changed

    def _changed(self, table: Table, wanted: Iterable[Row]) -> tuple[list[Row], list[Row]]:
        names = [column.name for column in table.c]
        whole, key = itemgetter(*names), itemgetter(*(i for i, column in enumerate(table.c) if column.primary_key))
        # Plain tuples: a registry has tens of thousands of rows, and the writer is held while they are compared.
        old = {key(row): tuple(row) for row in self._db.execute(select(table))}
        gone, come = _differences(old, {key(row): row for row in map(whole, wanted)})
        return [dict(zip(names, row, strict=True)) for row in gone], [
            dict(zip(names, row, strict=True)) for row in come
        ]

    def _remove(self, table: Table, rows: list[Row]) -> None:
        if rows:
            keys = list(table.primary_key)
            same = and_(*(column == bindparam(f"old_{column.name}") for column in keys))
            self._db.execute(
                delete(table).where(same), [{f"old_{column.name}": row[column.name] for column in keys} for row in rows]
            )
