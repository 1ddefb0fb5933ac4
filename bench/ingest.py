"""How many messages a second become durable: decoded, decided and stored, beside a loop that only inserts."""

import sqlite3
import time
from pathlib import Path

from bench.figures import Figure
from bench.homes import motions
from bench.publisher import Publisher
from bench.rig import Rig, cpu_s

RATIO = 0.5
INSERT, OWN_CLIENT = "--insert", "--own-client"
WAIT_S = 180.0


def ingest(rig: Rig, publisher: Publisher, rounds: int, size: int) -> Figure:
    """Publish `size` messages to the hub and to the floor in turn; time until all are committed."""
    floor = rig.start_floor(INSERT)
    messages = motions(size, rig.homes)
    others = [(f"floor/other/{where}", payload) for where, payload in messages]
    hub_s, floor_s, cpu_us = [], [], []
    readings = _readings(rig, publisher, messages[0])
    for _ in range(rounds):
        before = cpu_s(rig.hub.pid)
        hub_s.append(_durable(publisher, messages, rig.database, "readings", readings * size))
        rig.drained()
        cpu_us.append((cpu_s(rig.hub.pid) - before) / size * 1e6)
        floor_s.append(_durable(publisher, others, rig.floor_database(INSERT), "rows", size))
        rig.drained()
    rig.end(floor)
    own = round(size / _with_own_client(rig, publisher, messages))
    ours, least = (round(size / sorted(spans)[len(spans) // 2]) for spans in (hub_s, floor_s))
    return Figure(
        "ingest",
        "durable ingest, one process, SQLite (median of the rounds)",
        f"{ours:,} messages/s",
        f"{least:,} messages/s (only inserted)",
        ours / least,
        f"at least {RATIO} of the floor",
        ours / least >= RATIO,
        {
            "hub's processor time a message, us": round(sorted(cpu_us)[len(cpu_us) // 2]),
            "only inserted, with the hub's own client, messages/s": own,
        },
    )


def _with_own_client(rig: Rig, publisher: Publisher, messages: list[tuple[str, bytes]]) -> float:
    """Return how long the loop that only inserts takes if it reads packets as the hub does."""
    floor = rig.start_floor(INSERT, OWN_CLIENT)
    owns = [(f"floor/own/{where}", payload) for where, payload in messages]
    took_s = _durable(publisher, owns, rig.floor_database(INSERT, OWN_CLIENT), "rows", len(owns))
    rig.end(floor)
    return took_s


def _readings(rig: Rig, publisher: Publisher, message: tuple[str, bytes]) -> int:
    """Return how many readings one message makes."""
    reader = sqlite3.connect(f"file:{rig.database}?mode=ro", uri=True, isolation_level=None)
    count = "SELECT coalesce(max(id), 0) FROM readings"
    before = int(reader.execute(count).fetchone()[0])
    publisher.burst(publisher.encode([message]))
    rig.drained()
    after = int(reader.execute(count).fetchone()[0])
    reader.close()
    return after - before


def _durable(publisher: Publisher, messages: list[tuple[str, bytes]], database: Path, table: str, rows: int) -> float:
    """Publish; return the seconds from the first publish to the commit of the last of `rows` new rows."""
    packets = publisher.encode(messages)
    reader = sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)
    newest = f"SELECT coalesce(max(id), 0) FROM {table}"  # noqa: S608  # our own two names
    goal = reader.execute(newest).fetchone()[0] + rows
    started = time.monotonic()
    publisher.burst(packets)
    while (seen := reader.execute(newest).fetchone()[0]) < goal:
        assert time.monotonic() < started + WAIT_S, f"{goal - seen} rows of {table} are missing after {WAIT_S:.0f} s"
        time.sleep(0.01)
    reader.close()
    return time.monotonic() - started
