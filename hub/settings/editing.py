"""Reads the forms of people, homes and devices: the checks and sentences are those of `check-config`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from devices.dialects import build
from hub.clock import Clock
from hub.homes import Home, Person, Registry
from hub.settings.fault import Fault, Report
from hub.settings.form_sections import contact_typed, home_typed, part_typed, person_typed, without_part
from hub.settings.homes_entries import Scope
from hub.settings.homes_file import Beside, HomesDraft, Source, read_homes
from hub.settings.hub_settings import HubSettings
from hub.settings.policies import PoliciesDraft
from hub.settings.reach import check_reach
from hub.settings.sections import home_section, items, section
from hub.settings.tree import Section
from hub.web.console.ports import Complaint, Part, Read

# Of a mistake that meets thousands of homes a page shows a few.
_MOST_SHOWN = 5


@dataclass(frozen=True)
class FormEditor:
    """What `hub.web.console.ports.Editor` promises; `settings` are asked for each time, they may be reloaded."""

    settings: Callable[[], HubSettings]
    clock: Clock

    def person(
        self, registry: Registry, known: Person | None, values: Mapping[str, str], language: str
    ) -> Read[Person]:
        """Return the person as the form says; the homes that relied on them must still reach somebody."""
        scope = self.scope()
        beside = Beside(registry, people=frozenset((known.id,)) if known else frozenset())
        draft, report = read([person_typed(known, values, chinese=scope.is_chinese)], [], scope, beside)
        person = next(iter(draft.people.values()), None)
        faults = _complaints(report.faults, values, language)
        if person is None or faults:
            return Read(None, faults)
        if known is not None:
            after = replace(registry, people={**registry.people, known.id: person})
            faults = self._lost(registry, after, served(registry, known), language)
        return Read(None if faults else person, faults, _complaints(report.warnings, values, language))

    def home(
        self, registry: Registry, known: Home | None, part: Part, key: str, values: Mapping[str, str], language: str
    ) -> Read[Home]:
        """Return the home with one part as the form says."""
        scope, fresh = self.scope(), list[Section]()
        if part is Part.HOME:
            tree = home_typed(known, values)
        elif known is None:
            raise LookupError(key)
        elif part is Part.CONTACT:
            tree, fresh = contact_typed(registry, known, key, values, chinese=scope.is_chinese)
        else:
            tree = part_typed(known, part, key, values)
        return self._home(registry, known, tree, fresh, values, language)

    def left_out(self, registry: Registry, known: Home, part: Part, key: str, language: str) -> Read[Home]:
        """Return the home without one resident, contact, room or device, if it can do without."""
        less = without_part(known, part, key)
        return self._home(registry, known, home_section(less, known.id), [], {}, language)

    def without_person(self, registry: Registry, person: Person, language: str) -> tuple[Complaint, ...]:
        """Return what is wrong with removing a person: homes whose contact they are, homes that would reach nobody."""
        if homes := registry.homes_of.get(person.id):
            fault = Fault("", None, "still_contact", {"person": person.name, "homes": homes})
            return (Complaint("", fault.text(language)),)
        after = replace(registry, people={id: each for id, each in registry.people.items() if id != person.id})
        return self._lost(registry, after, served(registry, person), language)

    def scope(self) -> Scope:
        """Return what values of homes are checked against, as the hub is configured now."""
        settings = self.settings()
        return Scope(settings.timezone, build(settings.dialects), self.clock.now().year)

    def _home(
        self,
        registry: Registry,
        known: Home | None,
        tree: Section,
        fresh: Sequence[Section],
        values: Mapping[str, str],
        language: str,
    ) -> Read[Home]:
        beside = Beside(registry, homes=frozenset((known.id,)) if known else frozenset())
        draft, report = read(fresh, [tree], self.scope(), beside)
        home = next(iter(draft.homes.values()), None)
        faults = _complaints(report.faults, values, language)
        if home is None or faults:
            return Read(None, faults)
        if known is not None:  # no file says what holds for some days
            home = replace(home, mode=known.mode, mode_until=known.mode_until, tester=known.tester)
        people = {**registry.people, **draft.people}
        after = replace(registry, people=people, homes={**registry.homes, home.id: home})
        warnings = _complaints(report.warnings, values, language)
        if known is None:  # it has no contacts yet, and perhaps no staff: said, and mended next
            warnings += self._lost(Registry(), after, [home.id], language)
        else:
            faults = self._lost(registry, after, [home.id], language)
        return Read(None if faults else home, faults, warnings, tuple(draft.people.values()))

    def _lost(self, before: Registry, after: Registry, homes: Sequence[str], language: str) -> tuple[Complaint, ...]:
        """Return which of these homes an emergency of would reach nobody afterwards; those that never did are left."""
        lost = unreached(self.settings(), after, homes)
        already = unreached(self.settings(), before, list(lost))
        found = [fault for home, fault in lost.items() if home not in already]
        return tuple(Complaint("", fault.text(language)) for fault in found[:_MOST_SHOWN])


def read(
    people: Iterable[Section], homes: Iterable[Section], scope: Scope, beside: Beside
) -> tuple[HomesDraft, Report]:
    """Read sections as a file of people and homes is read."""
    tree = section({"people": items(people, ""), "homes": items(homes, "")}, "")
    report = Report("")
    return read_homes([Source(tree, report)], scope, beside), report


def unreached(settings: HubSettings, registry: Registry, homes: Iterable[str]) -> dict[str, Fault]:
    """Return which of these homes reach nobody in an emergency, with the sentence that says so."""
    draft, report = HomesDraft(dict(registry.people)), Report("")
    for id in homes:
        if (home := registry.homes.get(id)) is not None:
            draft.homes[id] = home
            draft.places[id] = (report, id)
            draft.sound.add(id)
    steps = [(severity, n) for severity, policy in settings.policies.items() for n in range(len(policy.steps))]
    ladders = PoliciesDraft(dict(settings.policies), dict.fromkeys(steps, ""))
    check_reach(draft, ladders, settings.channels, Report(""), "")
    return {fault.path: fault for fault in report.faults}


def served(registry: Registry, person: Person) -> list[str]:
    """Return the homes that may rely on this person: as a contact, or by area."""
    covered = [home.id for area, homes in registry.homes_by_area.items() if person.covers(area) for home in homes]
    return list(dict.fromkeys((*registry.homes_of.get(person.id, ()), *covered)))


def _complaints(faults: Iterable[Fault], values: Mapping[str, str], language: str) -> tuple[Complaint, ...]:
    """Return faults beside the fields they are about; what no field of the form says stands above it."""
    return tuple(Complaint(f.path if _is_field(f.path, values) else "", f.text(language)) for f in faults)


def _is_field(place: str, values: Mapping[str, str]) -> bool:
    """Whether a form has this field; words to tick are a field of many boxes, of which none need be sent."""
    return place in values or place in ("roles", "needs")
