"""A broker from a Python package, for a demo on a machine where no Mosquitto can be had."""

import asyncio
import importlib.util
import secrets
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.ingest.client import Broker

STARTED_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.05
_PACKAGE = "iotcore"

# rumqttd speaks MQTT 5 only where a file says so. Source: its configuration reference; one listener, loopback only.
_CONFIG = """\
id = 0
[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
[v5.1]
name = "demo"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 4194304
max_inflight_count = 200
dynamic_filters = true
[v5.1.connections.auth]
hub = "{password}"
"""
# The package's own starter passes the password in a command line; this reads it from the file.
_PROGRAM = (
    "import sys; sys.path[:] = [p for p in sys.path if p not in ('', '.')]; "
    f"from {_PACKAGE} import Broker; Broker(config_path=sys.argv[1]).run_forever()"
)


def is_there() -> bool:
    """Whether the package is installed; `make run` installs it when it cannot install Mosquitto."""
    return importlib.util.find_spec(_PACKAGE) is not None


class WheelBroker:
    """Runs in a process of its own and ends with the demo; what it holds is only in its memory."""

    def __init__(self, folder: Path) -> None:
        """Keep configuration and log in `folder`."""
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> "Broker | None":
        """Start it; return how to reach it, None if it does not answer."""
        from hub.ingest.client import Broker

        port, password = _free_port(), secrets.token_urlsafe(24)
        self._process = await asyncio.to_thread(self._run, port, password)
        for _ in range(round(STARTED_WITHIN_S / _LOOK_EVERY_S)):
            if self._process.poll() is not None:
                return None
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return Broker("127.0.0.1", port, username="hub", password=password)
            await asyncio.sleep(_LOOK_EVERY_S)
        self.stop()
        return None

    def stop(self) -> None:
        """End it, and with it all that waits in it."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(2)
            return
        process.kill()
        process.wait()

    def _run(self, port: int, password: str) -> subprocess.Popen[bytes]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / "rumqttd.toml"
        path.touch(mode=0o600)
        path.write_text(_CONFIG.format(port=port, password=password), encoding="ascii")
        with (self._folder / "rumqttd.log").open("wb") as log:
            return subprocess.Popen(  # noqa: S603  # our own interpreter and file
                [sys.executable, "-c", _PROGRAM, str(path)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
