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
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, Table, Text, create_engine, event

from hub.channels.twilio_client import CarrierClient, within
from hub.ingest.client import RECEIVE_MAXIMUM

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


class Session(aiomqtt.Client):
    """A durable session that acknowledges by hand; otherwise the library as it is."""

    def __init__(self, port: int, password: str, name: str) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 3600
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        super().__init__(
            "127.0.0.1",
            port,
            username="hub",
            password=password,
            identifier=name,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=properties,
        )
        self._client.manual_ack_set(True)

    def ack(self, message: aiomqtt.Message) -> None:
        """Acknowledge one message."""
        self._client.ack(message.mid, 1)


@dataclass
class Floor:
    """What the floor needs; its fields come from the command line."""

    port: int
    password: str
    carrier: str
    database: Path

    async def presses(self) -> None:
        """Serve presses until cancelled, beside a session for everything else."""
        client = CarrierClient("AC" + "b" * 32, "bench", self.carrier)
        _ = client.messages
        database = _open(self.database)
        database.execute("CREATE TABLE presses (id INTEGER PRIMARY KEY, payload BLOB NOT NULL)")
        sending: set[asyncio.Task[None]] = set()
        async with self._session("floor-sos") as sos, self._session("floor") as others:
            await sos.subscribe(PRESSES, qos=1)
            await others.subscribe(OTHERS, qos=1)
            receiving = asyncio.create_task(_receive(others))
            print("ready", flush=True)
            async for message in sos.messages:
                database.execute("BEGIN IMMEDIATE")
                database.execute("INSERT INTO presses (payload) VALUES (?)", (_bytes(message),))
                database.execute("COMMIT")
                task = asyncio.create_task(_text(client, json.loads(_bytes(message))["to"]))
                sending.add(task)
                task.add_done_callback(sending.discard)
                sos.ack(message)
            receiving.cancel()

    async def insert(self) -> None:
        """Insert everything, in batches of what has arrived while the last one was committed."""
        engine = create_engine("sqlite://", creator=partial(_open, self.database))

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        rows.metadata.create_all(engine)

        def commit(batch: Sequence[aiomqtt.Message]) -> None:
            with engine.begin() as database:
                database.execute(rows.insert(), [{"topic": str(m.topic), "payload": _bytes(m)} for m in batch])

        async with self._session("floor-insert") as session:
            await session.subscribe(OTHERS, qos=1)
            print("ready", flush=True)
            messages = session.messages
            async for first in messages:
                batch = [first]
                while len(batch) < BATCH and len(messages):
                    batch.append(await anext(messages))
                await asyncio.to_thread(commit, batch)
                for message in batch:
                    session.ack(message)

    def _session(self, name: str) -> Session:
        return Session(self.port, self.password, name)


async def _receive(others: Session) -> None:
    """Receiving is all that the floor does with what is no press."""
    async for message in others.messages:
        others.ack(message)


def _bytes(message: aiomqtt.Message) -> bytes:
    assert isinstance(message.payload, bytes | bytearray)
    return bytes(message.payload)


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
    floor = Floor(given.port, given.password, given.carrier, given.database)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(floor.insert() if given.insert else floor.presses())


if __name__ == "__main__":
    main()
