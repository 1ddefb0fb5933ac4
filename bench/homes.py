"""Homes to measure with: each with a button, a gas detector, a motion sensor and one relative with a number of her own.

Numbers are from a range reserved for examples; it has a thousand.
"""

from pathlib import Path

MOST_HOMES = 1000

_HUB = """\
site: bench
timezone: Asia/Shanghai
language: zh-CN
database: sqlite:///carehub.db
mqtt: {url: "mqtt://127.0.0.1:1883", client_id: bench, username: hub}
web: {listen: "127.0.0.1:8080", public_url: "http://127.0.0.1:8080"}
dialects: {zigbee2mqtt: {base_topics: [zigbee2mqtt]}}
channels:
  sms: {type: twilio_sms, from: "+15005550006"}
policies:
  emergency: {steps: [{tell: [family], by: [sms], wait: 24h}], repeat: 24h}
  warning: {steps: [{tell: [family], by: [sms], wait: 24h}], repeat: 24h}
  notice: {steps: [{tell: [staff], by: [sms], wait: 24h}], repeat: 24h}
promise: {emergency: 20m, warning: 2h, notice: 7d}
keep: {readings: 30d, alerts: 1y}
"""
_STAFF = '  - {id: li-qiang, name: 李强, phone: "+447911123456", roles: [staff], areas: ["620702000000"]}\n'
_HOME = """\
  - id: {id}
    area: "620702207200"
    address: 上堡村{n}号
    prefix: "{prefix}"
    residents: [{{name: 王秀兰, born: 1938}}]
    contacts: [{{person: p{n}, role: family}}]
    devices:
      - {{id: sos, kind: button, role: sos, room: bedroom, topic: zigbee2mqtt/sos}}
      - {{id: gas, kind: gas, room: kitchen, topic: zigbee2mqtt/gas}}
      - {{id: motion, kind: motion, room: hall, topic: zigbee2mqtt/motion}}
"""

PRESS = b'{"action":"emergency","battery":87,"linkquality":98}'
MOTION = (b'{"battery":97,"linkquality":120,"occupancy":true}', b'{"battery":97,"linkquality":120,"occupancy":false}')
GAS = b'{"gas":true,"linkquality":110}'


def write(folder: Path, homes: int) -> None:
    """Write a configuration folder."""
    assert homes <= MOST_HOMES
    write_hub(folder)
    people = "".join(f'  - {{id: p{n}, name: 王丽, phone: "{phone(n)}", roles: [family]}}\n' for n in range(homes))
    text = "".join(_HOME.format(id=f"h{n:04}", n=n, prefix=prefix(n)) for n in range(homes))
    (folder / "homes.yaml").write_text(f"people:\n{_STAFF}{people}homes:\n{text}", encoding="utf-8")


def write_hub(folder: Path) -> None:
    """Write the part of a configuration folder that says how the hub runs."""
    folder.mkdir(parents=True)
    (folder / "hub.yaml").write_text(_HUB, encoding="utf-8")


def phone(home: int) -> str:
    """Return the number of the relative of a home."""
    return f"+447700900{home:03}"


def prefix(home: int) -> str:
    """Return what all topics of a home begin with."""
    return f"homes/h{home:04}/"


def topic(home: int, device: str) -> str:
    """Return the full topic of a device."""
    return f"{prefix(home)}zigbee2mqtt/{device}"


def motions(count: int, homes: int) -> list[tuple[str, bytes]]:
    """Return messages of motion sensors, one home after the other, seen and gone in turn."""
    return [(topic(n % homes, "motion"), MOTION[n // homes % 2]) for n in range(count)]


def leaks(count: int, homes: range) -> list[tuple[str, bytes]]:
    """Return repeats of gas detectors that go on reporting gas."""
    return [(topic(homes[n % len(homes)], "gas"), GAS) for n in range(count)]
