"""A shelved message handed in again, through the door of all others, as one that waited since it was set aside.

New is never old: it opens alerts as late ones, with their age; and old is never new: what its device has said since
stays its last word.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from devices.message import Message
from hub.engine.engine import LANES, Engine
from hub.engine.intake import take_in
from hub.engine.work import Work
from hub.homes import DeviceState
from hub.ports import Arrival, Delivery, Lane, Session, Shelved, StoreUnavailable, Transaction

log = structlog.get_logger("engine")

_Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of a shelved message: `why` it stays on the shelf, None if it was handled; codes of new alerts."""

    why: str | None
    opened: tuple[str, ...] = ()


def delivery_of(row: Shelved, now: datetime) -> Delivery:
    """Return a shelved message as it is handed in now.

    It comes over no durable session: nothing the broker sends may be taken for its redelivery. Whether it was retained
    is not known any more; when in doubt it is a press.
    """
    message = Message(row.topic, row.payload, now, retained=False, qos=1)
    return Delivery(message, Session.WATCH, 0, 0, waited_since=row.at)


async def retry(engine: Engine, row: Shelved, arrival: Arrival) -> Retried:
    """Handle a shelved message as `arrival` reads it now; it leaves the shelf in the same transaction, or stays.

    Raises StoreUnavailable; then nothing was changed.
    """
    if arrival.fault is not None:
        return await _stays(engine, row, arrival.fault, row.tries)
    lane = Lane.SOS if any(r.sos for r in arrival.readings) else LANES[Session(row.session)]
    try:
        return await engine.write(lane, lambda work: _handle(work, row, arrival))
    except StoreUnavailable:
        raise
    except Exception as error:
        log.error("message_failed", error=repr(error), shelf=row.id)
        return await _stays(engine, row, f"handling failed: {type(error).__name__}: {error}", row.tries + 1)


async def _stays(engine: Engine, row: Shelved, why: str, tries: int) -> Retried:
    await engine.store.write(Lane.SLOW, lambda t: t.shelve_again(row.id, why, tries))
    return Retried(why)


def _handle(work: Work, row: Shelved, arrival: Arrival) -> Retried:
    transaction = work.transaction
    if not transaction.unshelve(row.id):
        return Retried("it is not on the shelf any more")
    registry = work.world.registry
    topics = [arrival.prefix + reading.source for reading in arrival.readings]
    devices = [(d.home, d.id) for topic in topics if (d := registry.by_topic.get(topic)) is not None]
    before = _states(transaction, devices)
    take_in([arrival], work)
    changed = {key: state for key, state in _states(transaction, devices).items() if before.get(key) != state}
    heard_at = arrival.delivery.message.received_at
    transaction.save_device_states([_as_of(row.at, heard_at, s, before.get(key)) for key, s in changed.items()])
    return Retried(None, tuple(alert.code for alert in work.opened))


def _states(transaction: Transaction, devices: list[tuple[str, str]]) -> Mapping[_Key, DeviceState]:
    found = transaction.device_states(devices) if devices else []
    return {(s.home_id, s.device_id, s.kind, s.property): s for s in found}


def _as_of(at: datetime, heard_at: datetime, state: DeviceState, before: DeviceState | None) -> DeviceState:
    """Return what the message says of the device for the time it came; a later word of the device stays."""
    if before is not None and before.at > at:
        return before
    return replace(
        state,
        at=at if state.at == heard_at else state.at,
        since=at if state.since == heard_at else state.since,
        life_at=at if state.life_at == heard_at else state.life_at,
        cleared_at=at if state.cleared_at == heard_at else state.cleared_at,
    )
