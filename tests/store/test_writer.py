"""How writes share transactions, and what becomes of them when one of them, or the database, fails."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from hub.ports import LAST_COMMITTED, Lane, Session, StoreUnavailable, Transaction
from hub.store import SqlStore, open_store, sql_store, writer
from hub.store.transaction import SqlTransaction
from hub.store.waiting import Job, Waiting
from tests.harness.postgres import Postgres
from tests.store.samples import NOON, a_message, an_alert

Work = Callable[[Transaction], object]


@pytest.fixture(autouse=True)
def patient_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let groups grow for as long as a slow machine takes; how long they may is not what is tested here."""
    monkeypatch.setattr(writer, "_LONGEST_S", 60)


def transaction_of(tx: Transaction) -> int:
    """Tell transactions apart that run one after the other."""
    return id(cast(SqlTransaction, tx)._db.get_transaction())


@asynccontextmanager
async def held(store: SqlStore, lane: Lane) -> AsyncIterator[None]:
    """Keep the writer of a lane inside a job, so that what is written meanwhile waits."""
    inside, go_on = threading.Event(), threading.Event()

    def hold(tx: Transaction) -> None:
        inside.set()
        go_on.wait(30)

    holding = asyncio.create_task(store.write(lane, hold))
    await asyncio.to_thread(inside.wait, 30)
    try:
        yield
    finally:
        go_on.set()
        await holding


async def queued(*writes: Awaitable[object]) -> "list[asyncio.Future[object]]":
    """Start writes; they wait at the writer, in this order, when this returns."""
    tasks = [asyncio.ensure_future(write) for write in writes]
    await asyncio.sleep(0)  # lets each task run up to its own await
    return tasks


def fact(name: str) -> Work:
    return lambda tx: tx.set_fact(name, "kept")


async def kept(store: SqlStore, *names: str) -> set[str]:
    return await store.read(lambda tx: {name for name in names if tx.fact(name)})


async def test_what_waits_together_is_committed_together(store: SqlStore) -> None:
    async with held(store, Lane.SLOW):
        tasks = await queued(*(store.write(Lane.SLOW, transaction_of) for _ in range(50)))
    assert len(set(await asyncio.gather(*tasks))) == 1


async def test_what_one_job_raises_reaches_only_its_caller(store: SqlStore) -> None:
    def bad(tx: Transaction) -> None:
        tx.set_fact("bad", "x")
        raise KeyError("mine")

    def duplicate(tx: Transaction) -> None:
        tx.save_alert(an_alert("01A"))
        tx.save_alert(an_alert("01B"))

    async with held(store, Lane.SLOW):
        jobs = (fact("a"), bad, fact("b"), duplicate, fact("c"))
        tasks = await queued(*(store.write(Lane.SLOW, job) for job in jobs))
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one).__name__ for one in results] == ["NoneType", "KeyError", "NoneType", "AlertConflict", "NoneType"]
    assert await kept(store, "a", "b", "c", "bad") == {"a", "b", "c"}
    assert await store.read(lambda tx: tx.alerts()) == []


async def test_a_lone_job_that_raises_keeps_nothing(store: SqlStore) -> None:
    def bad(tx: Transaction) -> None:
        tx.set_fact("bad", "x")
        raise StopIteration  # a future cannot carry this one

    with pytest.raises(RuntimeError, match="StopIteration"):
        await store.write(Lane.SLOW, bad)
    assert await kept(store, "bad") == set()
    assert await store.write(Lane.SLOW, lambda tx: 7) == 7


async def test_a_caller_that_gave_up_before_its_turn_changes_nothing(store: SqlStore) -> None:
    async with held(store, Lane.SLOW):
        (task,) = await queued(store.write(Lane.SLOW, fact("given up")))
        task.cancel()
        await asyncio.sleep(0)
    assert await store.write(Lane.SLOW, lambda tx: tx.fact("given up")) is None


