"""What the property names of smart-home devices mean: a table from name to kind, and how to read the value.

Source: the published converter definitions of Zigbee2MQTT; tests/recorded/dialects/zigbee2mqtt.jsonl.
Names that only look like a kind are left out on purpose: settings (`fall_detection`, `*_sensitivity`), `co2`,
`vibration` (a lorry moves a window), `alarm`, `state` and `status`, which mean something else on every device.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from devices.fields import MAX_WORD, flag, number, word
from devices.reading import Kind, State

# What staff must hear of if it cannot be read.
LIFE_SAFETY = frozenset({Kind.BUTTON, Kind.GAS, Kind.SMOKE, Kind.CO, Kind.FALL})
# What a self-test or a mute key is about. Never a press or a fall: no mark may hide those.
DETECTORS = frozenset({Kind.GAS, Kind.SMOKE, Kind.CO, Kind.LEAK})

_LONGEST_LISTED = 256
_NOTHING = frozenset({"", "none", "null", "nan", "unknown", "unavailable", "undefined", "-1"})
_CHANNEL = re.compile(r"(?:_alarm)?_(?:\d{1,2}|l\d)$")


class Numbers(Enum):
    """What a number means where a state could stand."""

    FLAG = auto()  # 0 and 1; any other number measures something else
    VALUE = auto()  # always a measurement
    EITHER = auto()  # 0 and 1 are flags, other numbers measurements
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Meaning:
    """How to read one property. `sos`: active calls for help by itself. `lenient`: other words are not unclear.

    `flags`: true and false say something, `flag_on` is what true says. A property that measures has no true.
    """

    kind: Kind
    flags: bool = True
    flag_on: State = State.ACTIVE
    active: frozenset[str] = frozenset()
    clear: frozenset[str] = frozenset()
    neither: frozenset[str] = frozenset()
    numbers: Numbers = Numbers.FLAG
    unit: str | None = None
    least: float = 0.0
    sos: bool = False
    lenient: bool = False


class Said(NamedTuple):
    """What one property says: a state, or a value, or neither. `unclear`: it should have said something."""

    state: State | None = None
    value: float | None = None
    unclear: bool = False


SAID_ACTIVE, SAID_CLEAR, UNCLEAR = Said(State.ACTIVE), Said(State.CLEAR), Said(unclear=True)
SAID_NOTHING = Said()


def read(meaning: Meaning, value: object) -> Said:
    """Return what a value says under a meaning. Empty, unknown and -1 say nothing: they never end an alarm."""
    if value is None:
        return SAID_NOTHING
    if isinstance(value, bool):
        return _flagged(meaning, value) if meaning.flags else SAID_NOTHING
    if isinstance(value, str):
        return _read_word(meaning, value)
    if isinstance(value, int | float):
        return _read_number(meaning, value)
    return SAID_NOTHING if meaning.lenient else UNCLEAR


def _read_word(meaning: Meaning, value: str) -> Said:
    low = (word(value) or "").lower() if len(value) <= MAX_WORD else _listed(meaning, value)
    if low in meaning.active:
        return SAID_ACTIVE
    if low in meaning.clear:
        return SAID_CLEAR
    if low in _NOTHING or low in meaning.neither:
        return SAID_NOTHING
    if (found := number(value)) is not None:
        return _read_number(meaning, found)
    if meaning.flags and (on := flag(value)) is not None:
        return _flagged(meaning, on)
    # A word nobody knows on a gas detector must be heard; on a motion sensor it is one of hundreds of modes.
    return UNCLEAR if meaning.kind in LIFE_SAFETY and not meaning.lenient else SAID_NOTHING


def _listed(meaning: Meaning, value: str) -> str:
    """Return a long word that the definition lists, several states joined by commas; "?" for any other."""
    low = value.strip().lower() if len(value) <= _LONGEST_LISTED else "?"
    return low if low in meaning.active or low in meaning.clear else "?"


def _read_number(meaning: Meaning, value: float) -> Said:
    numbers = meaning.numbers
    if (numbers is Numbers.FLAG or numbers is Numbers.EITHER) and value in (0, 1):
        return _flagged(meaning, value == 1)
    if numbers is Numbers.VALUE or numbers is Numbers.EITHER:
        found = number(value)
        if found is not None and found >= meaning.least:
            return Said(value=found)
    return SAID_NOTHING


def _flagged(meaning: Meaning, on: bool) -> Said:
    return SAID_ACTIVE if on is (meaning.flag_on is State.ACTIVE) else SAID_CLEAR


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ALARM = _words("alarm alarmed alarming alert detected active critical critical_alarm warning_alarm")
_CALM = _words("normal clear no_alarm idle safe ok inactive")
_UNDECIDED = _words("detecting prealarm warning test testing checking preparation preheating")
_SOMEBODY = _words(
    "motion movement moving move presence present occupied detected active activity pir trigger large small static "
    "peaceful still stationary large_move small_move large_motion small_motion breathe breathing person someone"
)
_NOBODY = _words(
    "none no_presence no_motion no_person nobody no_one unoccupied absent absence not_present clear inactive"
)

_GAS = Meaning(Kind.GAS, active=_ALARM | {"leak", "gas"}, clear=_CALM, neither=_UNDECIDED)
_SMOKE = Meaning(Kind.SMOKE, active=_ALARM | {"smoke", "fire"}, clear=_CALM, neither=_UNDECIDED)
_CO = Meaning(Kind.CO, active=_ALARM, clear=_CALM, neither=_UNDECIDED, numbers=Numbers.EITHER, unit="ppm")
# A short `co` is a concentration on every device that has one, so 1 is one ppm.
_CO_PPM = Meaning(Kind.CO, active=_ALARM, clear=_CALM, neither=_UNDECIDED, numbers=Numbers.VALUE, unit="ppm")
_LEAK = Meaning(Kind.LEAK, active=_ALARM | _words("leak leaking wet flooded water"), clear=_CALM | {"dry"})
_FALL = Meaning(
    Kind.FALL,
    active=_ALARM | _words("fall fallen fall_alarm fall_detected"),
    clear=_CALM | {"no_fall"},
    # Suspicions: the device decides within seconds and says alarm or normal. They never end a fall.
    neither=_words("fall_warning maybe_fall pre_fall falling recovering"),
)
_MOTION = Meaning(Kind.MOTION, active=_SOMEBODY, clear=_NOBODY)
# A contact that is closed is true, whatever the definition declares as its "on" value.
_CONTACT = Meaning(
    Kind.CONTACT, flag_on=State.CLEAR, active=_words("open opened ajar tilted"), clear=_words("closed close")
)
_BED = Meaning(
    Kind.BED,
    active=_SOMEBODY | _words("sit sedentary lying lie in_bed pressure"),
    clear=_NOBODY | _words("out_of_bed empty"),
)
_TAMPER = Meaning(Kind.TAMPER, active=_words("tamper tampered open opened alarm detected"), clear=_CALM | {"closed"})
_BATTERY = Meaning(
    Kind.BATTERY,
    active=_words("low very_low critical empty exhausted replace"),
    clear=_words("normal ok medium middle high full good charged"),
    flags=False,
    numbers=Numbers.VALUE,
    unit="%",
)
_LOW = Meaning(Kind.BATTERY, active=_words("low critical empty"), clear=_words("normal ok medium middle high full"))
_FAULT = Meaning(
    Kind.FAULT,
    active=_words(
        "fault error failure trouble end_of_life unreliable_other no_sensor over_range under_range open_loop"
    ),
    clear=_CALM | _words("no_fault no_fault_detected"),
)
_CALL = Meaning(
    Kind.BUTTON,
    active=_ALARM | _words("sos emergency panic press pressed single click help"),
    clear=_CALM | _words("release released"),
    sos=True,
)


def _value(kind: Kind, unit: str | None, least: float = 0.0) -> Meaning:
    return Meaning(kind, flags=False, numbers=Numbers.VALUE, unit=unit, least=least)


_BY_MEANING: tuple[tuple[Meaning, str], ...] = (
    (_GAS, "gas gas_alarm gas_leak gas_state gas_detected gas_leakage combustible_gas natural_gas lpg"),
    (_value(Kind.GAS, None), "gas_density gas_value gas_concentration"),
    (_SMOKE, "smoke smoke_alarm smoke_state smoke_detected fire fire_alarm"),
    (_CO, "carbon_monoxide carbon_monoxide_alarm carbon_monoxide_state co_alarm co_state"),
    (_CO_PPM, "co"),
    (_value(Kind.CO, "ppm"), "carbon_monoxide_value carbon_monoxide_concentration co_value co_concentration"),
    (_LEAK, "water_leak water water_leak_alarm water_leakage water_alarm leak flood moisture_detected leak_state"),
    # A bare number of `moisture` is the humidity of a flower pot.
    (Meaning(Kind.LEAK, active=_LEAK.active, clear=_LEAK.clear, numbers=Numbers.NOTHING), "moisture"),
    (_FALL, "fall fall_status fall_state fall_alarm fall_detected fall_down fall_down_status"),
    (_MOTION, "occupancy presence motion movement pir pir_detection pir_state motion_state motion_detected occupied"),
    (_MOTION, "human_motion_state human_presence presence_state sensor_status occupancy_status occupancy_state"),
    (_CONTACT, "contact contact_alarm garage_door_contact door_contact window_contact door_state window_state"),
    (_BED, "pressure_state bed_occupancy bed_occupied bed_presence in_bed bed_state"),
    (_TAMPER, "tamper tamper_alarm tamper_state tampered"),
    (_BATTERY, "battery battery_percentage"),
    (_LOW, "battery_low battery_state battery_level battery_alarm low_battery"),
    (_FAULT, "fault trouble fault_alarm device_fault sensor_fault end_of_life endoflife reliability"),
    (_CALL, "sos panic emergency sos_alarm panic_alarm emergency_alarm sos_state panic_button emergency_button"),
    (_value(Kind.TEMPERATURE, "°C", least=-273.15), "temperature"),
    (_value(Kind.HUMIDITY, "%"), "humidity"),
)

BY_NAME: Mapping[str, Meaning] = {name: meaning for meaning, names in _BY_MEANING for name in names.split()}

# How each kind is read where only the kind is known.
BY_KIND: Mapping[Kind, Meaning] = {
    meaning.kind: meaning
    for meaning in (_GAS, _SMOKE, _CO, _LEAK, _FALL, _MOTION, _CONTACT, _BED, _TAMPER, _BATTERY, _FAULT, _CALL)
}


def by_name(name: str) -> Meaning | None:
    """Return what a property means by its name alone, its channel forgiven (`occupancy_1`, `contact_alarm_2`)."""
    found = BY_NAME.get(name)
    if found is None and name and name[-1].isdigit() and len(name) <= 40:
        found = BY_NAME.get(_CHANNEL.sub("", name))
    return found
