"""What consoles read of many alerts at once is what one reads of each."""

from datetime import timedelta

from hub.alerts.alert import Entry
from hub.ports import Lane, Transaction
from hub.store import SqlStore
from tests.store.samples import NOON, a_notification, an_alert

MINUTE = timedelta(minutes=1)
IDS = [f"{n:02}A" for n in range(7)]


def fill(transaction: Transaction) -> None:
    for n, id in enumerate(IDS):
        entries = [Entry(NOON, "hub", "opened"), Entry(NOON + n * MINUTE, "wang-li", "note", {"text": id})]
        transaction.save_alert(an_alert(id, f"ah-{n}", code=f"K{n}", opened_at=NOON + n * MINUTE), entries)
        transaction.add_notifications([a_notification(f"{id}{m}", alert_id=id) for m in (1, 2)])


async def test_many_at_once_are_what_each_is_alone(store: SqlStore) -> None:
    await store.write(Lane.DUTY, fill)

    def look(t: Transaction) -> None:
        assert sorted(t.alerts_named([*IDS, "gone"]), key=lambda a: a.id) == [t.alert(id) for id in IDS]
        assert t.histories(IDS) == {id: t.history(id) for id in IDS}
        assert t.messages_of(IDS) == {id: t.notifications(id) for id in IDS}
        assert (t.alerts_named([]), t.histories([]), t.messages_of([])) == ([], {}, {})

    await store.read(look)


async def test_what_was_opened_since_comes_newest_first_up_to_a_limit(store: SqlStore) -> None:
    await store.write(Lane.DUTY, fill)
    found = await store.read(lambda t: t.alerts_opened(NOON + 2 * MINUTE, 3))
    assert [alert.id for alert in found] == ["06A", "05A", "04A"]
