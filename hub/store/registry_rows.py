"""People, homes and devices in rows."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Table, and_, bindparam, delete, exists, select, text, update

from hub.homes import Contact, Device, Home, HomeMode, Person, Registry, Resident, Role
from hub.store import tables
from hub.store.codec import decoder, encoder
from hub.store.fact_rows import FactRows
from hub.store.prepared import Prepared

K = TypeVar("K")
V = TypeVar("V")

_VERSION = "registry_version"
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


class RegistryRows(FactRows):
    """The part of a transaction that keeps people, homes and devices."""

    def registry_version(self) -> int:
        """Return 0 while there is no home; else it rises with every change."""
        version, some_home = self._rows(_VERSION_AND_HOME)[0]
        return int(version or 0) if some_home else 0

    def registry(self) -> Registry:
        """Return all people, homes and devices; people and homes by id, devices in their home's order."""
        devices: dict[str, list[Device]] = {}
        d = tables.devices.c
        columns = (d.home_id, d.id, d.kind, d.topic, d.role, d.room, d.model, d.place, d.installed_on, d.subsidy)
        for row in self._db.execute(select(*columns).order_by(d.home_id, d.position)):
            devices.setdefault(row.home_id, []).append(_device(row))
        people = [
            Person(id_, name, phone, frozenset(map(Role, roles)), areas, language)
            for id_, name, phone, roles, areas, language in self._db.execute(
                select(tables.people).order_by(tables.people.c.id)
            )
        ]
        homes = [
            _home(row, devices.get(row.id, []))
            for row in self._db.execute(select(tables.homes).order_by(tables.homes.c.id))
        ]
        areas = {row.code: row.name for row in self._db.execute(select(tables.areas))}
        return Registry.of(people, homes, self.registry_version(), areas)

    def replace_registry(self, registry: Registry) -> int:
        """Write only what differs; the version rises only if something did."""
        if self._on_postgres:
            self._db.execute(_LOCK)
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
            self._raise_version()
        return self.registry_version()

    def set_away(self, home_id: str, until: datetime | None) -> int:
        """Note until when a home is away; return the new version. The whole registry need not be compared for it."""
        return self._set(home_id, away_until=until)

    def set_mode(self, home_id: str, mode: HomeMode | None, until: datetime | None, tester: str | None = None) -> int:
        """Note a home's mode and its end, and whom a test tells; return the new version."""
        return self._set(home_id, mode=mode, mode_until=until, tester=tester)

    def _set(self, home_id: str, **values: Any) -> int:
        if self._on_postgres:
            self._db.execute(_LOCK)
        self._db.execute(update(tables.homes).where(tables.homes.c.id == home_id).values(**values))
        self._raise_version()
        return self.registry_version()

    def _raise_version(self) -> None:
        self.set_fact(_VERSION, str(int(self.fact(_VERSION) or 0) + 1))

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
