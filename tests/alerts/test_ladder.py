"""Who a ladder means for one home."""

from datetime import timedelta

import pytest

from hub.alerts.ladder import area_level, resolve
from hub.alerts.policy import Policy, Step
from hub.homes import Contact, Home, Person, Registry, Role, area_stem

VILLAGE, NEXT, TOWNSHIP, COUNTY = "620702207200", "620702207201", "620702207000", "620702000000"
MINUTE = timedelta(minutes=1)


def person(name: str, *roles: Role, areas: tuple[str, ...] = (), phone: str = "+447700900100") -> Person:
    return Person(name, name, phone, frozenset(roles), areas)


SITE = Registry.of(
    [
        person("daughter"),
        person("son"),
        person("mute", phone=""),
        person("neighbour"),
        person("nurse", Role.STAFF, areas=(VILLAGE,)),
        person("other-nurse", Role.STAFF, areas=(NEXT,)),
        person("town", Role.STAFF, areas=(TOWNSHIP,)),
        person("county", Role.STAFF, areas=(COUNTY,)),
        person("clerk", Role.TOWNSHIP, areas=(TOWNSHIP,)),
        person("boss", Role.SUPERVISOR, areas=(COUNTY,)),
    ],
    [],
)
HOME = Home(
    "h",
    VILLAGE,
    "x",
    contacts=(
        Contact("son", Role.FAMILY),
        Contact("mute", Role.FAMILY),
        Contact("neighbour", Role.NEIGHBOUR),
        Contact("daughter", Role.FAMILY),
    ),
)


def told(*words: str, home: Home | None = HOME, registry: Registry = SITE) -> tuple[str, ...]:
    policy = Policy((Step(words, ("sms",), MINUTE),), None, MINUTE)
    return resolve(policy, home, registry).rungs[0].people


@pytest.mark.parametrize(
    ("words", "people"),
    [
        (("family",), ("son", "daughter")),
        (("neighbour",), ("neighbour",)),
        (("resident",), ()),
        (("staff",), ("nurse", "town", "county")),
        (("supervisor",), ("boss",)),
        (("village",), ("nurse",)),
        (("township",), ("clerk", "town")),
        (("county",), ("county",)),
        (("daughter",), ("daughter",)),
        (("mute",), ()),
        (("nobody-known",), ()),
        (("staff", "family", "village", "son"), ("nurse", "town", "county", "son", "daughter")),
    ],
)
def test_a_word_of_the_ladder_means_these_people(words: tuple[str, ...], people: tuple[str, ...]) -> None:
    assert told(*words) == people


def test_the_site_itself_has_staff_but_no_family() -> None:
    assert told("family", home=None) == ()
    assert told("staff", home=None) == ("nurse", "other-nurse", "town", "county")
    assert told("township", home=None) == ("clerk", "town")


def test_a_village_that_ends_in_zero_is_one_village() -> None:
    assert area_stem("620702207220") == "620702207220"
    assert area_stem(TOWNSHIP) == "620702207"
    assert area_stem(COUNTY) == "620702"
    assert area_stem("0" * 12) == ""
    assert not person("p", areas=("620702207220",)).covers("620702207221")
    assert [area_level(code) for code in (VILLAGE, TOWNSHIP, COUNTY)] == [Role.VILLAGE, Role.TOWNSHIP, Role.COUNTY]


def test_repeat_is_never_below_the_last_wait_and_falls_back_to_it() -> None:
    steps = (Step(("family",), ("sms",), MINUTE), Step(("staff",), ("sms",), 3 * MINUTE))
    for repeat, counts in ((None, 3), (2 * MINUTE, 3), (5 * MINUTE, 5)):
        assert resolve(Policy(steps, repeat, MINUTE), HOME, SITE).repeat == counts * MINUTE


def test_supervisors_fall_back_to_the_areas_staff_then_to_all_staff() -> None:
    def supervisors(*people: Person) -> tuple[str, ...]:
        policy = Policy((Step(("family",), ("sms",), MINUTE),), None, MINUTE)
        return resolve(policy, HOME, Registry.of(people, [])).supervisors

    boss, nurse = SITE.people["boss"], SITE.people["nurse"]
    far = person("far", Role.STAFF, areas=(NEXT,))
    assert supervisors(boss, nurse, far) == ("boss",)
    assert supervisors(nurse, far) == ("nurse",)
    assert supervisors(far) == ("far",)


def test_everybody_is_everybody_with_a_number() -> None:
    assert SITE.everybody == tuple(name for name in SITE.people if name != "mute")
