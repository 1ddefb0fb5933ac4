"""People and homes as the sections they would be read from: so that forms and tables are checked as files are."""

from collections.abc import Iterable, Mapping
from typing import Any

from hub.homes import Contact, Device, Home, Person, Resident
from hub.settings.fault import Place
from hub.settings.fields import spell
from hub.settings.tree import Items, Section


def section(values: Mapping[str, Any], place: Place, places: Mapping[str, Place] | None = None) -> Section:
    """Return values as a section at `place`; `places` says where single keys stand. None is left out."""
    made = Section(place)
    for key, value in values.items():
        if value is not None:
            made[key] = value
            made.lines[key] = (places or {}).get(key, place)
    made.lines |= places or {}  # where something is missing, too
    return made


def items(values: Iterable[Any], place: Place) -> Items:
    """Return values as a list; sections in it stand where they stand, all else at `place`."""
    made = Items(place)
    for value in values:
        made.append(value)
        made.lines.append(value.line if isinstance(value, Section) else place)
    return made


def person_section(person: Person, place: Place) -> Section:
    """Return a person as one of `people:`."""
    return section(
        {
            "id": person.id,
            "name": person.name,
            "phone": person.phone,
            "roles": items(sorted(person.roles), place),
            "areas": items(person.areas, place),
            "language": person.language,
        },
        place,
    )


def home_section(home: Home, place: Place) -> Section:
    """Return a home as one of `homes:`."""
    return section(
        {
            "id": home.id,
            "area": home.area,
            "address": home.address,
            "prefix": home.prefix,
            "away_until": home.away_until.isoformat() if home.away_until else None,
            "access": home.access,
            "rooms": section(home.rooms, place),
            "residents": items((resident_section(each, place) for each in home.residents), place),
            "contacts": items((contact_section(each, place) for each in home.contacts), place),
            "devices": items((device_section(each, place) for each in home.devices), place),
        },
        place,
    )


def resident_section(resident: Resident, place: Place) -> Section:
    """Return a resident as one of a home's `residents:`."""
    return section(
        {
            "name": resident.name,
            "born": None if resident.born is None else str(resident.born),
            "needs": items(sorted(resident.needs), place),
            "inactivity_after": spell(resident.inactivity_after),
            "phone": resident.phone,
            "mobility": resident.mobility,
            "doctor": resident.doctor,
            "notes": resident.notes,
            "health": resident.health,
        },
        place,
    )


def contact_section(contact: Contact, place: Place) -> Section:
    """Return a contact as one of a home's `contacts:`."""
    return section({"person": contact.person, "role": contact.role.value}, place)


def device_section(device: Device, place: Place) -> Section:
    """Return a device as one of a home's `devices:`."""
    return section(
        {
            "id": device.id,
            "kind": device.kind.value,
            "topic": device.topic,
            "role": device.role.value if device.role else None,
            "room": device.room,
            "model": device.model,
            "place": device.place,
            "installed_on": device.installed_on.isoformat() if device.installed_on else None,
            "subsidy": device.subsidy,
        },
        place,
    )
