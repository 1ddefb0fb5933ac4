"""What the forms of people, homes and devices ask, in the visitor's words, and what they show of what is there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from hub.accounts import masked
from hub.homes import BUILT_IN_ROOMS, Contact, Device, DeviceKind, DeviceRole, Home, Person, Registry, Resident, Role
from hub.web.console.ports import NEW, Part
from hub.web.console.words import LANGUAGES, Words

Say = Callable[[Words], str]
Values = dict[str, str]


class Ask(StrEnum):
    """How one field is asked for."""

    TEXT = "text"
    LINES = "lines"
    NUMBER = "number"
    DAY = "date"
    TEL = "tel"
    ONE = "one"
    TICKS = "ticks"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. `kept`: what is there is shown to nobody; left empty it stays, `kept` says what it is.

    `may_go`: it can be removed with a tick.
    """

    name: str
    label: str
    ask: Ask = Ask.TEXT
    hint: str = ""
    options: Sequence[tuple[str, str]] = ()
    required: bool = False
    kept: str = ""
    may_go: bool = False


ROLES: Mapping[Role, Say] = {
    Role.FAMILY: lambda w: w.say("family"),
    Role.NEIGHBOUR: lambda w: w.say("neighbour"),
    Role.RESIDENT: lambda w: w.say("resident"),
    Role.STAFF: lambda w: w.say("staff on duty"),
    Role.SUPERVISOR: lambda w: w.say("supervisor"),
    Role.VILLAGE: lambda w: w.say("village level"),
    Role.TOWNSHIP: lambda w: w.say("township level"),
    Role.COUNTY: lambda w: w.say("county level"),
}
CONTACTS = (Role.FAMILY, Role.NEIGHBOUR, Role.RESIDENT)
KINDS: Mapping[DeviceKind, Say] = {
    DeviceKind.BUTTON: lambda w: w.say("button"),
    DeviceKind.FALL: lambda w: w.say("fall detector"),
    DeviceKind.GAS: lambda w: w.say("gas detector"),
    DeviceKind.SMOKE: lambda w: w.say("smoke detector"),
    DeviceKind.CO: lambda w: w.say("carbon monoxide detector"),
    DeviceKind.LEAK: lambda w: w.say("water leak detector"),
    DeviceKind.MOTION: lambda w: w.say("motion sensor"),
    DeviceKind.CONTACT: lambda w: w.say("door or window contact"),
    DeviceKind.BED: lambda w: w.say("bed sensor"),
    DeviceKind.TEMPERATURE: lambda w: w.say("thermometer"),
    DeviceKind.HUMIDITY: lambda w: w.say("hygrometer"),
    DeviceKind.MAINS: lambda w: w.say("mains monitor"),
    DeviceKind.SIREN: lambda w: w.say("siren"),
    DeviceKind.VALVE: lambda w: w.say("gas valve"),
    DeviceKind.OTHER: lambda w: w.say("other device"),
}
DEVICE_ROLES: Mapping[DeviceRole, Say] = {
    DeviceRole.SOS: lambda w: w.say("call for help"),
    DeviceRole.CALL: lambda w: w.say("service bell"),
    DeviceRole.DOORBELL: lambda w: w.say("doorbell"),
    DeviceRole.ENTRANCE: lambda w: w.say("entrance door"),
    DeviceRole.BED: lambda w: w.say("at the bed"),
    DeviceRole.BATHROOM: lambda w: w.say("in the bathroom"),
    DeviceRole.SIREN: lambda w: w.say("alarm sound"),
    DeviceRole.VALVE: lambda w: w.say("shuts the gas off"),
}
NEEDS: Mapping[str, Say] = {
    "advanced_age": lambda w: w.say("very old"),
    "incapacitated": lambda w: w.say("needs care"),
    "severe_disability": lambda w: w.say("severely disabled"),
    "deaf": lambda w: w.say("hard of hearing"),
    "no_speech": lambda w: w.say("cannot speak"),
    "lives_with": lambda w: w.say("does not live alone"),
}
LANGUAGE_NAMES = (("zh-CN", "中文"), ("en", "English"))
assert tuple(code for code, _ in LANGUAGE_NAMES) == LANGUAGES  # noqa: S101


