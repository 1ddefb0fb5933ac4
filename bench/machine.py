"""What a figure depends on and the hub does not: cores, disk, versions."""

import os
import platform
import subprocess
import time
from pathlib import Path

from bench.figures import percentile
from hub.ingest.broker import find_mosquitto

FSYNCS = 200


def facts(folder: Path) -> dict[str, object]:
    """Return what this machine is, and how long an fsync takes in `folder`."""
    fsync_ms = [1000 * span for span in _fsyncs(folder)]
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "load_1m": round(os.getloadavg()[0], 2),
        "fsync_ms_p50": round(percentile(fsync_ms, 50), 2),
        "fsync_ms_p99": round(percentile(fsync_ms, 99), 2),
        "python": platform.python_version(),
        "mosquitto": _mosquitto(),
    }


def _fsyncs(folder: Path) -> list[float]:
    """Append 4 kB and fsync, as a small commit does."""
    spans = []
    path = folder / "fsync"
    with path.open("wb", buffering=0) as file:
        for _ in range(FSYNCS):
            started = time.monotonic()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            spans.append(time.monotonic() - started)
    path.unlink()
    return spans


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model"):
            return value.strip()
    return platform.machine()


def _mosquitto() -> str:
    said = subprocess.run([find_mosquitto(), "-h"], capture_output=True, text=True, check=False).stdout
    return said.splitlines()[0].removeprefix("mosquitto version ") if said else "unknown"
