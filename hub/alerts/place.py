"""Whose business an alert is: the area it belongs to, and who could take it over."""

from hub.alerts.alert import Alert, Stage
from hub.homes import SITE, Person, Registry, Role

# The code above all areas: whose home is gone is known to those alone who may see all.
_EVERYWHERE = "000000000000"
_STAFF = (Role.STAFF, Role.VILLAGE, Role.TOWNSHIP, Role.COUNTY, Role.SUPERVISOR)


def area_of(alert: Alert, registry: Registry) -> str | None:
    """Return the code of the area an alert belongs to; None: the site as a whole.

    What hangs on the site may be about homes of one area: then it is that area's business and nobody else's.
    A closed alert of a home that is gone still names people; nobody knows any more whose area that was. An open one
    is shown to all: somebody must take it.
    """
    ids = [alert.home_id, *str(alert.facts.get("homes", "")).split(), str(alert.facts.get("of", ""))]
    found = next((home.area for id in ids if (home := registry.homes.get(id)) is not None), None)
    is_past = alert.stage is Stage.RESOLVED and alert.home_id != SITE
    return _EVERYWHERE if found is None and is_past else found


def takers(alert: Alert, registry: Registry) -> tuple[Person, ...]:
    """Return who could take the alert over: staff of its area, then the home's contacts; people with a number only."""
    area = area_of(alert, registry)
    staff = [person for role in _STAFF for person in registry.staff(role, area)]
    home = registry.homes.get(alert.home_id) if alert.home_id != SITE else None
    near = [registry.people.get(contact.person) for contact in home.contacts] if home else []
    found = {p.id: p for p in (*staff, *near) if p is not None and p.phone and p.id != alert.holder}
    return tuple(found.values())
