"""The engine on a store in memory: one transaction each, one fault stays one fault."""

from dataclasses import replace

import pytest

import hub.engine.engine as engine_module
from devices.reading import Kind, Reading, State
from hub.alerts import events as ev
from hub.alerts.alert import Alert, Stage
from hub.alerts.notification import Fate
from hub.engine import Engine, NoSuchAlert, floor
from hub.engine.intake import digest
from hub.ports import Accepted, Arrival, FateReport, Inbound, Lane, Session, StoreUnavailable
from tests.engine.pocket import HOUR, MINUTE, POLICIES, SECOND, Pocket, button
from tests.harness.memory import MemoryStore


class Bench:
    """An engine, and a pocket hub beside it on the same rows that makes arrivals."""

    def __init__(self) -> None:
        self.pocket = Pocket()
        self.memory = self.pocket.memory
        self.store = MemoryStore(self.memory)
        self.engine = Engine(self.store, self.memory.clock, "site", POLICIES)
        self.shelved: list[str] = []
        self.engine.on_shelved = lambda arrival: self.shelved.append(arrival.delivery.message.topic)

    async def press(self, name: str = "bed-sos") -> None:
        await self.engine.commit([self.pocket.arrival(button(name))])


@pytest.fixture
async def bench() -> Bench:
    bench = Bench()
    await bench.engine.load()
    return bench


def poison(pocket: Pocket) -> Arrival:
    """Return a message whose handling fails: it may have waited, and its device's time is none."""
    reading = Reading("zigbee2mqtt/bath-sos", "bath-sos", Kind.BUTTON, State.ACTIVE, device_at="never")  # type: ignore[arg-type]
    arrival = pocket.arrival(reading, payload=b"bad")
    return replace(arrival, delivery=replace(arrival.delivery, waited_since=pocket.now - HOUR))


# --- what arrives ---------------------------------------------------------------------------------------------


@pytest.mark.promise("P1")
async def test_what_is_committed_is_there_with_its_alert_and_its_message(bench: Bench) -> None:
    await bench.press()
    assert len(bench.memory.readings) == len(bench.memory.by_id) == len(bench.memory.messages) == 1
    assert bench.store.commits == {Lane.SOS: 1}
    assert bench.engine.counters["received"] == 1


@pytest.mark.promise("P1")
async def test_what_cannot_be_committed_is_not_acknowledged_and_leaves_nothing(bench: Bench) -> None:
    bench.store.fails.append(StoreUnavailable("disk full"))
    with pytest.raises(StoreUnavailable):
        await bench.press()
    assert (bench.memory.readings, bench.memory.by_id, bench.memory.tries) == ([], {}, {})


@pytest.mark.promise("P12")
async def test_a_poisonous_message_does_not_take_the_others_with_it(bench: Bench) -> None:
    press, call = (bench.pocket.arrival(button(name)) for name in ("bed-sos", "call"))
    await bench.engine.commit([press, poison(bench.pocket), call])
    assert {a.cause for a in bench.memory.by_id.values()} == {"sos", "call"}
    assert bench.shelved == ["zigbee2mqtt/bath-sos"]
    (row,) = bench.memory.shelved
    assert row.tries == 3
    assert row.reason.startswith("handling failed")
    assert bench.engine.counters["shelved"] == 1


@pytest.mark.promise("P12")
async def test_a_press_tried_beside_a_poisonous_message_is_never_given_up_for_its_bytes(bench: Bench) -> None:
    for _ in range(6):
        bench.pocket.forward(SECOND)
        press = bench.pocket.arrival(button("bed-sos"), payload=b"on")
        await bench.engine.commit([press, poison(bench.pocket)])
    assert next(iter(bench.memory.by_id.values())).count == 6
    assert bench.shelved == ["zigbee2mqtt/bath-sos"] * 6
    assert bench.memory.tries == {}


@pytest.mark.promise("P12")
async def test_a_message_that_ends_the_hub_is_not_tried_for_ever(bench: Bench) -> None:
    bad = poison(bench.pocket)
    for _ in range(3):  # three hubs died of it
        bench.memory.count_try(Session.SOS, digest(bad.delivery))
    await bench.engine.commit([bad])
    assert bench.memory.shelved[0].reason == "handling ended the hub"


async def test_a_cry_from_an_unknown_device_goes_on_the_urgent_lane(bench: Bench) -> None:
    await bench.engine.commit([bench.pocket.arrival(button("stray", sos=True), session=Session.WATCH, qos=0)])
    assert bench.store.commits == {Lane.SOS: 1}


# --- sessions -------------------------------------------------------------------------------------------------


@pytest.mark.promise("P7")
async def test_a_connection_knows_since_when_messages_may_have_waited(bench: Bench) -> None:
    first = await bench.engine.connected(Session.SOS, session_present=False)
    assert (first.number, first.away_since) == (1, None)
    await bench.engine.marker(first, 1, [])
    seen = bench.pocket.now
    bench.pocket.forward(HOUR)
    second = await bench.engine.connected(Session.SOS, session_present=True)
    assert (second.number, second.away_since) == (2, seen)
    assert bench.memory.by_id == {}


