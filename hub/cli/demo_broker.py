"""The demo's broker: Mosquitto where it is installed, else one from a Python package, which forgets when it ends."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from hub.cli.failure import fail, sentence

if TYPE_CHECKING:
    from hub.cli.wheel_broker import WheelBroker
    from hub.ingest.client import Broker

_LOOK_EVERY_S = 0.02
_ENDS_WITHIN_S = 5.0


class DemoBroker:
    """Starts, stops and starts again what carries the demo's messages, with its data in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._wheel: WheelBroker | None = None
        self.runs = False

    @property
    def is_durable(self) -> bool:
        """Whether what waits in it outlives it."""
        return self._wheel is None

    async def start(self) -> "Broker":
        """Return the broker, running; ends the command with a sentence if none can be had."""
        from hub.cli import wheel_broker
        from hub.ingest.broker import BrokerProblem, ensure_embedded, find_mosquitto

        try:
            find_mosquitto()
        except BrokerProblem:
            if not wheel_broker.is_there():
                fail("The demo needs the broker Mosquitto. Install it: apt-get install mosquitto")
            return await self._from_package()
        try:
            broker = await ensure_embedded(self._folder, port=0)
        except BrokerProblem as error:
            fail(sentence(str(error)))
        self.runs = True
        return broker

    async def _from_package(self) -> "Broker":
        from hub.cli.wheel_broker import WheelBroker

        self._wheel = WheelBroker(self._folder)
        broker = await self._wheel.start()
        if broker is None:
            fail("The demo's broker does not start. Install Mosquitto instead: apt-get install mosquitto")
        # Where the printed lines, and whoever else wants to sign in, find it.
        password = self._folder / "password"
        password.touch(mode=0o600)
        password.write_text(broker.password or "", encoding="ascii")
        self.runs = True
        return broker

    async def stop(self) -> None:
        """End it; what waits in Mosquitto is written down first."""
        self.runs = False
        if self._wheel is not None:
            await asyncio.to_thread(self._wheel.stop)
            return
        from hub.ingest.broker import stop_embedded

        pid_file = self._folder / "mosquitto.pid"
        stop_embedded(self._folder)
        for _ in range(round(_ENDS_WITHIN_S / _LOOK_EVERY_S)):
            if not await asyncio.to_thread(_is_running, pid_file):
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    async def leave(self) -> None:
        """End what would end with the demo anyway; Mosquitto runs on, as on a gateway."""
        if self._wheel is not None:
            await self.stop()


def _is_running(pid_file: Path) -> bool:
    try:
        pid = int(pid_file.read_text(encoding="ascii"))
        return b"mosquitto" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return False
