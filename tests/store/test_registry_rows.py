"""Changes of single people and homes: each costs what it is about, and whoever follows reads no more than that."""

import random
from datetime import date

import pytest

from hub.homes import Device, DeviceKind, DeviceRole, Home, HomeMode, Person, Registry, Resident, Role
from hub.ports import Lane, Transaction
from hub.store import SqlStore
from hub.store.registry_rows import RegistryRows
from tests.store.samples import NOON, WANG_LI, ZHAO_MIN, a_home, a_registry


async def whole(store: SqlStore) -> Registry:
    return await store.read(lambda tx: tx.registry())


async def test_a_home_is_written_whole_and_nothing_else(store: SqlStore) -> None:
    await store.write(Lane.SLOW, lambda tx: tx.replace_registry(a_registry(a_home(), a_home("ah-002", prefix="2/"))))
    before = await whole(store)
    device = Device(
        "ah-001", "new", DeviceKind.GAS, "z/new", None, "kitchen", "GD-1", "灶台上方", date(2026, 3, 1), "S-1"
    )
    resident = Resident("王秀兰", mobility="拄拐", doctor="周医生", notes="怕黑", health="高血压")
    changed = a_home(address="新村", devices=(device,), residents=(resident,))
    assert await store.write(Lane.SLOW, lambda tx: tx.save_homes([changed])) == 2
    after = await whole(store)
    assert after.homes["ah-001"] == changed
    assert after.homes["ah-002"] == before.homes["ah-002"]
    assert after.people == before.people


async def test_two_homes_may_swap_a_topic(store: SqlStore) -> None:
    one, two = (_home(id, topic) for id, topic in (("h1", "z/a"), ("h2", "z/b")))
    await store.write(Lane.SLOW, lambda tx: tx.save_homes([one, two]))
    swapped = [_home("h1", "z/b"), _home("h2", "z/a")]
    await store.write(Lane.SLOW, lambda tx: tx.save_homes(swapped))
    assert list((await whole(store)).homes.values()) == swapped


async def test_what_is_dropped_is_gone(store: SqlStore) -> None:
    await store.write(Lane.SLOW, lambda tx: tx.replace_registry(a_registry(a_home(), a_home("ah-002", prefix="2/"))))
    await store.write(Lane.SLOW, lambda tx: (tx.drop_home("ah-002"), tx.drop_person(ZHAO_MIN.id)))
    after = await whole(store)
    assert list(after.homes) == ["ah-001"]
    assert ZHAO_MIN.id not in after.people
    assert after.version == 3


async def test_names_of_areas_are_added_to_those_there_are(store: SqlStore) -> None:
    await store.write(Lane.SLOW, lambda tx: (tx.save_homes([a_home()]), tx.save_areas({"620702207200": "上堡"})))
    await store.write(Lane.SLOW, lambda tx: tx.save_areas({"620702207200": "上堡村", "620702000000": "安河县"}))
    assert (await whole(store)).areas == {"620702207200": "上堡村", "620702000000": "安河县"}


@pytest.mark.parametrize("seed", range(3))
async def test_following_change_by_change_is_reading_everything_anew(store: SqlStore, seed: int) -> None:
    dice = random.Random(seed)
    await store.write(Lane.SLOW, lambda tx: tx.replace_registry(Registry.of([WANG_LI], [_home("h0", "z/0")])))
    known = await whole(store)
    for number in range(40):
        await store.write(Lane.SLOW, _step(dice, number))
        if dice.random() < 0.5:
            known = await store.read(lambda tx, known=known: tx.registry_from(known))
            complete = await whole(store)
            assert known == complete
            assert list(known.homes) == list(complete.homes)


def _step(dice: random.Random, number: int):  # type: ignore[no-untyped-def]
    id = f"h{dice.randrange(6)}"
    person = Person(f"p{dice.randrange(4)}", f"n{number}", "+447700900101", frozenset({Role.FAMILY}))

    def step(tx: Transaction) -> None:
        match number % 6:
            case 0 | 1:
                tx.save_homes([_home(id, f"{id}/{number}")])
            case 2:
                tx.save_people([person])
            case 3:
                tx.drop_person(person.id)
            case 4:
                tx.set_mode("h0", HomeMode.AWAY, NOON)
                tx.set_away("h0", NOON)
            case _:
                tx.drop_home("h5")
                tx.save_areas({"620702207200": str(number)})

    return step


async def test_one_change_is_followed_without_reading_the_site(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    homes = [_home(f"h{n}", f"z/{n}") for n in range(300)]
    await store.write(Lane.SLOW, lambda tx: tx.save_homes(homes))
    known = await whole(store)
    await store.write(Lane.SLOW, lambda tx: tx.save_homes([_home("h7", "z/new")]))
    monkeypatch.setattr(RegistryRows, "registry", None)
    found = await store.read(lambda tx: tx.registry_from(known))
    assert found.homes["h7"].devices[0].topic == "z/new"
    assert all(found.homes[id] is known.homes[id] for id in known.homes if id != "h7")


async def test_a_change_of_very_many_is_read_anew(store: SqlStore) -> None:
    await store.write(Lane.SLOW, lambda tx: tx.save_homes([_home("h0", "z/0")]))
    known = await whole(store)
    await store.write(Lane.SLOW, lambda tx: tx.save_homes([_home(f"k{n}", f"k/{n}") for n in range(1200)]))
    assert len((await store.read(lambda tx: tx.registry_from(known))).homes) == 1201


def _home(id: str, topic: str) -> Home:
    return Home(id, "620702207200", "上堡村", devices=(Device(id, "sos", DeviceKind.BUTTON, topic, DeviceRole.SOS),))