async def test_a_snapshot_does_not_wait_for_the_writer_and_cannot_write(store: SqlStore) -> None:
    await store.write(Lane.SLOW, fact("before"))
    async with held(store, Lane.SLOW):
        assert await kept(store, "before") == {"before"}
    with pytest.raises(StoreUnavailable, match=r"(?i)read.?only"):
        await store.read(fact("never"))
    assert await kept(store, "before", "never") == {"before"}


async def test_a_closed_store_finishes_what_waits_and_takes_nothing_more(url: str) -> None:
    store = open_store(url)
    async with held(store, Lane.SLOW):
        tasks = await queued(store.write(Lane.SLOW, fact("last")))
        closing = asyncio.create_task(store.close())
        await asyncio.sleep(0)
    await asyncio.gather(*tasks, closing)
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.write(Lane.SLOW, fact("late"))
    again = open_store(url)
    assert await kept(again, "last", "late") == {"last"}
    await again.close()


async def test_too_many_waiting_jobs_are_refused() -> None:
    waiting = Waiting(_held=20_000)
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    with pytest.raises(StoreUnavailable, match="20000"):
        waiting.put(Job(Lane.SLOW, lambda tx: None, future))


@pytest.mark.promise("P2")
async def test_the_most_urgent_lane_goes_first_and_shares_no_transaction(tmp_path: Any) -> None:
    store = open_store(f"sqlite:///{tmp_path}/carehub.db")
    order: list[tuple[Lane, int]] = []

    def note(lane: Lane) -> Work:
        return lambda tx: order.append((lane, transaction_of(tx)))

    async with held(store, Lane.SLOW):
        lanes = [Lane.SLOW, Lane.DUTY, Lane.SOS, Lane.LIFE, Lane.SLOW, Lane.SOS]
        tasks = await queued(*(store.write(lane, note(lane)) for lane in lanes))
    await asyncio.gather(*tasks)
    assert [lane for lane, _ in order] == [Lane.SOS, Lane.SOS, Lane.LIFE, Lane.DUTY, Lane.SLOW, Lane.SLOW]
    await store.close()


@pytest.mark.promise("P2")
async def test_a_press_that_comes_while_slow_work_runs_waits_for_one_job_not_for_all(tmp_path: Any) -> None:
    store = open_store(f"sqlite:///{tmp_path}/carehub.db")
    order: list[str] = []
    async with held(store, Lane.SLOW):
        slow = await queued(*(store.write(Lane.SLOW, lambda tx: order.append("slow")) for _ in range(100)))
        press = await queued(store.write(Lane.SOS, lambda tx: order.append("press")))
    await asyncio.gather(*slow, *press)
    assert order[0] == "press"
    await store.close()


@pytest.mark.promise("P2")
async def test_no_lane_of_a_server_waits_for_another(postgres: Postgres) -> None:
    store = open_store(postgres.database())

    def slow_and_stamped(tx: Transaction) -> None:
        tx.set_fact(LAST_COMMITTED, NOON.isoformat())
        tx.add_notifications([])

    async with held(store, Lane.SLOW):
        waiting = await queued(store.write(Lane.SLOW, slow_and_stamped))
        await store.write(Lane.SOS, slow_and_stamped)
        await store.write(Lane.LIFE, lambda tx: tx.shelve(Session.LIFE, a_message(), "unreadable"))
    await asyncio.gather(*waiting)
    await store.close()


async def test_a_duty_is_handed_to_one_worker_at_a_time(postgres: Postgres) -> None:
    store = open_store(postgres.database())
    await store.write(Lane.DUTY, lambda tx: tx.save_alert(an_alert()))
    inside, go_on = threading.Event(), threading.Event()

    def take(tx: Transaction) -> list[str]:
        found = [one.id for one in tx.due_alerts(NOON, 10)]
        inside.set()
        go_on.wait(30)
        return found

    first = asyncio.create_task(store.write(Lane.DUTY, take))
    await asyncio.to_thread(inside.wait, 30)
    assert await store.write(Lane.SLOW, lambda tx: tx.due_alerts(NOON, 10)) == []
    go_on.set()
    assert await first == ["01A"]
    await store.close()


