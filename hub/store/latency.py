"""How long transactions took, counted in steps: what is asked for seldom must cost nothing when it is counted."""

from bisect import bisect_left
from collections.abc import Mapping

from hub.alerts.tally import Spread
from hub.ports import Lane

# Seconds. A commit on a good disk takes a millisecond or two, on a memory card up to some hundred; a press that is
# not durable after two seconds is texted without the store.
BOUNDS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Latencies:
    """Counts by lane, of one event loop."""

    def __init__(self) -> None:
        self._counts = {lane: [0] * (len(BOUNDS_S) + 1) for lane in Lane}
        self._sums = dict.fromkeys(Lane, 0.0)

    def note(self, lane: Lane, seconds: float) -> None:
        """Count one transaction."""
        self._counts[lane][bisect_left(BOUNDS_S, seconds)] += 1
        self._sums[lane] += seconds

    def by_lane(self) -> Mapping[Lane, Spread]:
        """Return what was counted so far."""
        return {lane: Spread(BOUNDS_S, tuple(counts), self._sums[lane]) for lane, counts in self._counts.items()}
