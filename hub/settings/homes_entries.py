"""What may stand in homes*.yaml: people, homes, residents, contacts, devices, one model each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import PlainValidator, ValidationInfo

from devices.dialect import Dialect
from hub.alerts.emergency import is_emergency_number
from hub.alerts.ladder import CONTACT_ROLES
from hub.homes import BUILT_IN_ROOMS, DeviceKind, DeviceRole, Role
from hub.settings.entry import Entry
from hub.settings.fault import Wrong, closest, hint
from hub.settings.fields import Area, Id, ListOf, Text, among, identifier, span, text, whole_number
from hub.settings.numbers import read_phone
from hub.settings.tree import Unquoted

LANGUAGES = ("zh-CN", "en")
NEEDS = ("advanced_age", "incapacitated", "severe_disability", "deaf", "no_speech", "lives_with")
CHINESE_ZONES = frozenset(
    {"Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Chungking", "Asia/Harbin", "Asia/Kashgar", "PRC"}
)
# Words of a ladder cannot be ids, nor can the name under which the hub itself stands in histories.
RESERVED_IDS = frozenset({*Role, "hub", "site"})

_EARLIEST_BIRTH = 1900
_LONGEST_NAME = 40
_LONGEST_TOPIC = 512
# A sentence or two on a phone's screen: where the key is, which door, the dog.
_LONGEST_ACCESS = 200
# What stands beside the name at the door, and what needs a few sentences.
_LONGEST_LINE, _LONGEST_NOTES = 60, 300
_FIRST_INSTALLED = date(2000, 1, 1)


@dataclass(frozen=True)
class Scope:
    """What the rest of the configuration says that values of homes are checked against."""

    timezone: ZoneInfo
    dialects: Sequence[Dialect]
    this_year: int

    @property
    def is_chinese(self) -> bool:
        """Whether people at this site write Chinese mobile numbers without +86."""
        return self.timezone.key in CHINESE_ZONES


@dataclass(frozen=True)
class HomeScope:
    """What a device or contact is checked against."""

    site: Scope
    home: str
    rooms: tuple[str, ...]
    people: frozenset[str]


def _person_id(value: Any) -> str:
    found = identifier(value)
    if found in RESERVED_IDS:
        raise Wrong("reserved_id", value=found)
    return found


def _name(value: Any) -> str:
    return text(value, _LONGEST_NAME)


def _access(value: Any) -> str:
    return text(value, _LONGEST_ACCESS)


def _line(value: Any) -> str:
    return text(value, _LONGEST_LINE)


def _notes(value: Any) -> str:
    return text(value, _LONGEST_NOTES)


def _installed(value: Any, info: ValidationInfo) -> date:
    """Read a day as 2026-03-01; one before the first such devices or after this year is a slip of the pen."""
    found = str(value) if isinstance(value, Unquoted) else text(value)
    try:
        day = date.fromisoformat(found)
    except ValueError:
        day = date.min
    if len(found) != len("2026-03-01") or not _FIRST_INSTALLED <= day <= date(info.context.site.this_year, 12, 31):  # type: ignore[union-attr]
        raise Wrong("installed_on", value=found, low=_FIRST_INSTALLED.isoformat())
    return day


def _phone(value: Any, info: ValidationInfo) -> str:
    if isinstance(value, Unquoted):
        if is_emergency_number(value):
            raise Wrong("phone_emergency", value=str(value))
        raise Wrong("quote", value=str(value), what=value.what)
    return read_phone(text(value), chinese=info.context.is_chinese)  # type: ignore[union-attr]


def _born(value: Any, info: ValidationInfo) -> int:
    return whole_number(value, "born", _EARLIEST_BIRTH, info.context.this_year)  # type: ignore[union-attr]


def _away(value: Any, info: ValidationInfo) -> datetime:
    """Read a local time without offset in the site's zone, one with offset as it is."""
    found = str(value) if isinstance(value, Unquoted) else text(value)
    if isinstance(value, Unquoted):
        raise Wrong("away", value=found)
    try:
        moment = datetime.fromisoformat(found)
        local = moment.replace(tzinfo=info.context.timezone) if moment.tzinfo is None else moment  # type: ignore[union-attr]
        return local.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Wrong("away", value=found) from error


def _check_levels(value: str) -> None:
    """Refuse what cannot be part of one device's topic."""
    for char in "+#$":
        if char in value and (char != "$" or value.startswith("$")):
            raise Wrong("topic_wildcard", value=value, char=char)


def _prefix(value: Any) -> str:
    if value == "" and not isinstance(value, Unquoted):
        return ""
    found = text(value, _LONGEST_TOPIC)
    _check_levels(found)
    if not found.endswith("/"):
        raise Wrong("prefix", value=found)
    if found.startswith("/"):
        raise Wrong("topic_ends", value=found)
    return found


