"""What a device's state says: one reading per property that means something, by definition or else by name.

Source: zigbee2mqtt.io, "MQTT topics and messages" and "Exposes"; tests/recorded/dialects/zigbee2mqtt.jsonl.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from devices import fields
from devices.definitions import VAGUE, Definition
from devices.directory import NOTHING_KNOWN, Directory
from devices.meanings import BY_KIND, DETECTORS, LIFE_SAFETY, SAID_NOTHING, UNCLEAR, Meaning, Said, by_name, read
from devices.presses import is_unclear, press
from devices.reading import Kind, Reading, State, Undecodable
from devices.wordlists import calls_for_help

# What bridges before 2020 called an action; then published beside it.
PRESS_NAMES = ("action", "click")
_TESTING = ("test", "testing")
_NONE_LISTED: Mapping[str, Meaning | None] = MappingProxyType({})
_CHECKING = ("checking", "Checking")
_MUTED = ("muted", "mute", "temporary_mute", "buzzer_manual_mute", "silence", "smoke_alarm_silenced")
_MARKS = frozenset({*_TESTING, *_MUTED, "self_test"})
# A blind says in which direction it moves; the name alone would make it a motion sensor.
_OF_BLINDS = frozenset({"motion", "movement"})


class Known(NamedTuple):
    """What is known of the device that speaks. `kind` is what the installer says it is."""

    definition: Definition | None = None
    kind: Kind | None = None
    directory: Directory = NOTHING_KNOWN


NOTHING = Known()


def read_state(state: Mapping[str, object], blank: Reading, known: Known = NOTHING) -> Sequence[Reading]:
    """Return the readings in a device's state.

    `blank` carries source, device and `retained`. What cannot be read becomes a fault beside the other readings.
    Raises Undecodable if that is all there is, or if it was life-safety and nothing else of that rank could be read:
    the hub then keeps the message and tells staff.
    """
    if "last_seen" in state:
        blank = blank._replace(device_at=fields.instant(state["last_seen"]))
    found: list[Reading] = []
    unclear: list[Reading] = []
    _read_press(state, blank, known, found, unclear)
    grave = bool(unclear)
    meanings = known.definition.meanings if known.definition is not None else _NONE_LISTED
    is_vague = known.kind is not None and not VAGUE.isdisjoint(state)
    is_plain = not is_vague and not known.directory.roles and "position" not in state
    for name, value in state.items():
        meaning = meanings[name] if name in meanings else None if name in PRESS_NAMES else by_name(name)
        if not is_plain:
            meaning = _by_hints(name, meaning, state, blank, known)
        if meaning is None:
            continue
        said = read(meaning, value)
        if said is UNCLEAR:
            unclear.append(_unclear(blank, name, "neither on nor off"))
            grave = grave or meaning.kind in LIFE_SAFETY
        elif said is not SAID_NOTHING and (reading := _reading(blank, name, said, meaning, known)) is not None:
            found.append(reading)
    if unclear and (not found or (grave and not any(r.kind in LIFE_SAFETY for r in found))):
        raise Undecodable(f"{unclear[0].property} {unclear[0].reason}")
    if not _MARKS.isdisjoint(state):
        found = _marked(found, state)
    if known.directory.roles:
        found = [known.directory.with_role(reading) for reading in found]
    return found + unclear


def _by_hints(
    name: str, meaning: Meaning | None, state: Mapping[str, object], blank: Reading, known: Known
) -> Meaning | None:
    """Return the meaning as the installer's word and the rest of the message make it."""
    definition, roles = known.definition, known.directory.roles
    if name in PRESS_NAMES:
        return None
    if definition is None and name in _OF_BLINDS and "position" in state:
        return None
    if name in VAGUE and known.kind is not None and (definition is None or known.kind not in definition.kinds):
        return _hinted(known.kind)
    if meaning is None and roles:
        role = roles.get(f"{blank.device}/{name}")
        if role is None and name in VAGUE:
            role = roles.get(blank.device)
        return _hinted(role.kind) if role is not None else None
    return meaning


@cache
def _hinted(kind: Kind) -> Meaning | None:
    """Return how a property that says nothing by itself is read on a device of this kind: true is the alarm."""
    meaning = BY_KIND.get(kind)
    return None if meaning is None else replace(meaning, flags=True, flag_on=State.ACTIVE, lenient=True)


def _read_press(
    state: Mapping[str, object], blank: Reading, known: Known, found: list[Reading], unclear: list[Reading]
) -> None:
    for name in PRESS_NAMES:
        if (action := state.get(name)) is None:
            continue
        if is_unclear(action):
            unclear.append(_unclear(blank, name, "not the name of an action"))
            continue
        definition = known.definition
        said = press(action, has_on=definition is not None and definition.has_on)
        if said is not None:
            described = calls_for_help(blank.device) if definition is None else definition.described_as_call
            found.append(
                blank._replace(
                    kind=Kind.BUTTON,
                    state=said.state,
                    property="action",
                    action=said.action,
                    sos=said.sos,
                    maybe_sos=described and not said.sos,
                )
            )
            return  # the older name only repeats it


def _reading(blank: Reading, name: str, said: Said, meaning: Meaning, known: Known) -> Reading | None:
    kind, state, value = meaning.kind, said.state, said.value
    unit = percent = reason = None
    if value is not None:
        if kind is Kind.BATTERY:
            percent, value = fields.percent(value), None
            if percent is None:
                return None
            state = State.ACTIVE if percent <= known.directory.battery_low_percent else State.CLEAR
        else:
            unit = meaning.unit
    elif kind is Kind.FAULT and state is State.ACTIVE:
        reason = f"the device reports {name.replace('_', ' ')}"
    return Reading(
        blank.source,
        blank.device,
        kind,
        state,
        name,
        value,
        unit,
        percent,
        sos=meaning.sos,
        retained=blank.retained,
        reason=reason,
        device_at=blank.device_at,
    )


def _unclear(blank: Reading, name: str, reason: str) -> Reading:
    return blank._replace(kind=Kind.FAULT, state=State.ACTIVE, property=name, reason=f"cannot be read: {reason}")


def _marked(found: list[Reading], state: Mapping[str, object]) -> list[Reading]:
    """Mark detectors that test themselves or were muted; the state stays as published, a rule judges it.

    Only a boolean counts: as text, `test` is the name of a command.
    """
    test = any(state.get(name) is True for name in _TESTING) or state.get("self_test") in _CHECKING
    muted = any(state.get(name) is True for name in _MUTED)
    if not test and not muted:
        return found
    return [r._replace(test=test, muted=muted) if r.kind in DETECTORS else r for r in found]
