"""What happened: from readings to events, each once. A state that is only said again is none.

Source of the rules: recorded sequences (tests/recorded/dialects/zigbee2mqtt_sequences.jsonl): a bridge repeats cached
states, one press comes on two topics, radios send a frame eight times, counters are sent again with each report.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from devices.reading import Kind, Reading, State

# Radio repeats and second topics arrive within milliseconds; a finger does not.
SAME_PRESS = timedelta(milliseconds=500)
# What is remembered of devices; the oldest go first. A site has some thousand, each with a handful of kinds.
MOST_REMEMBERED = 100_000

_LINKS = frozenset({Kind.AVAILABILITY, Kind.BRIDGE})
_NEVER = frozenset({Kind.DISCOVERY, Kind.TEMPERATURE, Kind.HUMIDITY})


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `edge` is `active` for a press or a state that begins, `clear` for one that ends."""

    kind: Kind
    edge: State
    device: str
    sos: bool = False
    maybe_sos: bool = False
    action: str | None = None


@dataclass(slots=True)
class _Fact:
    """What is known of one kind on one device: which of its properties are active; the link's last word."""

    active: set[str] = field(default_factory=set)
    link: State | None = None


@dataclass(frozen=True, slots=True)
class _Press:
    """A press as last counted."""

    topic: str
    at: datetime | None
    seq: int | None
    device_at: datetime | None


class Events:
    """Finds what happened in readings that come in order. One object follows one stream."""

    def __init__(self) -> None:
        self._facts: dict[tuple[str, Kind], _Fact] = {}
        self._presses: dict[tuple[str, str], _Press] = {}

    def of(self, readings: Iterable[Reading], topic: str, at: datetime | None) -> list[Event]:
        """Return what is new in the readings of one message; `at` None: nobody knows when it came."""
        found: list[Event] = []
        for reading in readings:
            if reading.state is None or reading.kind in _NEVER:
                continue
            if reading.kind is Kind.LIFECYCLE:
                found += [] if reading.retained else [_event(reading)]
            elif reading.kind in _LINKS:
                found += self._link(reading)
            elif reading.kind is Kind.BUTTON and reading.property in (None, "action"):
                found += self._press(reading, topic, at)
            else:
                found += self._state(reading, topic, at)
        self._forget()
        return found

    def _press(self, reading: Reading, topic: str, at: datetime | None) -> Sequence[Event]:
        # The age of a retained press is not known; a release only ends what was pressed.
        if reading.state is not State.ACTIVE or reading.retained:
            return ()
        key = (reading.source, reading.action or "")
        before = self._presses.get(key)
        now = _Press(topic, at, reading.seq, reading.device_at)
        if before is not None and _is_same(before, now):
            return ()
        self._presses.pop(key, None)
        self._presses[key] = now
        return (_event(reading),)

    def _state(self, reading: Reading, topic: str, at: datetime | None) -> Sequence[Event]:
        """Several properties for one fact are one: it begins with the first and ends with the last of them."""
        key = (reading.source, reading.kind)
        known = key in self._facts
        fact = self._facts.setdefault(key, _Fact())
        was = bool(fact.active)
        name = reading.property or ""
        if reading.state is State.ACTIVE and not reading.test:
            fact.active.add(name)
        else:
            fact.active.discard(name)
        if was == bool(fact.active) or (not known and was):
            return ()
        if reading.kind is Kind.BUTTON and fact.active:
            # A call that lasts until it clears: its beginning is the press, and an action may have told it already.
            return () if reading.retained or self._told_of(reading, topic, at) else (_event(reading),)
        return (_event(reading, State.ACTIVE if fact.active else State.CLEAR),)

    def _told_of(self, reading: Reading, topic: str, at: datetime | None) -> bool:
        now = _Press(topic, at, reading.seq, reading.device_at)
        calls = (press for (source, _), press in self._presses.items() if source == reading.source)
        return reading.sos and any(at is not None and _is_same(press, now) for press in calls)

    def _link(self, reading: Reading) -> Sequence[Event]:
        fact = self._facts.setdefault((reading.source, reading.kind), _Fact())
        before, fact.link = fact.link, reading.state
        if reading.state is State.ALIVE:
            fact.link = State.ONLINE if before is None else before
            return ()
        if before is reading.state or (before is None and reading.state is State.ONLINE):
            return ()
        return (_event(reading),)

    def _forget(self) -> None:
        while len(self._facts) > MOST_REMEMBERED:
            del self._facts[next(iter(self._facts))]
        while len(self._presses) > MOST_REMEMBERED:
            del self._presses[next(iter(self._presses))]


def _is_same(before: _Press, now: _Press) -> bool:
    """Whether one finger made both: the same count, or so soon after that no finger could have."""
    if now.seq is not None and before.seq is not None:
        return (now.seq, now.device_at) == (before.seq, before.device_at)
    if now.at is None or before.at is None:
        return now.topic != before.topic  # the same on a second topic; on the same topic a new press
    return timedelta(0) <= now.at - before.at <= SAME_PRESS


def _event(reading: Reading, edge: State | None = None) -> Event:
    state = edge or reading.state or State.ACTIVE
    return Event(reading.kind, state, reading.device, reading.sos, reading.maybe_sos, reading.action)
