"""People, homes and devices as the hub knows them; who covers which area."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property


class Role(StrEnum):
    """What a person is to a home, or to an area."""

    FAMILY = "family"
    NEIGHBOUR = "neighbour"
    RESIDENT = "resident"
    STAFF = "staff"
    SUPERVISOR = "supervisor"
    VILLAGE = "village"
    TOWNSHIP = "township"
    COUNTY = "county"


class DeviceKind(StrEnum):
    """What a configured device is; it decides the session its messages travel on."""

    BUTTON = "button"
    FALL = "fall"
    GAS = "gas"
    SMOKE = "smoke"
    CO = "co"
    LEAK = "leak"
    MOTION = "motion"
    CONTACT = "contact"
    BED = "bed"
    TEMPERATURE = "temperature"
    HUMIDITY = "humidity"
    MAINS = "mains"
    SIREN = "siren"
    VALVE = "valve"
    OTHER = "other"


class DeviceRole(StrEnum):
    """What a device is for, as the installer says."""

    SOS = "sos"
    CALL = "call"
    DOORBELL = "doorbell"
    ENTRANCE = "entrance"
    BED = "bed"
    BATHROOM = "bathroom"
    SIREN = "siren"
    VALVE = "valve"


class HomeMode(StrEnum):
    """What somebody said of a home until a time. No mode silences a call, gas, smoke, CO or a fall (promise P9)."""

    AWAY = "away"
    VISITOR = "visitor"
    HOSPITAL = "hospital"
    MAINTENANCE = "maintenance"
    TEST = "test"


# Nobody is at home: stillness is not judged.
EMPTY_MODES = frozenset({HomeMode.AWAY, HomeMode.HOSPITAL})

# Presses and falls have a session of their own, hazards another: behind a burst of 60,000 other messages a press
# waited seconds on a shared session and milliseconds on its own.
SOS_KINDS = frozenset({DeviceKind.BUTTON, DeviceKind.FALL})
LIFE_KINDS = frozenset({DeviceKind.GAS, DeviceKind.SMOKE, DeviceKind.CO})


# Rooms every home has without naming them; their names in each language belong to the texts.
BUILT_IN_ROOMS = (
    "bedroom",
    "kitchen",
    "hall",
    "bathroom",
    "toilet",
    "living",
    "dining",
    "study",
    "balcony",
    "stairs",
    "yard",
    "corridor",
)

# A 12-digit statistical code is province 2, city 2, county 2, township 3, village 3 digits.
_AREA_CUTS = (0, 2, 4, 6, 9)


def area_stem(code: str) -> str:
    """Return what all areas below `code` begin with: the code without its trailing groups of zeros.

    Only whole groups count: village 620702207220 is not all villages 62070220722x.
    """
    return next((code[:cut] for cut in _AREA_CUTS if not code[cut:].strip("0")), code)


def joint_area(codes: Iterable[str]) -> str:
    """Return the smallest area that contains all of these; zeros, which is everywhere, of none."""
    known = sorted(codes)
    if not known:
        return "0" * 12
    first, last = known[0], known[-1]
    if first == last:
        return first
    cut = next(cut for cut in reversed(_AREA_CUTS) if first[:cut] == last[:cut])
    return first[:cut].ljust(12, "0")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be told. `phone` is E.164; `areas` are 12-digit codes, zeros at the end mean all below."""

    id: str
    name: str
    phone: str
    roles: frozenset[Role] = frozenset()
    areas: tuple[str, ...] = ()
    language: str | None = None

    def covers(self, area: str) -> bool:
        """Whether one of this person's areas is `area` or contains it."""
        return any(area.startswith(area_stem(own)) for own in self.areas)


