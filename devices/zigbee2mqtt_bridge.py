"""What a Zigbee2MQTT bridge says of itself and its devices, and what can be learned from it.

Source: zigbee2mqtt.io, "MQTT topics and messages" (bridge/...); tests/recorded/dialects/zigbee2mqtt_bridge.jsonl.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from devices import fields
from devices.definitions import Definition, definition
from devices.directory import EMPTY_NETWORK, Directory, Entry, Network
from devices.message import Message
from devices.reading import Kind, Listed, Reading, State, Undecodable

LINK = {"online": State.ONLINE, "offline": State.OFFLINE}
_EVENTS = {"device_joined": State.JOINED, "device_leave": State.LEFT, "device_announce": State.ANNOUNCE}
_INTERVIEWS = {"started": State.INTERVIEW_STARTED, "failed": State.INTERVIEW_FAILED}

# The lists that are read away from the messages of devices: they are large.
LISTS = frozenset({"devices", "groups"})
# The largest coordinators serve some 300 devices; what is beyond this is no list of a home.
MOST_DEVICES = 2_000
LONGEST_NAME = 250
_LONGEST_FIELD = 200


def decode(message: Message, base: str, levels: Sequence[str]) -> Sequence[Reading]:
    """Return what a message below `<base>/bridge` says; logs, requests and answers are never readings."""
    blank = Reading(f"{base}/bridge", "bridge", Kind.BRIDGE, retained=message.retained)
    if not message.payload:
        return ()
    match list(levels):
        case ["state"]:
            return (blank._replace(state=link_state(message)),)
        case ["health"]:
            fields.json_object(message.payload)
            return (blank._replace(state=State.ALIVE),)
        case ["event"]:
            return _event(message, base)
        case ["devices"]:
            listed = tuple(found for item in _devices(message.payload) if (found := _described(item)) is not None)
            return (blank._replace(kind=Kind.DISCOVERY, devices=listed),)
    return ()


def link_state(message: Message) -> State:
    """Return online or offline, from JSON or, before version 2, plain text."""
    content = fields.text(message.payload)
    value = fields.json_object(message.payload).get("state") if content.startswith("{") else content
    state = LINK.get(value.strip().lower()) if isinstance(value, str) else None
    if state is None:
        raise Undecodable("neither online nor offline")
    return state


def learn(message: Message, base: str, levels: Sequence[str], directory: Directory) -> Directory:
    """Return what is known after a message of the bridge `base` (its full topic); the same object if that is no news.

    A list that is empty, gone or cannot be read forgets nothing.
    """
    network = directory.network(base)
    try:
        match list(levels):
            case ["devices"]:
                found = _with_devices(network, _devices(message.payload))
            case ["groups"]:
                found = _with_groups(network, fields.json_items(message.payload, MOST_DEVICES))
            case ["event"]:
                found = _with_event(network, fields.json_object(message.payload))
            case ["response", "device", "rename" | "remove" as what]:
                found = _with_change(network, what, fields.json_object(message.payload))
            case _:
                return directory
    except Undecodable:
        return directory
    return directory.with_network(base, found)


# --- events ----------------------------------------------------------------------------------------------------


def _event(message: Message, base: str) -> Sequence[Reading]:
    event = fields.json_object(message.payload)
    kind, data = event.get("type"), event.get("data")
    if not isinstance(kind, str) or not isinstance(data, dict):
        raise Undecodable("the bridge event has no type or no data")
    name, status = _name(data), data.get("status")
    state = _EVENTS.get(kind)
    if kind == "device_interview" and isinstance(status, str):
        if status == "successful" and (listed := _described(data)) is not None:
            return (Reading(f"{base}/bridge", "bridge", Kind.DISCOVERY, retained=message.retained, devices=(listed,)),)
        state = _INTERVIEWS.get(status)
    if state is None or name is None:
        return ()
    return (Reading(f"{base}/{name}", name, Kind.LIFECYCLE, state, retained=message.retained),)


# --- the list of devices ---------------------------------------------------------------------------------------


def _devices(payload: bytes) -> Iterator[Mapping[str, object]]:
    """Yield the devices of a list; the coordinator is none."""
    for item in fields.json_items(payload, MOST_DEVICES):
        if isinstance(item, dict) and item.get("type") != "Coordinator" and _name(item) is not None:
            yield item


def _name(item: Mapping[str, object]) -> str | None:
    name = item.get("friendly_name")
    usable = isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and name.isprintable()
    return name if isinstance(name, str) and usable else None


def _identity(item: Mapping[str, object]) -> str:
    return _short(item.get("ieee_address")) or _name(item) or ""


def _short(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    clean = "".join(c for c in value[:_LONGEST_FIELD] if c.isprintable()).strip()
    return clean or None


def _described(item: Mapping[str, object]) -> Listed | None:
    name = _name(item)
    if name is None:
        return None
    published, known = item.get("definition"), _definition(item)
    about = published if isinstance(published, dict) else {}
    return Listed(
        identity=_identity(item),
        device=name,
        vendor=_short(about.get("vendor")),
        model=_short(about.get("model")),
        supported=item.get("supported") is not False,
        disabled=item.get("disabled") is True,
        power_source=_short(item.get("power_source")),
        room_hint=_short(item.get("description")),
        capabilities=known.capabilities if known else (),
        sos=known is not None and known.calls,
        maybe_sos=known is not None and known.described_as_call and not known.calls,
    )


def _definition(item: Mapping[str, object]) -> Definition | None:
    """Return what the item's definition means; equal definitions, of whatever home, are one object."""
    published = item.get("definition")
    if not isinstance(published, dict) or not isinstance(published.get("exposes"), list):
        return None
    what = {key: published.get(key) for key in ("exposes", "description", "model")}
    return _interned(json.dumps(what, ensure_ascii=False, sort_keys=True))


