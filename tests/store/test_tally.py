"""What a watcher counts, on both databases."""

from datetime import timedelta

from ulid import ULID

from hub.alerts.alert import Stage
from hub.alerts.notification import Fate
from hub.alerts.policy import Severity
from hub.alerts.tally import Tally
from hub.ports import Lane, Session, Transaction
from hub.store import SqlStore
from tests.store.samples import MINUTE, NOON, a_message, a_notification, an_alert

DAY = timedelta(days=1)


async def test_an_empty_database_counts_nothing(store: SqlStore) -> None:
    assert await store.read(lambda t: t.tally(NOON)) == Tally({}, {}, None, 0)


async def test_open_alerts_and_the_messages_of_a_day_are_counted(store: SqlStore) -> None:
    def fill(transaction: Transaction) -> None:
        transaction.save_alert(an_alert("01A"))
        transaction.save_alert(an_alert("01B", "ah-002", severity=Severity.NOTICE, stage=Stage.ACKNOWLEDGED))
        transaction.save_alert(an_alert("01C", "ah-003", stage=Stage.RESOLVED))  # watched: it has a duty
        for age, fate, severity in (
            (3 * DAY, Fate.DELIVERED, Severity.EMERGENCY),
            (DAY - MINUTE, Fate.DELIVERED, Severity.EMERGENCY),
            (3 * MINUTE, Fate.QUEUED, Severity.NOTICE),
            (2 * MINUTE, Fate.SENDING, Severity.EMERGENCY),
            (MINUTE, Fate.QUEUED, Severity.EMERGENCY),
        ):
            at = NOON - age
            id = f"{ULID.from_datetime(at)}@site"
            transaction.add_notifications([a_notification(id, created_at=at, fate=fate, severity=severity)])
        transaction.shelve(Session.MAIN, a_message(), "no JSON")

    await store.write(Lane.SLOW, fill)
    assert await store.read(lambda t: t.tally(NOON - DAY)) == Tally(
        {(Severity.EMERGENCY, Stage.OPEN): 1, (Severity.NOTICE, Stage.ACKNOWLEDGED): 1},
        {Fate.DELIVERED: 1, Fate.QUEUED: 2, Fate.SENDING: 1},
        NOON - 2 * MINUTE,
        1,
    )


async def test_transactions_are_timed_by_lane(store: SqlStore) -> None:
    await store.write(Lane.SOS, lambda t: t.set_fact("a", "b"))
    commits = store.commits()
    assert sum(commits[Lane.SOS].counts) == 1
    assert commits[Lane.SOS].total_s > 0
    assert sum(commits[Lane.SLOW].counts) == 0
    assert set(store.waiting().values()) == {0}
