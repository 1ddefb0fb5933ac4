"""The sessions against a real broker: what is accepted is kept, and nothing is counted twice."""

import asyncio
from datetime import timedelta

import pytest

from hub.ingest.client import AckClient
from hub.ports import Session
from tests.harness.broker import BrokerProcess
from tests.ingest.conftest import MakeBroker, MakeHub
from tests.ingest.fakes import AWAY_SINCE, button, eventually, gas, motion, registry_of

SOS = "zigbee2mqtt/bed_sos"
GAS = "zigbee2mqtt/kitchen_gas"
MOTION = "zigbee2mqtt/hall_motion"
HOME = registry_of(button("bed_sos"), gas("kitchen_gas"), motion("hall_motion"))


async def publish(broker: BrokerProcess, *messages: tuple[str, bytes], qos: int = 1, retain: bool = False) -> None:
    async with broker.client() as device:
        for topic, payload in messages:
            await device.publish(topic, payload, qos=qos, retain=retain)


@pytest.mark.promise("P2")
@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_one_press_is_delivered_once_on_the_session_of_its_kind(
    broker: BrokerProcess, make_hub: MakeHub, qos: int
) -> None:
    hub = await make_hub(broker, HOME).start()
    await publish(broker, (SOS, b"single"), (GAS, b"gas"), (MOTION, b"motion"), qos=qos)
    await hub.intake.until(lambda: len(hub.intake.arrivals) >= 3)
    await hub.barrier()
    assert [hub.intake.payloads(s) for s in Session] == [[b"single"], [b"gas"], [b"motion"], []]
    press = next(a for a in hub.intake.arrivals if a.delivery.session is Session.SOS)
    assert press.readings[0].action == "single"
    assert press.prefix == ""
    assert press.delivery.waited_since is None
    assert press.delivery.message.qos == 1  # the broker lifts what bridges publish with QoS 0
    assert press.delivery.message.received_at == hub.clock.now()


@pytest.mark.promise("P1")
async def test_nothing_is_acknowledged_before_its_commit(broker: BrokerProcess, make_hub: MakeHub) -> None:
    hub = await make_hub(broker, HOME).start()
    hub.intake.gate.clear()
    before = len(hub.intake.markers)
    await publish(broker, (SOS, b"single"))
    await hub.intake.until(hub.is_busy)
    await hub.kill()  # the commit was under way: the broker must send it again
    hub.intake.gate.set()
    await hub.start()
    assert hub.intake.payloads() == [b"single"]
    again = hub.intake.arrivals[0].delivery
    assert again.duplicate
    assert again.waited_since == AWAY_SINCE
    assert (Session.SOS, True) in hub.intake.connections
    assert len(hub.intake.markers) > before


@pytest.mark.promise("P1")
async def test_what_was_committed_and_acknowledged_does_not_come_again(
    broker: BrokerProcess, make_hub: MakeHub
) -> None:
    hub = await make_hub(broker, HOME).start()
    await publish(broker, (SOS, b"one"), (SOS, b"two"))
    await hub.barrier()
    await hub.stop()
    await publish(broker, (SOS, b"three"))
    await hub.start()
    assert hub.intake.payloads() == [b"one", b"two", b"three"]
    assert not any(a.delivery.duplicate for a in hub.intake.arrivals)


@pytest.mark.promise("P7")
async def test_what_waited_is_told_from_what_is_live(broker: BrokerProcess, make_hub: MakeHub) -> None:
    hub = await make_hub(broker, HOME).start()
    await hub.stop()
    await publish(broker, (SOS, b"waited"), qos=0)
    await hub.start()
    await publish(broker, (SOS, b"live"), qos=0)
    await hub.intake.until(lambda: len(hub.intake.arrivals) == 2)
    waited, live = (a.delivery for a in hub.intake.arrivals)
    assert (waited.message.payload, waited.waited_since) == (b"waited", AWAY_SINCE)
    assert (live.message.payload, live.waited_since) == (b"live", None)


