"""How often strangers may try something."""

from collections import OrderedDict
from datetime import timedelta

from starlette.requests import Request

from hub.clock import Clock


class Allowance:
    """How often each of many may do something: `burst` at once, then one for each `per`. Of `most` it knows at once.

    The one heard of longest ago is forgotten first; a stranger who comes from everywhere cannot fill the memory.
    """

    def __init__(self, burst: int, per: timedelta, most: int, clock: Clock) -> None:
        self._burst, self._per, self._most, self._clock = burst, per, most, clock
        self._used: OrderedDict[str | bytes, tuple[float, float]] = OrderedDict()

    def left(self, who: str | bytes) -> bool:
        """Whether this one may do it once more."""
        return self._level(who) + 1 <= self._burst

    def wait(self, who: str | bytes) -> timedelta:
        """Return after how long this one may do it once more."""
        return max(0.0, self._level(who) + 1 - self._burst) * self._per

    def use(self, who: str | bytes) -> None:
        """Count one time."""
        level = self._level(who)
        self._used[who] = (level + 1, self._clock.now().timestamp())
        self._used.move_to_end(who)
        while len(self._used) > self._most:
            self._used.popitem(last=False)

    def _level(self, who: str | bytes) -> float:
        level, at = self._used.get(who, (0.0, 0.0))
        return max(0.0, level - (self._clock.now().timestamp() - at) / self._per.total_seconds())


def peer(request: Request) -> str:
    """Return the address that a request came from; behind a proxy it is the proxy's."""
    return request.client.host if request.client else ""