def _topic(value: Any, info: ValidationInfo) -> str:
    found = text(value, _LONGEST_TOPIC)
    _check_levels(found)
    if found.startswith("/") or found.endswith("/"):
        raise Wrong("topic_ends", value=found)
    dialects: Sequence[Dialect] = info.context.site.dialects  # type: ignore[union-attr]
    if dialects and not any(dialect.claims(found) for dialect in dialects):
        known = [example for dialect in dialects for example in dialect.watch_filters()]
        roots = [each.rstrip("#").rstrip("/+") for each in known]
        raise Wrong("topic_unclaimed", value=found, hint=hint(found.split("/")[0], roots), allowed=known)
    return found


def _room(value: Any, info: ValidationInfo) -> str:
    found = text(value)
    scope: HomeScope = info.context  # type: ignore[assignment]
    if found not in scope.rooms:
        raise Wrong("room", value=found, home=scope.home, allowed=closest(found, scope.rooms))
    return found


def _contact_person(value: Any, info: ValidationInfo) -> str:
    found = text(value)
    scope: HomeScope = info.context  # type: ignore[assignment]
    if found not in scope.people:
        raise Wrong("unknown_person", value=found, hint=hint(found, scope.people))
    return found


Name = Annotated[str, PlainValidator(_name)]
Line = Annotated[str | None, PlainValidator(_line)]
Notes = Annotated[str | None, PlainValidator(_notes)]


class PersonEntry(Entry):
    """One of `people:`."""

    required: ClassVar = ("id", "name", "phone")
    examples: ClassVar = {"id": "id: wang-li", "name": "name: 王丽", "phone": 'phone: "+8613912345678"'}

    id: Annotated[str, PlainValidator(_person_id)] = ""
    name: Name = ""
    phone: Annotated[str, PlainValidator(_phone)] = ""
    roles: Annotated[tuple[Annotated[str, among(Role)], ...], ListOf] = ()
    areas: Annotated[tuple[Area, ...], ListOf] = ()
    language: Annotated[str | None, among(LANGUAGES)] = None


class HomeEntry(Entry):
    """One of `homes:`; its lists are read on their own."""

    required: ClassVar = ("id", "area", "address")
    examples: ClassVar = {"id": "id: ah-001", "area": 'area: "620702207200"', "address": "address: 上堡村三社12号"}

    id: Id = ""
    area: Area = ""
    address: Text = ""
    prefix: Annotated[str, PlainValidator(_prefix)] = ""
    away_until: Annotated[datetime | None, PlainValidator(_away)] = None
    access: Annotated[str | None, PlainValidator(_access)] = None
    rooms: Any = None
    residents: Any = None
    contacts: Any = None
    devices: Any = None


class ResidentEntry(Entry):
    """One of a home's `residents:`."""

    required: ClassVar = ("name",)
    examples: ClassVar = {"name": "name: 王秀兰"}

    name: Name = ""
    born: Annotated[int | None, PlainValidator(_born)] = None
    needs: Annotated[tuple[Annotated[str, among(NEEDS)], ...], ListOf] = ()
    inactivity_after: Annotated[timedelta, span(timedelta(minutes=30), timedelta(days=14))] = timedelta(hours=12)
    phone: Annotated[str | None, PlainValidator(_phone)] = None
    mobility: Line = None
    doctor: Line = None
    notes: Notes = None
    health: Notes = None


class ContactEntry(Entry):
    """One of a home's `contacts:`."""

    required: ClassVar = ("person", "role")
    examples: ClassVar = {"person": "person: wang-li", "role": "role: family"}

    person: Annotated[str, PlainValidator(_contact_person)] = ""
    role: Annotated[str, among(role for role in Role if role in CONTACT_ROLES)] = ""


class DeviceEntry(Entry):
    """One of a home's `devices:`."""

    required: ClassVar = ("id", "kind", "topic")
    examples: ClassVar = {"id": "id: bed-sos", "kind": "kind: button", "topic": "topic: zigbee2mqtt/bed_sos"}

    id: Id = ""
    kind: Annotated[str, among(DeviceKind)] = ""
    topic: Annotated[str, PlainValidator(_topic)] = ""
    role: Annotated[str | None, among(DeviceRole)] = None
    room: Annotated[str | None, PlainValidator(_room)] = None
    model: Line = None
    place: Line = None
    installed_on: Annotated[date | None, PlainValidator(_installed)] = None
    subsidy: Line = None


def rooms_of(own: Sequence[str]) -> tuple[str, ...]:
    """Return the rooms a device of a home may be in."""
    return (*own, *(room for room in BUILT_IN_ROOMS if room not in own))
