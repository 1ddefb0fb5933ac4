"""What the forms of people, homes and devices say, as the sections that files would hold."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from hub.homes import Contact, Home, Person, Registry, Resident, Role
from hub.settings.fault import Place, Wrong
from hub.settings.homes_entries import NEEDS
from hub.settings.numbers import read_phone
from hub.settings.sections import home_section, items, section
from hub.settings.tree import Items, Section
from hub.web.console.ports import NEW, Part

Values = Mapping[str, str]

# What pages never show whole: left empty it stays, ticked it goes.
REMOVE = "{}-remove"
_KEPT = ("phone", "health")
_YES = "1"


def new_id(kind: str, *facts: str) -> str:
    """Return an id for somebody or something that was given none: the same facts always give the same one."""
    return f"{kind}-{blake2b(chr(0).join(facts).encode('utf-8', 'replace'), digest_size=5).hexdigest()}"


def comparable(number: str, *, chinese: bool) -> str:
    """Return a number as it is kept, so that two can be compared; one that is wrong as it was written."""
    try:
        return read_phone(number, chinese=chinese)
    except Wrong:
        return number


def person_typed(known: Person | None, values: Values, *, chinese: bool) -> Section:
    """Return a person as one of `people:`."""
    told = _typed(values, "id", "name", "language") | _kept(values, "phone", known)
    if known is not None:
        told["id"] = known.id
    told.setdefault("id", new_id("p", told.get("name", ""), comparable(told.get("phone", ""), chinese=chinese)))
    told["roles"] = _ticked(values, "roles", Role)
    told["areas"] = items(values.get("areas", "").replace(",", " ").replace("，", " ").split(), "areas")
    return section(told, "name", _places(told, "name", "phone"))


def home_typed(known: Home | None, values: Values) -> Section:
    """Return a home as one of `homes:`; what the form does not ask is as it is."""
    told = _typed(values, "area", "address", "access")
    told["prefix"] = values.get("prefix", "").strip()
    if known is None:
        told |= _typed(values, "id")
        return section(told, "id", _places(told, "id", "area", "address"))
    rest = home_section(known, known.id)
    told |= {key: rest.get(key) for key in ("away_until", "rooms", "residents", "contacts", "devices")}
    return section({**told, "id": known.id}, known.id, _places(told, "area", "address"))


def part_typed(home: Home, part: Part, key: str, values: Values) -> Section:
    """Return a home of which one resident, room or device is as the form says."""
    tree = home_section(home, home.id)
    match part:
        case Part.RESIDENT:
            _put(tree, "residents", key, _resident(None if key == NEW else home.residents[int(key)], values))
        case Part.ROOM:
            id = key if key != NEW else next(room for n in range(1, 1000) if (room := f"room-{n}") not in home.rooms)
            tree["rooms"] = section({**home.rooms, id: values.get("name", "")}, home.id, {id: "name"})
        case Part.DEVICE:
            number = next((str(n) for n, device in enumerate(home.devices) if device.id == key), NEW)
            _put(tree, "devices", number, _device(home, key, values))
        case _:
            raise ValueError(part)
    return tree


def contact_typed(
    registry: Registry, home: Home, key: str, values: Values, *, chinese: bool
) -> tuple[Section, list[Section]]:
    """Return a home with one contact as the form says, and the person who comes with it if nobody knows them yet.

    Of a known contact only the role is asked; a new one is named by id, or by name and number.
    """
    tree, told, fresh = home_section(home, home.id), _typed(values, "role", "person"), list[Section]()
    if key != NEW:
        told["person"] = home.contacts[int(key)].person
    elif "person" not in told:
        name, phone = (_typed(values, each).get(each, "") for each in ("name", "phone"))
        same = registry.by_phone.get(comparable(phone, chinese=chinese), ())
        known = next((person for person in same if person.name == name), None)
        told["person"] = known.id if known else new_id("p", name, comparable(phone, chinese=chinese))
        if known is None:
            person: dict[str, Any] = {"id": told["person"], **_typed(values, "name", "phone", "language")}
            if told.get("role") in [role.value for role in Role]:
                person["roles"] = items([told["role"]], "role")
            fresh.append(section(person, "name", _places(person, "name", "phone")))
    _put(tree, "contacts", key, section(told, "role", _places(told, "role")))
    return tree, fresh


def _typed(values: Values, *keys: str) -> dict[str, Any]:
    """Return what was typed into these fields; one left empty says nothing. Lines of a larger field become one."""
    return {key: text for key in keys if (text := " ".join(values.get(key, "").split()))}


def _ticked(values: Values, key: str, allowed: Iterable[str]) -> Items:
    return items([str(word) for word in allowed if values.get(f"{key}-{word}") == _YES], key)


def _kept(values: Values, key: str, known: object) -> dict[str, Any]:
    """Return a field that no page shows whole: what was typed, else what is known, unless it shall go."""
    if typed := _typed(values, key):
        return typed
    value = getattr(known, key, None)
    return {} if values.get(REMOVE.format(key)) == _YES or value is None else {key: value}


def _places(told: Mapping[str, Any], *more: str) -> dict[str, Place]:
    """Return that each key stands in the field of its name, also if it is missing there."""
    return {key: key for key in (*told, *more)}


def _put(tree: Section, key: str, number: str, made: Section) -> None:
    """Put one item of a list in its place, a new one at the end."""
    each = list(tree[key])
    if number == NEW:
        each.append(made)
    else:
        each[int(number)] = made
    tree[key] = items(each, tree.line)


def _resident(known: Resident | None, values: Values) -> Section:
    told = _typed(values, "name", "born", "inactivity_after", "mobility", "doctor", "notes")
    for key in _KEPT:
        told |= _kept(values, key, known)
    if told.get("inactivity_after", "").isdigit():
        told["inactivity_after"] += "h"  # hours are what people mean
    told["needs"] = _ticked(values, "needs", NEEDS)
    return section(told, "name", _places(told, "name"))


def _device(home: Home, key: str, values: Values) -> Section:
    told = _typed(values, "kind", "role", "room", "topic", "model", "place", "installed_on", "subsidy")
    told |= _typed(values, "id") if key == NEW else {"id": key}
    if "id" not in told and "topic" in told:
        told["id"] = new_id("d", home.id, told["topic"])
    return section(told, "topic", _places(told, "id", "kind", "topic"))


def without_part(home: Home, part: Part, key: str) -> Home:
    """Return the home without one resident, contact, room or device; raises LookupError."""
    match part:
        case Part.RESIDENT:
            return replace(home, residents=_left(home.residents, key))
        case Part.CONTACT:
            contacts: tuple[Contact, ...] = _left(home.contacts, key)
            return replace(home, contacts=contacts)
        case Part.ROOM:
            return replace(home, rooms={id: name for id, name in home.rooms.items() if id != key})
        case Part.DEVICE:
            return replace(home, devices=tuple(device for device in home.devices if device.id != key))
    raise LookupError(key)


def _left(each: tuple[Any, ...], key: str) -> tuple[Any, ...]:
    return tuple(one for number, one in enumerate(each) if number != int(key))