@pytest.mark.promise("P7")
async def test_a_marker_tells_which_acknowledgements_the_broker_has_seen(
    broker: BrokerProcess, make_hub: MakeHub
) -> None:
    hub = await make_hub(broker, HOME).start()
    await publish(broker, (SOS, b"one"), (SOS, b"two"))
    await hub.barrier()
    mids = {a.delivery.mid for a in hub.intake.arrivals}
    marked = len(hub.intake.markers)
    hub.clock.forward(timedelta(seconds=60))  # without being asked, a quiet session proves itself once a minute
    await hub.intake.until(lambda: len([m for m in hub.intake.markers[marked:] if m[0].session is Session.SOS]) == 1)
    acknowledged = [mid for c, _, found in hub.intake.markers if c.session is Session.SOS for mid in found]
    assert set(acknowledged) == mids
    assert len(acknowledged) == 2


@pytest.mark.promise("P7")
async def test_a_session_that_the_broker_lost_is_reported(broker: BrokerProcess, make_hub: MakeHub) -> None:
    hub = await make_hub(broker, HOME).start()
    assert {present for _, present in hub.intake.connections} == {False}
    broker.restart()
    await hub.intake.until(lambda: len(hub.intake.connections) == 6)
    assert {present for _, present in hub.intake.connections[3:]} == {True}
    broker.wipe()
    await hub.intake.until(lambda: len(hub.intake.connections) == 9)
    assert {present for _, present in hub.intake.connections[6:]} == {False}
    await hub.barrier()
    await publish(broker, (SOS, b"after"))  # and the filters are there again
    await hub.barrier()
    assert hub.intake.payloads() == [b"after"]


@pytest.mark.promise("P2")
async def test_a_press_overtakes_eleven_hundred_gas_readings(make_broker: MakeBroker, make_hub: MakeHub) -> None:
    broker = make_broker(autosave_on_changes=False)  # which disk the broker has is not the question here
    hub = await make_hub(broker, HOME).start()
    await hub.stop()
    async with broker.client() as device:
        for n in range(1_100):
            await device.publish(GAS, str(n).encode(), qos=0)
        await device.publish(SOS, b"single", qos=1)
    hub.intake.gate.clear()
    hub.begin()
    await hub.intake.until(lambda: hub.counts(Session.SOS).get("received") == 1)
    hub.intake.gate.set()
    await hub.barrier()
    assert hub.intake.payloads(Session.SOS) == [b"single"]
    # The broker keeps a thousand per session beside what is under way and drops the newest, never a press.
    assert 1_000 <= len(hub.intake.payloads(Session.LIFE)) <= 1_100
    assert max(hub.intake.batches) <= 200


@pytest.mark.promise("P13")
async def test_a_sick_store_acknowledges_nothing_and_loses_nothing(broker: BrokerProcess, make_hub: MakeHub) -> None:
    hub = await make_hub(broker, HOME).start()
    hub.intake.sick = True
    await publish(broker, (SOS, b"single"))
    await eventually(lambda: bool(hub.lifeline.heard))
    tries = hub.intake.tries
    await hub.intake.until(lambda: hub.intake.tries >= tries + 2)
    state = hub.states()[0]
    assert not state.caught_up
    assert "the disk is full" in (state.fault or "")
    assert hub.lifeline.safe == []
    hub.intake.sick = False
    await hub.barrier()
    assert hub.intake.payloads() == [b"single"]
    assert hub.intake.arrivals[0].delivery.duplicate
    assert [a.delivery.message.payload for a in hub.lifeline.safe] == [b"single"]


@pytest.mark.promise("P13")
async def test_a_press_is_heard_while_the_store_has_been_sick_from_the_start(
    broker: BrokerProcess, make_hub: MakeHub
) -> None:
    hub = make_hub(broker, HOME)
    hub.intake.sick = True
    hub.begin()
    await hub.intake.until(lambda: hub.states()[0].connected)
    async with asyncio.timeout(5):
        while not hub.lifeline.heard:
            await publish(broker, (SOS, b"single"))
    hub.intake.sick = False
    await hub.barrier()
    assert set(hub.intake.payloads()) == {b"single"}
    # That the broker had no session for us is told once the store can hear it.
    assert hub.intake.connections[0][1] is False


