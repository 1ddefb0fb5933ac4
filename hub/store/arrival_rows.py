"""What arrives, in rows: broker sessions, deliveries not yet surely acknowledged, tries, the shelf, readings."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import isnan
from typing import Any

from sqlalchemy import bindparam, delete, func, select, text, update

from devices.message import Message
from devices.reading import Reading
from hub.ports import Delivery, DeviceState, KeptReading, Session, SessionRow, Shelved
from hub.store import tables
from hub.store.columns import dump, storable
from hub.store.prepared import Prepared
from hub.store.rows import ROWS_BETWEEN_LOOKS, Rows, chunks, insert

SHELF_MESSAGES = 1000
SHELF_MESSAGES_OF_A_TOPIC = 20
SHELF_BYTES = 32 * 1024 * 1024
# So many messages of this size and less fit the shelf anyway, and need no count of bytes.
_LARGE_PAYLOAD = SHELF_BYTES // (2 * SHELF_MESSAGES)
_MOST_TRIES = 1000

_deliveries, _tries, _shelf, _states = tables.deliveries, tables.tries, tables.shelf, tables.device_states
_STATES_OF_ONE = Prepared(
    select(_states).where(_states.c.home_id == bindparam("home"), _states.c.device_id == bindparam("device"))
)
# Not `(home_id, device_id) IN (...)`: SQLite answers that by reading the whole table.
_COLUMNS = ", ".join(f"s.{column.name}" for column in _states.c)
_STATES_OF_MANY = {
    "sqlite": Prepared(
        text(
            f"SELECT {_COLUMNS} FROM json_each(:pairs) AS wanted CROSS JOIN device_states AS s"  # noqa: S608
            " ON s.home_id = json_extract(wanted.value, '$[0]') AND s.device_id = json_extract(wanted.value, '$[1]')"
        ).columns(*_states.c)
    ),
    "postgresql": Prepared(
        text(
            f"SELECT {_COLUMNS} FROM unnest(CAST(:homes AS text[]), CAST(:devices AS text[]))"  # noqa: S608
            " AS wanted(home, device) JOIN device_states AS s"
            " ON s.home_id = wanted.home AND s.device_id = wanted.device"
        ).columns(*_states.c)
    ),
}
_kept = tables.readings.c
_NEWEST_READINGS = (
    select(_kept.id, _kept.received_at, _kept.home_id, _kept.device_id, _kept.kind, _kept.state, _kept.percent)
    .add_columns(_kept.action, _kept.sos, _kept.test, _kept.retained)
    .where(_kept.id > bindparam("after"))
    .order_by(_kept.id.desc())
    .limit(bindparam("most"))
)
_OWN_TOPIC = (
    select(_shelf.c.id)
    .where(_shelf.c.topic == bindparam("of_topic"))
    .order_by(_shelf.c.id.desc())
    .limit(SHELF_MESSAGES_OF_A_TOPIC)
)
_TOPIC_LIMIT = delete(_shelf).where(_shelf.c.topic == bindparam("of_topic"), _shelf.c.id.not_in(_OWN_TOPIC))


class SessionRows(Rows):
    """The part of a transaction that knows what the broker may still hold for us."""

    def session(self, session: Session) -> SessionRow | None:
        """Return what is known of a session."""
        row = self._db.execute(select(tables.sessions).where(tables.sessions.c.session == session)).first()
        return None if row is None else SessionRow(*row)

    def save_session(self, row: SessionRow) -> None:
        """Keep what is known of a session."""
        self._upsert(
            tables.sessions,
            {
                "session": row.session,
                "connection": row.connection,
                "alive_at": row.alive_at,
                "filters": tuple(row.filters),
            },
        )

    def record_deliveries(self, deliveries: Sequence[tuple[Delivery, bytes]]) -> None:
        """Keep QoS 1 messages until the broker surely has our acknowledgement; others have none, and are skipped."""
        rows = [
            {"session": one.session, "connection": one.connection, "mid": one.mid, "digest": digest}
            for one, digest in deliveries
            if one.message.qos > 0
        ]
        self._upsert(_deliveries, rows)

    def swallow(self, session: Session, connection: int, digest: bytes) -> bool:
        """Take the oldest row with this digest of an earlier connection away; True if there was one."""
        c = _deliveries.c
        found = self._db.execute(
            select(c.connection, c.mid)
            .where(c.session == session, c.digest == digest, c.connection < connection)
            .order_by(c.connection)
            .limit(1)
        ).first()
        if found is None:
            return False
        self._db.execute(delete(_deliveries).where(c.session == session, c.connection == found[0], c.mid == found[1]))
        return True

    def forget_deliveries(self, session: Session, *, before: int | None = None, mids: Sequence[int] = ()) -> None:
        """Drop the rows of connections before `before`; and of these packet ids, which the newest connection gave."""
        c = _deliveries.c
        if before is not None:
            self._db.execute(delete(_deliveries).where(c.session == session, c.connection < before))
        if not mids:
            return
        newest = self._db.execute(
            select(tables.sessions.c.connection).where(tables.sessions.c.session == session)
        ).scalar()
        if newest is None:
            newest = self._db.execute(select(func.max(c.connection)).where(c.session == session)).scalar()
        for some in chunks(mids):
            own = delete(_deliveries).where(c.session == session, c.connection == newest)
            self._db.execute(own.where(c.mid.in_(some)))

    def count_try(self, session: Session, digest: bytes) -> int:
        """Count one more try at a message that failed; the counts of the last thousand messages are kept."""
        c = _tries.c
        statement = insert(_tries, self._dialect).values(session=session, digest=digest, tries=1)
        statement = statement.on_conflict_do_update(
            index_elements=["session", "digest"], set_={"tries": _tries.c.tries + 1}
        )
        row_id, count = self._db.execute(statement.returning(c.id, c.tries)).one()
        if count == 1:
            self._db.execute(delete(_tries).where(c.id <= row_id - _MOST_TRIES))
        return int(count)

    def forget_tries(self, session: Session, digest: bytes) -> None:
        """Drop the count of a message that was handled or set aside: equal bytes may come again, and be a press."""
        self._db.execute(delete(_tries).where(_tries.c.session == session, _tries.c.digest == digest))


class ShelfRows(Rows):
    """The part of a transaction that sets messages aside."""

    def shelve(self, session: Session, message: Message, reason: str, tries: int = 0) -> None:
        """Set a message aside; the oldest go when there are too many, of one topic or in all, or too many bytes."""
        row = {
            "at": message.received_at,
            "session": session,
            "topic": message.topic,
            "payload": message.payload,
            "reason": reason,
            "tries": tries,
        }
        self._db.execute(_shelf.insert(), row)
        self._db.execute(_TOPIC_LIMIT, {"of_topic": message.topic})
        newest = select(_shelf.c.id).order_by(_shelf.c.id.desc())
        last = self._db.execute(newest.offset(SHELF_MESSAGES).limit(1)).scalar()
        if last is not None:
            self._db.execute(delete(_shelf).where(_shelf.c.id <= last))
        if len(message.payload) > _LARGE_PAYLOAD:
            self._limit_bytes()

    def _limit_bytes(self) -> None:
        held = 0
        sizes = select(_shelf.c.id, func.length(_shelf.c.payload)).order_by(_shelf.c.id.desc())
        for row_id, size in self._db.execute(sizes).all():
            held += size
            if held > SHELF_BYTES:
                self._db.execute(delete(_shelf).where(_shelf.c.id <= row_id))
                return

    def shelf(self, limit: int = SHELF_MESSAGES) -> list[Shelved]:
        """Return what was set aside, newest first."""
        return [Shelved(*row) for row in self._db.execute(select(_shelf).order_by(_shelf.c.id.desc()).limit(limit))]

    def shelve_again(self, id: int, reason: str, tries: int) -> None:
        """Keep why a message stays on the shelf after it was tried again."""
        self._db.execute(update(_shelf).where(_shelf.c.id == id).values(reason=reason, tries=tries))

    def unshelve(self, id: int) -> bool:
        """Take a message from the shelf; False if it is not there any more."""
        return bool(self._db.execute(delete(_shelf).where(_shelf.c.id == id)).rowcount)


class ReadingRows(Rows):
    """The part of a transaction that keeps what devices said."""

    def add_readings(self, rows: Sequence[tuple[str, str, Reading, datetime]]) -> None:
        """Append to history: home id, device id, reading, received_at."""
        found = [
            {
                "received_at": received_at,
                "home_id": home_id,
                "device_id": device_id,
                "kind": reading.kind,
                "state": reading.state,
                "property": reading.property,
                "value": None if reading.value is None or isnan(reading.value) else reading.value,
                "unit": reading.unit,
                "percent": reading.percent,
                "action": reading.action,
                "sos": reading.sos,
                "test": reading.test,
                "muted": reading.muted,
                "retained": reading.retained,
                "reason": reading.reason,
                "device_at": reading.device_at,
                "seq": reading.seq,
            }
            for home_id, device_id, reading, received_at in rows
        ]
        self._insert(tables.readings, found)

    def readings_after(self, number: int, limit: int) -> list[KeptReading]:
        """Return at most so many of the newest readings later than `number`, oldest first."""
        found = self._db.execute(_NEWEST_READINGS, {"after": number, "most": limit})
        return [KeptReading(*row) for row in reversed(found.all())]

    def device_states(self, devices: Iterable[tuple[str, str]]) -> list[DeviceState]:
        """Return all states of these (home id, device id) pairs."""
        pairs = list(dict.fromkeys((storable(home), storable(device)) for home, device in devices))
        if len(pairs) == 1:
            rows = self._rows(_STATES_OF_ONE, {"home": pairs[0][0], "device": pairs[0][1]})
            return [DeviceState(*row) for row in rows]
        found: list[DeviceState] = []
        for some in chunks(pairs, ROWS_BETWEEN_LOOKS):
            values: dict[str, Any] = {"pairs": dump(some)}
            if self._on_postgres:
                values = {"homes": [home for home, _ in some], "devices": [device for _, device in some]}
            found += [DeviceState(*row) for row in self._rows(_STATES_OF_MANY[self._dialect], values)]
        return found

    def save_device_states(self, states: Sequence[DeviceState]) -> None:
        """Insert or replace states; of two of the same thing the later one counts."""
        rows = {
            (s.home_id, s.device_id, s.kind, s.property): {
                "home_id": s.home_id,
                "device_id": s.device_id,
                "kind": s.kind,
                "property": s.property,
                "state": s.state,
                "since": s.since,
                "at": s.at,
                "action": s.action,
                "device_at": s.device_at,
                "seq": s.seq,
                "retained": s.retained,
                "life_at": s.life_at,
                "cleared_at": s.cleared_at,
            }
            for s in states
        }
        self._upsert(_states, list(rows.values()))
