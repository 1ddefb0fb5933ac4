"""The floor: what no hub can undercut. The same MQTT library, one fsynced commit, the same HTTP client, nothing else.

A process of its own with the sessions a hub would have: a press is committed in a transaction of its own, its text is
sent, the press is acknowledged; everything else is received and acknowledged. With `--insert` it measures durable
ingest instead: batches of what has arrived are inserted, committed, acknowledged; nothing is decoded or decided.
"""

import argparse
import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, Text, create_engine, event

from hub.channels.twilio_client import CarrierClient, within
from hub.ingest.client import AckClient, Broker
from hub.ingest.packets import Publish

PRESSES = "floor/sos/#"
OTHERS = "floor/other/#"
BATCH = 200

rows = Table(
    "rows",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)


@dataclass
class Floor:
    """What the floor needs; its fields come from the command line."""

    broker: Broker
    carrier: str
    database: Path
    _tending: list[asyncio.Task[None]] = field(default_factory=list)

    async def presses(self) -> None:
        """Serve presses until cancelled, beside a session for everything else."""
        client = CarrierClient("AC" + "b" * 32, "bench", self.carrier)
        _ = client.messages
        database = _open(self.database)
        database.execute("CREATE TABLE presses (id INTEGER PRIMARY KEY, payload BLOB NOT NULL)")
        arrived: asyncio.Queue[Publish] = asyncio.Queue()
        sos = await self._session("floor-sos", PRESSES, arrived.put_nowait)
        # The broker is told at once: receiving is all that the floor does with other messages.
        others: list[AckClient] = []
        others.append(await self._session("floor", OTHERS, lambda message: others[0].ack(message.mid)))
        print("ready", flush=True)
        sending: set[asyncio.Task[None]] = set()
        while True:
            message = await arrived.get()
            database.execute("BEGIN IMMEDIATE")
            database.execute("INSERT INTO presses (payload) VALUES (?)", (message.payload,))
            database.execute("COMMIT")
            task = asyncio.create_task(_text(client, json.loads(message.payload)["to"]))
            sending.add(task)
            task.add_done_callback(sending.discard)
            sos.ack(message.mid)

    async def insert(self) -> None:
        """Insert everything, in batches of what has arrived while the last one was committed."""
        engine = create_engine("sqlite://", creator=partial(_open, self.database))

        @event.listens_for(engine, "begin")
        def begin(connection: object) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]

        rows.metadata.create_all(engine)
        arrived: asyncio.Queue[Publish] = asyncio.Queue()
        client = await self._session("floor-insert", OTHERS, arrived.put_nowait)
        print("ready", flush=True)

        def commit(batch: Sequence[Publish]) -> None:
            with engine.begin() as database:
                database.execute(rows.insert(), [{"topic": m.topic, "payload": m.payload} for m in batch])

        while True:
            batch = [await arrived.get()]
            while len(batch) < BATCH and not arrived.empty():
                batch.append(arrived.get_nowait())
            await asyncio.to_thread(commit, batch)
            client.ack(*(message.mid for message in batch))

    async def _session(self, name: str, filter: str, take: Callable[[Publish], None]) -> AckClient:
        client = AckClient(self.broker, name, durable=True, on_open=lambda _: None, on_message=take)
        await client.open()
        refused = await client.subscribe_all([filter], qos=1)
        assert not refused, refused
        self._tending.append(asyncio.create_task(_tend(client)))
        return client


async def _tend(client: AckClient) -> None:
    while True:
        client.tend()
        await asyncio.sleep(1)


async def _text(client: CarrierClient, to: str) -> None:
    with within(timedelta(seconds=10)):
        await client.messages.create_async(to=to, from_="+15005550006", body="floor")


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    return database


def main() -> None:
    """Run until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("password")
    parser.add_argument("carrier")
    parser.add_argument("database", type=Path)
    parser.add_argument("--insert", action="store_true")
    given = parser.parse_args()
    floor = Floor(
        Broker("127.0.0.1", given.port, username="hub", password=given.password), given.carrier, given.database
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(floor.insert() if given.insert else floor.presses())


if __name__ == "__main__":
    main()
