"""What a device's published definition says about each property: read from structure and words, never from models.

A definition lists what a device publishes (`exposes`): name, type, unit, the values of enums, which value means "on",
and whether a property can be set. Source: zigbee2mqtt.io, "Exposes"; the converter definitions of Zigbee2MQTT.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from devices import wordlists as w
from devices.enums import of_kind, of_values
from devices.fields import MAX_WORD, flag, word
from devices.meanings import BY_KIND, DETECTORS, Meaning, Numbers, by_name
from devices.presses import is_call
from devices.reading import Kind, State

# A definition has some ten properties, a huge one two hundred; what lies beyond belongs to no device.
MOST_PROPERTIES = 500
_DEEPEST = 4

_PUBLISHED, _SETTABLE = 1, 2
# Types whose features are controls of the thing: a blind's `state`, a radiator's `running_state`.
_CONTROLS = frozenset({"light", "switch", "cover", "lock", "fan", "climate"})
_COMPOUND = frozenset({"composite", "list"})

# Names that mean something else on every device; their values or the device's description tell.
VAGUE = w.words("alarm alarm_1 alert alarm_state alarm_status state status")
_VAGUE_ENDS = w.words("state status alarm alert")


@dataclass(frozen=True, slots=True)
class Definition:
    """How to read one device. `meanings` has every listed property; None: it is no reading.

    `has_on`: its actions have an "on", so "off" is a press and not the end of one. `described_as_call`: it is sold as
    an SOS button; `calls`: some of what it publishes calls for help by itself. `kinds` are those of all its meanings.
    """

    meanings: Mapping[str, Meaning | None] = field(default_factory=dict)
    has_action: bool = False
    has_on: bool = False
    described_as_call: bool = False
    calls: bool = False
    kinds: frozenset[Kind] = frozenset()

    @property
    def capabilities(self) -> tuple[tuple[str, Kind], ...]:
        """What it can say, by property."""
        found = [(name, meaning.kind) for name, meaning in self.meanings.items() if meaning is not None]
        return tuple(sorted([*found, *([("action", Kind.BUTTON)] if self.has_action else [])]))


@dataclass(frozen=True, slots=True)
class _Property:
    """One published property with what matters of it."""

    name: str
    type: str
    access: int
    unit: str
    values: tuple[str, ...]
    value_on: object
    value_off: object
    text: str

    @property
    def is_setting(self) -> bool:
        return bool(self.access & _SETTABLE)


def definition(published: Mapping[str, object]) -> Definition:
    """Return what a published definition (`exposes`, `description`, `model`) means; rubbish in it means nothing."""
    about = " ".join(text for key in ("description", "model") if (text := _text(published.get(key))))
    described = set(w.pieces(about))
    controls, listed = _listed(published.get("exposes"))
    kinds = {kind for prop in listed if (kind := _kind(prop)) is not None}
    device = _Device(described, frozenset(kinds), "cover" in controls, "climate" in controls)
    meanings: dict[str, Meaning | None] = dict.fromkeys(_names_of_controls(published.get("exposes")))
    for prop in listed:
        if meanings.get(prop.name) is None:  # listed twice, it means what one of them says
            meanings[prop.name] = None if prop.name == "action" else _meaning(prop, device)
    actions = next((prop.values for prop in listed if prop.name == "action"), None)
    if actions is not None:
        del meanings["action"]  # read by its own rules
    return Definition(
        meanings=meanings,
        has_action=actions is not None,
        has_on="on" in (actions or ()),
        described_as_call=w.calls_for_help(about),
        calls=any(map(is_call, actions or ())) or any(m is not None and m.sos for m in meanings.values()),
        kinds=frozenset(m.kind for m in meanings.values() if m is not None),
    )


@dataclass(frozen=True, slots=True)
class _Device:
    """What the properties of one device have to be seen beside."""

    described: set[str]
    kinds: frozenset[Kind]
    is_cover: bool
    is_climate: bool

    def kind(self, text: str) -> Kind | None:
        """What the device, or one property's own text, is said to be about."""
        return _described(set(w.pieces(text))) or _described(self.described)


# --- reading the list ------------------------------------------------------------------------------------------


def _listed(exposes: object) -> tuple[set[str], list[_Property]]:
    """Return the types of control a device has, and its plain properties."""
    controls: set[str] = set()
    listed: list[_Property] = []
    for expose in _dicts(exposes):
        kind = expose.get("type")
        if isinstance(kind, str) and kind in _CONTROLS:
            controls.add(kind)
        elif (prop := _property(expose)) is not None and len(listed) < MOST_PROPERTIES:
            listed.append(prop)
    return controls, listed


def _names_of_controls(exposes: object, depth: int = 0) -> Iterator[str]:
    """Yield what stands in the state for a control or a compound: known, and no reading."""
    for expose in _dicts(exposes):
        kind, name = expose.get("type"), expose.get("property")
        if not isinstance(kind, str):
            continue
        if kind in _CONTROLS:
            if depth < _DEEPEST:
                yield from _names_of_controls(expose.get("features"), depth + 1)
        elif isinstance(name, str) and len(name) <= MAX_WORD and (depth or kind in _COMPOUND):
            yield name


