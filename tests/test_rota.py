"""Who of the staff answers, and that a ladder's levels follow the same tree of areas."""

from datetime import timedelta

import pytest

from hub.alerts.ladder import resolve
from hub.alerts.policy import Policy, Step
from hub.homes import Home, Person, Registry, Role
from hub.rota import on_duty, supervisors

SHANGBU, XINMIN = "620702207200", "620702207201"
DONGWAN, LIUGOU, COUNTY = "620702207000", "620702208000", "620702000000"


def person(id: str, role: Role, *areas: str, phone: str = "+447700900101") -> Person:
    return Person(id, id, phone, frozenset({role}), areas)


PEOPLE = (
    person("shangbu", Role.VILLAGE, SHANGBU),
    person("xinmin", Role.STAFF, XINMIN),
    person("dongwan", Role.TOWNSHIP, DONGWAN),
    person("dongwan-staff", Role.STAFF, DONGWAN),
    person("liugou", Role.TOWNSHIP, LIUGOU),
    person("county", Role.COUNTY, COUNTY),
    person("boss", Role.SUPERVISOR, COUNTY),
    person("wang-li", Role.FAMILY),
    person("mute", Role.STAFF, SHANGBU, phone=""),
)
HOME = Home("wang", SHANGBU, "上堡村三社12号")
REGISTRY = Registry.of(PEOPLE, [HOME, Home("chen", XINMIN, "新民村"), Home("town", DONGWAN, "东湾镇")])


def rungs(home: str) -> list[tuple[str, ...]]:
    wait = timedelta(minutes=1)
    policy = Policy(tuple(Step((word,), ("sms",), wait) for word in ("village", "township", "county")), wait, wait)
    return [rung.people for rung in resolve(policy, REGISTRY.homes[home], REGISTRY).rungs]


@pytest.mark.requirement("38")
def test_village_township_county_are_told_by_the_tree_of_areas() -> None:
    assert rungs("wang") == [("shangbu",), ("dongwan", "dongwan-staff"), ("county",)]
    assert rungs("chen") == [("xinmin",), ("dongwan", "dongwan-staff"), ("county",)]


def test_a_home_of_the_township_itself_has_no_villages_staff() -> None:
    assert rungs("town") == [(), ("dongwan", "dongwan-staff"), ("county",)]


def test_all_staff_that_have_to_do_with_an_area_are_on_duty_the_nearest_first() -> None:
    assert [p.id for p in on_duty(REGISTRY, [SHANGBU])] == ["shangbu", "dongwan", "dongwan-staff", "county"]
    assert [p.id for p in on_duty(REGISTRY, [LIUGOU])] == ["liugou", "county"]
    assert [p.id for p in on_duty(REGISTRY, [DONGWAN])][:2] == ["shangbu", "xinmin"]


def test_supervisors_are_those_whose_areas_contain_it() -> None:
    assert [p.id for p in supervisors(REGISTRY, [SHANGBU])] == ["boss"]
    assert supervisors(REGISTRY, ["620000000000"]) == ()
