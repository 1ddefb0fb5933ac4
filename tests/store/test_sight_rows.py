"""What the page of one home reads, on both databases."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.reading import Kind, Reading, State
from hub.alerts.alert import Stage
from hub.alerts.policy import Severity
from hub.homes import HomeMode
from hub.ports import Act, Lane, Transaction
from hub.ports.sights import Busy
from hub.store import SqlStore
from hub.store.sight_rows import _OF_HOME, _WINDOW
from tests.store.samples import MINUTE, NOON, a_home, a_registry, an_alert

HOUR, CELL = timedelta(hours=1), timedelta(minutes=15)
Row = tuple[str, str, Reading, datetime]


def said(device: str, kind: Kind, state: State | None, at: datetime, home: str = "ah-001", **more: Any) -> Row:
    return home, device, Reading(f"zigbee2mqtt/{device}", device, kind, state, kind.value, **more), at


async def test_movement_is_counted_by_cell_and_batteries_show_their_last_charge(store: SqlStore) -> None:
    start = NOON - 24 * HOUR
    rows: Sequence[Row] = (
        said("hall", Kind.MOTION, State.ACTIVE, start - MINUTE),
        said("hall", Kind.MOTION, State.ACTIVE, start),
        said("hall", Kind.MOTION, State.CLEAR, start + MINUTE),
        said("hall", Kind.MOTION, State.ACTIVE, start + 14 * MINUTE),
        said("hall", Kind.MOTION, State.ACTIVE, start + 15 * MINUTE),
        said("hall", Kind.MOTION, State.ACTIVE, start + 16 * MINUTE, retained=True),
        said("bed", Kind.BUTTON, State.ACTIVE, NOON - MINUTE),
        said("bed", Kind.BUTTON, State.ACTIVE, NOON - MINUTE, test=True),
        said("gas", Kind.GAS, State.ACTIVE, NOON - MINUTE),
        said("hall", Kind.MOTION, State.ACTIVE, NOON),
        said("hall", Kind.MOTION, State.ACTIVE, NOON - MINUTE, home="ah-002"),
        said("hall", Kind.BATTERY, State.CLEAR, start + MINUTE, percent=81),
        said("hall", Kind.BATTERY, State.CLEAR, start + HOUR, percent=79),
        said("bed", Kind.BATTERY, State.ACTIVE, start + HOUR, percent=4),
        said("door", Kind.BATTERY, State.CLEAR, start + HOUR),
    )
    await store.write(Lane.SLOW, lambda t: t.add_readings(rows))
    found = await store.read(lambda t: t.heard_of("ah-001", start, NOON, CELL))
    assert sorted(found.busy, key=lambda b: (b.device_id, b.cell)) == [
        Busy("bed", "button", 95, 1),
        Busy("hall", "motion", 0, 2),
        Busy("hall", "motion", 1, 1),
    ]
    assert sorted(found.batteries) == [("bed", 4), ("hall", 79)]


async def test_alerts_of_one_home_are_the_unresolved_and_the_late_ones(store: SqlStore) -> None:
    def fill(transaction: Transaction) -> None:
        old = NOON - 40 * 24 * HOUR
        transaction.save_alert(an_alert("01A", opened_at=old))
        transaction.save_alert(an_alert("01B", cause="gas:a", opened_at=old, stage=Stage.RESOLVED, duties={}))
        transaction.save_alert(an_alert("01C", cause="gas:a", stage=Stage.RESOLVED, duties={}))
        transaction.save_alert(an_alert("01D", "ah-002", severity=Severity.NOTICE))

    await store.write(Lane.SLOW, fill)
    found = await store.read(lambda t: t.alerts_of("ah-001", NOON - HOUR, 10))
    assert [alert.id for alert in found] == ["01C", "01A"]
    assert [a.id for a in await store.read(lambda t: t.alerts_of("ah-001", NOON - HOUR, 1))] == ["01C"]


async def test_acts_are_read_newest_first_and_by_what_they_are(store: SqlStore) -> None:
    def fill(transaction: Transaction) -> None:
        for n, event in enumerate(("away", "looked", "back", "looked")):
            transaction.record_act(Act(NOON + n * MINUTE, "li-qiang", event, "ah-001", {}, "620702207200"))
        transaction.record_act(Act(NOON, "li-qiang", "looked", "ah-002"))

    await store.write(Lane.SLOW, fill)
    newest = await store.read(lambda t: t.acts_about("ah-001", 2))
    assert [(act.event, act.at) for act in newest] == [("looked", NOON + 3 * MINUTE), ("back", NOON + 2 * MINUTE)]
    modes = await store.read(lambda t: t.acts_about("ah-001", 9, ("away", "back")))
    assert [act.event for act in modes] == ["back", "away"]


async def test_a_mode_is_kept_with_its_end_and_the_version_rises(store: SqlStore) -> None:
    await store.write(Lane.SLOW, lambda t: t.replace_registry(a_registry(a_home(), a_home("ah-002"))))
    before = await store.read(lambda t: t.registry_version())

    def change(transaction: Transaction) -> int:
        return transaction.set_mode("ah-001", HomeMode.TEST, NOON + HOUR, "li-qiang")

    assert await store.write(Lane.SLOW, change) == before + 1
    registry = await store.read(lambda t: t.registry())
    home = registry.homes["ah-001"]
    assert (home.mode, home.mode_until, home.tester) == (HomeMode.TEST, NOON + HOUR, "li-qiang")
    assert registry.homes["ah-002"].mode is None
    await store.write(Lane.SLOW, lambda t: t.set_mode("ah-001", None, None))
    home = (await store.read(lambda t: t.registry())).homes["ah-001"]
    assert (home.mode, home.mode_until, home.tester, home.away_until) == (None, None, None, NOON)


@pytest.mark.parametrize("question", [_WINDOW, _OF_HOME], ids=["readings", "alerts"])
async def test_each_question_walks_along_an_index(tmp_path: Path, question: Any) -> None:
    """On SQLite, whose plan does not depend on what is in the tables."""
    from hub.store import open_store

    store = open_store(f"sqlite:///{tmp_path}/var/carehub.db")

    def plan(transaction: Any) -> list[str]:
        values = dict.fromkeys((name for name, _ in question._takes), 0)
        rows = transaction._raw.execute(f"EXPLAIN QUERY PLAN {question._sql}", [0] * question._sql.count("?"))
        assert values
        return [row[3] for row in rows]

    found = await store.read(plan)
    await store.close()
    assert not [line for line in found if line.startswith("SCAN")], found
    assert any("home_id=?" in line for line in found), found
