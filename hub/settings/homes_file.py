"""homes*.yaml to people and homes: all files together, all mistakes at once."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from hub.homes import Contact, Device, DeviceKind, DeviceRole, Home, Person, Registry, Resident, Role
from hub.settings.entry import (
    NO_SUBJECT,
    as_items,
    as_section,
    read_entry,
    report_unknown_key,
    subject,
)
from hub.settings.fault import Place, Report, Wrong
from hub.settings.fields import area, identifier, text
from hub.settings.homes_entries import (
    ContactEntry,
    DeviceEntry,
    HomeEntry,
    HomeScope,
    PersonEntry,
    ResidentEntry,
    Scope,
    rooms_of,
)
from hub.settings.numbers import is_in_known_range
from hub.settings.sentences import THE_DATABASE, Phrase, as_it_is
from hub.settings.tree import Items, Section

_KEYS = ["people", "homes", "areas"]
_LONGEST_ROOM_NAME, _LONGEST_AREA_NAME = 20, 40
_ROLES_WITH_AREAS = (Role.STAFF, Role.SUPERVISOR, Role.VILLAGE, Role.TOWNSHIP, Role.COUNTY)


@dataclass(frozen=True, slots=True)
class Source:
    """One file that could be parsed."""

    tree: Section
    report: Report


@dataclass
class HomesDraft:
    """What the files say, as far as it could be read. `sound` are ids of homes without any mistake."""

    people: dict[str, Person] = field(default_factory=dict)
    homes: dict[str, Home] = field(default_factory=dict)
    areas: dict[str, str] = field(default_factory=dict)
    sound: set[str] = field(default_factory=set)
    places: dict[str, tuple[Report, Place]] = field(default_factory=dict)


@dataclass(frozen=True)
class Beside:
    """What the database holds beside what is read: ids and topics that are taken, people that may be contacts.

    `people` and `homes` are those that are read anew: what they say now counts no more.
    """

    registry: Registry = field(default_factory=Registry)
    people: Collection[str] = frozenset()
    homes: Collection[str] = frozenset()

    def has_person(self, id: str) -> bool:
        """Whether this person stays as the database has them."""
        return id in self.registry.people and id not in self.people

    def has_home(self, id: str) -> bool:
        """Whether this home stays as the database has it."""
        return id in self.registry.homes and id not in self.homes

    def owner(self, topic: str) -> Device | None:
        """Return whose full topic this is, and stays."""
        device = self.registry.by_topic.get(topic)
        return device if device is not None and device.home not in self.homes else None


def read_homes(sources: Sequence[Source], scope: Scope, beside: Beside | None = None) -> HomesDraft:
    """Read all files together: a contact may be in another file than its home."""
    draft = HomesDraft()
    for source in sources:
        for key in source.tree:
            if key not in _KEYS:
                report_unknown_key(source.report, source.tree.place(key), NO_SUBJECT, key, _KEYS)
    reader = _Reader(scope, draft, beside or Beside())
    for source in sources:
        reader.areas(source)
        reader.people(source)
    for source in sources:
        reader.homes(source)
    return draft


class _Reader:
    """Reads files one after the other and remembers what earlier ones took."""

    def __init__(self, scope: Scope, draft: HomesDraft, beside: Beside) -> None:
        self._scope = scope
        self._draft = draft
        self._beside = beside
        self._areas_at: dict[str, str] = {}
        self._people_at: dict[str, str] = {}
        self._homes_at: dict[str, str] = {}
        self._topics_at: dict[str, tuple[str, str, str]] = {}

    def areas(self, source: Source) -> None:
        """Read what people call the areas: code to name."""
        tree, report = source.tree, source.report
        section = as_section(tree.get("areas"), tree.place("areas"), report, NO_SUBJECT, "areas")
        for key, value in section.items():
            place, about = section.place(key), subject("area", "区划", key[:64])
            if key in self._areas_at:
                other = as_it_is(self._areas_at[key])
                report.fault(place, "area_name_twice", value=key, other=other)
                continue
            self._areas_at[key] = report.where(place)
            try:
                self._draft.areas[area(key)] = text(value, _LONGEST_AREA_NAME)
            except Wrong as wrong:
                report.fault(place, wrong.sentence, **{"subject": about, "key": f"areas.{key[:64]}", **wrong.facts})

    def people(self, source: Source) -> None:
        for section, number in _sections(source, "people"):
            about = _subject("person", "人员", section, "id", number)
            facts = {"person": _raw(section, "id", number), "name": _raw(section, "name", number)}
            entry, _ = read_entry(PersonEntry, section, source.report, about, self._scope, facts)
            if not entry.id:
                continue
            if self._is_taken(self._people_at, entry.id, section, source.report, about):
                continue
            if self._beside.has_person(entry.id):
                source.report.fault(section.place("id"), "duplicate_id", subject=about, other=THE_DATABASE)
            self._warn(entry, section, source.report, about)
            roles = frozenset(Role(role) for role in entry.roles)
            # A person with a mistake still counts as somebody who can be told: one mistake, one sentence.
            self._draft.people[entry.id] = Person(
                entry.id, entry.name, entry.phone or "?", roles, tuple(dict.fromkeys(entry.areas)), entry.language
            )

    def _warn(self, entry: PersonEntry, section: Section, report: Report, about: Phrase) -> None:
        if entry.phone and not is_in_known_range(entry.phone):
            report.warn(section.place("phone"), "phone_range", value=entry.phone, person=entry.id, name=entry.name)
        role = next((role for role in _ROLES_WITH_AREAS if role in entry.roles), None)
        if role and not section.get("areas"):
            report.warn(section.place("roles"), "no_area", subject=about, role=role)

    def homes(self, source: Source) -> None:
        people = frozenset((*self._people_at, *self._beside.registry.people))
        for section, number in _sections(source, "homes"):
            report = source.report
            before = len(report.faults)
            about = _subject("home", "家庭", section, "id", number)
            entry, _ = read_entry(HomeEntry, section, report, about, self._scope)
            if entry.id and self._is_taken(self._homes_at, entry.id, section, report, about):
                continue
            if self._beside.has_home(entry.id):
                report.fault(section.place("id"), "duplicate_id", subject=about, other=THE_DATABASE)
            rooms = _rooms(section, report, about)
            name = entry.id or _raw(section, "id", number)
            inner = HomeScope(self._scope, name, rooms_of(tuple(rooms)), people)
            home = Home(
                entry.id,
                entry.area,
                entry.address,
                entry.prefix,
                entry.away_until,
                rooms,
                tuple(self._residents(section, report, name)),
                tuple(self._contacts(section, report, inner)),
                tuple(self._devices(section, report, inner, entry)),
                entry.access,
            )
            if entry.id:
                self._draft.homes[entry.id] = home
                self._draft.places[entry.id] = (report, section.place("id"))
                if len(report.faults) == before:
                    self._draft.sound.add(entry.id)

    def _residents(self, home: Section, report: Report, name: str) -> Iterator[Resident]:
        for section, number in _listed(home, "residents", report, name):
            about = subject("resident", "住户", f"{number} ({name})")
            who = _raw(section, "name", number)
            entry, _ = read_entry(ResidentEntry, section, report, about, self._scope, {"person": who, "name": who})
            if entry.phone and not is_in_known_range(entry.phone):
                report.warn(section.place("phone"), "phone_range", value=entry.phone, person=who, name=who)
            yield Resident(
                *(entry.name, entry.born, frozenset(entry.needs), entry.inactivity_after, entry.phone),
                *(entry.mobility, entry.doctor, entry.notes, entry.health),
            )

    def _contacts(self, home: Section, report: Report, scope: HomeScope) -> Iterator[Contact]:
        seen: set[tuple[str, str]] = set()
        for section, _ in _listed(home, "contacts", report, scope.home):
            about = subject("home", "家庭", scope.home)
            entry, sound = read_entry(ContactEntry, section, report, about, scope)
            if not sound:
                continue
            if (entry.person, entry.role) in seen:
                facts = {"person": entry.person, "role": entry.role}
                report.fault(section.line, "duplicate_contact", subject=about, **facts)
                continue
            seen.add((entry.person, entry.role))
            yield Contact(entry.person, Role(entry.role))

    def _devices(self, home: Section, report: Report, scope: HomeScope, owner: HomeEntry) -> Iterator[Device]:
        seen: dict[str, str] = {}
        has_prefix = owner.prefix or not home.get("prefix")
        for section, number in _listed(home, "devices", report, scope.home):
            about = _subject("device", "设备", section, "id", number)
            entry, sound = read_entry(DeviceEntry, section, report, about, scope)
            if entry.id:
                self._is_taken(seen, entry.id, section, report, about)
            if entry.topic and has_prefix:
                self._claim(owner.prefix + entry.topic, entry, section, report, scope.home)
            if sound:
                role = DeviceRole(entry.role) if entry.role else None
                yield Device(
                    *(owner.id, entry.id, DeviceKind(entry.kind), entry.topic, role, entry.room),
                    *(entry.model, entry.place, entry.installed_on, entry.subsidy),
                )

    def _claim(self, full: str, entry: DeviceEntry, section: Section, report: Report, home: str) -> None:
        """Note whose topic this is; one message cannot speak for two devices."""
        place = section.place("topic")
        about = subject("device", "设备", entry.id or "?")
        if full in self._topics_at:
            device, owner, where = self._topics_at[full]
            facts = {"value": full, "device": device, "home": owner}
            report.fault(place, "duplicate_topic", subject=about, other=as_it_is(where), **facts)
        elif other := self._beside.owner(full):
            facts = {"value": full, "device": other.id, "home": other.home}
            report.fault(place, "duplicate_topic", subject=about, other=THE_DATABASE, **facts)
        else:
            self._topics_at[full] = (entry.id or "?", home, report.where(place))

    def _is_taken(self, seen: dict[str, str], name: str, section: Section, report: Report, about: Phrase) -> bool:
        """Report an id that stands twice, with both places; note one that is new."""
        place = section.place("id")
        if name in seen:
            report.fault(place, "duplicate_id", subject=about, other=as_it_is(seen[name]))
            return True
        seen[name] = report.where(place)
        return False


def _rooms(home: Section, report: Report, about: Phrase) -> dict[str, str]:
    """Read a home's own rooms: id to name."""
    section = as_section(home.get("rooms"), home.place("rooms"), report, about, "rooms")
    rooms: dict[str, str] = {}
    for key, value in section.items():
        try:
            rooms[identifier(key)] = text(value, _LONGEST_ROOM_NAME)
        except Wrong as wrong:
            report.fault(section.place(key), wrong.sentence, **{"subject": about, "key": f"rooms.{key}", **wrong.facts})
            rooms[key] = key  # so that its devices are not told off a second time
    return rooms


def _sections(source: Source, key: str) -> Iterator[tuple[Section, int]]:
    """Give the sections of a list at the top of a file, numbered from 1."""
    items = as_items(source.tree.get(key), source.tree.place(key), source.report, NO_SUBJECT, key)
    return _each(items, source.report, key)


def _listed(home: Section, key: str, report: Report, name: str) -> Iterator[tuple[Section, int]]:
    """Give the sections of a list inside a home."""
    about = subject("home", "家庭", name)
    return _each(as_items(home.get(key), home.place(key), report, about, key), report, key)


def _each(items: Items, report: Report, key: str) -> Iterator[tuple[Section, int]]:
    for number, item in enumerate(items, start=1):
        place = items.place(number - 1)
        if isinstance(item, Section):
            yield item, number
        else:
            report.fault(place, "not_section", subject=NO_SUBJECT, key=f"{key} {number}")


def _raw(section: Section, key: str, number: int) -> str:
    """Return a key as it was written, or the item's number in its list."""
    value = section.get(key)
    return str(value) if isinstance(value, str) and value else str(number)


def _subject(english: str, chinese: str, section: Section, key: str, number: int) -> Phrase:
    return subject(english, chinese, _raw(section, key, number)[:64])
