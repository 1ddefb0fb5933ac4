"""How long to wait before the next try."""

import random

FIRST_S = 0.2
LONGEST_S = 30.0


class Backoff:
    """Doubling from 0.2 s to 30 s, with jitter so that sessions do not come back all at once."""

    def __init__(self) -> None:
        self._delay_s = FIRST_S

    def next(self) -> float:
        """Return the next wait in seconds."""
        delay_s, self._delay_s = self._delay_s, min(self._delay_s * 2, LONGEST_S)
        return delay_s * random.uniform(0.7, 1.0)  # noqa: S311  # spreads load, keeps no secret

    def longest(self) -> float:
        """Return the longest wait, and begin there next time."""
        self._delay_s = LONGEST_S
        return self.next()

    def reset(self) -> None:
        """Begin anew: it went well."""
        self._delay_s = FIRST_S
