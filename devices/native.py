"""The dialect of carehub's own and simulated devices: one JSON object per reading on `carehub/<device>`.

    carehub/bed-sos  {"kind":"button","state":"active","at":"2026-03-01T08:00:00+08:00","seq":42,"battery":87}
    carehub/bed-sos/availability  online | offline (retained)

`kind` and `state` are the words of `Kind` and `State`; `at` has a zone; the same `seq` and `at` is a repeat. Optional:
`value` with `unit` (then `state` may be missing), `action` of a button, `test`. Other keys are ignored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

from devices import fields
from devices.directory import NOTHING_KNOWN, Directory
from devices.message import Message
from devices.presses import press
from devices.reading import Kind, Reading, State, Undecodable

T = TypeVar("T")

ROOT = "carehub"
LARGEST_SEQ = 2**63 - 1

# What a device says of itself; the other kinds are the hub's own words for links and bridges.
KINDS: Mapping[str, Kind] = {
    kind.value: kind for kind in Kind if kind not in (Kind.AVAILABILITY, Kind.BRIDGE, Kind.LIFECYCLE, Kind.DISCOVERY)
}
STATES: Mapping[str, State] = {"active": State.ACTIVE, "clear": State.CLEAR}
_LINK = {"online": State.ONLINE, "offline": State.OFFLINE}


@dataclass(frozen=True)
class Native:
    """The dialect; it has no settings."""

    name: str = field(default="native", init=False)

    SETTINGS: ClassVar[Mapping[str, str]] = {}

    def claims(self, topic: str) -> bool:
        """Whether the topic is `carehub/<device>` or its availability."""
        return _device(topic) is not None

    def filters(self, topic: str) -> tuple[str, ...]:
        """Return the two topics of a device."""
        return (topic, f"{topic}/availability")

    def bridge_filters(self) -> tuple[str, ...]:
        """Return nothing: these devices have no bridge."""
        return ()

    def watch_filters(self) -> tuple[str, ...]:
        """Return the two topics of any device."""
        return (f"{ROOT}/+", f"{ROOT}/+/availability")

    def teaches(self, topic: str) -> bool:  # noqa: ARG002
        """Return False: these devices say in each message what they are."""
        return False

    def learn(self, message: Message, topic: str, directory: Directory) -> Directory:  # noqa: ARG002
        """Return the directory as it is."""
        return directory

    def decode(self, message: Message, topic: str, directory: Directory = NOTHING_KNOWN) -> Sequence[Reading]:
        """Return what one publish says: its reading, the battery's, and a fault for each field that is wrong.

        Raises Undecodable if kind or state cannot be read; a wrong field beside them never hides a press.
        """
        device = _device(topic)
        if device is None:
            raise Undecodable("the topic is not carehub/<device>")
        blank = Reading(f"{ROOT}/{device}", device, Kind.AVAILABILITY, retained=message.retained)
        if not message.payload:
            return ()  # a retained topic was cleared
        if topic.endswith("/availability"):
            state = _LINK.get(fields.text(message.payload).lower())
            if state is None:
                raise Undecodable("neither online nor offline")
            return (blank._replace(state=state),)
        found = _Said(fields.json_object(message.payload), blank, directory.battery_low_percent).readings()
        return [directory.with_role(reading) for reading in found] if directory.roles else found


def _device(topic: str) -> str | None:
    levels = topic.split("/")
    known = len(levels) == 2 or (len(levels) == 3 and levels[2] == "availability")
    return levels[1] if known and levels[0] == ROOT and levels[1] else None


class _Said:
    """One message's fields. What is wrong is left out of the reading and becomes a fault of its own."""

    def __init__(self, content: Mapping[str, object], blank: Reading, low_percent: int) -> None:
        self.content = content
        self.low_percent = low_percent
        self.blank = blank
        self.faults: list[Reading] = []

    def readings(self) -> list[Reading]:
        """Return the reading itself, the battery's, and the faults."""
        kind = self._kind()
        value = self._optional("value", fields.number, "a number")
        state = self._state(value)
        self.blank = self.blank._replace(
            device_at=self._optional("at", fields.instant, "ISO 8601 with a zone, or milliseconds, from 2015 to 2099"),
            seq=self._optional("seq", _count, "a whole number from 0"),
        )
        reading = self.blank._replace(
            kind=kind,
            state=state,
            value=value,
            unit=self._optional("unit", fields.word, "a short text"),
            test=self._optional("test", fields.flag, "true or false") or False,
        )
        if kind is Kind.BUTTON and (said := self._optional("action", press, "a short text")) is not None:
            reading = reading._replace(action=said.action, sos=said.sos)
        percent = self._optional("battery", fields.percent, "0 to 100")
        if kind is Kind.BATTERY:
            return [reading._replace(percent=percent), *self.faults]
        charge = [] if percent is None else [self._charge(percent)]
        return [reading, *charge, *self.faults]

    def _kind(self) -> Kind:
        word = self.content.get("kind")
        kind = KINDS.get(word) if isinstance(word, str) else None
        if kind is None:
            raise Undecodable(f"kind is none of {', '.join(KINDS)}")
        return kind

    def _state(self, value: float | None) -> State | None:
        word = self.content.get("state")
        state = STATES.get(word) if isinstance(word, str) else None
        if state is None and (word is not None or value is None):
            raise Undecodable("state is neither active nor clear")
        return state

    def _optional(self, name: str, read: Callable[[object], T | None], allowed: str) -> T | None:
        published = self.content.get(name)
        if published is None or published == "":
            return None
        if (found := read(published)) is None:
            reason = f"{name} cannot be read; allowed: {allowed}"
            self.faults.append(self.blank._replace(kind=Kind.FAULT, state=State.ACTIVE, property=name, reason=reason))
        return found

    def _charge(self, percent: int) -> Reading:
        state = State.ACTIVE if percent <= self.low_percent else State.CLEAR
        return self.blank._replace(kind=Kind.BATTERY, state=state, property="battery", percent=percent)


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST_SEQ else None