@pytest.mark.promise("P13")
async def test_what_a_foreign_broker_delivers_with_qos_0_is_kept_until_the_store_is_well(
    make_broker: MakeBroker, make_hub: MakeHub
) -> None:
    broker = make_broker(upgrade_outgoing_qos=False)
    hub = await make_hub(broker, HOME).start()
    hub.intake.sick = True
    await publish(broker, (SOS, b"single"), qos=0)
    await hub.intake.until(lambda: hub.counts(Session.SOS).get("failed_commits", 0) >= 1)
    hub.intake.sick = False
    await hub.intake.until(lambda: hub.intake.payloads() == [b"single"])
    assert hub.intake.arrivals[0].delivery.message.qos == 0


async def test_a_press_in_hand_is_committed_though_the_broker_is_gone(broker: BrokerProcess, make_hub: MakeHub) -> None:
    hub = await make_hub(broker, HOME).start()
    hub.intake.gate.clear()
    await publish(broker, (SOS, b"one"))
    await hub.intake.until(hub.is_busy)
    await publish(broker, (SOS, b"two"))
    await hub.intake.until(lambda: hub.counts(Session.SOS).get("received") == 2)
    broker.stop()
    hub.intake.gate.set()
    await hub.intake.until(lambda: hub.intake.payloads() == [b"one", b"two"])
    numbers = {a.delivery.connection for a in hub.intake.arrivals}
    broker.start()
    await hub.barrier()
    # Their acks did not reach the broker: it sends them again, marked, on a later connection.
    assert hub.intake.payloads() == [b"one", b"two", b"one", b"two"]
    assert [a.delivery.duplicate for a in hub.intake.arrivals] == [False, False, True, True]
    assert all(a.delivery.connection > max(numbers) for a in hub.intake.arrivals[2:])


async def test_twenty_thousand_at_once_wait_outside_of_our_memory(make_broker: MakeBroker, make_hub: MakeHub) -> None:
    broker = make_broker(autosave_on_changes=False, max_queued_messages=0)
    hub = await make_hub(broker, HOME).start()
    hub.intake.gate.clear()
    count = 20_000
    await burst(broker, MOTION, count)
    await hub.intake.until(lambda: hub.counts(Session.MAIN).get("received", 0) >= 200)
    await publish(broker, (SOS, b"single"))
    hub.intake.gate.set()
    await hub.intake.until(lambda: len(hub.intake.payloads(Session.SOS)) == 1)
    behind = len(hub.intake.arrivals)
    await hub.barrier()
    assert behind < count / 2
    assert sorted(map(int, hub.intake.payloads(Session.MAIN))) == list(range(count))
    assert 100 < max(hub.intake.batches) <= 200
    assert all(state.most_waiting <= 2_000 for state in hub.states())


async def test_a_qos_0_flood_is_held_back_at_the_socket(make_broker: MakeBroker, make_hub: MakeHub) -> None:
    broker = make_broker(autosave_on_changes=False, max_queued_messages=0, upgrade_outgoing_qos=False)
    hub = await make_hub(broker, HOME).start()
    hub.intake.gate.clear()
    await burst(broker, MOTION, 5_000)
    await hub.intake.until(lambda: hub.counts(Session.MAIN).get("committed", 0) == 0)
    assert hub.ingest is not None
    await eventually(lambda: hub.counts(Session.MAIN).get("pauses", 0) > 0)
    assert hub.states()[2].waiting <= 2_000
    hub.intake.gate.set()
    await hub.barrier()
    assert sorted(map(int, hub.intake.payloads(Session.MAIN))) == list(range(5_000))