@dataclass(frozen=True, slots=True)
class Resident:
    """Who lives in the home. `needs` are the codes of the configuration, e.g. `deaf`, `no_speech`; `phone` is E.164.

    `mobility`, `doctor` and `notes` are what helpers should know at the door, in plain words; `health` is what the
    resident lives with: shown only to roles that need it, on a click that is recorded (promise P10).
    """

    name: str
    born: int | None = None
    needs: frozenset[str] = frozenset()
    inactivity_after: timedelta = timedelta(hours=12)
    phone: str | None = None
    mobility: str | None = None
    doctor: str | None = None
    notes: str | None = None
    health: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A person in their role to this home."""

    person: str
    role: Role


@dataclass(frozen=True, slots=True)
class Device:
    """One configured device. `topic` is without the home's prefix; `home` is the home's id.

    `model`, `place` (where in the room), `installed_on` and `subsidy` (the number under which it was paid for) stand on
    the sheet that an installer leaves.
    """

    home: str
    id: str
    kind: DeviceKind
    topic: str
    role: DeviceRole | None = None
    room: str | None = None
    model: str | None = None
    place: str | None = None
    installed_on: date | None = None
    subsidy: str | None = None

    @property
    def is_life_safety(self) -> bool:
        """Whether people's lives hang on its messages: buttons, falls, gas, smoke, CO."""
        return self.kind in SOS_KINDS or self.kind in LIFE_KINDS or self.role is DeviceRole.SOS


@dataclass(frozen=True, slots=True)
class Home:
    """One home. `rooms` maps the home's own room ids to their names; built-in rooms are not listed.

    `access` says how a helper gets in, in the installer's own words. `mode` holds until `mode_until`; while nobody is
    at home `away_until` is the same instant. `tester` is the person whom a test of the home tells.
    """

    id: str
    area: str
    address: str
    prefix: str = ""
    away_until: datetime | None = None
    rooms: Mapping[str, str] = field(default_factory=dict)
    residents: tuple[Resident, ...] = ()
    contacts: tuple[Contact, ...] = ()
    devices: tuple[Device, ...] = ()
    access: str | None = None
    mode: HomeMode | None = None
    mode_until: datetime | None = None
    tester: str | None = None

    def mode_at(self, now: datetime) -> tuple[HomeMode, datetime] | None:
        """Return the mode that holds at `now`, and its end; None for a home as always."""
        if self.mode is not None and self.mode_until is not None and now < self.mode_until:
            return self.mode, self.mode_until
        if self.away_until is not None and now < self.away_until:
            return HomeMode.AWAY, self.away_until
        return None

    @property
    def who(self) -> str:
        """The name people are told: the resident's, of several the first, of none the address."""
        return self.residents[0].name if self.residents else self.address


