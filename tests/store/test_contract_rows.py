"""What both databases promise for every kind of row."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from devices.reading import Kind, Reading, State
from hub.alerts.alert import Duty, DutyKind, Entry, Outcome, Stage
from hub.alerts.notification import Fate, Notification
from hub.alerts.policy import Severity
from hub.homes import Device, DeviceState, Home, Person, Registry
from hub.ports import LAST_COMMITTED, Delivery, Lane, Session, SessionRow, Transaction
from hub.store import AlertConflict, SqlStore, tables
from hub.store.columns import storable
from hub.store.engines import sqlite_engine
from hub.store.opening import upgrade
from hub.store.transaction import SqlTransaction
from tests.store.samples import (
    MINUTE,
    NOON,
    WANG_LI,
    ZHAO_MIN,
    a_home,
    a_message,
    a_notification,
    a_registry,
    an_alert,
)

T = TypeVar("T")
DAY = timedelta(days=1)


async def put(store: SqlStore, work: Callable[[Transaction], T]) -> T:
    return await store.write(Lane.SLOW, work)


# --- registry -------------------------------------------------------------------------------------------------


async def test_a_registry_comes_back_as_it_was_and_rises_with_each_change(store: SqlStore) -> None:
    assert await store.read(lambda tx: tx.registry_version()) == 0
    wanted = a_registry(a_home(), a_home("ah-002", residents=(), away_until=None))
    assert await put(store, lambda tx: tx.replace_registry(wanted)) == 1
    assert await store.read(lambda tx: tx.registry()) == replace(wanted, version=1)
    assert await put(store, lambda tx: tx.replace_registry(wanted)) == 1, "nothing changed"
    assert await put(store, lambda tx: tx.replace_registry(a_registry(a_home(address="搬家")))) == 2
    found = await store.read(lambda tx: tx.registry())
    assert list(found.homes) == ["ah-001"]
    assert found.homes["ah-001"].address == "搬家"


async def test_two_devices_may_swap_their_topics(store: SqlStore) -> None:
    home = a_home()
    one, two = home.devices
    swapped = replace(home, devices=(replace(two, topic=one.topic), replace(one, topic=two.topic)))
    await put(store, lambda tx: tx.replace_registry(a_registry(home)))
    await put(store, lambda tx: tx.replace_registry(a_registry(swapped)))
    assert (await store.read(lambda tx: tx.registry())).homes["ah-001"] == swapped


async def test_one_full_topic_in_two_devices_is_refused_whole(store: SqlStore) -> None:
    twin = a_home("ah-002", prefix="homes/ah-001/")
    with pytest.raises(Exception, match=r"(?i)unique"):
        await put(store, lambda tx: tx.replace_registry(a_registry(a_home(), twin)))
    assert (await store.read(lambda tx: tx.registry())).homes == {}


def test_registry_rows_know_every_field() -> None:
    """A field added to these types needs a column, or it would be forgotten at the first restart."""
    assert [f.name for f in fields(Person)] == [c.name for c in tables.people.c]
    assert [f.name for f in fields(Home) if f.name != "devices"] == [c.name for c in tables.homes.c]
    assert {f.name for f in fields(Device)} <= {"home"} | {c.name for c in tables.devices.c}
    assert [f.name for f in fields(Notification)] == [c.name for c in tables.notifications.c]
    assert [f.name for f in fields(DeviceState)] == [c.name for c in tables.device_states.c]
    # The first two are the key; what a button may mean is decided when it is pressed, and devices are told by lists.
    kept_elsewhere = {"source", "device", "maybe_sos", "devices"}
    assert set(Reading._fields) - kept_elsewhere <= {c.name for c in tables.readings.c}
    assert {f.name for f in fields(Registry)} == {"people", "homes", "version", "areas"}


# --- facts ----------------------------------------------------------------------------------------------------


async def test_facts_are_kept_by_name(store: SqlStore) -> None:
    assert await store.read(lambda tx: tx.fact("last_audit")) is None
    await put(store, lambda tx: tx.set_fact("last_audit", "a"))
    await put(store, lambda tx: tx.set_fact("last_audit", "王"))
    assert await store.read(lambda tx: tx.fact("last_audit")) == "王"


@pytest.mark.promise("P8")
async def test_the_last_committed_instant_never_falls(store: SqlStore) -> None:
    for lane, at in ((Lane.SOS, NOON), (Lane.SLOW, NOON - DAY), (Lane.SOS, NOON - MINUTE)):
        await store.write(lane, lambda tx, at=at: tx.set_fact(LAST_COMMITTED, at.isoformat()))  # type: ignore[misc]
        assert await store.read(lambda tx: tx.fact(LAST_COMMITTED)) == "2026-03-01T12:00:00.123456+00:00"


# --- sessions and deliveries ----------------------------------------------------------------------------------


async def test_what_is_known_of_a_session_is_kept(store: SqlStore) -> None:
    assert await store.read(lambda tx: tx.session(Session.SOS)) is None
    for row in (SessionRow(Session.SOS, 1, NOON), SessionRow(Session.SOS, 2, NOON + MINUTE, ("a/#", "b"))):
        await put(store, lambda tx, row=row: tx.save_session(row))  # type: ignore[misc]
        assert await store.read(lambda tx: tx.session(Session.SOS)) == row


def delivered(connection: int, mid: int, session: Session = Session.SOS, qos: int = 1) -> Delivery:
    return Delivery(a_message(qos=qos), session, connection, mid)


@pytest.mark.promise("P7")
async def test_one_row_swallows_one_redelivery_of_an_earlier_connection(store: SqlStore) -> None:
    def two_presses(tx: Transaction) -> None:
        tx.record_deliveries([(delivered(1, 5), b"press"), (delivered(1, 6), b"press"), (delivered(1, 7), b"other")])

    await put(store, two_presses)
    assert not await put(store, lambda tx: tx.swallow(Session.SOS, 1, b"press")), "the same connection"
    assert not await put(store, lambda tx: tx.swallow(Session.LIFE, 2, b"press")), "another session"
    for expected in (True, True, False):
        assert await put(store, lambda tx: tx.swallow(Session.SOS, 2, b"press")) is expected


@pytest.mark.promise("P7")
async def test_a_packet_id_given_anew_does_not_hide_what_bore_it_before(store: SqlStore) -> None:
    await put(store, lambda tx: tx.record_deliveries([(delivered(1, 5), b"old")]))
    await put(store, lambda tx: tx.record_deliveries([(delivered(2, 5), b"new")]))
    assert await put(store, lambda tx: tx.swallow(Session.SOS, 2, b"old"))


async def test_deliveries_are_forgotten_by_connection_and_packet_id(store: SqlStore) -> None:
    def arrange(tx: Transaction) -> None:
        tx.save_session(SessionRow(Session.SOS, 2, NOON))
        tx.record_deliveries([(delivered(1, 1), b"a"), (delivered(1, 2), b"b")])
        tx.record_deliveries([(delivered(2, 1), b"c"), (delivered(2, 2), b"d"), (delivered(2, 3, qos=0), b"e")])

    def left(tx: Transaction) -> set[bytes]:
        return {digest for digest in (b"a", b"b", b"c", b"d", b"e") if tx.swallow(Session.SOS, 9, digest)}

    await put(store, arrange)
    await put(store, lambda tx: tx.forget_deliveries(Session.SOS, mids=[1]))
    with pytest.raises(ZeroDivisionError):
        await put(store, lambda tx: 1 // len(left(tx) - {b"a", b"b", b"d"}))  # looks, and takes nothing
    await put(store, lambda tx: tx.forget_deliveries(Session.SOS, before=2))
    assert await put(store, left) == {b"d"}


async def test_tries_are_counted_for_each_message(store: SqlStore) -> None:
    assert [await put(store, lambda tx: tx.count_try(Session.MAIN, b"x")) for _ in range(3)] == [1, 2, 3]
    assert await put(store, lambda tx: tx.count_try(Session.SOS, b"x")) == 1

    def many(tx: Transaction) -> None:
        for number in range(1000):
            tx.count_try(Session.MAIN, number.to_bytes(4, "big"))

    await put(store, many)
    assert await put(store, lambda tx: tx.count_try(Session.MAIN, b"x")) == 1, "only the last thousand are kept"


# --- shelf ----------------------------------------------------------------------------------------------------


async def test_the_shelf_keeps_the_newest_of_each_topic_and_in_all(store: SqlStore) -> None:
    def noisy(tx: Transaction) -> None:
        tx.shelve(Session.SOS, a_message("quiet", b"\x00\xff"), "not JSON", 3)
        for number in range(30):
            tx.shelve(Session.MAIN, a_message("loud", bytes([number])), "not JSON")

    await put(store, noisy)
    shelf = await store.read(lambda tx: tx.shelf())
    assert [one.payload[0] for one in shelf if one.topic == "loud"] == list(range(29, 9, -1))
    assert (shelf[-1].topic, shelf[-1].payload, shelf[-1].tries) == ("quiet", b"\x00\xff", 3)
    assert shelf[-1].at == NOON

    def flood(tx: Transaction) -> None:
        for number in range(1000):
            tx.shelve(Session.MAIN, a_message(f"t{number}"), "unknown")

    await put(store, flood)
    shelf = await store.read(lambda tx: tx.shelf(5000))
    assert len(shelf) == 1000
    assert {one.topic for one in shelf} == {f"t{number}" for number in range(1000)}


async def test_large_messages_do_not_fill_the_disk_by_way_of_the_shelf(store: SqlStore) -> None:
    def large(tx: Transaction) -> None:
        for number in range(40):
            tx.shelve(Session.MAIN, a_message(f"t{number}", bytes(1_000_000)), "too large")

    await put(store, large)
    assert [one.topic for one in await store.read(lambda tx: tx.shelf(2))] == ["t39", "t38"]
    assert len(await store.read(lambda tx: tx.shelf())) == 33


# --- readings -------------------------------------------------------------------------------------------------


async def test_device_states_are_replaced_by_what_was_said_last(store: SqlStore) -> None:
    def state(device: str, **more: object) -> DeviceState:
        found = DeviceState("ah-001", device, "button", "action", "active", NOON, NOON)
        return replace(found, **more)  # type: ignore[arg-type]

    first = [state("a", action="single", device_at=NOON, seq=7, retained=True), state("b"), state("c")]
    await put(store, lambda tx: tx.save_device_states(first))
    later = state("a", state="clear", at=NOON + MINUTE)
    await put(store, lambda tx: tx.save_device_states([state("a"), later]))
    wanted = [("ah-001", "a"), ("ah-001", "c"), ("ah-001", "a"), ("ah-009", "b")]
    found = await store.read(lambda tx: tx.device_states(wanted))
    assert sorted(found, key=lambda one: one.device_id) == [later, state("c")]
    assert await store.read(lambda tx: tx.device_states([("ah-001", "b")])) == [state("b")]
    assert await store.read(lambda tx: tx.device_states([])) == []
    many = [("ah-001", f"d{number}") for number in range(2000)] + [("ah-001", "b")]
    assert await store.read(lambda tx: tx.device_states(many)) == [state("b")]


async def test_whatever_a_device_says_can_be_kept(store: SqlStore) -> None:
    """NUL, halves of characters, numbers beyond 64 bits, not-a-number: JSON allows a device to send all of them."""
    odd = "a\x00b\ud800"
    reading = Reading(
        "t",
        "d",
        Kind.GAS,
        State.ACTIVE,
        odd,
        float("nan"),
        odd,
        10**30,
        odd,
        True,
        seq=10**30,
        reason=odd,
        device_at=NOON,
    )
    await put(
        store,
        lambda tx: tx.add_readings([("ah-001", odd, reading, NOON), ("h", "d", Reading("t", "d", Kind.FAULT), NOON)]),
    )
    state = DeviceState("ah-001", odd, "gas", odd, "active", NOON, NOON, odd, seq=-(10**30))
    await put(store, lambda tx: tx.save_device_states([state]))
    (kept,) = await store.read(lambda tx: tx.device_states([("ah-001", odd)]))
    assert kept.action == storable(odd)
    assert kept.seq is None
    await put(store, lambda tx: tx.shelve(Session.MAIN, a_message("t\x00"), odd))
    entry = Entry(NOON, "hub", "pressed", {"raw": odd})
    await put(store, lambda tx: tx.save_alert(an_alert(facts={"raw": odd}), [entry]))
    assert (await store.read(lambda tx: tx.alert("01A"))).facts == {"raw": odd}  # type: ignore[union-attr]
    assert await store.read(lambda tx: tx.history("01A")) == [entry]


async def test_readings_are_read_in_the_order_they_came(store: SqlStore) -> None:
    press = Reading("t", "d", Kind.BUTTON, State.ACTIVE, action="emergency", sos=True)
    battery = Reading("t", "d", Kind.BATTERY, percent=87, retained=True)
    await put(store, lambda tx: tx.add_readings([("ah-001", "bed-sos", press, NOON)]))
    await put(store, lambda tx: tx.add_readings([("ah-001", "bed-sos", battery, NOON + MINUTE)]))
    first, second = await store.read(lambda tx: tx.readings_after(0, 10))
    assert (first.device_id, first.kind, first.state, first.action, first.sos) == (
        "bed-sos",
        "button",
        "active",
        "emergency",
        True,
    )
    assert (second.received_at, second.percent, second.state, second.retained) == (NOON + MINUTE, 87, None, True)
    assert await store.read(lambda tx: tx.readings_after(first.number, 10)) == [second]
    assert await store.read(lambda tx: tx.readings_after(0, 1)) == [second]


async def test_instants_without_a_time_zone_are_refused(store: SqlStore) -> None:
    with pytest.raises(Exception, match="time zone"):
        await put(store, lambda tx: tx.take_inbound("sms", "SM1", NOON.replace(tzinfo=None)))


# --- alerts ---------------------------------------------------------------------------------------------------


async def test_an_alert_its_duties_and_its_history_come_back_as_they_were(store: SqlStore) -> None:
    alert = an_alert(duties={DutyKind.PROMISE: Duty(NOON + MINUTE, MINUTE), DutyKind.REMIND: Duty(NOON, MINUTE)})
    lines = [Entry(NOON, "hub", "opened", {"room": "东屋", "count": 1}), Entry(NOON, "wang-li", "acknowledged")]
    await put(store, lambda tx: tx.save_alert(alert, lines[:1]))
    assert await store.read(lambda tx: tx.alert("01A")) == alert
    taken = replace(alert, stage=Stage.ACKNOWLEDGED, holder="wang-li", duties={DutyKind.PROMISE: Duty(NOON, MINUTE)})
    await put(store, lambda tx: tx.save_alert(taken, lines[1:]))
    assert await store.read(lambda tx: tx.unresolved(["ah-001"])) == [taken]
    assert await store.read(lambda tx: tx.history("01A")) == lines


async def test_a_home_has_one_unresolved_alert_of_a_cause(store: SqlStore) -> None:
    await put(store, lambda tx: tx.save_alert(an_alert()))
    with pytest.raises(AlertConflict, match="ah-001"):
        await put(store, lambda tx: tx.save_alert(an_alert("01B")))
    ended = an_alert(stage=Stage.RESOLVED, resolved_at=NOON, outcome=Outcome.GENUINE, duties={})
    await put(store, lambda tx: tx.save_alert(ended))
    await put(store, lambda tx: tx.save_alert(an_alert("01B")))
    assert [one.id for one in await store.read(lambda tx: tx.alerts())] == ["01B"]
    assert {one.id for one in await store.read(lambda tx: tx.alerts(everything=True))} == {"01A", "01B"}


async def test_a_resolved_alert_with_a_duty_is_still_looked_after(store: SqlStore) -> None:
    watched = an_alert(stage=Stage.RESOLVED, resolved_at=NOON, duties={DutyKind.WATCH: Duty(NOON, MINUTE)})
    await put(store, lambda tx: tx.save_alert(watched))
    assert await store.read(lambda tx: tx.unresolved()) == [watched]
    assert await store.read(lambda tx: tx.unresolved(["elsewhere"])) == []
    assert await store.read(lambda tx: tx.alerts()) == []


async def test_an_alert_is_found_by_a_code_of_the_last_seven_days(store: SqlStore) -> None:
    old = an_alert("01A", stage=Stage.RESOLVED, resolved_at=NOON - 8 * DAY, opened_at=NOON - 9 * DAY, duties={})
    open_since_long = an_alert("01B", "ah-002", code="X9", opened_at=NOON - 30 * DAY)
    ended = an_alert("01C", "ah-003", code="M4", stage=Stage.RESOLVED, resolved_at=NOON - DAY, duties={})

    def arrange(tx: Transaction) -> None:
        for alert in (old, open_since_long, ended):
            tx.save_alert(alert)
        tx.set_fact(LAST_COMMITTED, NOON.isoformat())

    await put(store, arrange)
    found = {code: await store.read(lambda tx, code=code: tx.alert(code)) for code in ("k7", " x9", "M4")}  # type: ignore[misc]
    assert found == {"k7": None, " x9": open_since_long, "M4": ended}
    assert await store.read(lambda tx: tx.alert("01A")) == old
    assert await store.read(lambda tx: tx.codes_since(NOON - 7 * DAY)) == {"X9", "M4"}


async def test_the_most_severe_and_oldest_duty_comes_first(store: SqlStore) -> None:
    def due(id: str, severity: Severity, after: timedelta) -> object:
        return an_alert(id, f"home-{id}", severity=severity, duties={DutyKind.STEP: Duty(NOON + after, MINUTE)})

    def arrange(tx: Transaction) -> None:
        for alert in (
            due("A", Severity.NOTICE, -9 * MINUTE),
            due("B", Severity.EMERGENCY, -MINUTE),
            due("C", Severity.EMERGENCY, -2 * MINUTE),
            due("D", Severity.EMERGENCY, MINUTE),
        ):
            tx.save_alert(alert)  # type: ignore[arg-type]

    await put(store, arrange)
    assert [one.id for one in await put(store, lambda tx: tx.due_alerts(NOON, 10))] == ["C", "B", "A"]
    assert [one.id for one in await put(store, lambda tx: tx.due_alerts(NOON, 2))] == ["C", "B"]
    assert await store.read(lambda tx: tx.next_due()) == NOON - 9 * MINUTE


# --- notifications --------------------------------------------------------------------------------------------


async def test_a_message_comes_back_as_it_was(store: SqlStore) -> None:
    full = a_notification(
        phone="+447700900199",
        step=1,
        round=3,
        fate=Fate.ACCEPTED,
        tries=2,
        text="【安河】",
        to="+447700900101",
        provider_id="SM1",
        error="30008",
        sending_since=NOON,
        accepted_at=NOON,
        ended_at=NOON,
    )
    bare = a_notification("02N", alert_id=None, person_id=None, due_at=None, created_at=NOON + MINUTE)
    await put(store, lambda tx: tx.add_notifications([a_notification(), bare]))
    await put(store, lambda tx: tx.save_notification(full))
    assert await store.read(lambda tx: tx.notification("01N")) == full
    assert await store.read(lambda tx: tx.notification("02N")) == bare
    assert await store.read(lambda tx: tx.notification("03N")) is None
    assert await store.read(lambda tx: tx.notification_by_provider_id("SM1")) == full
    assert await store.read(lambda tx: tx.notifications("01A")) == [full]
    assert await store.read(lambda tx: tx.open_notifications([Fate.QUEUED, Fate.UNKNOWN])) == [bare]


async def test_due_messages_of_emergencies_come_first_and_alone_if_asked(store: SqlStore) -> None:
    messages = [
        a_notification("A", severity=Severity.WARNING, due_at=NOON - 9 * MINUTE),
        a_notification("B", due_at=NOON - MINUTE),
        a_notification("C", due_at=NOON - 2 * MINUTE),
        a_notification("D", due_at=NOON + MINUTE),
        a_notification("E", due_at=None),
    ]
    await put(store, lambda tx: tx.add_notifications(messages))

    async def due(emergency: bool | None) -> list[str]:
        return [one.id for one in await put(store, lambda tx: tx.due_notifications(NOON, 10, emergency=emergency))]

    assert (await due(None), await due(True), await due(False)) == (["C", "B", "A"], ["C", "B"], ["A"])
    assert await store.read(lambda tx: tx.next_due()) == NOON - 9 * MINUTE


async def test_who_was_told_of_alerts_that_can_still_be_answered(store: SqlStore) -> None:
    def ended(id: str, ago: timedelta) -> object:
        return an_alert(id, f"home-{id}", stage=Stage.RESOLVED, resolved_at=NOON - ago, duties={})

    def arrange(tx: Transaction) -> None:
        for alert in (an_alert("open"), ended("lately", DAY), ended("long", 8 * DAY)):
            tx.save_alert(alert)  # type: ignore[arg-type]
        for number, alert_id in enumerate(("open", "lately", "long", None)):
            tx.add_notifications([a_notification(f"{number}", alert_id=alert_id)])
        tx.add_notifications([a_notification("other", alert_id="open", person_id=ZHAO_MIN.id)])
        tx.set_fact(LAST_COMMITTED, NOON.isoformat())

    await put(store, arrange)
    assert {one.id for one in await store.read(lambda tx: tx.notifications_told([WANG_LI.id]))} == {"0", "1"}
    assert await store.read(lambda tx: tx.notifications_told([])) == []


async def test_an_inbound_message_is_taken_once(store: SqlStore) -> None:
    assert [await put(store, lambda tx: tx.take_inbound("sms", "SM1", NOON)) for _ in range(2)] == [True, False]
    assert await put(store, lambda tx: tx.take_inbound("voice", "SM1", NOON))


@pytest.mark.parametrize(
    "ask",
    [
        lambda tx: tx.device_states([("h", "a"), ("h", "b")]),
        lambda tx: tx.device_states([("h", "a")]),
        lambda tx: tx.unresolved(["h", "i"]),
        lambda tx: tx.due_alerts(NOON, 10),
        lambda tx: tx.due_notifications(NOON, 10, emergency=True),
        lambda tx: tx.next_due(),
        lambda tx: tx.notifications_told(["wang-li"]),
        lambda tx: tx.notification_by_provider_id("SM1"),
        lambda tx: tx.open_notifications([Fate.UNKNOWN]),
        lambda tx: tx.swallow(Session.SOS, 2, b"x"),
        lambda tx: tx.alert("K7"),
        lambda tx: tx.history("01A"),
    ],
)
async def test_no_frequent_question_reads_a_whole_table(tmp_path: Path, ask: Callable[[Transaction], object]) -> None:
    """What costs more with every home and every day would one day make a press late."""
    path = tmp_path / "carehub.db"
    upgrade(f"sqlite:///{path}")
    engine = sqlite_engine(path)
    asked: list[str] = []
    with engine.connect() as db, db.begin():
        raw: Any = db.connection.driver_connection
        raw.set_trace_callback(asked.append)
        ask(SqlTransaction(db, Lane.SLOW))
        raw.set_trace_callback(None)
        questions = [statement for statement in asked if statement.startswith(("SELECT", "DELETE"))]
        assert questions
        plans = [row[3] for question in questions for row in raw.execute(f"EXPLAIN QUERY PLAN {question}")]
    whole = [plan for plan in plans if plan.startswith("SCAN") and "wanted" not in plan and "INDEX" not in plan]
    assert not whole, plans