def _dicts(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, list):
        yield from (item for item in value[:MOST_PROPERTIES] if isinstance(item, dict))


def _property(expose: Mapping[str, object]) -> _Property | None:
    name, kind = expose.get("property"), expose.get("type")
    if not isinstance(kind, str) or kind in _COMPOUND or not isinstance(name, str) or not word(name):
        return None
    access = expose.get("access")
    values = expose.get("values")
    return _Property(
        name=name,
        type=kind,
        access=access if isinstance(access, int) else _PUBLISHED,
        unit=_text(expose.get("unit")),
        values=tuple(str(v) for v in values[:MOST_PROPERTIES] if isinstance(v, str | int))
        if isinstance(values, list)
        else (),
        value_on=expose.get("value_on"),
        value_off=expose.get("value_off"),
        text=" ".join(filter(None, (_text(expose.get("label")), _text(expose.get("description"))))),
    )


def _text(value: object) -> str:
    return value[:1_000] if isinstance(value, str) else ""


# --- from a property to its meaning ----------------------------------------------------------------------------


def _meaning(prop: _Property, device: _Device) -> Meaning | None:
    if not prop.access & _PUBLISHED:
        return None
    kind = _kind(prop)
    if kind is None:
        return None if prop.is_setting else _vague(prop, device)
    if prop.is_setting and prop.name not in _NEVER_SETTINGS:
        return None
    if not _fits(kind, prop, device):
        return None
    base = by_name(prop.name)
    return _refined(base if base is not None and base.kind is kind else BY_KIND[kind], prop)


def _fits(kind: Kind, prop: _Property, device: _Device) -> bool:
    """Whether the device is one on which such a name means a reading."""
    if kind is Kind.MOTION:
        if prop.name == "presence" and device.described & w.CARRIED:
            return False
        if device.described & {"arrival", "tag", "fob"}:
            return False
        return not device.is_cover or not set(w.pieces(prop.name)) <= _OF_BLINDS
    if kind is Kind.CONTACT:
        # A radiator finds by its temperature that a window is open; a blind is open or not itself.
        return not (device.is_climate or device.is_cover) or "contact" in prop.name
    return True


# So plain a name is the reading itself, even where a definition says that it can be written.
_NEVER_SETTINGS = w.words("contact occupancy presence smoke gas carbon_monoxide water_leak tamper battery sos")
_OF_BLINDS = w.words("motion movement moving state status")


def _refined(base: Meaning, prop: _Property) -> Meaning | None:
    """Return the meaning of a property whose kind is known, as its type, values and unit make it."""
    if prop.type == "binary":
        return _binary(base, prop)
    if prop.type == "enum":
        return of_kind(base, prop.values)
    if prop.type == "numeric":
        return _numeric(base, prop)
    return base if base.kind is Kind.FAULT or by_name(prop.name) is base else None


def _binary(base: Meaning, prop: _Property) -> Meaning:
    """Return how true and false are said. A contact is closed when true, whatever is declared."""
    base = replace(base, flags=True, numbers=Numbers.FLAG)
    on, off = _said(prop.value_on), _said(prop.value_off)
    declared = flag(prop.value_on)
    if base.kind is not Kind.CONTACT:
        if declared is not None:
            return replace(base, flag_on=State.ACTIVE if declared else State.CLEAR)
        return replace(base, active=(base.active - off) | on, clear=(base.clear - on) | off)
    return base


def _said(value: object) -> frozenset[str]:
    return frozenset({value.strip().lower()}) if isinstance(value, str) and value.strip() else frozenset()


# Air that can be breathed or can explode is measured in these; a meter counts m³ or kWh.
_VOLUMES = w.words("m³ m3 ft³ ft3 l litre liter gal kwh wh m³/h l/h ccf a w v")


def _numeric(base: Meaning, prop: _Property) -> Meaning | None:
    if base.kind is Kind.BATTERY:
        return BY_KIND[Kind.BATTERY] if prop.unit in ("%", "") else None
    if base.kind in (Kind.GAS, Kind.CO):
        return None if prop.unit.lower() in _VOLUMES else _value(base.kind, prop.unit or base.unit)
    if base.kind in (Kind.TEMPERATURE, Kind.HUMIDITY):
        return base
    return None


def _value(kind: Kind, unit: str | None) -> Meaning:
    return Meaning(kind, flags=False, numbers=Numbers.VALUE, unit=unit)


# --- names by their words --------------------------------------------------------------------------------------

