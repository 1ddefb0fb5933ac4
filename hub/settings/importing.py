"""A spreadsheet of homes against what the database holds: what would be new, changed, wrong. Nothing is written."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from devices.dialects import build
from hub.clock import Clock
from hub.homes import Device, Home, Person, Registry, Resident
from hub.settings.editing import unreached
from hub.settings.fault import Fault, Report, Wrong
from hub.settings.form_sections import comparable, new_id
from hub.settings.homes_entries import Scope
from hub.settings.homes_file import Beside, HomesDraft, Source, read_homes
from hub.settings.hub_settings import HubSettings
from hub.settings.sections import device_section, home_section, items, person_section, resident_section, section
from hub.settings.sentences import as_it_is
from hub.settings.sheet import read_sheets, write_csv, write_xlsx
from hub.settings.sheet_columns import (
    COLUMNS,
    DEVICE_COLUMNS,
    EXAMPLE,
    HOME_COLUMNS,
    HOME_ID,
    MOST_CONTACTS,
    MOST_RESIDENTS,
    ROOMS,
    SHEETS,
    Column,
    plain,
)
from hub.settings.sheet_rows import Gathering, HomeRows, Value
from hub.settings.tree import Section
from hub.web.console.ports import Proposal

_ROOM_CODES = {plain(word): code for code, words in ROOMS.items() for word in (code, *words)}


@dataclass(frozen=True)
class SheetImporter:
    """What `hub.web.console.ports.Importer` promises."""

    settings: Callable[[], HubSettings]
    clock: Clock

    def read(self, name: str, data: bytes, registry: Registry, may: Callable[[str], bool], language: str) -> Proposal:
        """Return what the file would change, or all that is wrong with it."""
        gathering = Gathering(language)
        try:
            gathering.take(read_sheets(name, data))
        except Wrong as wrong:
            return Proposal((Fault("", None, wrong.sentence, wrong.facts).text(language),))
        settings = self.settings()
        scope = Scope(settings.timezone, build(settings.dialects), self.clock.now().year)
        builder = _Builder(gathering, registry, scope)
        for rows in gathering.homes.values():
            if not rows.spoiled:
                builder.home(rows, may)
        draft, report = builder.read()
        faults = [*gathering.faults, *report.faults]
        if not faults:
            after = _after(registry, draft)
            places = {id: rows.place for id, rows in gathering.homes.items()}
            lost = unreached(settings, after, [id for id in draft.homes if after.homes[id] != registry.homes.get(id)])
            faults = [replace(fault, path=places[id]) for id, fault in lost.items()]
        if faults:
            return Proposal(gathering.said(faults))
        return _proposal(registry, draft, builder.areas, gathering.said(report.warnings))

    def template(self, language: str, *, csv: bool = False) -> bytes:
        """Return an empty spreadsheet with its header, an example and what is allowed."""
        if csv:
            return write_csv([[c.name(language) for c in COLUMNS], [_example(c, language) for c in COLUMNS]])
        homes, devices, help = SHEETS["zh-CN" if language.startswith("zh") else "en"]
        device_columns = (HOME_ID, *DEVICE_COLUMNS)
        table = [[c.name(language) for c in HOME_COLUMNS], [_example(c, language) for c in HOME_COLUMNS]]
        second = [[c.name(language) for c in device_columns], [_example(c, language) for c in device_columns]]
        heads = ("工作表", "列", "怎么填") if language.startswith("zh") else ("Sheet", "Column", "What to write")
        words = [
            [sheet, column.name(language), column.help(language)]
            for sheet, columns in ((homes, HOME_COLUMNS), (devices, DEVICE_COLUMNS))
            for column in columns
        ]
        return write_xlsx([(homes, table), (devices, second), (help, [list(heads), *words])])


def _example(column: Column, language: str) -> str:
    return EXAMPLE.get((column.of, column.key), ("", ""))[0 if language.startswith("zh") else 1]


def _after(registry: Registry, draft: HomesDraft) -> Registry:
    """Return people and homes as they would be; what holds for some days stays."""
    homes = dict(registry.homes)
    for id, home in draft.homes.items():
        known = registry.homes.get(id)
        if known is not None:
            home = replace(home, mode=known.mode, mode_until=known.mode_until, tester=known.tester)
        homes[id] = home
    return replace(registry, people={**registry.people, **draft.people}, homes=homes)


def _proposal(registry: Registry, draft: HomesDraft, areas: Mapping[str, str], warnings: tuple[str, ...]) -> Proposal:
    after = _after(registry, draft)
    homes = [after.homes[id] for id in draft.homes if after.homes[id] != registry.homes.get(id)]
    return Proposal(
        warnings=warnings,
        new=tuple(home.id for home in homes if home.id not in registry.homes),
        changed=tuple(home.id for home in homes if home.id in registry.homes),
        unchanged=len(draft.homes) - len(homes),
        devices=sum(len(_new_devices(home, registry.homes.get(home.id))) for home in homes),
        people=tuple(person for id, person in draft.people.items() if person != registry.people.get(id)),
        homes=tuple(homes),
        areas={code: name for code, name in areas.items() if registry.areas.get(code) != name},
        version=registry.version,
    )


def _new_devices(home: Home, known: Home | None) -> set[str]:
    return {device.id for device in home.devices} - ({device.id for device in known.devices} if known else set())


class _Builder:
    """Turns gathered rows into the sections that files would hold, over what is known already."""

    def __init__(self, gathering: Gathering, registry: Registry, scope: Scope) -> None:
        self.areas: dict[str, str] = {}
        self._gathering = gathering
        self._registry = registry
        self._scope = scope
        self._homes: list[Section] = []
        self._people: dict[str, Section] = {}

    def read(self) -> tuple[HomesDraft, Report]:
        """Check all as a file is checked."""
        tree = section({"people": items(self._people.values(), ""), "homes": items(self._homes, "")}, "")
        beside = Beside(self._registry, people=self._people.keys(), homes=self._gathering.homes.keys())
        report = Report("")
        return read_homes([Source(tree, report)], self._scope, beside), report

    def home(self, rows: HomeRows, may: Callable[[str], bool]) -> None:
        """Take one home: what the sheet says of it, over what is known; nothing that it leaves out goes."""
        known, said = self._registry.homes.get(rows.id), rows.of("home")
        self._check_place(rows, known, said, may)
        tree = home_section(known, rows.place) if known else section({"id": rows.id}, rows.place)
        _overlay(tree, {key: value for key, value in said.items() if key != "id"})
        named = rows.of("area").get("name")
        if named is not None and "area" in said:
            self._name(said["area"].text, named)
        tree["residents"] = items(self._residents(rows, known), rows.place)
        tree["contacts"] = items(self._contacts(rows, known, may), rows.place)
        rooms = dict(known.rooms) if known else {}
        tree["devices"] = items(self._devices(rows, known, rooms), rows.place)
        tree["rooms"] = section(rooms, rows.place)
        self._homes.append(tree)

    def _check_place(
        self, rows: HomeRows, known: Home | None, said: Mapping[str, Value], may: Callable[[str], bool]
    ) -> None:
        """Refuse areas of others, and an id that another home has."""
        areas = [(said["area"].text, said["area"].place)] if "area" in said else []
        for code, place in [*areas, *([(known.area, rows.place)] if known else [])]:
            if code.isdigit() and not may(code):
                self._gathering.fault(place, "row_area", value=self._registry.area_name(code))
                return
        if known is None or "address" not in said or plain(said["address"].text) == plain(known.address):
            return
        names = {value.text for n in range(1, MOST_RESIDENTS + 1) if (value := rows.of(f"resident{n}").get("name"))}
        if names and known.residents and names.isdisjoint(one.name for one in known.residents):
            self._gathering.fault(rows.place, "row_other_home", home=rows.id)

    def _name(self, code: str, named: Value) -> None:
        if self.areas.setdefault(code, named.text) != named.text:
            self._gathering.fault(named.place, "row_differs", value=named.text, other=code, was=self.areas[code])

    # --- who lives there, whom to tell

    def _residents(self, rows: HomeRows, known: Home | None) -> list[Section]:
        each: list[Resident | Section] = list(known.residents) if known else []
        for number in range(1, MOST_RESIDENTS + 1):
            if not (said := rows.of(f"resident{number}")):
                continue
            names = [one.name if isinstance(one, Resident) else "" for one in each]
            name = said["name"].text if "name" in said else (names[0] if len(names) == 1 else "")
            at = names.index(name) if name in names else len(each)
            one = each[at] if at < len(each) else None
            made = resident_section(one, rows.place) if isinstance(one, Resident) else section({}, rows.place)
            hours = said.get("inactivity_after")
            if hours is not None and hours.text.isdigit():
                said["inactivity_after"] = replace(hours, text=f"{hours.text}h")
            _overlay(made, said)
            if not name:
                self._gathering.fault(next(iter(said.values())).place, "cell_missing")
            each[at : at + 1] = [made]
        return [resident_section(one, rows.place) if isinstance(one, Resident) else one for one in each]

    def _contacts(self, rows: HomeRows, known: Home | None, may: Callable[[str], bool]) -> list[Section]:
        each = {(contact.person, contact.role.value): rows.place for contact in known.contacts} if known else {}
        for number in range(1, MOST_CONTACTS + 1):
            said = rows.of(f"contact{number}")
            if not said:
                continue
            if "name" not in said:
                self._gathering.fault(next(iter(said.values())).place, "cell_missing")
                continue
            person = self._person(said, known, may)
            if person is None:
                self._gathering.fault(said["name"].place, "cell_missing_phone", name=said["name"].text)
                continue
            role = said["role"].text if "role" in said else self._role(person, known)
            each.setdefault((person, role), said["name"].place)
        return [section({"person": person, "role": role}, place) for (person, role), place in each.items()]

    @staticmethod
    def _role(person: str, known: Home | None) -> str:
        """Return what they are to this home already; somebody new is family, if nothing is said."""
        return next((c.role.value for c in known.contacts if c.person == person) if known else iter(()), "family")

    def _person(self, said: Mapping[str, Value], home: Home | None, may: Callable[[str], bool]) -> str | None:
        """Return the id of who is meant: this home's contact of that name, else whoever has name and number.

        None: somebody new without a number.
        """
        name, phone = said["name"].text, said.get("phone")
        number = comparable(phone.text, chinese=self._scope.is_chinese) if phone else ""
        people = self._registry.people
        ids = [contact.person for contact in home.contacts] if home else []
        known = next((people[id] for id in ids if id in people and people[id].name == name), None)
        if known is None:
            known = next((one for one in self._registry.by_phone.get(number, ()) if one.name == name), None)
        if known is not None and (phone is None or known.phone == number):
            return known.id
        if phone is None:
            return None
        if known is not None and not all(map(may, self._areas_of(known))):
            # Others rely on the number as well: a wrong one would send their calls for help astray.
            self._gathering.fault(phone.place, "row_person", name=name)
            return known.id
        id = known.id if known else new_id("p", name, number)
        self._write_person(id, known, said)
        return id

    def _areas_of(self, person: Person) -> list[str]:
        """Return the areas that a person covers, and those of the homes that they are a contact of."""
        homes = self._registry.homes
        return [*person.areas, *(homes[id].area for id in self._registry.homes_of.get(person.id, ()))]

    def _write_person(self, id: str, known: Person | None, said: Mapping[str, Value]) -> None:
        place = said["name"].place
        made = person_section(known, place) if known else section({"id": id}, place)
        _overlay(made, {key: said[key] for key in ("name", "phone")})
        if known is None:
            made["roles"] = items([said["role"].text if "role" in said else "family"], place)
        before = self._people.setdefault(id, made)
        numbers = {comparable(each["phone"], chinese=self._scope.is_chinese) for each in (before, made)}
        if len(numbers) > 1:
            other, was = as_it_is(str(before.place("phone"))), before["phone"]
            self._gathering.fault(said["phone"].place, "row_differs", value=said["phone"].text, other=other, was=was)

    # --- devices

    def _devices(self, rows: HomeRows, known: Home | None, rooms: dict[str, str]) -> list[Section]:
        each: list[Device | Section] = list(known.devices) if known else []
        for said in rows.devices:
            at = next((n for n, one in enumerate(each) if isinstance(one, Device) and _is_meant(one, said)), len(each))
            one = each[at] if at < len(each) else None
            place = next(iter(said.values())).place
            made = device_section(one, place) if isinstance(one, Device) else section({}, place)
            if "room" in said:
                said = {**said, "room": replace(said["room"], text=_room(said["room"].text, rooms))}
            _overlay(made, said)
            if "id" not in made and "topic" in made:
                made["id"] = new_id("d", rows.id, made["topic"])
            each[at : at + 1] = [made]
        return [device_section(one, rows.place) if isinstance(one, Device) else one for one in each]


def _is_meant(device: Device, said: Mapping[str, Value]) -> bool:
    if "id" in said:
        return said["id"].text == device.id
    return "topic" in said and said["topic"].text == device.topic


def _room(text: str, rooms: dict[str, str]) -> str:
    """Return the room's id: a built-in one, the home's own by id or name, else a new one of that name."""
    if (code := _ROOM_CODES.get(plain(text))) is not None:
        return code
    own = next((id for id, name in rooms.items() if text in (id, name)), None)
    if own is None:
        own = next(id for n in range(1, 1000) if (id := f"room-{n}") not in rooms)
        rooms[own] = text
    return own


def _overlay(made: Section, said: Mapping[str, Value]) -> None:
    """Write what the sheet says over what is known, each with its place."""
    for key, value in said.items():
        made[key] = items(value.words, value.place) if value.words else value.text
        made.lines[key] = value.place


def changes(proposal: Proposal, registry: Registry) -> Iterable[str]:
    """Return what would change as lines like those of `apply`."""
    from hub.settings.difference import difference

    people = {**registry.people, **{person.id: person for person in proposal.people}}
    homes = {**registry.homes, **{home.id: home for home in proposal.homes}}
    after = Registry(people, homes, registry.version, {**registry.areas, **proposal.areas})
    return difference(registry, registry, after).lines()
