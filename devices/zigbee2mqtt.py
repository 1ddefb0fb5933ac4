"""Zigbee2MQTT: device states by property name, availability, the bridge's own state and events.

Source: zigbee2mqtt.io, "MQTT topics and messages"; tests/recorded/dialects/zigbee2mqtt.jsonl, zigbee2mqtt_bridge.jsonl.

One press may arrive on two topics within milliseconds: in the state on `<base>/<name>`, and as plain text on
`<base>/<name>/action` (Home Assistant integration, attribute output). A decoder without memory cannot know which
bridge sends both, and on some only one of them comes. So both give the same reading: same `source`, property
"action", same action; equal presses of one device within 500 ms are one, which is the rule's to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from devices import fields
from devices.meanings import DETECTORS, LIFE_SAFETY, Meaning, Said, by_name, read
from devices.message import Message
from devices.presses import is_unclear, press
from devices.reading import Kind, Reading, State, Undecodable

_LINK = {"online": State.ONLINE, "offline": State.OFFLINE}
_EVENTS = {"device_joined": State.JOINED, "device_leave": State.LEFT, "device_announce": State.ANNOUNCE}
_INTERVIEWS = {"started": State.INTERVIEW_STARTED, "failed": State.INTERVIEW_FAILED}
_COMMANDS = frozenset({"set", "get"})
# What bridges before 2020 called an action; then published beside it.
_PRESS_NAMES = ("action", "click")
_TESTING = ("test", "testing")
_MUTED = ("muted", "mute", "temporary_mute", "buzzer_manual_mute")
LOW_PERCENT = 10
_LONGEST_NAME = 250
_LONGEST_ATTRIBUTE = 1_000


@dataclass(frozen=True)
class Zigbee2mqtt:
    """The dialect; `base_topics` are those of all bridges, none inside another."""

    base_topics: tuple[str, ...] = ("zigbee2mqtt",)
    name: str = field(default="zigbee2mqtt", init=False)

    SETTINGS: ClassVar[Mapping[str, str]] = {"base_topics": "list of the bridges' base topics, e.g. [zigbee2mqtt]"}

    def claims(self, topic: str) -> bool:
        """Whether the topic lies below one of the base topics."""
        return self._split(topic) is not None

    def filters(self, topic: str) -> tuple[str, ...]:
        """Return the one filter of a device: its state and all below it."""
        return (f"{topic}/#",)

    def bridge_filters(self) -> tuple[str, ...]:
        """Return the bridges' few topics that say something. `bridge/logging` alone would outweigh all devices."""
        return tuple(f"{base}/bridge/{name}" for base in self.base_topics for name in ("state", "event", "health"))

    def watch_filters(self) -> tuple[str, ...]:
        """Return one wildcard per bridge."""
        return tuple(f"{base}/#" for base in self.base_topics)

    def decode(self, message: Message, topic: str) -> Sequence[Reading]:
        """Return what one publish says; empty if it tells nothing: commands, logs, cleared topics.

        Raises Undecodable if a device says what cannot be read.
        """
        split = self._split(topic)
        if split is None:
            raise Undecodable("the topic lies below none of the base topics of zigbee2mqtt")
        base, rest = split
        levels = rest.split("/")
        if levels[0] == "bridge":
            return _decode_bridge(message, base, levels[1:])
        if levels[-1] in _COMMANDS or (len(levels) > 2 and levels[-2] in _COMMANDS):
            return ()
        if not message.payload:
            return ()  # a retained topic was cleared: the device was renamed or removed
        if levels[-1] == "availability" and len(levels) > 1:
            return _decode_availability(message, _Origin(base, "/".join(levels[:-1]), message.retained))
        return _decode_device(message, base, levels)

    def _split(self, topic: str) -> tuple[str, str] | None:
        for base in self.base_topics:
            if topic.startswith(f"{base}/") and len(topic) > len(base) + 1:
                return base, topic[len(base) + 1 :]
        return None


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where readings come from: bridge and friendly name."""

    base: str
    device: str
    retained: bool

    def reading(self, kind: Kind, state: State | None = None) -> Reading:
        return Reading(f"{self.base}/{self.device}", self.device, kind, state, retained=self.retained)

    def blank(self) -> Reading:
        """Return a reading that says nothing yet."""
        return self.reading(Kind.FAULT)


# --- the bridge ----------------------------------------------------------------------------------------------


def _decode_bridge(message: Message, base: str, levels: Sequence[str]) -> Sequence[Reading]:
    origin = _Origin(base, "bridge", message.retained)
    match list(levels):
        case ["state"] if message.payload:
            return (origin.reading(Kind.BRIDGE, _link_state(message)),)
        case ["health"] if message.payload:
            fields.json_object(message.payload)
            return (origin.reading(Kind.BRIDGE, State.ALIVE),)
        case ["event"] if message.payload:
            return _decode_event(message, base)
    return ()  # logs, requests and answers may quote any alarm word: never readings


def _decode_event(message: Message, base: str) -> Sequence[Reading]:
    event = fields.json_object(message.payload)
    kind, data = event.get("type"), event.get("data")
    if not isinstance(kind, str) or not isinstance(data, dict):
        raise Undecodable("the bridge event has no type or no data")
    name = data.get("friendly_name")
    status = data.get("status")
    state = _EVENTS.get(kind)
    if kind == "device_interview" and isinstance(status, str):
        state = _INTERVIEWS.get(status)
    if state is None or not isinstance(name, str) or not name.isprintable() or len(name) > _LONGEST_NAME:
        return ()
    return (_Origin(base, name, message.retained).reading(Kind.LIFECYCLE, state),)


def _decode_availability(message: Message, origin: _Origin) -> Sequence[Reading]:
    return (origin.reading(Kind.AVAILABILITY, _link_state(message)),)


def _link_state(message: Message) -> State:
    """Return online or offline, from JSON or, before version 2, plain text."""
    content = fields.text(message.payload)
    value = fields.json_object(message.payload).get("state") if content.startswith("{") else content
    state = _LINK.get(value.strip().lower()) if isinstance(value, str) else None
    if state is None:
        raise Undecodable("neither online nor offline")
    return state


# --- devices -------------------------------------------------------------------------------------------------


def _decode_device(message: Message, base: str, levels: Sequence[str]) -> Sequence[Reading]:
    origin = _Origin(base, "/".join(levels), message.retained)
    content = fields.text(message.payload)
    # Friendly names may contain slashes, so only the payload tells a device's state from one of its attributes.
    if len(levels) > 1 and not content.startswith(("{", "[")):
        owner = replace(origin, device="/".join(levels[:-1]))
        return _decode_attribute(content, owner, levels[-1])
    return read_state(fields.json_object(message.payload), origin.blank())


def _decode_attribute(content: str, origin: _Origin, name: str) -> Sequence[Reading]:
    """Return what one attribute on a topic of its own says, if its name has a meaning."""
    if name in _PRESS_NAMES or by_name(name) is not None:
        return read_state({name: content}, origin.blank())
    # An attribute nobody needs is a number or a short text; rubbish from a device whose name has a slash is not.
    if len(content) > _LONGEST_ATTRIBUTE or not content.isprintable():
        raise Undecodable("the payload is neither a JSON object nor a short text")
    return ()


def read_state(state: Mapping[str, object], blank: Reading) -> Sequence[Reading]:
    """Return the readings in a device's state, one per property that means something by its name.

    `blank` carries source, device and `retained`. What cannot be read becomes a fault beside the other readings.
    Raises Undecodable if that is all there is, or if it was life-safety and nothing else of that rank could be read:
    the hub then keeps the message and tells staff.
    """
    blank = replace(blank, device_at=fields.instant(state.get("last_seen")))
    found: list[Reading] = []
    unclear: list[Reading] = []
    _read_press(state, blank, found, unclear)
    for name, value in state.items():
        meaning = None if name in _PRESS_NAMES else by_name(name)
        if meaning is None:
            continue
        said = read(meaning, value)
        if said.unclear:
            unclear.append(_unclear(blank, name, "neither on nor off"))
        elif (reading := _reading(blank, name, said, meaning)) is not None:
            found.append(reading)
    grave = any(_is_life_safety(r.property) for r in unclear) and not any(r.kind in LIFE_SAFETY for r in found)
    if unclear and (grave or not found):
        raise Undecodable(f"{unclear[0].property} {unclear[0].reason}")
    return [*_marked(found, state), *unclear]


def _read_press(state: Mapping[str, object], blank: Reading, found: list[Reading], unclear: list[Reading]) -> None:
    for name in _PRESS_NAMES:
        action = state.get(name)
        if is_unclear(action):
            unclear.append(_unclear(blank, name, "not the name of an action"))
        elif (said := press(action)) is not None:
            found.append(
                replace(blank, kind=Kind.BUTTON, state=said.state, property="action", action=said.action, sos=said.sos)
            )
            return  # the older name only repeats it


def _reading(blank: Reading, name: str, said: Said, meaning: Meaning) -> Reading | None:
    if said.is_nothing:
        return None
    if meaning.kind is Kind.BATTERY and said.value is not None:
        return _charge(blank, name, said.value)
    reading = replace(blank, kind=meaning.kind, state=said.state, property=name, value=said.value, sos=meaning.sos)
    if said.value is not None:
        return replace(reading, unit=meaning.unit)
    if meaning.kind is Kind.FAULT and said.state is State.ACTIVE:
        return replace(reading, reason=f"the device reports {name.replace('_', ' ')}")
    return reading


def _charge(blank: Reading, name: str, value: float) -> Reading | None:
    percent = fields.percent(value)
    if percent is None:
        return None
    state = State.ACTIVE if percent <= LOW_PERCENT else State.CLEAR
    return replace(blank, kind=Kind.BATTERY, state=state, property=name, percent=percent)


def _unclear(blank: Reading, name: str, reason: str) -> Reading:
    return replace(blank, kind=Kind.FAULT, state=State.ACTIVE, property=name, reason=f"cannot be read: {reason}")


def _is_life_safety(name: str | None) -> bool:
    meaning = by_name(name or "")
    return name in _PRESS_NAMES or (meaning is not None and meaning.kind in LIFE_SAFETY)


def _marked(found: list[Reading], state: Mapping[str, object]) -> list[Reading]:
    """Mark detectors that test themselves or were muted; the state stays as published, a rule judges it.

    Only a boolean counts: as text, `test` is the name of a command.
    """
    test = any(state.get(name) is True for name in _TESTING) or state.get("self_test") == "checking"
    muted = any(state.get(name) is True for name in _MUTED)
    if not test and not muted:
        return found
    return [replace(r, test=test, muted=muted) if r.kind in DETECTORS else r for r in found]
