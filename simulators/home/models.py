"""The Zigbee devices that a simulated home has: what their bridge publishes about them, and their properties.

Source: the published converter definitions of Zigbee2MQTT for these models, and payloads that bridges logged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Expose = Mapping[str, Any]
# Bits of `access`: 1 published, 2 may be set, 4 may be asked for (zigbee2mqtt.io, "Exposes").
_READ, _ASK, _SET = 1, 5, 7


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _binary(name: str, on: object = True, off: object = False, access: int = _READ) -> Expose:
    shape = {"type": "binary", "name": name, "property": name, "access": access, "label": _label(name)}
    return shape | {"value_on": on, "value_off": off}


def _numeric(name: str, unit: str = "", access: int = _READ) -> Expose:
    shape: dict[str, Any] = {"type": "numeric", "name": name, "property": name, "access": access, "label": _label(name)}
    if unit:
        shape["unit"] = unit
    return shape | ({"value_min": 0, "value_max": 100} if name == "battery" else {})


def _enum(name: str, *values: str, access: int = _READ) -> Expose:
    shape = {"type": "enum", "name": name, "property": name, "access": access, "label": _label(name)}
    return shape | {"values": list(values)}


_BATTERY = _numeric("battery", "%")
_VOLTAGE = _numeric("voltage", "mV")
_DEVICE_TEMPERATURE = _numeric("device_temperature", "°C")
_OUTAGES = _numeric("power_outage_count")
_BATTERY_LOW = _binary("battery_low")
_TAMPER = _binary("tamper")
# What an Aqara sensor says of itself beside what it senses.
_AQARA: Mapping[str, Any] = {"device_temperature": 23, "power_outage_count": 12, "voltage": 3005}


@dataclass(frozen=True, slots=True)
class Model:
    """One model. `properties` are its cached ones at the beginning, without battery and without what it senses.

    `senses`: property and values (active, clear) by kind. `press`: the action it publishes when pressed.
    """

    vendor: str
    model: str
    description: str
    exposes: tuple[Expose, ...]
    properties: Mapping[str, Any] = field(default_factory=dict)
    senses: Mapping[str, tuple[str, object, object]] = field(default_factory=dict)
    press: str = ""
    mains: bool = False

    @property
    def has_battery(self) -> bool:
        """Whether it publishes a percentage of its battery."""
        return any(expose["name"] == "battery" for expose in self.exposes)

    def definition(self) -> dict[str, Any]:
        """Return its definition as `bridge/devices` holds it."""
        about = {"source": "native", "model": self.model, "vendor": self.vendor, "description": self.description}
        link = {**_numeric("linkquality", "lqi"), "value_min": 0, "value_max": 255}
        return about | {"exposes": [*self.exposes, link], "supports_ota": False, "options": []}


_SOS = Model(
    "Heiman",
    "HS1RC-N",
    "Smart remote controller",
    (_BATTERY, _enum("action", "emergency", "disarm", "arm_partial_zones", "arm_all_zones")),
    press="emergency",
)
_BUTTON = Model(
    "SONOFF",
    "SNZB-01",
    "Wireless button",
    (_numeric("battery", "%", _ASK), _numeric("voltage", "mV", _ASK), _enum("action", "single", "double", "long")),
    {"voltage": 3000},
    press="single",
)
_PLUG = Model(
    "Tuya",
    "TS011F_plug_1",
    "Smart plug (with power monitoring)",
    (_binary("state", "ON", "OFF", _SET), _numeric("power", "W"), _numeric("voltage", "V")),
    {"state": "ON", "power": 4, "voltage": 228},
    mains=True,
)
_CLIMATE = Model(
    "Aqara",
    "WSDCGQ11LM",
    "Temperature and humidity sensor",
    (_BATTERY, _numeric("temperature", "°C"), _numeric("humidity", "%"), _numeric("pressure", "hPa"), _VOLTAGE),
    {"temperature": 20.5, "humidity": 45, "pressure": 851.2, "voltage": 2995},
)

# The model that stands for each kind of device.
MODELS: Mapping[str, Model] = {
    "button": _BUTTON,
    "gas": Model(
        "Heiman",
        "HS1CG-E",
        "Combustible gas sensor",
        (_binary("gas"), _BATTERY_LOW, _TAMPER),
        {"battery_low": False, "tamper": False},
        {"gas": ("gas", True, False)},
        mains=True,
    ),
    "smoke": Model(
        "Heiman",
        "HS1SA-E",
        "Smart smoke alarm",
        (_binary("smoke"), _BATTERY_LOW, _BATTERY, _binary("test")),
        {"battery_low": False, "test": False},
        {"smoke": ("smoke", True, False)},
    ),
    "co": Model(
        "Heiman",
        "HS1CA-E",
        "Smart carbon monoxide alarm",
        (_binary("carbon_monoxide"), _BATTERY_LOW, _BATTERY),
        {"battery_low": False},
        {"co": ("carbon_monoxide", True, False)},
    ),
    "leak": Model(
        "Aqara",
        "SJCGQ11LM",
        "Water leak sensor",
        (_BATTERY, _VOLTAGE, _DEVICE_TEMPERATURE, _OUTAGES, _binary("water_leak"), _BATTERY_LOW),
        {**_AQARA, "battery_low": False},
        {"leak": ("water_leak", True, False)},
    ),
    "motion": Model(
        "Aqara",
        "RTCGQ11LM",
        "Motion sensor",
        (_BATTERY, _binary("occupancy"), _DEVICE_TEMPERATURE, _VOLTAGE, _numeric("illuminance", "lx"), _OUTAGES),
        {**_AQARA, "illuminance": 41},
        {"motion": ("occupancy", True, False)},
    ),
    "contact": Model(
        "Aqara",
        "MCCGQ11LM",
        "Door and window sensor",
        (_BATTERY, _binary("contact", False, True), _DEVICE_TEMPERATURE, _VOLTAGE, _OUTAGES),
        _AQARA,
        {"contact": ("contact", False, True)},
    ),
    "bed": Model(
        "HOBEIAN",
        "ZG-210Z",
        "Pressure Sensing Strap/Bed Occupancy Sensor",
        (
            _enum("pressure_state", "none", "sit", "sedentary"),
            _numeric("current_pressure", "x"),
            _numeric("temperature", "°C"),
            _numeric("humidity", "%"),
            _BATTERY,
            _numeric("presence_delay", "s", _SET),
        ),
        {"current_pressure": 5, "temperature": 20.1, "humidity": 46, "presence_delay": 30},
        {"bed": ("pressure_state", "sit", "none")},
    ),
    "fall": Model(
        "Heiman",
        "HS2FD-EF1-3.0",
        "Fall Detection Sensor",
        (
            _binary("occupancy"),
            _enum("sensor_status", "none", "activity", "unknown"),
            _enum("fall_status", "normal", "fall_warning", "fall_alarm", "unknown"),
            _enum("installation_method", "WallMounted", "Ceiling", "RotateCeiling45", access=_SET),
        ),
        {"occupancy": False, "sensor_status": "none", "installation_method": "Ceiling"},
        {"fall": ("fall_status", "fall_alarm", "normal")},
        mains=True,
    ),
    "temperature": _CLIMATE,
    "humidity": _CLIMATE,
}


def model_of(kind: str, role: str) -> Model:
    """Return the model that stands for a device: a call button for role sos, a plug for whatever is none of these."""
    return _SOS if kind == "button" and role == "sos" else MODELS.get(kind, _PLUG)