def _options(words: Words, table: Mapping[Any, Say], allowed: Sequence[Any] | None = None) -> list[tuple[str, str]]:
    return [(str(key), table[key](words)) for key in allowed or table]


def person_fields(words: Words, known: Person | None) -> list[Field]:
    """Return what is asked of a person."""
    say = words.say
    fields = [] if known else [Field("id", say("Id"), hint=say("Letters and digits; left empty one is made."))]
    return [
        *fields,
        Field("name", say("Name"), required=True),
        Field(
            "phone",
            say("Phone"),
            Ask.TEL,
            say("A number that is answered at night. Never 110, 119, 120 or the like."),
            required=known is None,
            kept=masked(known.phone) if known else "",
        ),
        Field("roles", say("Is"), Ask.TICKS, options=_options(words, ROLES)),
        Field(
            "areas",
            say("Areas"),
            hint=say("For staff: codes of 12 digits, apart by blanks; zeros at the end: all below."),
        ),
        Field("language", say("Language of texts"), Ask.ONE, options=[("", say("as the site")), *LANGUAGE_NAMES]),
    ]


def home_fields(words: Words, registry: Registry, known: Home | None) -> list[Field]:
    """Return what is asked of a home itself."""
    say = words.say
    area = registry.area_name(known.area) if known else ""
    fields = (
        [] if known else [Field("id", say("Id"), hint=say("For example ah-001; it stays for good."), required=True)]
    )
    return [
        *fields,
        Field("address", say("Address"), hint=say("As helpers find it: village, group, number."), required=True),
        Field(
            "area",
            say("Area"),
            hint=say("The village's code, 12 digits.") + (f" {area}" if area and not area.isdigit() else ""),
            required=True,
        ),
        Field("access", say("How to get in"), Ask.LINES, say("Where the key is, which door, the dog.")),
        Field(
            "prefix",
            say("Topic prefix"),
            hint=say("What stands in front of all topics of this home's gateway, like homes/ah-001/; may be empty."),
        ),
    ]


def part_fields(words: Words, registry: Registry, home: Home, part: Part, key: str) -> list[Field]:
    """Return what is asked of one resident, contact, room or device."""
    match part:
        case Part.HOME:
            return home_fields(words, registry, home)
        case Part.RESIDENT:
            return _resident(words, None if key == NEW else home.residents[int(key)])
        case Part.CONTACT:
            return _contact(words, key)
        case Part.ROOM:
            return [Field("name", words.say("Name of the room"), required=True)]
        case Part.DEVICE:
            return _device(words, home, key)


def _resident(words: Words, known: Resident | None) -> list[Field]:
    say = words.say
    phone = masked(known.phone) if known and known.phone else ""
    health = say("written down, shown here to nobody") if known and known.health else ""
    return [
        Field("name", say("Name"), required=True),
        Field("born", say("Born in"), Ask.NUMBER, say("The year, four digits.")),
        Field("needs", say("What helpers must know"), Ask.TICKS, options=_options(words, NEEDS)),
        Field("phone", say("Own phone"), Ask.TEL, kept=phone, may_go=bool(phone)),
        Field(
            "inactivity_after",
            say("Stillness is told after"),
            hint=say("Hours, or like 90m, 12h, 2d. Without a word of yours: 12h."),
        ),
        Field("mobility", say("How they move"), hint=say("With a frame, in a wheelchair, in bed.")),
        Field("doctor", say("Doctor")),
        Field("notes", say("Notes for whoever goes there"), Ask.LINES),
        Field(
            "health",
            say("Illnesses"),
            Ask.LINES,
            say("Only what helpers need. Each look at it is recorded."),
            kept=health,
            may_go=bool(health),
        ),
    ]


