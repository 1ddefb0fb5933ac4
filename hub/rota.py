"""Who of the staff answers now. Without a rota all staff of an area are on duty."""

from collections.abc import Sequence

from hub.homes import Person, Registry, Role, area_stem

STAFF = frozenset({Role.STAFF, Role.VILLAGE, Role.TOWNSHIP, Role.COUNTY})


def on_duty(registry: Registry, areas: Sequence[str]) -> tuple[Person, ...]:
    """Return the staff of these areas and of those below and above them, who is nearest first.

    `areas` are 12-digit codes, zeros at the end mean all below. People without a number cannot be called.
    """
    staff = {p.id: p for role in STAFF for p in registry.staff(role, None)}
    found = [p for p in staff.values() if p.phone and _touches(p, areas)]
    return tuple(sorted(found, key=lambda person: (-_nearness(person), person.name, person.id)))


def supervisors(registry: Registry, areas: Sequence[str]) -> tuple[Person, ...]:
    """Return who is asked when none of the staff can: those whose areas contain one of `areas`."""
    found = registry.staff(Role.SUPERVISOR, None)
    return tuple(p for p in found if p.phone and any(p.covers(area) for area in areas))


def _touches(person: Person, areas: Sequence[str]) -> bool:
    """Whether one of the person's areas contains one of these, or lies in one."""
    return any(person.covers(area) or any(own.startswith(area_stem(area)) for own in person.areas) for area in areas)


def _nearness(person: Person) -> int:
    return max((len(area_stem(own)) for own in person.areas), default=0)