@pytest.mark.promise("P7")
@pytest.mark.parametrize(("known", "present", "cause"), [(True, False, "session-lost"), (False, True, "database-lost")])
async def test_a_lost_session_or_database_is_told_to_staff(
    bench: Bench, known: bool, present: bool, cause: str
) -> None:
    if known:
        await bench.engine.connected(Session.LIFE, session_present=False)
    bench.pocket.forward(HOUR)
    await bench.engine.connected(Session.LIFE, session_present=present)
    assert [a.cause.partition(":")[0] for a in bench.memory.by_id.values()] == [cause]
    bench.pocket.forward(6 * SECOND)
    assert [to for to, _ in bench.pocket.said()] == ["nurse"]


@pytest.mark.promise("P7")
async def test_all_sessions_lost_at_once_are_one_loss_and_the_next_loss_is_another(bench: Bench) -> None:
    for session in (Session.SOS, Session.LIFE, Session.MAIN):
        await bench.engine.connected(session, session_present=False)
    for _ in range(2):
        bench.pocket.forward(HOUR)
        for session in (Session.SOS, Session.LIFE, Session.MAIN):
            await bench.engine.connected(session, session_present=False)
    assert len(bench.memory.by_id) == 2


@pytest.mark.promise("P7")
async def test_a_marker_forgets_what_the_broker_surely_knows(bench: Bench) -> None:
    await bench.engine.connected(Session.SOS, session_present=False)
    old = bench.pocket.arrival(button(), mid=1)
    await bench.engine.commit([old])
    connection = await bench.engine.connected(Session.SOS, session_present=True)
    bench.pocket.connection = connection.number
    await bench.engine.commit([bench.pocket.arrival(button(), mid=mid) for mid in (2, 3)])
    await bench.engine.marker(connection, 1, [2])
    assert list(bench.memory.deliveries) == [(Session.SOS, connection.number, 3)]


# --- duties, people, carriers ---------------------------------------------------------------------------------


@pytest.mark.promise("P12")
async def test_an_alert_that_cannot_be_moved_stops_no_other(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.press("bed-sos")
    await bench.press("call")
    sos = next(a for a in bench.memory.by_id.values() if a.cause == "sos")
    real = engine_module.due

    def due(alert: Alert, *rest: object) -> object:
        if alert.id == sos.id:
            raise KeyError("a mistake")
        return real(alert, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(engine_module, "due", due)
    bench.memory.clock.instant += HOUR
    assert await bench.engine.due() == 1
    assert bench.memory.by_id[sos.id] == sos
    assert next(a for a in bench.memory.by_id.values() if a.cause == "call").step == 2


async def test_due_moves_nothing_before_its_time(bench: Bench) -> None:
    await bench.press()
    assert await bench.engine.due() == 0
    bench.memory.clock.instant += MINUTE
    assert await bench.engine.due() == 1


async def test_people_act_through_the_engine(bench: Bench) -> None:
    await bench.press()
    (message,) = bench.memory.messages
    await bench.engine.answered(message, Accepted("SM1"))
    assert await bench.engine.report(FateReport("SM1", Fate.DELIVERED))
    await bench.engine.received(Inbound("sms", "IN1", "+447700900101", "1"))
    (alert,) = bench.memory.by_id.values()
    assert (alert.stage, alert.holder) == (Stage.ACKNOWLEDGED, "daughter")
    assert (await bench.engine.command(alert.code, lambda _: ev.Arrived("daughter", "command"))).arrived_at is not None
    with pytest.raises(NoSuchAlert):
        await bench.engine.command("nothing", lambda _: ev.Arrived("daughter"))


@pytest.mark.promise("P5")
async def test_a_receipt_that_overtakes_our_own_answer_is_kept_for_it(bench: Bench) -> None:
    await bench.press()
    (message,) = bench.memory.messages
    assert not await bench.engine.report(FateReport("SM1", Fate.DELIVERED))
    bench.memory.messages[message] = replace(bench.memory.messages[message], fate=Fate.SENDING)
    await bench.engine.answered(message, Accepted("SM1"))
    assert bench.memory.messages[message].fate is Fate.DELIVERED
    assert bench.engine.early == {}


@pytest.mark.promise("P8")
async def test_the_last_committed_instant_is_the_floor_of_hub_time(bench: Bench) -> None:
    assert floor(Pocket().memory) is None
    await bench.press()
    assert floor(bench.memory) == bench.memory.clock.now()


async def test_people_and_homes_edited_meanwhile_hold_from_the_next_transaction(bench: Bench) -> None:
    registry = bench.memory.registry()
    nobody = replace(next(iter(registry.homes.values())), contacts=())
    bench.memory.replace_registry(type(registry).of(registry.people.values(), [nobody]))
    await bench.press()
    (alert,) = bench.memory.by_id.values()
    assert alert.ladder.rungs[0].people == ()
