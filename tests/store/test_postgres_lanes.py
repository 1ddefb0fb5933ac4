"""On a server the lanes write at the same time; what stands in each other's way is tried again, not lost."""

import asyncio
import threading

from hub.ports import Lane, Transaction
from hub.store import open_store
from tests.harness.postgres import Postgres
from tests.harness.postgres import postgres as postgres


async def test_two_lanes_that_want_each_others_homes_both_commit(postgres: Postgres) -> None:
    store = await asyncio.to_thread(open_store, postgres.database())
    both = threading.Barrier(2)

    def crossing(first: str, second: str):  # type: ignore[no-untyped-def]
        met = False

        def work(transaction: Transaction) -> str:
            nonlocal met
            transaction.lock_homes([first])
            if not met:
                met = True
                both.wait(10)  # now each has what the other will ask for
            transaction.lock_homes([second])
            transaction.set_fact(f"{first} {second}", "done")
            return first

        return work

    try:
        done = await asyncio.gather(
            store.write(Lane.SOS, crossing("a", "b")), store.write(Lane.DUTY, crossing("b", "a"))
        )
        assert done == ["a", "b"]
        assert await store.read(lambda t: t.fact("a b")) == "done"
        assert await store.read(lambda t: t.fact("b a")) == "done"
    finally:
        await store.close()
