"""A registry as JSON and back: what was applied last is kept in this form, and tools may read it."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from hub.homes import Contact, Device, DeviceKind, DeviceRole, Home, Person, Registry, Resident, Role

Json = dict[str, Any]


def dump(registry: Registry) -> Json:
    """Return people and homes as a JSON object; durations in whole seconds, instants as ISO text in UTC.

    Sorted by id and without the version, so that equal registries have equal dumps. Modes of homes, which somebody set
    until a time, are not in it.
    """
    return {
        "people": [_person(person) for _, person in sorted(registry.people.items())],
        "homes": [_home(home) for _, home in sorted(registry.homes.items())],
        "areas": dict(sorted(registry.areas.items())),
    }


def dump_to_tell(registry: Registry) -> Json:
    """Return what it takes to tell people of a press: as `dump`, but nothing of what residents live with."""
    whole = dump(registry)
    for home in whole["homes"]:
        for resident in home["residents"]:
            for private in ("mobility", "doctor", "notes", "health"):
                del resident[private]
    return whole


def parse(data: object) -> Registry:
    """Return the registry that `dump` wrote; raises ValueError on anything else."""
    try:
        return _parse(data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is not a registry: {error!r}") from error


def _parse(data: Any) -> Registry:
    people = [
        Person(
            each["id"],
            each["name"],
            each["phone"],
            frozenset(Role(role) for role in each["roles"]),
            tuple(each["areas"]),
            each["language"],
        )
        for each in data["people"]
    ]
    # What came later than the first hubs is read by `get`: one that an older hub wrote has none of it.
    return Registry.of(people, [_read_home(each) for each in data["homes"]], areas=dict(data.get("areas", {})))


def _person(person: Person) -> Json:
    return {
        "id": person.id,
        "name": person.name,
        "phone": person.phone,
        "roles": sorted(person.roles),
        "areas": list(person.areas),
        "language": person.language,
    }


def _home(home: Home) -> Json:
    return {
        "id": home.id,
        "area": home.area,
        "address": home.address,
        "prefix": home.prefix,
        "away_until": home.away_until.isoformat() if home.away_until else None,
        "access": home.access,
        "rooms": dict(home.rooms),
        "residents": [
            {
                "name": each.name,
                "born": each.born,
                "needs": sorted(each.needs),
                "inactivity_after_s": int(each.inactivity_after.total_seconds()),
                "phone": each.phone,
                "mobility": each.mobility,
                "doctor": each.doctor,
                "notes": each.notes,
                "health": each.health,
            }
            for each in home.residents
        ],
        "contacts": [{"person": each.person, "role": each.role.value} for each in home.contacts],
        "devices": [
            {
                "id": each.id,
                "kind": each.kind.value,
                "topic": each.topic,
                "role": each.role.value if each.role else None,
                "room": each.room,
                "model": each.model,
                "place": each.place,
                "installed_on": each.installed_on.isoformat() if each.installed_on else None,
                "subsidy": each.subsidy,
            }
            for each in sorted(home.devices, key=lambda device: device.id)
        ],
    }


def _read_home(data: Mapping[str, Any]) -> Home:
    away_until = data["away_until"]
    return Home(
        data["id"],
        data["area"],
        data["address"],
        data["prefix"],
        datetime.fromisoformat(away_until) if away_until else None,
        dict(data["rooms"]),
        tuple(
            Resident(
                each["name"],
                each["born"],
                frozenset(each["needs"]),
                timedelta(seconds=each["inactivity_after_s"]),
                *(each.get(name) for name in ("phone", "mobility", "doctor", "notes", "health")),
            )
            for each in data["residents"]
        ),
        tuple(Contact(each["person"], Role(each["role"])) for each in data["contacts"]),
        tuple(_read_device(data["id"], each) for each in data["devices"]),
        data.get("access"),
    )


def _read_device(home: str, data: Mapping[str, Any]) -> Device:
    role, installed_on = data["role"], data.get("installed_on")
    return Device(
        home,
        data["id"],
        DeviceKind(data["kind"]),
        data["topic"],
        DeviceRole(role) if role else None,
        data["room"],
        data.get("model"),
        data.get("place"),
        date.fromisoformat(installed_on) if installed_on else None,
        data.get("subsidy"),
    )
