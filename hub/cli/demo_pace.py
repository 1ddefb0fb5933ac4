"""How fast the demo's time passes: as fast as somebody wishes, but never faster than the parts can act.

A hub needs real milliseconds for a commit. If its time ran sixty times as fast meanwhile, it would see a disk that
needs seconds, and rightly call for help in other ways. So time runs fast only while nobody is busy.
"""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.cli.demo_world import World

PACES = (0.0, 1.0, 10.0, 60.0)
FASTEST = 3600.0
_LOOK_EVERY_S = 0.004


class Pacer:
    """Sets the pace of a world's clock."""

    def __init__(self, world: "World", pace: float = 1.0) -> None:
        self.world = world
        self.wanted = pace
        self.skipping = False
        self._changed = asyncio.Event()
        self._skip: asyncio.Task[None] | None = None

    @property
    def pace(self) -> float:
        """How fast time is meant to pass."""
        return self.wanted

    @pace.setter
    def pace(self, pace: float) -> None:
        self.wanted = min(max(0.0, pace), FASTEST)
        self._changed.set()

    async def run(self) -> None:
        """Set the pace until cancelled."""
        clock = self.world.clock
        while True:
            self._changed.clear()
            if self.skipping or self.wanted <= 1:
                clock.pace = 0.0 if self.skipping else self.wanted
                await self._changed.wait()
                continue
            clock.pace = 1.0 if self.world.busy else self.wanted
            await asyncio.sleep(_LOOK_EVERY_S)

    def skip_to(self, target: datetime) -> None:
        """Let time jump to `target` from one thing that is due to the next; a skip that runs goes on to its end."""
        if self._skip is None or self._skip.done():
            self._skip = asyncio.create_task(self._skipping(target))

    async def _skipping(self, target: datetime) -> None:
        self.skipping = True
        self._changed.set()
        self.world.clock.pace = 0.0
        try:
            await self.world.forward(target)
        finally:
            self.skipping = False
            self.world.changes += 1
            self._changed.set()

    async def stop(self) -> None:
        """End a skip that still runs."""
        if self._skip is not None:
            self._skip.cancel()
            await asyncio.gather(self._skip, return_exceptions=True)
