"""The weekly test of the buttons that call for help: when it is due, whether it was done.

Any press that the hub heard proves a button, a real one as well as one of a test.
Source: JGJ/T 484-2019, 10.3: the call devices are checked every seven days.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

EVERY = timedelta(days=7)
# Whoever goes round a village wants to know the day before.
DUE_BEFORE = timedelta(days=1)


class Standing(StrEnum):
    """How a button stands."""

    DONE = "done"
    DUE = "due"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Weekly:
    """`due_at`: until when it has to be pressed again; `last_press` None: never since it was installed."""

    standing: Standing
    due_at: datetime
    last_press: datetime | None

    @property
    def is_overdue(self) -> bool:
        """Whether its week is over."""
        return self.standing is Standing.MISSED


def due(last_press: datetime | None, since: datetime, now: datetime) -> Weekly:
    """Return how a button stands. `since`: from when the hub has known it; a new one has a week too."""
    due_at = (since if last_press is None else last_press) + EVERY
    if now >= due_at:
        return Weekly(Standing.MISSED, due_at, last_press)
    if last_press is None or now >= due_at - DUE_BEFORE:
        return Weekly(Standing.DUE, due_at, last_press)
    return Weekly(Standing.DONE, due_at, last_press)


def worst(buttons: "list[Weekly]") -> Weekly | None:
    """Return the standing of a home: that of its button that waits longest; None without buttons."""
    return min(buttons, key=lambda button: button.due_at, default=None)