@dataclass(frozen=True, slots=True)
class DeviceState:
    """The last word of a device about one kind: the hot state of the rules, one row each.

    `since` is when the state last changed, `at` when it was last said, `device_at` and `seq` as claimed then.
    `life_at` is the last sign of life it gave, `cleared_at` when it was last `clear`.
    For a device nobody configured `device_id` is its full topic, and `home_id` SITE if no home is known.
    """

    home_id: str
    device_id: str
    kind: str
    property: str
    state: str
    since: datetime
    at: datetime
    action: str | None = None
    device_at: datetime | None = None
    seq: int | None = None
    retained: bool = False
    life_at: datetime | None = None
    cleared_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did that belongs to no alert. `event` names it.

    `who` is a person's id, `@desk`, or `@account:<id>`; `area` is the home's at that time, so that a log of one area
    keeps what was done about homes that are gone.
    """

    at: datetime
    who: str
    event: str
    home_id: str | None = None
    detail: Mapping[str, str | int] = field(default_factory=dict)
    area: str | None = None


# The home that alerts about the site itself hang on: faults, and devices that no home owns.
SITE = "@site"


@dataclass(frozen=True)
class Registry:
    """All people, homes and areas of one site, with the look-ups that ingest, decisions and texts need."""

    people: Mapping[str, Person] = field(default_factory=dict)
    homes: Mapping[str, Home] = field(default_factory=dict)
    version: int = 0
    areas: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        people: Iterable[Person],
        homes: Iterable[Home],
        version: int = 0,
        areas: Mapping[str, str] | None = None,
    ) -> "Registry":
        """Build a registry from people and homes in any order; `areas` names 12-digit codes."""
        return cls({p.id: p for p in people}, {h.id: h for h in homes}, version, areas or {})

    def area_name(self, code: str) -> str:
        """Return what people call an area; its code if nobody said."""
        return self.areas.get(code, code)

    @cached_property
    def by_topic(self) -> Mapping[str, Device]:
        """Configured devices by full topic, the home's prefix included."""
        return {home.prefix + device.topic: device for home in self.homes.values() for device in home.devices}

    @cached_property
    def by_phone(self) -> Mapping[str, tuple[Person, ...]]:
        """People by E.164 number; a number may be shared."""
        found: dict[str, list[Person]] = {}
        for person in self.people.values():
            found.setdefault(person.phone, []).append(person)
        return {phone: tuple(people) for phone, people in found.items()}

    @cached_property
    def homes_by_prefix(self) -> Mapping[str, tuple[Home, ...]]:
        """Homes by MQTT topic prefix; several homes may share one gateway and so one prefix."""
        found: dict[str, list[Home]] = {}
        for home in self.homes.values():
            found.setdefault(home.prefix, []).append(home)
        return {prefix: tuple(homes) for prefix, homes in found.items()}

    @cached_property
    def homes_by_area(self) -> Mapping[str, tuple[Home, ...]]:
        """Homes by the code of their area."""
        found: dict[str, list[Home]] = {}
        for home in self.homes.values():
            found.setdefault(home.area, []).append(home)
        return {area: tuple(homes) for area, homes in found.items()}

    @cached_property
    def homes_below(self) -> Mapping[str, tuple[str, ...]]:
        """Ids of the homes that have devices on topics below each level; "" is above all."""
        found: dict[str, dict[str, None]] = {}
        for home in self.homes.values():
            for topic in {(home.prefix + device.topic).rpartition("/")[0] for device in home.devices}:
                levels = topic.split("/") if topic else []
                for n in range(len(levels) + 1):
                    found.setdefault("/".join(levels[:n]), {})[home.id] = None
        return {level: tuple(ids) for level, ids in found.items()}

    def ready(self) -> "Registry":
        """Make the look-ups that messages need, which take long on a large site; return itself."""
        for look_up in (self.by_topic, self.by_phone, self.homes_by_prefix, self.homes_by_area, self.homes_below):
            len(look_up)
        return self

    @cached_property
    def under_test(self) -> frozenset[str]:
        """Ids of the homes for which a test was begun and not ended, its time over or not."""
        return frozenset(home.id for home in self.homes.values() if home.mode is HomeMode.TEST)

    def device(self, home: str, device: str | None) -> Device | None:
        """Return one configured device, or None."""
        owner = self.homes.get(home)
        return next((d for d in owner.devices if d.id == device), None) if owner else None

    @cached_property
    def homes_of(self) -> Mapping[str, tuple[str, ...]]:
        """Ids of the homes whose contact a person is, by the person's id."""
        found: dict[str, list[str]] = {}
        for home in self.homes.values():
            for person in dict.fromkeys(contact.person for contact in home.contacts):
                found.setdefault(person, []).append(home.id)
        return {person: tuple(homes) for person, homes in found.items()}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """People's names by id."""
        return {person.id: person.name for person in self.people.values()}

    @cached_property
    def everybody(self) -> tuple[str, ...]:
        """Ids of all people who have a number."""
        return tuple(person.id for person in self.people.values() if person.phone)

    @cached_property
    def _staff(self) -> dict[tuple[Role, str | None], tuple[Person, ...]]:
        """Answers of `staff` so far: a site has few areas, and each open alert asks for its own."""
        return {}

    def staff(self, role: Role, area: str | None) -> tuple[Person, ...]:
        """People with `role` whose areas cover `area`; with area None, of the whole site."""
        known = self._staff.get((role, area))
        if known is None:
            # Without an area first: looking through a site's families once for each area would take minutes.
            of_role = self.staff(role, None) if area is not None else tuple(self.people.values())
            known = tuple(p for p in of_role if role in p.roles and (area is None or p.covers(area)))
            self._staff[role, area] = known
        return known