@lru_cache(maxsize=1_024)  # models of one site; each key has about 3.5 KB
def _interned(published: str) -> Definition:
    return definition(json.loads(published))


# --- learning --------------------------------------------------------------------------------------------------


def _with_devices(network: Network, items: Iterable[Mapping[str, object]]) -> Network:
    """Return the network with the devices of a list. One that is being interviewed again keeps what was known of it."""
    known = {entry.identity: entry for entry in network.devices.values()}
    found: dict[str, Entry] = {}
    for item in items:
        name, identity = _name(item) or "", _identity(item)
        before = known.get(identity)
        found[name] = Entry(identity, _definition(item) or (before.definition if before else None))
    return Network(found, network.groups) if found else network


def _with_groups(network: Network, items: Iterable[object]) -> Network:
    names = frozenset(name for item in items if isinstance(item, dict) and (name := _name(item)) is not None)
    return Network(network.devices, names - network.devices.keys())


def _with_event(network: Network, event: Mapping[str, object]) -> Network:
    data = event.get("data")
    if event.get("type") != "device_interview" or not isinstance(data, dict) or (name := _name(data)) is None:
        return network
    if (known := _definition(data)) is None or len(network.devices) >= MOST_DEVICES:
        return network
    return Network({**network.devices, name: Entry(_identity(data), known)}, network.groups)


def _with_change(network: Network, what: str, answer: Mapping[str, object]) -> Network:
    """Follow what the bridge answers to a request: a device has another name, or is gone."""
    data = answer.get("data")
    if answer.get("status") != "ok" or not isinstance(data, dict):
        return network
    devices = dict(network.devices)
    old, new = data.get("from") if what == "rename" else data.get("id"), data.get("to")
    entry = devices.pop(old, None) if isinstance(old, str) else None
    if entry is None:
        return network
    if what == "rename":
        if not isinstance(new, str) or not 0 < len(new) <= LONGEST_NAME:
            return network
        devices[new] = entry
    return Network(devices, network.groups) if devices else EMPTY_NETWORK
