"""What overviews read, on both databases."""

from datetime import timedelta

from ulid import ULID

from devices.reading import State
from hub.alerts.alert import Stage
from hub.alerts.notification import Fate
from hub.alerts.policy import Severity
from hub.homes import SITE, DeviceState
from hub.ports import Lane, Transaction
from hub.ports.overview import CarrierFigures
from hub.store import SqlStore
from tests.store.samples import MINUTE, NOON, a_notification, an_alert

HOUR = timedelta(hours=1)


def a_state(home: str, device: str, kind: str = "motion", property: str = "") -> DeviceState:
    return DeviceState(home, device, kind, property, State.CLEAR, NOON, NOON)


async def test_marks_are_the_unresolved_alerts_the_most_severe_first(store: SqlStore) -> None:
    def fill(transaction: Transaction) -> None:
        transaction.save_alert(an_alert("01A", severity=Severity.NOTICE, cause="battery:gas"))
        transaction.save_alert(an_alert("01B", "ah-002", stage=Stage.ACKNOWLEDGED, holder="li-qiang"))
        transaction.save_alert(an_alert("01C", "ah-003", stage=Stage.RESOLVED))  # watched: it has a duty

    await store.write(Lane.SLOW, fill)
    marks = await store.read(lambda t: t.alert_marks())
    assert [(m.id, m.home_id, m.cause, m.stage, m.holder) for m in marks] == [
        ("01B", "ah-002", "sos", Stage.ACKNOWLEDGED, "li-qiang"),
        ("01A", "ah-001", "battery:gas", Stage.OPEN, None),
    ]


async def test_last_words_are_read_for_many_homes_at_once(store: SqlStore) -> None:
    many = [a_state(f"home-{n}", "motion") for n in range(1100)]
    bridge, stranger = a_state(SITE, "zigbee2mqtt/bridge", "bridge"), a_state(SITE, "zigbee2mqtt/lamp")
    await store.write(Lane.SLOW, lambda t: t.save_device_states([*many, bridge, stranger]))
    assert await store.read(lambda t: t.states_of_homes([])) == []
    found = await store.read(lambda t: t.states_of_homes(f"home-{n}" for n in range(1000)))
    assert {state.home_id for state in found} == {f"home-{n}" for n in range(1000)}
    assert await store.read(lambda t: t.shared_bridges()) == [bridge]


async def test_carriers_say_when_they_last_took_and_delivered_and_how_many_failed(store: SqlStore) -> None:
    def fill(transaction: Transaction) -> None:
        for age, fate, error in (
            (3 * HOUR, Fate.FAILED, "30003"),
            (30 * MINUTE, Fate.DELIVERED, None),
            (20 * MINUTE, Fate.FAILED, "30005"),
            (10 * MINUTE, Fate.ACCEPTED, None),
        ):
            at = NOON - age
            ended = at + MINUTE if fate is not Fate.ACCEPTED else None
            found = a_notification(f"{ULID.from_datetime(at)}@site", created_at=at, fate=fate, error=error,
                                   accepted_at=at, ended_at=ended)  # fmt: skip
            transaction.add_notifications([found])

    await store.write(Lane.SLOW, fill)
    assert await store.read(lambda t: t.carriers(NOON - HOUR)) == {
        "sms": CarrierFigures(
            NOON - 10 * MINUTE,
            NOON - 29 * MINUTE,
            {Fate.DELIVERED: 1, Fate.FAILED: 1, Fate.ACCEPTED: 1},
            "30005",
        )
    }


async def test_the_database_knows_its_size(store: SqlStore) -> None:
    assert await store.read(lambda t: t.size_bytes()) > 10_000
