"""The floor: what no hub can undercut. The same broker, one fsynced commit, the same HTTP client, nothing else.

A process of its own with the sessions a hub would have: a press is committed in a transaction of its own, its text is
sent, the press is acknowledged; everything else is received and acknowledged. Its MQTT library is aiomqtt as it is. The
request to the carrier is the hub's to the byte count: the same client, a text of the same length, the same callback.

With `--insert` it measures durable ingest instead: batches of what has arrived are inserted, committed, acknowledged;
nothing is decoded or decided. Its store is the hub's: SQLAlchemy, its settings of SQLite, its checkpoints beside the
writer. Its client is aiomqtt as it is; with `--own-client` the hub's own reading of packets, which is several times
faster.
"""

import argparse
import asyncio
import contextlib
import json
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, Text

from hub.channels.twilio_client import CarrierClient, within
from hub.channels.twilio_sms import RETRIES, STATUS_PATH
from hub.ingest.client import MAXIMUM_PACKET, RECEIVE_MAXIMUM, SESSION_EXPIRY, AckClient, Broker
from hub.ingest.packets import Publish
from hub.store.ballast import Ballast
from hub.store.engines import sqlite_engine
from hub.store.upkeep import Upkeep

PRESSES = "floor/sos/#"
OTHERS = "floor/other/#"
OWN = "floor/own/#"
BATCH = 200
# As long as the hub's text of a press, and like it without a letter of the GSM alphabet.
TEXT = "王秀兰 上堡村12号 按了紧急呼叫（卧室）08:00。回1接手，2去不了，3已到。编号K7。一二三四五六七八九十一二三四五六"
CALLBACK = f"http://127.0.0.1:8080{STATUS_PATH}{RETRIES}"

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
        properties.SessionExpiryInterval = int(SESSION_EXPIRY.total_seconds())
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = MAXIMUM_PACKET
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
        commit = self._commits()
        async with self._session("floor-insert") as session:
            await session.subscribe(OTHERS, qos=1)
            print("ready", flush=True)
            messages = session.messages
            async for first in messages:
                batch = [first]
                while len(batch) < BATCH and len(messages):
                    batch.append(await anext(messages))
                await asyncio.to_thread(commit, [{"topic": str(m.topic), "payload": _bytes(m)} for m in batch])
                for message in batch:
                    session.ack(message)

    async def insert_with_own_client(self) -> None:
        """Insert everything as above, but with the hub's own client."""
        commit = self._commits()
        arrived: deque[Publish] = deque()
        more = asyncio.Event()

        def received(message: Publish) -> None:
            arrived.append(message)
            more.set()

        broker = Broker("127.0.0.1", self.port, username="hub", password=self.password)
        client = AckClient(broker, "floor-own", durable=True, on_open=lambda _: None, on_message=received)
        await client.open()
        await client.subscribe_all([OWN], qos=1)
        print("ready", flush=True)
        while True:
            await more.wait()
            more.clear()
            while arrived:
                batch = [arrived.popleft() for _ in range(min(BATCH, len(arrived)))]
                await asyncio.to_thread(commit, [{"topic": m.topic, "payload": m.payload} for m in batch])
                client.ack(*(message.mid for message in batch))

    def _commits(self) -> Callable[[Sequence[dict[str, object]]], None]:
        """Return what commits one batch."""
        self.database.touch()
        engine = sqlite_engine(self.database)
        upkeep = Upkeep(self.database, Ballast(self.database))
        rows.metadata.create_all(engine)
        database = engine.connect()

        def commit(batch: Sequence[dict[str, object]]) -> None:
            with database.begin():
                database.execute(rows.insert(), batch)
            raw = database.connection.driver_connection
            assert raw is not None
            upkeep.committed(raw.total_changes)

        return commit

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
        await client.messages.create_async(to=to, from_="+15005550006", body=TEXT, status_callback=CALLBACK)


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("PRAGMA wal_autocheckpoint=0")
    return database


def main() -> None:
    """Run until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("password")
    parser.add_argument("carrier")
    parser.add_argument("database", type=Path)
    parser.add_argument("--insert", action="store_true")
    parser.add_argument("--own-client", action="store_true")
    given = parser.parse_args()
    floor = Floor(given.port, given.password, given.carrier, given.database)
    with contextlib.suppress(KeyboardInterrupt):
        inserts = floor.insert_with_own_client if given.own_client else floor.insert
        asyncio.run(inserts() if given.insert else floor.presses())


if __name__ == "__main__":
    main()
