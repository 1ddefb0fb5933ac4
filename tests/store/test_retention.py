"""Personal data is kept for its stated time, then it is gone: from every table, and from the file itself."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from devices.reading import Kind, Reading, State
from hub.alerts.alert import Entry, Stage
from hub.alerts.kept import Kept
from hub.alerts.notification import Fate
from hub.engine.retention import Retention, limits
from hub.homes import DeviceState
from hub.ports import Lane, Session
from hub.store import SqlStore, open_store, tables
from tests.harness.memory import StillClock
from tests.store.samples import MINUTE, NOON, a_message, a_notification, a_registry, an_alert

DAY = timedelta(days=1)
READINGS, ALERTS = 30 * DAY, 365 * DAY


def keeper(store: SqlStore, now: datetime = NOON) -> Retention:
    return Retention(store, StillClock(now), READINGS, ALERTS)


async def put(store: SqlStore, *work: Callable[[Any], Any]) -> None:
    for one in work:
        await store.write(Lane.SLOW, one)


async def count(store: SqlStore, *names: str) -> dict[str, int]:
    def counted(transaction: Any) -> dict[str, int]:
        found = tables.metadata.tables
        return {n: transaction._db.execute(select(func.count()).select_from(found[n])).scalar() for n in names}

    return await store.read(counted)


def a_reading(at: datetime) -> tuple[str, str, Reading, datetime]:
    return "ah-001", "hall-motion", Reading("hall-motion", Kind.MOTION, State.ACTIVE), at


def an_ended_alert(id: str, at: datetime, **fields: Any) -> Any:
    return an_alert(id, stage=Stage.RESOLVED, opened_at=at - MINUTE, resolved_at=at, duties={}, **fields)


async def test_readings_stay_for_their_time_and_not_longer(store: SqlStore) -> None:
    old = [a_reading(NOON - READINGS - n * MINUTE) for n in range(450, 0, -1)]
    kept = [a_reading(NOON - READINGS + n * MINUTE) for n in range(1, 20)]
    await put(store, lambda t: t.add_readings([*old, *kept]))
    assert await keeper(store).once() == {Kept.READINGS: 450}
    assert await count(store, "readings") == {"readings": 19}
    assert await keeper(store).once() == {}


@pytest.mark.requirement("17")
async def test_an_alert_stays_for_364_days_and_goes_with_all_that_hangs_on_it(store: SqlStore) -> None:
    def fill(transaction: Any) -> None:
        for id, days in (("01OLD", 366), ("01YOUNG", 364)):
            at = NOON - days * DAY
            transaction.save_alert(an_ended_alert(id, at), [Entry(at, "wang-li", "resolved", {"note": "她没事"})])
            message = a_notification(f"{id}N", alert_id=id, fate=Fate.DELIVERED, due_at=None, text="王秀兰按了")
            transaction.add_notifications([replace(message, created_at=at)])

    await put(store, fill)
    assert await keeper(store).once() == {Kept.ALERTS: 1}
    assert await count(store, "alerts", "history", "notifications", "duties") == {
        "alerts": 1,
        "history": 1,
        "notifications": 1,
        "duties": 0,
    }
    assert [alert.id for alert in await store.read(lambda t: t.alerts(everything=True))] == ["01YOUNG"]


@pytest.mark.promise("P3")
async def test_an_alert_that_is_not_over_stays_however_old_it_is(store: SqlStore) -> None:
    long_ago = NOON - 900 * DAY
    watched = an_ended_alert("01C", long_ago, home="ah-003")
    alerts = [
        an_alert("01A", opened_at=long_ago),
        an_alert("01B", "ah-002", opened_at=long_ago, stage=Stage.ACKNOWLEDGED),
        replace(watched, duties=an_alert().duties),
    ]
    await put(store, *(lambda t, a=alert: t.save_alert(a, [Entry(long_ago, "hub", "opened")]) for alert in alerts))
    assert await keeper(store).once() == {}
    assert await count(store, "alerts", "history") == {"alerts": 3, "history": 3}


async def test_what_was_over_when_it_was_found_and_is_not_any_more_stays(store: SqlStore) -> None:
    ended = an_ended_alert("01A", NOON - 366 * DAY)
    await put(store, lambda t: t.save_alert(ended))
    keys = await store.read(lambda t: t.old(Kept.ALERTS, NOON - ALERTS, 10))
    await put(store, lambda t: t.save_alert(replace(ended, stage=Stage.OPEN, resolved_at=None)))
    assert await store.write(Lane.SLOW, lambda t: t.forget(Kept.ALERTS, keys)) == 0
    assert await count(store, "alerts") == {"alerts": 1}


KEYS = ("sign_ins", "invitations", "home_tests")


def a_test(id: str, at: datetime) -> dict[str, Any]:
    """Return the row of a test of a home."""
    home = {"home_id": "ah-001", "area": "620702207200", "kind": "home", "by": "li-qiang"}
    return {"id": id, "began_at": at, "ends_at": at + MINUTE, "state": {}, **home}


def fill_the_rest(transaction: Any) -> None:
    """Put one row of each other kind that goes, and one that stays."""
    transaction.replace_registry(a_registry())
    for days, phone in ((400, "+447700900999"), (1, "+447700900101")):
        at = NOON - days * DAY
        answer = a_notification(f"01ANSWER{days}", alert_id=None, phone=phone, created_at=at, due_at=None)
        transaction.add_notifications([answer])
        transaction.take_inbound("sms", f"SM{days}", at)
        transaction.shelve(Session.MAIN, a_message(f"t/{days}", b"{", received_at=at), "no JSON")
        transaction.set_fact(f"answers:sms:{phone}", "1")
        home = "ah-001" if days == 1 else "ah-gone"
        for owner in (home, "@site"):
            state = DeviceState(owner, "hall-motion", "motion", "", "active", at, at)
            transaction.save_device_states([state])
        rows = (
            (tables.links, {"digest": bytes([days % 256]), "alert_id": "01A", "person_id": "wang-li"}),
            (tables.acts, {"at": at, "who": "li-qiang", "event": "looked", "home_id": home, "detail": {}}),
            (tables.gaps, {"source": "", "since": at - MINUTE, "until": at}),
            (tables.sign_ins, {"digest": bytes([days % 256]), "account_id": "A", "created_at": at, "seen_at": at}),
            (tables.home_tests, a_test(f"01T{days}", at if days == 1 else at - 5 * 365 * DAY)),
            (tables.invitations, {"digest": bytes([days % 256]), "created_at": at, "expires_at": at + DAY}),
        )
        for table, row in rows:
            values = row | ({"created_at": at, "expires_at": at + DAY} if table is tables.links else {})
            transaction._db.execute(insert(table).values(values))
    transaction._db.execute(insert(tables.gaps).values(source="z2m", since=NOON - 400 * DAY, until=None))


@pytest.mark.promise("P10")
async def test_every_other_kind_goes_in_its_time(store: SqlStore) -> None:
    await put(store, fill_the_rest)
    gone = await keeper(store).once()
    others = set(Kept) - {Kept.READINGS, Kept.ALERTS}
    assert gone == dict.fromkeys(others, 1)
    assert await count(store, "notifications", "inbound", "shelf", "links", "acts", "gaps", "device_states", *KEYS) == {
        "notifications": 1,
        "inbound": 1,
        "shelf": 1,
        "links": 1,
        "acts": 1,
        "gaps": 2,  # one is open
        "device_states": 2,  # the site's is one row, said again
        "sign_ins": 1,
        "invitations": 1,
        "home_tests": 1,
    }
    assert await store.read(lambda t: t.fact("answers:sms:+447700900101")) == "1"
    assert await store.read(lambda t: t.fact("answers:sms:+447700900999")) is None


def test_short_readings_leave_stillness_its_gaps() -> None:
    found = limits(NOON, DAY, ALERTS)
    assert found[Kept.READINGS] == NOON - DAY
    assert found[Kept.GAPS] == NOON - 30 * DAY


@pytest.mark.promise("P10")
async def test_nothing_of_it_is_left_in_the_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/carehub.db"
    store = open_store(url)
    secret = "她在东屋 +447700900777"
    long_ago = NOON - 400 * DAY

    def fill(transaction: Any) -> None:
        for n in range(30):
            transaction.save_alert(
                an_ended_alert(f"01A{n:02}", long_ago), [Entry(long_ago, "x", "noted", {"note": secret})]
            )

    await put(store, fill)
    await store.close()
    assert secret.encode() in (tmp_path / "carehub.db").read_bytes()
    store = open_store(url)
    assert await keeper(store).once() == {Kept.ALERTS: 30}
    await store.close()
    files = [*tmp_path.iterdir()]  # noqa: ASYNC240
    assert not any(secret.encode() in file.read_bytes() for file in files)
