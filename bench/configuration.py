"""How long a prefecture in YAML takes to be checked: the command as a whole, beside its files only being parsed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import yaml

from bench.figures import Figure
from bench.homes import write_hub

WITHIN_S = 10.0
HOMES = 10_000
_AREAS = 200


def configuration(folder: Path, homes: int = HOMES) -> Figure:
    """Check a folder with so many homes, four devices and a contact each."""
    _write(folder, homes)
    started = time.monotonic()
    with open(folder / "homes.yaml", encoding="utf-8") as file:
        for _ in yaml.parse(file, yaml.CSafeLoader):
            pass
    parsed_s = time.monotonic() - started
    started = time.monotonic()
    command = [str(Path(sys.executable).with_name("carehub")), "check-config", "--config", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LANG": "C.UTF-8"})
    checked_s = time.monotonic() - started
    assert done.returncode == 0, done.stderr[-1000:]
    return Figure(
        "configuration",
        f"{homes:,} homes in YAML are checked",
        f"{checked_s:.2f} s, the start of the command included",
        f"{parsed_s:.2f} s to parse the file with libyaml",
        checked_s / parsed_s,
        f"at most {WITHIN_S:.0f} s",
        checked_s <= WITHIN_S,
        {"checked_s": round(checked_s, 2), "parsed_s": round(parsed_s, 2)},
    )


def _write(folder: Path, homes: int) -> None:
    write_hub(folder)
    people = [
        f'  - {{id: st-{n}, name: 李强, phone: "+86139{n:08d}", roles: [staff], areas: ["{_area(n)}"]}}'
        for n in range(_AREAS)
    ]
    people += [f'  - {{id: p-{n}, name: 王丽, phone: "+44{7_911_000_000 + n}", roles: [family]}}' for n in range(homes)]
    lines = [_home(n) for n in range(homes)]
    (folder / "homes.yaml").write_text("\n".join(["people:", *people, "homes:", *lines, ""]), encoding="utf-8")


def _home(n: int) -> str:
    devices = "".join(
        f"\n      - {{id: d{k}, kind: button, role: sos, room: bedroom, topic: zigbee2mqtt/d{k}}}" for k in range(4)
    )
    return (
        f'  - id: ah-{n:05d}\n    area: "{_area(n)}"\n    address: 上堡村三社{n}号\n    prefix: "homes/{n}/"\n'
        f"    residents: [{{name: 王秀兰, born: 1938}}]\n    contacts: [{{person: p-{n}, role: family}}]\n"
        f"    devices:{devices}"
    )


def _area(n: int) -> str:
    return f"620702{n % _AREAS + 1:03d}200"
