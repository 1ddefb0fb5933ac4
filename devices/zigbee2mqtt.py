"""Zigbee2MQTT: which topic is a device, an attribute, the bridge or a command.

Source: zigbee2mqtt.io, "MQTT topics and messages"; tests/recorded/dialects/zigbee2mqtt.jsonl, zigbee2mqtt_bridge.jsonl.

One press may arrive on two topics within milliseconds: in the state on `<base>/<name>`, and as plain text on
`<base>/<name>/action` (Home Assistant integration, attribute output). A decoder without memory cannot know which
bridge sends both, and on some only one of them comes. So both give the same reading: same `source`, property
"action", same action; equal presses of one device within 500 ms are one, which is the rule's to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from devices import fields, zigbee2mqtt_bridge
from devices.directory import NOTHING_KNOWN, Directory, Entry
from devices.meanings import by_name
from devices.message import Message
from devices.reading import Kind, Reading, State, Undecodable
from devices.zigbee2mqtt_state import PRESS_NAMES, Known, read_state

_COMMANDS = frozenset({"set", "get"})
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
        names = ("state", "event", "health", *sorted(zigbee2mqtt_bridge.LISTS))
        return tuple(f"{base}/bridge/{name}" for base in self.base_topics for name in names)

    def watch_filters(self) -> tuple[str, ...]:
        """Return one wildcard per bridge."""
        return tuple(f"{base}/#" for base in self.base_topics)

    def teaches(self, topic: str) -> bool:
        """Whether the topic is a bridge's list of devices or groups."""
        split = self._split(topic) if "/bridge/" in topic else None
        return split is not None and split[1] in _LIST_TOPICS

    def learn(self, message: Message, topic: str, directory: Directory) -> Directory:
        """Return what is known after the message; the same object if it teaches nothing. Never raises."""
        if "/bridge/" not in topic or (split := self._split(topic)) is None:
            return directory
        base, rest = split
        levels = rest.split("/")
        if levels[0] != "bridge":
            return directory
        full = message.topic[: len(message.topic) - len(topic)] + base
        return zigbee2mqtt_bridge.learn(message, full, levels[1:], directory)

    def decode(self, message: Message, topic: str, directory: Directory = NOTHING_KNOWN) -> Sequence[Reading]:
        """Return what one publish says; empty if it tells nothing: commands, logs, cleared topics, groups.

        Raises Undecodable if a device says what cannot be read.
        """
        split = self._split(topic)
        if split is None:
            raise Undecodable("the topic lies below none of the base topics of zigbee2mqtt")
        base, rest = split
        if rest == "bridge" or rest.startswith("bridge/"):
            return zigbee2mqtt_bridge.decode(message, base, rest.split("/")[1:])
        if not message.payload:
            return ()  # a retained topic was cleared: the device was renamed or removed
        return _Publish(message, message.topic[: len(message.topic) - len(topic)], base, rest, directory).readings()

    def _split(self, topic: str) -> tuple[str, str] | None:
        for base in self.base_topics:
            if topic.startswith(f"{base}/") and len(topic) > len(base) + 1:
                return base, topic[len(base) + 1 :]
        return None


_LIST_TOPICS = frozenset(f"bridge/{name}" for name in zigbee2mqtt_bridge.LISTS)


class _Publish(NamedTuple):
    """One publish below a base topic that is not the bridge's. `rest` is the topic below it."""

    message: Message
    prefix: str
    base: str
    rest: str
    directory: Directory

    def readings(self) -> Sequence[Reading]:
        """Return what it says."""
        network = self.directory.network(self.prefix + self.base)
        entry = network.devices.get(self.rest)
        if entry is not None or (not network.groups and "/" not in self.rest and self.rest not in _COMMANDS):
            return self._state(self.rest, entry)
        owner, _, last = self.rest.rpartition("/")
        if self.rest in network.groups or owner in network.groups or _is_command(owner, last):
            return ()
        if owner and last == "availability":
            state = zigbee2mqtt_bridge.link_state(self.message)
            return (self._blank(owner, Kind.AVAILABILITY, state=state),)
        entry = network.devices.get(owner)
        content = fields.text(self.message.payload)
        # Friendly names may contain slashes, so only the payload tells the state of a device that nobody listed from
        # an attribute of another one.
        if entry is not None or (owner and not content.startswith(("{", "["))):
            return self._attribute(owner, last, content, entry)
        return self._state(self.rest, None)

    def _state(self, device: str, entry: Entry | None) -> Sequence[Reading]:
        return read_state(fields.json_object(self.message.payload), self._blank(device), self._known(device, entry))

    def _attribute(self, device: str, name: str, content: str, entry: Entry | None) -> Sequence[Reading]:
        """Return what one attribute on a topic of its own says, if it has a meaning."""
        definition = entry.definition if entry else None
        listed = definition is not None and name in definition.meanings
        if name in PRESS_NAMES or listed or by_name(name) is not None:
            return read_state({name: content}, self._blank(device), self._known(device, entry))
        # An attribute nobody needs is a number or a short text; rubbish from a device whose name has a slash is not.
        if entry is None and (len(content) > _LONGEST_ATTRIBUTE or not content.isprintable()):
            raise Undecodable("the payload is neither a JSON object nor a short text")
        return ()

    def _known(self, device: str, entry: Entry | None) -> Known:
        kind = self.directory.kinds.get(f"{self.prefix}{self.base}/{device}")
        return Known(entry.definition if entry else None, kind, self.directory)

    def _blank(self, device: str, kind: Kind = Kind.FAULT, state: State | None = None) -> Reading:
        """Return a reading that says nothing yet."""
        return Reading(f"{self.base}/{device}", device, kind, state, retained=self.message.retained)


def _is_command(owner: str, last: str) -> bool:
    """Whether somebody asks a device for something: `<name>/set`, `<name>/set/<property>`."""
    return last in _COMMANDS or ("/" in owner and owner.rpartition("/")[2] in _COMMANDS)
