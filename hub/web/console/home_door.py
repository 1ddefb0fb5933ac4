"""What to know before one stands at the door, in words: how to be understood, how to get in, whom to phone. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.accounts import Right, masked
from hub.homes import Home, Person, Registry, Resident, Role
from hub.web.console.visit import Visit
from hub.web.console.words import Words

Say = Callable[[Words], str]
# A need as it is called, and what it means for whoever answers.
_NEEDS: Mapping[str, tuple[str, Say, Say]] = {
    "deaf": (
        "ear",
        lambda w: w.say("Hard of hearing"),
        lambda w: w.say(
            "Speak slowly and loudly, let your face be seen; knock on the window. That nobody answers the phone says "
            "nothing."
        ),
    ),
    "no_speech": (
        "mute",
        lambda w: w.say("Cannot speak"),
        lambda w: w.say("A silent call is a call: go. Ask what can be answered with a nod."),
    ),
    "incapacitated": (
        "d-bed",
        lambda w: w.say("Cannot look after herself or himself"),
        lambda w: w.say("Nobody will open: take the key with you."),
    ),
    "severe_disability": (
        "man",
        lambda w: w.say("Severely disabled"),
        lambda w: w.say("To lift or carry takes two: ask a second person to come."),
    ),
}
_SHORT: Mapping[str, Say] = {
    "advanced_age": lambda w: w.say("Very old"),
    "incapacitated": lambda w: w.say("Incapacitated"),
    "severe_disability": lambda w: w.say("Severe disability"),
    "deaf": lambda w: w.say("Hearing"),
    "no_speech": lambda w: w.say("Speech"),
    "lives_with": lambda w: w.say("Lives with others"),
}
_ROLES: Mapping[Role, Say] = {
    Role.FAMILY: lambda w: w.say("Family"),
    Role.NEIGHBOUR: lambda w: w.say("Neighbour"),
    Role.RESIDENT: lambda w: w.say("Resident"),
    Role.STAFF: lambda w: w.say("Staff"),
    Role.SUPERVISOR: lambda w: w.say("Supervisor"),
    Role.VILLAGE: lambda w: w.say("Village staff"),
    Role.TOWNSHIP: lambda w: w.say("Township staff"),
    Role.COUNTY: lambda w: w.say("County staff"),
}


@dataclass(frozen=True, slots=True)
class Tip:
    """One thing that changes what a helper does."""

    icon: str
    head: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Who:
    """One resident: who, how old, what is recorded. `number` is masked; `key` names them in forms."""

    key: str
    name: str
    age: str
    short: tuple[str, ...]
    doctor: str
    number: str
    has_health: bool


@dataclass(frozen=True, slots=True)
class Near:
    """One contact, with a masked number. `dead`: the number takes neither calls nor texts."""

    key: str
    name: str
    role: str
    number: str
    dead: bool


@dataclass(frozen=True, slots=True)
class Door:
    """All of it. `helps`: the reader answers calls here, and so may know how to get in."""

    tips: tuple[Tip, ...]
    residents: tuple[Who, ...]
    contacts: tuple[Near, ...]
    helps: bool


def door(visit: Visit, home: Home, causes: Sequence[str]) -> Door:
    """Return what a visitor may know. How one gets in and moves is for whoever answers calls there."""
    helps = visit.may(Right.ACT, home.area)
    dead = {cause.partition(":")[2] for cause in causes if cause.startswith("number:")}
    people = [(c, visit.registry.people.get(c.person)) for c in home.contacts]
    return Door(
        _tips(home, visit.words, helps=helps),
        tuple(_who(n, one, visit.now, visit.words, helps=helps) for n, one in enumerate(home.residents)),
        tuple(_near(person, contact.role, dead, visit.words) for contact, person in people if person is not None),
        helps,
    )


def person_of(home: Home, registry: Registry, key: str) -> tuple[str, str] | None:
    """Return name and number of whom a form names: a contact's id, or `resident:<n>`; None if there is none."""
    kind, _, number = key.partition(":")
    if kind == "resident" and number.isdecimal() and int(number[:4]) < len(home.residents):
        resident = home.residents[int(number[:4])]
        return (resident.name, resident.phone) if resident.phone else None
    person = registry.people.get(key) if any(c.person == key for c in home.contacts) else None
    return (person.name, person.phone) if person is not None and person.phone else None


def resident_of(home: Home, key: str) -> Resident | None:
    """Return the resident whom a form names."""
    kind, _, number = key.partition(":")
    is_one = kind == "resident" and number.isdecimal() and int(number[:4]) < len(home.residents)
    return home.residents[int(number[:4])] if is_one else None


def _tips(home: Home, words: Words, *, helps: bool) -> tuple[Tip, ...]:
    needs = {need for resident in home.residents for need in resident.needs}
    found = [Tip(icon, head(words), text(words)) for need, (icon, head, text) in _NEEDS.items() if need in needs]
    if not helps:
        return tuple(found)
    if home.access:
        found.append(Tip("key", words.say("Way in"), home.access))
    for resident in home.residents:
        if resident.mobility:
            found.append(Tip("walk", words.say("Walking"), resident.mobility))
        if resident.notes:
            found.append(Tip("note", words.say("To know"), resident.notes))
    return tuple(found)


def _who(number: int, resident: Resident, now: datetime, words: Words, *, helps: bool) -> Who:
    age = ""
    if resident.born:
        years = now.astimezone(words.timezone).year - resident.born
        age = words.say("%(n)s years (born %(year)s)", n=years, year=resident.born)
    return Who(
        f"resident:{number}",
        resident.name,
        age,
        tuple(short(words) for need, short in _SHORT.items() if need in resident.needs),
        (resident.doctor or "") if helps else "",
        masked(resident.phone) if resident.phone else "",
        bool(resident.health),
    )


def _near(person: Person, role: Role, dead: set[str], words: Words) -> Near:
    return Near(person.id, person.name, _ROLES[role](words), masked(person.phone), person.id in dead)
