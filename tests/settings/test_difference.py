"""What apply would change, what it keeps, and that nothing is lost on the way."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.homes import Contact, Device, DeviceKind, DeviceRole, Home, HomeMode, Person, Registry, Resident, Role
from hub.settings import Change, MergeRefused, difference, dump, merge, parse, removed


def device(home: str, id: str, topic: str, room: str = "hall") -> Device:
    return Device(home, id, DeviceKind.BUTTON, topic, DeviceRole.SOS, room)


WANG = Person("wang", "王丽", "+447700900101", frozenset({Role.FAMILY}))
LI = Person("li", "李强", "+447700900102", frozenset({Role.STAFF}), ("620702207200",))
HOME = Home(
    "h1",
    "620702207200",
    "上堡村",
    rooms={"east": "东屋"},
    residents=(Resident("王秀兰", 1938, frozenset({"deaf"})),),
    contacts=(Contact("wang", Role.FAMILY),),
    devices=(device("h1", "sos", "z/sos"), device("h1", "door", "z/door")),
)
OTHER = Home("h2", "620702207200", "下堡村", prefix="2/")
BASE = Registry.of([WANG, LI], [HOME, OTHER], version=7)
AWAY = datetime(2026, 3, 1, 10, tzinfo=UTC)


def with_home(home: Home, registry: Registry = BASE) -> Registry:
    return Registry(registry.people, {**registry.homes, home.id: home}, registry.version)


def test_equal_files_and_database_are_no_difference() -> None:
    found = difference(BASE, BASE, Registry(BASE.people, BASE.homes))
    assert found.is_empty
    assert found.lines() == []
    assert merge(found) == Registry(BASE.people, BASE.homes, 8)


def test_the_first_apply_adds_everything() -> None:
    found = difference(None, Registry(), BASE)
    assert [line[0] for line in found.lines()] == ["+"] * 6
    assert not found.is_empty
    assert merge(found).homes == BASE.homes


def test_files_add_change_and_remove() -> None:
    moved = replace(
        HOME, address="新村", devices=(replace(HOME.devices[0], room="bedroom"), device("h1", "new", "z/n"))
    )
    files = Registry.of([WANG, replace(LI, areas=("620702000000",))], [moved])
    found = difference(BASE, BASE, files)
    assert found.lines() == [
        "~ person li: areas 620702207200 -> 620702000000",
        "~ home h1: address",
        "- home h2",
        "~ device h1/sos: room hall -> bedroom",
        "+ device h1/new",
        "- device h1/door",
    ]
    after = merge(found)
    assert (dict(after.people), dict(after.homes)) == (files.people, files.homes)
    gone = removed(BASE, after)
    assert (gone.people, gone.homes, gone.devices) == ((), ("h2",), (("h1", "door"),))


def test_what_the_database_changed_is_listed_and_kept() -> None:
    database = with_home(replace(HOME, away_until=AWAY, devices=(*HOME.devices, device("h1", "extra", "z/extra"))))
    files = with_home(replace(HOME, address="新村"))
    found = difference(BASE, database, files)
    assert found.lines() == [
        "~ home h1: address",
        "Changed in the database since the last apply (kept; --overwrite discards it):",
        "  ~ home h1: away_until none -> 2026-03-01T10:00:00+00:00",
        "  + device h1/extra",
    ]
    after = merge(found).homes["h1"]
    assert (after.address, after.away_until, len(after.devices)) == ("新村", AWAY, 3)


def test_overwrite_makes_the_database_as_the_files_are() -> None:
    database = with_home(replace(HOME, away_until=AWAY))
    found = difference(BASE, database, BASE)
    assert not found.is_empty
    assert merge(found).homes["h1"].away_until == AWAY
    assert dict(merge(found, overwrite=True).homes) == BASE.homes
    assert "overwritten" in found.lines(overwrite=True)[0]


def test_what_the_database_removed_stays_removed() -> None:
    database = Registry({"li": LI}, {"h2": OTHER}, 8)
    found = difference(BASE, database, BASE)
    assert [(item.id, item.change) for item in found.kept if item.what == "home"] == [("h1", Change.REMOVED)]
    assert list(merge(found).homes) == ["h2"]
    assert list(merge(found).people) == ["li"]


def test_a_home_that_the_database_changed_is_not_taken_away_by_the_files() -> None:
    database = with_home(replace(HOME, away_until=AWAY))
    files = Registry.of([LI], [OTHER])
    after = merge(difference(BASE, database, files))
    assert set(after.homes) == {"h1", "h2"}
    assert after.people["wang"] == WANG  # its contact is still there to be told


def test_the_files_take_a_home_away_whatever_the_order_of_its_devices_and_its_mode() -> None:
    home = BASE.homes["h1"]
    assert len(home.devices) > 1
    today = replace(home, devices=tuple(reversed(home.devices)), mode=HomeMode.VISITOR, mode_until=AWAY)
    files = replace(BASE, homes={id: other for id, other in BASE.homes.items() if id != "h1"})
    found = difference(BASE, with_home(today), files)
    assert "- home h1" in found.lines()
    assert "h1" not in merge(found).homes


def test_the_same_change_on_both_sides_is_no_difference() -> None:
    same = with_home(replace(HOME, address="新村"))
    found = difference(BASE, same, same)
    assert found.is_empty
    assert found.lines() == []


def test_two_devices_never_share_a_topic_after_a_merge() -> None:
    database = with_home(replace(HOME, devices=(*HOME.devices, device("h1", "mine", "z/new"))))
    files = with_home(replace(HOME, devices=(*HOME.devices, device("h1", "yours", "z/new"))))
    with pytest.raises(MergeRefused, match='topic "z/new"'):
        merge(difference(BASE, database, files))
    assert merge(difference(BASE, database, files), overwrite=True).by_topic["z/new"].id == "yours"


def test_a_difference_shows_no_names_numbers_or_addresses() -> None:
    changed = replace(WANG, name="张丽", phone="+447700900199")
    found = difference(BASE, BASE, Registry({**BASE.people, "wang": changed}, BASE.homes))
    assert found.lines() == ["~ person wang: name, phone"]
    found = difference(BASE, BASE, with_home(replace(HOME, access="key with Zhao")))
    assert found.lines() == ["~ home h1: access"]


def test_a_registry_survives_json() -> None:
    resident = replace(HOME.residents[0], phone="+8613912345678")
    whole = with_home(replace(HOME, away_until=AWAY, residents=(resident,), access="钥匙在赵婶家"))
    again = parse(dump(whole))
    assert (again.people, dict(again.homes)) == (
        whole.people,
        {
            id: replace(home, devices=tuple(sorted(home.devices, key=lambda d: d.id)))
            for id, home in whole.homes.items()
        },
    )
    assert dump(again) == dump(whole)


def test_a_registry_of_an_older_hub_is_read() -> None:
    old = dump(BASE)
    for home in old["homes"]:
        del home["access"]
        for resident in home["residents"]:
            del resident["phone"]
    assert dump(parse(old)) == dump(BASE)


@pytest.mark.parametrize("data", [None, [], {}, {"people": [{}], "homes": []}, {"people": [], "homes": [3]}, "x"])
def test_what_is_no_registry_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="not a registry"):
        parse(data)


rooms = st.sampled_from(["hall", "kitchen"])
versions = st.builds(
    lambda address, room, names: Registry.of(
        [WANG, LI],
        [replace(HOME, address=address, devices=tuple(device("h1", n, f"z/{n}", room) for n in sorted(names)))],
    ),
    st.sampled_from("abc"),
    rooms,
    st.sets(st.sampled_from(["sos", "door", "bath"])),
)


@given(versions, versions, versions)
def test_a_merge_applied_is_stable(base: Registry, database: Registry, files: Registry) -> None:
    after = merge(difference(base, database, files))
    again = difference(files, after, files)
    assert not again.changes  # the files have said all they had to say
    assert merge(again).homes.keys() == after.homes.keys()
    assert dump(merge(again)) == dump(after)


@given(versions, versions)
def test_without_changes_in_the_database_the_files_are_applied_exactly(base: Registry, files: Registry) -> None:
    after = merge(difference(base, base, files))
    assert dump(after) == dump(files)
    assert difference(files, after, files).is_empty


def test_names_of_areas_are_applied_kept_and_removed_like_all_else() -> None:
    applied = Registry.of([], [HOME], areas={"620702207200": "上堡", "620702000000": "安河"})
    database = Registry.of([], [HOME], areas={"620702207200": "上堡村", "620702000000": "安河"})
    files = Registry.of([], [HOME], areas={"620702207200": "上堡", "620702201000": "柳沟乡"})
    found = difference(applied, database, files)
    assert found.lines() == [
        "+ area 620702201000",
        "- area 620702000000",
        "Changed in the database since the last apply (kept; --overwrite discards it):",
        "  ~ area 620702207200: called 上堡 -> 上堡村",
    ]
    assert dict(merge(found).areas) == {"620702207200": "上堡村", "620702201000": "柳沟乡"}
    assert dict(merge(found, overwrite=True).areas) == dict(files.areas)


def test_a_mode_is_no_difference_and_outlives_an_apply() -> None:
    hospital = replace(HOME, mode=HomeMode.HOSPITAL, mode_until=AWAY, away_until=AWAY, tester="li")
    database = with_home(hospital)
    moved = with_home(replace(HOME, address="新村"))
    found = difference(BASE, database, moved)
    assert "mode" not in "\n".join(found.lines())
    for overwrite in (False, True):
        home = merge(found, overwrite=overwrite).homes["h1"]
        assert (home.mode, home.mode_until, home.tester, home.away_until) == (HomeMode.HOSPITAL, AWAY, "li", AWAY)
        assert home.address == "新村"
