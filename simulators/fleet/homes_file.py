"""A configuration for the homes of a fleet, so that a hub can be run for them."""

from pathlib import Path
from typing import Any

import yaml

from simulators.fleet.traffic import DEVICES, home_id, prefix, topic_of

AREA = "620702207200"
_NAMES = "王李张刘陈杨赵黄周吴"
_GIVEN = ("秀兰", "玉珍", "桂英", "凤英", "建国", "德明", "秀英", "永福", "淑兰", "志强")
# Ofcom, telephone numbers for drama: 07700 900000 to 900999 reach nobody. Large fleets use each more than once.
_NUMBER = "+447700900{:03d}"
_HUB: dict[str, Any] = {
    "site": "fleet",
    "timezone": "Asia/Shanghai",
    "language": "zh-CN",
    "database": "sqlite:///var/carehub.db",
    "mqtt": {"url": "embedded", "client_id": "carehub", "username": "hub"},
    "web": {"listen": "127.0.0.1:8080", "public_url": "http://127.0.0.1:8080"},
    "channels": {"sms": {"type": "twilio_sms", "from": "+15005550006"}},
    "policies": {
        "emergency": {
            "steps": [
                {"tell": ["family"], "by": ["sms"], "wait": "60s"},
                {"tell": ["staff"], "by": ["sms"], "wait": "120s"},
            ],
            "repeat": "5m",
        },
        "warning": {"steps": [{"tell": ["staff"], "by": ["sms"], "wait": "10m"}], "repeat": "30m"},
        "notice": {"steps": [{"tell": ["staff"], "by": ["sms"], "wait": "24h"}], "repeat": "24h"},
    },
    "promise": {"emergency": "20m", "warning": "2h", "notice": "7d"},
}


def homes_of(count: int) -> dict[str, Any]:
    """Return people and homes as homes.yaml holds them."""
    staff = {"id": "staff-1", "name": "李强", "phone": _NUMBER.format(0), "roles": ["staff"], "areas": ["620702000000"]}
    people = [staff, *(_family(number) for number in range(count))]
    return {"people": people, "homes": [_home(number) for number in range(count)]}


def write(folder: Path, count: int) -> list[Path]:
    """Write homes.yaml, and hub.yaml if there is none; return what was written. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    hub, homes = folder / "hub.yaml", folder / "homes.yaml"
    homes.write_text(_yaml(homes_of(count)), encoding="utf-8")
    if hub.exists():
        return [homes]
    hub.write_text(_yaml(_HUB), encoding="utf-8")
    return [hub, homes]


def _yaml(content: dict[str, Any]) -> str:
    # Quick even with 10,000 homes where libyaml is there.
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(
        yaml.dump(content, Dumper=dumper, allow_unicode=True, sort_keys=False, default_flow_style=None, width=160)
    )


def _family(number: int) -> dict[str, Any]:
    name = _NAMES[number % 10] + "小" + "丽敏强军梅"[number % 5]
    return {"id": f"family-{number + 1}", "name": name, "phone": _NUMBER.format(1 + number % 999), "roles": ["family"]}


def _home(number: int) -> dict[str, Any]:
    name = _NAMES[number % 10] + _GIVEN[number // 10 % 10]
    return {
        "id": home_id(number),
        "area": AREA,
        "address": f"上堡村{number // 40 + 1}社{number % 40 + 1}号",
        "prefix": prefix(number),
        "residents": [{"name": name, "born": 1930 + number % 20}],
        "contacts": [{"person": f"family-{number + 1}", "role": "family"}],
        "devices": [_device(*device) for device in DEVICES],
    }


def _device(id: str, kind: str, role: str, room: str, _: float) -> dict[str, str]:
    entry = {"id": id, "kind": kind, "room": room, "topic": topic_of(id)}
    return entry | ({"role": role} if role else {})