async def test_a_job_waits_for_a_home_only_while_it_holds_no_other(postgres: Postgres) -> None:
    """Two groups that lock each other's homes would stand still until the server gives up on one of them."""
    store = open_store(postgres.database())
    inside, go_on, locked = threading.Event(), threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(tx: Transaction) -> None:
        tx.lock_homes(["b"])
        inside.set()
        go_on.wait(30)

    def press(tx: Transaction) -> None:
        tx.lock_homes(["a"])

    def press_elsewhere(tx: Transaction) -> None:
        tx.lock_homes(["c", "b"])
        loop.call_soon_threadsafe(locked.set)

    slow_one = asyncio.create_task(store.write(Lane.SLOW, slow))
    await asyncio.to_thread(inside.wait, 30)
    async with held(store, Lane.SOS):
        first, second = await queued(store.write(Lane.SOS, press), store.write(Lane.SOS, press_elsewhere))
    await first  # committed, although the job behind it cannot go on
    assert not locked.is_set()
    go_on.set()
    await asyncio.gather(slow_one, second)
    await store.close()


async def test_a_server_that_was_restarted_between_two_writes_is_not_noticed(postgres: Postgres) -> None:
    store = open_store(postgres.database())
    await store.write(Lane.SOS, fact("before"))
    assert await kept(store, "before") == {"before"}
    postgres.stop()
    postgres.start()
    await store.write(Lane.SOS, fact("after"))
    assert await kept(store, "before", "after") == {"before", "after"}
    await store.close()


@pytest.mark.promise("P13")
async def test_a_server_that_is_away_is_told_to_the_callers_and_taken_up_again(postgres: Postgres) -> None:
    store = open_store(postgres.database())
    await store.write(Lane.SOS, fact("before"))
    postgres.stop()
    try:
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await store.write(Lane.SOS, fact("lost"))
            with pytest.raises(StoreUnavailable):
                await store.read(lambda tx: tx.fact("before"))
    finally:
        postgres.start()
    await store.write(Lane.SOS, fact("after"))
    assert await kept(store, "before", "lost", "after") == {"before", "after"}
    await store.close()


async def test_another_process_is_noticed_and_our_own_commits_are_not(tmp_path: Any) -> None:
    ours = open_store(f"sqlite:///{tmp_path}/carehub.db")
    theirs = open_store(f"sqlite:///{tmp_path}/carehub.db")
    await ours.write(Lane.SLOW, fact("a"))
    before = await ours.change_token()
    await ours.write(Lane.SLOW, fact("b"))
    assert await ours.change_token() == before
    await theirs.write(Lane.SLOW, fact("c"))
    assert await ours.change_token() != before
    await ours.close()
    await theirs.close()


# --- what is more urgent overtakes ------------------------------------------------------------------------------------


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[SqlStore]:
    found = open_store(f"sqlite:///{tmp_path}/carehub.db")
    yield found
    await found.close()


