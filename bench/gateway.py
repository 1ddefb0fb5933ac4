"""What a hub for one home costs when nothing happens, and how soon it is ready."""

import subprocess
import sys
import time
from pathlib import Path

from bench.figures import Figure
from bench.rig import Rig, cpu_s

RESIDENT_MB, CORE_PERCENT, READY_S = 125, 1.0, 2.0
SETTLE_S, WATCH_S, STARTS = 3.0, 20.0, 3
# What the hub cannot do without: an interpreter with these libraries and nothing else.
_LIBRARIES = "import aiomqtt, sqlalchemy, starlette, uvicorn, twilio.rest; twilio.rest.Client('AC', 't').messages"


def gateway(folder: Path, watch_s: float = WATCH_S) -> Figure:
    """Start the hub several times, then leave it alone."""
    ready_s, libraries_s = [], []
    with Rig(folder, 1) as rig:
        for start in range(STARTS):
            libraries_s.append(_libraries())
            rig.start_hub()
            ready_s.append(rig.ready_s)
            if start < STARTS - 1:
                rig.end(rig.hub)
        time.sleep(SETTLE_S)
        before, started = cpu_s(rig.hub.pid), time.monotonic()
        time.sleep(watch_s)
        percent = 100 * (cpu_s(rig.hub.pid) - before) / (time.monotonic() - started)
        resident = resident_mb(rig.hub.pid)
    ready, least = sorted(ready_s)[STARTS // 2], sorted(libraries_s)[STARTS // 2]
    return Figure(
        "gateway",
        "idle gateway: one home, with Twilio",
        f"{resident:.0f} MB resident, {percent:.2f} % of a core, ready in {ready:.2f} s",
        f"its libraries alone are loaded in {least:.2f} s",
        wanted=f"at most {RESIDENT_MB} MB, {CORE_PERCENT:.0f} %, {READY_S:.0f} s",
        holds=resident <= RESIDENT_MB and percent <= CORE_PERCENT and ready <= READY_S,
        more={"resident_mb": round(resident, 1), "core_percent": round(percent, 2), "ready_s": round(ready, 2)},
    )


def _libraries() -> float:
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", _LIBRARIES], check=True)
    return time.monotonic() - started


def resident_mb(pid: int) -> float:
    """Return what a process holds in memory."""
    for text in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
        if text.startswith("VmRSS:"):
            return int(text.split()[1]) / 1024
    raise AssertionError(f"process {pid} has ended")