def _contact(words: Words, key: str) -> list[Field]:
    say = words.say
    role = Field("role", say("Is"), Ask.ONE, options=_options(words, ROLES, CONTACTS), required=True)
    if key != NEW:
        return [role]
    return [
        role,
        Field("name", say("Name")),
        Field(
            "phone", say("Phone"), Ask.TEL, say("A number that is answered at night. Never 110, 119, 120 or the like.")
        ),
        Field("person", say("Or somebody known"), hint=say("The id of a person who is here already.")),
    ]


def _device(words: Words, home: Home, key: str) -> list[Field]:
    say = words.say
    names = {**{room: words.room(room) for room in BUILT_IN_ROOMS}, **home.rooms}
    fields = [] if key != NEW else [Field("id", say("Id"), hint=say("Letters and digits; left empty one is made."))]
    return [
        *fields,
        Field("kind", say("Kind"), Ask.ONE, options=_options(words, KINDS), required=True),
        Field("role", say("Used as"), Ask.ONE, options=[("", say("as its kind says")), *_options(words, DEVICE_ROLES)]),
        Field("room", say("Room"), Ask.ONE, options=[("", say("not said")), *names.items()]),
        Field("topic", say("Topic"), hint=say("Without the home's prefix, like zigbee2mqtt/bed_sos."), required=True),
        Field("place", say("Where in the room"), hint=say("Beside the bed, above the stove.")),
        Field("model", say("Model")),
        Field("installed_on", say("Installed on"), Ask.DAY),
        Field("subsidy", say("Subsidy number")),
    ]


# --- what is there


def thing(home: Home, part: Part, key: str) -> Any:
    """Return what one form is about; None for something new. Raises LookupError if there is no such part."""
    if part is Part.HOME:
        return home
    if key == NEW:
        return None
    match part:
        case Part.ROOM:
            return {"name": home.rooms[key]}
        case Part.DEVICE:
            found = next((device for device in home.devices if device.id == key), None)
            if found is None:
                raise LookupError(key)
            return found
        case Part.RESIDENT | Part.CONTACT:
            each: Sequence[Any] = home.residents if part is Part.RESIDENT else home.contacts
            if not (key.isascii() and key.isdigit() and len(key) < 4 and int(key) < len(each)):
                raise LookupError(key)
            return each[int(key)]


def own(home: Home) -> dict[str, Any]:
    """Return what the form of a home itself is about: its parts have forms of their own."""
    return {"area": home.area, "address": home.address, "prefix": home.prefix, "access": home.access or ""}


def values_of(what: Any) -> Values:
    """Return what the form shows of something that is there; what is shown to nobody is empty."""
    match what:
        case Person():
            ticks = {f"roles-{role}": "1" for role in what.roles}
            return {"name": what.name, "areas": " ".join(what.areas), "language": what.language or "", **ticks}
        case Home():
            return {key: str(value) for key, value in own(what).items()}
        case Resident():
            texts = {name: getattr(what, name) or "" for name in ("name", "mobility", "doctor", "notes")}
            born = "" if what.born is None else str(what.born)
            ticks = {f"needs-{need}": "1" for need in what.needs}
            return {**texts, "born": born, "inactivity_after": hours(what.inactivity_after), **ticks}
        case Contact():
            return {"role": what.role.value}
        case Device():
            texts = {
                name: getattr(what, name) or ""
                for name in ("kind", "role", "room", "topic", "place", "model", "subsidy")
            }
            day = what.installed_on.isoformat() if what.installed_on else ""
            return {**{key: str(text) for key, text in texts.items()}, "installed_on": day}
        case Mapping():
            return {str(key): str(value) for key, value in what.items()}
        case _:
            return {}


def hours(length: timedelta) -> str:
    """Return a length as people type it: 12h, 90m."""
    minutes = int(length.total_seconds()) // 60
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


def name_of(words: Words, registry: Registry, what: Any) -> str:
    """Return what something is called in a heading."""
    match what:
        case Home():
            return what.address
        case Contact():
            return registry.names.get(what.person, what.person)
        case Device():
            room = words.room(what.room) if what.room else ""
            return f"{room} {KINDS[what.kind](words)}".strip()
        case Mapping():
            return str(what.get("name", ""))
        case _:
            return str(getattr(what, "name", ""))