@pytest.mark.promise("P13")
async def test_a_write_that_hangs_in_the_disk_makes_the_store_sick(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was refused yet, and what is read still comes out of memory: nobody could tell otherwise."""
    assert store.sick is None
    async with held(store, Lane.SLOW):
        assert store.sick is None  # it may take a moment
        monkeypatch.setattr(sql_store, "LONGEST_WRITE_S", 0.0)
        assert store.sick == "a write has not ended for 0 s: the disk hangs, or another program holds it"
    monkeypatch.setattr(sql_store, "LONGEST_WRITE_S", 2.0)
    await store.write(Lane.SLOW, fact("after"))
    assert store.sick is None


class Steps:
    """A job of many statements that can be held between two of them; counts its runs."""

    def __init__(self) -> None:
        self.runs = 0
        self.inside, self.go_on = threading.Event(), threading.Event()

    def __call__(self, tx: Transaction) -> None:
        self.runs += 1
        for n in range(10):
            tx.set_fact(f"step {n}", str(self.runs))
            if n == 4:
                self.inside.set()
                self.go_on.wait(30)


@pytest.mark.promise("P2")
async def test_a_press_does_not_wait_for_slow_work_that_is_under_way(sqlite: SqlStore) -> None:
    slow, order = Steps(), list[str]()
    job = asyncio.create_task(sqlite.write(Lane.SLOW, slow))
    job.add_done_callback(lambda _: order.append("slow"))
    await asyncio.to_thread(slow.inside.wait, 30)
    (press,) = await queued(sqlite.write(Lane.SOS, fact("press")))
    press.add_done_callback(lambda _: order.append("press"))
    slow.go_on.set()
    await asyncio.gather(job, press)
    assert order == ["press", "slow"]
    assert slow.runs == 2
    facts = await sqlite.read(lambda tx: [tx.fact(f"step {n}") for n in range(10)])
    assert facts == ["2"] * 10


@pytest.mark.promise("P12")
async def test_slow_work_is_undone_only_so_often(sqlite: SqlStore) -> None:
    slow = Steps()
    slow.go_on.set()
    presses: list[asyncio.Future[object]] = []
    loop = asyncio.get_running_loop()

    def pressed(tx: Transaction) -> None:
        put = threading.Event()
        loop.call_soon_threadsafe(lambda: (presses.append(asyncio.ensure_future(press())), loop.call_soon(put.set)))
        put.wait(30)
        slow(tx)

    async def press() -> None:
        await sqlite.write(Lane.SOS, fact("press"))

    await sqlite.write(Lane.SLOW, pressed)
    await asyncio.gather(*presses)
    assert slow.runs == writer.MOST_GIVING_WAY + 1


async def test_long_work_gives_way_where_it_says_nothing_to_the_database(sqlite: SqlStore) -> None:
    runs: list[int] = []
    presses: list[asyncio.Future[object]] = []
    loop = asyncio.get_running_loop()

    async def press() -> None:
        await sqlite.write(Lane.SOS, fact("press"))

    def long(tx: Transaction) -> None:
        runs.append(len(presses))
        if len(runs) == 1:
            put = threading.Event()
            loop.call_soon_threadsafe(lambda: (presses.append(asyncio.ensure_future(press())), loop.call_soon(put.set)))
            put.wait(30)
        tx.give_way()

    await sqlite.write(Lane.SLOW, long)
    await asyncio.gather(*presses)
    assert runs == [0, 1]


async def test_what_a_commit_allows_begins_before_its_caller_hears(store: SqlStore) -> None:
    said: list[str] = []

    async def write(work: Callable[[Transaction], object]) -> None:
        try:
            await store.write(Lane.SOS, work, lambda: said.append("durable"))
        except ValueError:
            said.append("failed")
        else:
            said.append("heard")

    def fails(_: Transaction) -> None:
        raise ValueError

    await write(fact("press"))
    await write(fails)
    assert said == ["durable", "heard", "failed"]


class AnswersWithTheStop:
    """Stands for a writer: its answer and the hub's stop reach the waiting task in the same turn of the loop."""

    def __init__(self) -> None:
        self.waiting = None
        self.task: asyncio.Task[int | None] | None = None

    def probe(self, tell: Callable[[int | None], None]) -> None:
        loop = asyncio.get_running_loop()
        tell(7)
        assert self.task is not None
        loop.call_soon(self.task.cancel)


async def test_a_stop_that_comes_with_the_answer_is_not_swallowed() -> None:
    """A hub once went on looking for changes for ever because asyncio.wait_for took the answer for the stop."""
    writer = AnswersWithTheStop()
    store = SqlStore(dict.fromkeys(Lane, writer), None, upkeep=object(), engines=())  # type: ignore[arg-type]
    writer.task = asyncio.create_task(store.change_token())
    with pytest.raises(asyncio.CancelledError):
        await writer.task