async def burst(broker: BrokerProcess, topic: str, count: int) -> None:
    """Publish as fast as the broker reads."""
    async with broker.client(max_queued_outgoing_messages=0) as device:
        for n in range(count):
            device._client.publish(topic, str(n).encode(), qos=0)
            if n % 100 == 99:
                await asyncio.sleep(0)
        await device.publish("zigbee2mqtt/bridge/nothing", b"", qos=1)


async def test_the_watch_handles_only_what_nobody_has_configured(broker: BrokerProcess, make_hub: MakeHub) -> None:
    hub = await make_hub(broker, HOME).start()
    await publish(broker, (SOS, b"single"), ("zigbee2mqtt/unknown_button", b"help"), ("other/thing", b"?"))
    await hub.barrier()
    assert hub.intake.payloads(Session.SOS) == [b"single"]
    unknown = next(a for a in hub.intake.arrivals if a.delivery.session is Session.WATCH)
    assert unknown.delivery.message.topic == "zigbee2mqtt/unknown_button"
    assert (unknown.delivery.connection, unknown.delivery.message.qos, unknown.delivery.mid) == (0, 0, 0)
    assert len(hub.intake.arrivals) == 2
    assert hub.counts(Session.WATCH)["left"] == 1


async def test_the_watch_keeps_trying_while_the_store_is_sick(broker: BrokerProcess, make_hub: MakeHub) -> None:
    hub = await make_hub(broker, HOME).start()
    hub.intake.sick = True
    await publish(broker, ("zigbee2mqtt/unknown_button", b"help"))
    tries = hub.intake.tries
    await hub.intake.until(lambda: hub.intake.tries >= tries + 1)
    hub.intake.sick = False
    await hub.intake.until(lambda: hub.intake.payloads(Session.WATCH) == [b"help"])


async def test_unreadable_messages_are_handed_over_with_their_fault(broker: BrokerProcess, make_hub: MakeHub) -> None:
    hub = await make_hub(broker, HOME).start()
    await publish(broker, (SOS, b"garbage"), (SOS, b"bug"), (SOS, bytes(1_000_000)), (SOS, b"single"))
    await hub.barrier()
    faults = [a.fault for a in hub.intake.arrivals]
    assert faults == [
        "wire: not what it should be",
        "wire: the decoder failed (KeyError)",
        "1000000 bytes: more than 262144 are not read",
        None,
    ]
    assert hub.counts(Session.SOS)["unreadable"] == 3
    assert hub.counts(Session.SOS)["oversize"] == 1


async def test_retained_messages_are_marked(broker: BrokerProcess, make_hub: MakeHub) -> None:
    await publish(broker, (SOS, b"single"), retain=True)
    hub = await make_hub(broker, HOME).start()
    assert [a.delivery.message.retained for a in hub.intake.arrivals] == [True]
    await publish(broker, (SOS, b"double"), retain=True)
    await hub.barrier()
    assert [a.delivery.message.retained for a in hub.intake.arrivals] == [True, False]


async def test_a_changed_registry_is_followed_without_reconnecting(broker: BrokerProcess, make_hub: MakeHub) -> None:
    hub = await make_hub(broker, HOME).start()
    assert hub.ingest is not None
    await hub.ingest.reconfigure(registry_of(button("bed_sos"), button("hall_motion"), gas("new_gas")))
    await publish(broker, (SOS, b"press"), (MOTION, b"now a button"), ("zigbee2mqtt/new_gas", b"gas"), (GAS, b"gone"))
    await hub.barrier()
    assert hub.intake.payloads(Session.SOS) == [b"press", b"now a button"]
    assert hub.intake.payloads(Session.LIFE) == [b"gas"]
    assert hub.intake.payloads(Session.MAIN) == []
    assert b"gone" in hub.intake.payloads(Session.WATCH)
    assert hub.counts(Session.SOS)["connections"] == 1
    held = hub.intake.filters[Session.MAIN]
    assert any("zigbee2mqtt/hall_motion/#" in names for names in held)
    assert "zigbee2mqtt/hall_motion/#" not in held[-1]