# Words that may stand beside the word that names the kind. Any other word makes it something else: a sensitivity,
# a delay, a valve, a counter.
_BESIDE = w.words(
    "alarm alarms state status detected detect detection detector sensor active area zone channel input region probe "
    "endpoint wire both zones l e left right top bottom up down front back in out and or first second main a b "
    "condition"
)
_MEASURED = w.words("value concentration density level ppm lel percentage")
# The first that fits counts: a bed that is occupied is a bed.
_STEMS: Sequence[tuple[Kind, frozenset[str], frozenset[str]]] = (
    (Kind.TAMPER, w.words("tamper tampered tampering"), frozenset()),
    (Kind.BATTERY, w.words("battery batteries"), w.words("low value percentage level smoke")),
    (Kind.BUTTON, w.words("sos panic emergency"), w.words("button call pressed press")),
    (Kind.FALL, w.words("fall fallen falldown"), w.words("down")),
    (Kind.BED, w.words("bed inbed mattress"), w.words("presence occupancy occupied pressure")),
    (Kind.SMOKE, w.words("smoke fire"), frozenset()),
    (Kind.CO, w.words("co monoxide"), w.words("carbon") | _MEASURED),
    (Kind.GAS, w.words("gas lpg methane propane lng"), w.words("combustible natural leak leakage") | _MEASURED),
    (Kind.LEAK, w.words("leak leakage leaking flood flooding waterleak moisture water"), w.words("water leak leakage")),
    (Kind.MOTION, w.words("occupancy occupied presence motion movement pir"), w.words("human person mmwave radar pir")),
    (Kind.CONTACT, w.words("contact"), w.words("door window garage gate")),
    (Kind.CONTACT, w.words("door window gate opening handle garage"), w.words("open opened position mode door")),
)
_NO_CONTACT = w.words("detect detection detected alarm")


def _kind(prop: _Property) -> Kind | None:
    """Return the kind that a property's name says, by the table of names or by its words."""
    known = by_name(prop.name)
    if known is not None:
        return known.kind
    found = [piece for piece in w.pieces(prop.name) if not piece.isdigit()]
    names = frozenset(found)
    for kind, stems, beside in _STEMS:
        if names & stems and names <= stems | beside | _BESIDE:
            return kind if _plausible(kind, names, prop) else None
    return None


def _plausible(kind: Kind, names: frozenset[str], prop: _Property) -> bool:
    if kind is Kind.CONTACT and "contact" not in names:
        return not names & _NO_CONTACT and prop.type == "enum"
    if kind is Kind.LEAK:
        return prop.type in ("binary", "enum")
    if kind is Kind.BATTERY:
        return names != {"battery", "status"} and not ("level" in names and prop.type == "numeric" and prop.unit == "V")
    return True


# --- names that say nothing ------------------------------------------------------------------------------------


def _vague(prop: _Property, device: _Device) -> Meaning | None:
    """Return the meaning of `alarm`, `state` and their like: by enum values, else by what the device is."""
    names = w.pieces(prop.name)
    if prop.type == "enum" and names and names[-1] in _VAGUE_ENDS:
        if (found := of_values(prop.values, is_cover=device.is_cover)) is not None:
            lies_in = found.kind is Kind.MOTION and "bed" in device.described  # who is present there is in the bed
            return of_kind(BY_KIND[Kind.BED], prop.values) if lies_in else found
        kind = device.kind(prop.text) if prop.name in VAGUE else None
        # Beside the plain property of its kind, an alarm state only says how loud it is.
        return of_kind(BY_KIND[kind], prop.values) if kind in DETECTORS and kind not in device.kinds else None
    if prop.type == "binary":
        return _vague_flag(prop, device)
    return None


def _vague_flag(prop: _Property, device: _Device) -> Meaning | None:
    if prop.name in ("alarm", "alarm_1", "alert"):
        kind = device.kind(prop.text)
    elif prop.name == "heat" and Kind.SMOKE not in device.kinds:
        kind = Kind.SMOKE  # a heat detector cries fire
    elif prop.name == "pressure":
        kind = Kind.BED  # somebody on a pad; of air a pressure is a number
    else:
        kind = None
    if kind is None or kind is Kind.BUTTON:
        return None
    # True is the alarm, on doors too: unlike `contact`.
    return _binary(replace(BY_KIND[kind], flag_on=State.ACTIVE, flags=True), replace(prop, name="alarm"))


_DESCRIBED: Sequence[tuple[Kind, frozenset[str]]] = (
    (Kind.SMOKE, w.words("smoke fire heat photoelectric")),
    (Kind.CO, w.words("co monoxide")),
    (Kind.GAS, w.words("gas methane lpg propane combustible")),
    (Kind.LEAK, w.words("leak leakage flood flooding")),
    (Kind.FALL, w.words("fall falls")),
    (Kind.CONTACT, w.words("door window contact opening magnet")),
    (Kind.MOTION, w.words("motion occupancy presence pir radar mmwave")),
    (Kind.BED, w.words("bed mattress")),
)
# What has an alarm of its own, and is not the sensor its description speaks of.
_OTHER_THINGS = w.words("thermostat valve radiator meter plug socket switch relay handle lock charger opener curtain")


def _described(found: set[str]) -> Kind | None:
    if found & _OTHER_THINGS or ("flood" in found and "light" in found):
        return None
    return next((kind for kind, stems in _DESCRIBED if found & stems), None)
