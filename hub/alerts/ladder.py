"""From a configured ladder to the people of one home: the same answer for the check at start and for an alert."""

from collections.abc import Iterable

from hub.alerts.policy import Ladder, Policy, Rung
from hub.homes import Home, Person, Registry, Role, area_stem

CONTACT_ROLES = frozenset({Role.FAMILY, Role.NEIGHBOUR, Role.RESIDENT})
LEVEL_ROLES = frozenset({Role.VILLAGE, Role.TOWNSHIP, Role.COUNTY})
_ROLES = {role.value: role for role in Role}


def resolve(policy: Policy, home: Home | None, registry: Registry) -> Ladder:
    """Return `policy` with its people for `home`; None is the site itself: its staff and supervisors.

    A rung may be empty: what an alert does with it is the alert's business. People without a number are left
    out; one person stands once on a rung, in the order of the words that name them, then of the configuration.
    """
    area = home.area if home else None
    rungs = tuple(Rung(_people(step.tell, home, registry), step.by, step.wait) for step in policy.steps)
    last = policy.steps[-1].wait
    staff = _ids(registry.staff(Role.STAFF, area)) or _ids(registry.staff(Role.STAFF, None))
    supervisors = _ids(registry.staff(Role.SUPERVISOR, area)) or staff
    repeat = last if policy.repeat is None else max(policy.repeat, last)
    return Ladder(rungs, repeat, policy.promise, staff, supervisors)


def area_level(code: str) -> Role:
    """Return the level an area code stands for: of a village, a township, or a county and above."""
    if code.endswith("000000"):
        return Role.COUNTY
    return Role.TOWNSHIP if code.endswith("000") else Role.VILLAGE


def _people(words: Iterable[str], home: Home | None, registry: Registry) -> tuple[str, ...]:
    """Return whom the words of one step mean, each once."""
    return tuple(dict.fromkeys(person for word in words for person in _named(word, home, registry)))


def _named(word: str, home: Home | None, registry: Registry) -> tuple[str, ...]:
    """Return whom one word means: a role, a level or a person's id."""
    area = home.area if home else None
    role = _ROLES.get(word)
    if role is None:
        person = registry.people.get(word)
        return _ids([person]) if person else ()
    if role in CONTACT_ROLES:
        contacts = [contact for contact in home.contacts if contact.role is role] if home else []
        return _ids(registry.people[c.person] for c in contacts if c.person in registry.people)
    if role in LEVEL_ROLES:
        of_level = [p for p in registry.staff(Role.STAFF, area) if _stands_at(p, role, area)]
        return _ids([*registry.staff(role, area), *of_level])
    return _ids(registry.staff(role, area))


def _stands_at(person: Person, level: Role, area: str | None) -> bool:
    """Whether one of the person's areas that cover `area` is of this level."""
    return any(area_level(own) is level and (area is None or _contains(own, area)) for own in person.areas)


def _contains(outer: str, area: str) -> bool:
    return area.startswith(area_stem(outer))


def _ids(people: Iterable[Person]) -> tuple[str, ...]:
    return tuple(person.id for person in people if person.phone)
