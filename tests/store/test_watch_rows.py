"""What is watched, when nobody did, and what people did beside the alerts: on both databases."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from hub.alerts.alert import Outcome, Stage
from hub.clock import HubClock
from hub.engine import Engine
from hub.homes import Device, DeviceKind, Registry, Resident
from hub.ports import Act, Lane, Transaction
from hub.rules.gaps import HUB, Gap
from hub.rules.watch import Watch
from hub.store import SqlStore
from tests.store.samples import MINUTE, NOON, a_home, a_registry, an_alert

T = TypeVar("T")
HOUR = timedelta(hours=1)
BRIDGE = "homes/ah-001/zigbee2mqtt/bridge"


def a_watch(home: str = "ah-001", subject: str = "", due_in: timedelta = HOUR) -> Watch:
    return Watch(home, "inactivity", subject, NOON - HOUR, NOON + due_in, 12 * HOUR)


async def put(store: SqlStore, work: Callable[[Transaction], T]) -> T:
    return await store.write(Lane.SLOW, work)


async def test_watches_are_kept_found_when_due_and_dropped(store: SqlStore) -> None:
    assert await store.read(lambda tx: tx.next_watch()) is None
    soon, later, other = a_watch(due_in=-MINUTE), a_watch("ah-002"), a_watch(subject="hall\x00-motion")
    await put(store, lambda tx: tx.save_watches([soon, later, other]))
    assert await store.read(lambda tx: tx.next_watch()) == soon.due_at
    assert await store.read(lambda tx: tx.due_watches(NOON, 10)) == [soon]
    assert await put(store, lambda tx: tx.due_watches(NOON + HOUR, 2)) == [
        soon,
        replace(other, subject="hall\ufffd-motion"),
    ]
    await put(store, lambda tx: tx.save_watches([replace(soon, due_at=NOON + 2 * HOUR)]))
    await put(store, lambda tx: tx.drop_watches([later]))
    assert {w.due_at for w in await store.read(lambda tx: tx.watches())} == {NOON + 2 * HOUR, NOON + HOUR}


async def test_a_watch_is_hurried_and_never_put_off(store: SqlStore) -> None:
    await put(store, lambda tx: tx.save_watches([a_watch(), a_watch("ah-002"), a_watch("ah-003", due_in=MINUTE)]))
    by = {(id, "inactivity", ""): NOON + 2 * MINUTE for id in ("ah-001", "ah-003", "nobody")}
    await put(store, lambda tx: tx.hurry_watches(by))
    await put(store, lambda tx: tx.hurry_watches({}))
    due = {w.home_id: w.due_at for w in await store.read(lambda tx: tx.watches())}
    assert due == {"ah-001": NOON + 2 * MINUTE, "ah-002": NOON + HOUR, "ah-003": NOON + MINUTE}


async def test_no_watch_lies_further_ahead_than_its_wait(store: SqlStore) -> None:
    await put(store, lambda tx: tx.save_watches([a_watch(due_in=90 * HOUR), a_watch("ah-002")]))
    await put(store, lambda tx: tx.clamp_watches(NOON))
    due = {w.home_id: w.due_at for w in await store.read(lambda tx: tx.watches())}
    assert due == {"ah-001": NOON + 12 * HOUR, "ah-002": NOON + HOUR}


async def test_gaps_end_and_of_one_source_only_one_is_open(store: SqlStore) -> None:
    await put(store, lambda tx: tx.add_gap(Gap(HUB, NOON - 3 * HOUR, NOON - 2 * HOUR)))
    await put(store, lambda tx: tx.add_gap(Gap(BRIDGE, NOON - HOUR)))
    await put(store, lambda tx: tx.add_gap(Gap(BRIDGE, NOON - MINUTE)))
    both = [Gap(HUB, NOON - 3 * HOUR, NOON - 2 * HOUR), Gap(BRIDGE, NOON - HOUR)]
    assert await store.read(lambda tx: tx.gaps((HUB, BRIDGE, "another"), NOON - 4 * HOUR)) == both
    assert await store.read(lambda tx: tx.gaps((HUB, BRIDGE), NOON - 2 * HOUR)) == both[1:]
    assert await store.read(lambda tx: tx.gaps((HUB,), NOON - 4 * HOUR)) == both[:1]
    assert await store.read(lambda tx: tx.gaps((), NOON - 4 * HOUR)) == []
    await put(store, lambda tx: tx.end_gap(BRIDGE, NOON))
    await put(store, lambda tx: tx.add_gap(Gap(BRIDGE, NOON + HOUR)))
    found = await store.read(lambda tx: tx.gaps((BRIDGE,), NOON - HOUR))
    assert found == [Gap(BRIDGE, NOON - HOUR, NOON), Gap(BRIDGE, NOON + HOUR)]


async def test_alerts_that_ended_are_found_by_home(store: SqlStore) -> None:
    ended = an_alert("01B", stage=Stage.RESOLVED, resolved_at=NOON, outcome=Outcome.FALSE, duties={})
    old = replace(ended, id="01C", resolved_at=NOON - HOUR)
    elsewhere = replace(ended, id="01D", home_id="ah-002")
    await put(store, lambda tx: [tx.save_alert(alert) for alert in (an_alert(), ended, old, elsewhere)])
    assert await store.read(lambda tx: tx.alerts_ended(["ah-001"], NOON - 2 * HOUR)) == [old, ended]
    assert await store.read(lambda tx: tx.alerts_ended(["ah-001", "ah-003"], NOON - HOUR)) == [ended]
    assert await store.read(lambda tx: tx.alerts_ended([], NOON)) == []


async def test_being_away_changes_the_registry_and_what_was_done_is_kept(store: SqlStore) -> None:
    version = await put(store, lambda tx: tx.replace_registry(a_registry(a_home(), a_home("ah-002"))))
    assert await put(store, lambda tx: tx.set_away("ah-001", NOON + HOUR)) == version + 1
    found = await store.read(lambda tx: tx.registry())
    assert (found.version, found.homes["ah-001"].away_until) == (version + 1, NOON + HOUR)
    assert found.homes["ah-002"].away_until == NOON
    act = Act(NOON, "wang-li", "away", "ah-001", {"until": "18:00"})
    await put(store, lambda tx: tx.record_act(act))
    await put(store, lambda tx: tx.record_act(replace(act, home_id=None)))
    assert await store.read(lambda tx: tx.acts("ah-001")) == [act]


async def test_ten_thousand_homes_are_watched_from_one_start_to_the_next(store: SqlStore) -> None:
    """Bulk at the first start (0.4 s on SQLite, 1.1 s on PostgreSQL), next to nothing at the second (0.01 s)."""
    sensor = Device("h", "hall", DeviceKind.MOTION, "zigbee2mqtt/hall")
    homes = [
        a_home(f"h{n}", residents=(Resident("王"),), devices=(replace(sensor, home=f"h{n}"),), rooms={})
        for n in range(10_000)
    ]
    await put(store, lambda tx: tx.replace_registry(Registry.of((), homes)))
    engine = Engine(store, HubClock(), "site", {})
    await engine.load()
    began = time.perf_counter()
    await engine.follow()
    first = time.perf_counter() - began
    began = time.perf_counter()
    await engine.follow()
    second = time.perf_counter() - began
    found = await store.read(lambda tx: tx.watches())
    assert len([w for w in found if w.rule == "inactivity"]) == 10_000
    assert first < 20
    assert second < 2