async def test_filters_of_an_earlier_configuration_are_dropped_at_the_next_start(
    broker: BrokerProcess, make_hub: MakeHub
) -> None:
    hub = await make_hub(broker, HOME).start()
    await hub.stop()
    hub.registry = registry_of(button("hall_motion"))
    await hub.start()
    await publish(broker, (SOS, b"gone"), (MOTION, b"press"))
    await hub.barrier()
    assert hub.intake.payloads(Session.SOS) == [b"press"]
    assert hub.intake.payloads(Session.MAIN) == []
    assert [f for f in hub.intake.filters[Session.SOS][-1] if f.startswith("zigbee2mqtt")] == [f"{MOTION}/#"]


@pytest.mark.promise("P1")
async def test_stopping_finishes_what_is_in_hand(broker: BrokerProcess, make_hub: MakeHub) -> None:
    hub = await make_hub(broker, HOME).start()
    hub.intake.gate.clear()
    await publish(broker, (SOS, b"one"))
    await hub.intake.until(hub.is_busy)
    stopping = asyncio.create_task(hub.stop())
    await asyncio.sleep(0)
    hub.intake.gate.set()
    await stopping
    await hub.start()
    assert hub.intake.payloads() == [b"one"]


async def test_stopping_does_not_wait_for_a_store_that_hangs(broker: BrokerProcess, make_hub: MakeHub) -> None:
    hub = await make_hub(broker, HOME).start()
    hub.intake.gate.clear()
    await publish(broker, (SOS, b"one"))
    await hub.intake.until(hub.is_busy)
    async with asyncio.timeout(2.5):
        await hub.stop()
    hub.intake.gate.set()
    await hub.start()
    assert hub.intake.payloads() == [b"one"]


async def test_a_broker_that_hangs_is_noticed_by_the_marker(broker: BrokerProcess, make_hub: MakeHub) -> None:
    hub = await make_hub(broker, HOME, marker_limit_s=0.4).start()
    broker.freeze()
    try:
        hub.clock.forward(timedelta(seconds=60))
        await eventually(lambda: not any(state.connected for state in hub.states()))
    finally:
        broker.thaw()
    await publish(broker, (SOS, b"single"))
    await hub.barrier()
    assert hub.intake.payloads() == [b"single"]


async def test_another_hub_with_our_id_is_named(broker: BrokerProcess, make_hub: MakeHub) -> None:
    hub = await make_hub(broker, HOME).start()
    thief = AckClient(broker.as_hub, "carehub-sos", durable=True, on_open=lambda _: None, on_message=lambda _: None)
    await thief.open()
    for _ in range(2):
        await thief.closed()
        thief = AckClient(broker.as_hub, "carehub-sos", durable=True, on_open=lambda _: None, on_message=lambda _: None)
        await eventually(lambda: hub.states()[0].caught_up)
        await thief.open()
    await eventually(lambda: "another hub with the client id carehub-sos" in (hub.states()[0].fault or ""))
    thief.abort()


async def test_a_broker_that_refuses_us_is_named(broker: BrokerProcess, make_hub: MakeHub) -> None:
    hub = make_hub(broker, HOME, password="wrong")
    hub.begin()
    await eventually(lambda: all("Check CAREHUB_MQTT__PASSWORD" in (s.fault or "") for s in hub.states()))


async def test_a_broker_that_is_not_there_is_waited_for(broker: BrokerProcess, make_hub: MakeHub) -> None:
    broker.stop()
    hub = make_hub(broker, HOME)
    hub.begin()
    await eventually(lambda: all("no connection to the broker" in (s.fault or "") for s in hub.states()))
    assert hub.ingest is not None
    assert not hub.ingest.caught_up
    async with asyncio.timeout(2.5):
        await hub.stop()
    hub.begin()
    broker.start()
    await publish(broker, (SOS, b"retained"), retain=True)
    await eventually(lambda: hub.ingest is not None and hub.ingest.caught_up)
    await hub.barrier()
    assert hub.intake.payloads(Session.SOS) == [b"retained"]
