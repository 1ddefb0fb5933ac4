"""A whole prefecture in YAML is checked in seconds, right or wrong."""

import time
from pathlib import Path

import pytest

from hub.settings import ConfigurationError, load
from tests.settings.folder import Folder

HOMES = 10_000
AREAS = 200
LIMIT_S = 10
# Other tests run at the same time on a small machine: what counts here is the order of magnitude.
GENEROUS = 4


def area(number: int) -> str:
    return f"620702{number % AREAS + 1:03d}200"


def prefecture(path: Path, room: str = "bedroom") -> None:
    """Write 10,000 homes with four devices and a contact each."""
    people = [
        f'  - {{id: st-{n}, name: 李强, phone: "+86139{n:08d}", roles: [staff], areas: ["{area(n)}"]}}'
        for n in range(AREAS)
    ]
    people.append('  - {id: boss, name: 赵敏, phone: "+447700900103", roles: [supervisor], areas: ["620702000000"]}')
    homes = []
    for n in range(HOMES):
        people.append(f'  - {{id: p-{n}, name: 王丽, phone: "+86138{n:08d}", roles: [family]}}')
        devices = "".join(
            f"\n      - {{id: d{k}, kind: button, role: sos, room: {room}, topic: zigbee2mqtt/d{k}}}" for k in range(4)
        )
        homes.append(
            f'  - id: ah-{n:05d}\n    area: "{area(n)}"\n    address: 上堡村三社{n}号\n    prefix: "homes/{n}/"\n'
            "    residents: [{name: 王秀兰, born: 1938, needs: [advanced_age, deaf], inactivity_after: 12h}]\n"
            f"    contacts: [{{person: p-{n}, role: family}}]\n    devices:{devices}"
        )
    (path / "homes.yaml").write_text("\n".join(["people:", *people, "homes:", *homes]), encoding="utf-8")


def test_ten_thousand_homes_are_checked_in_seconds(folder: Folder) -> None:
    prefecture(folder.path)
    begun = time.process_time()
    found = load(folder.path, {})
    took_s = time.process_time() - begun
    assert len(found.registry.homes) == HOMES
    assert len(found.registry.by_topic) == 4 * HOMES
    assert took_s < LIMIT_S * GENEROUS, f"{took_s:.1f} s"


def test_forty_thousand_mistakes_are_found_in_seconds(folder: Folder) -> None:
    prefecture(folder.path, room="bedrom")
    begun = time.process_time()
    with pytest.raises(ConfigurationError) as caught:
        load(folder.path, {})
    took_s = time.process_time() - begun
    assert len(caught.value.faults) == 4 * HOMES
    assert took_s < LIMIT_S * GENEROUS, f"{took_s:.1f} s"
