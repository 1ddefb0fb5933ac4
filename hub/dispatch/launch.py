"""Attempts that are claimed in a transaction and started as soon as it is durable."""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from hub.alerts.notification import Notification
from hub.engine.work import Work

J = TypeVar("J")


class Slots:
    """Room for so many attempts at once. Transactions take it in the store's threads, the event loop gives it back."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._lock = threading.Lock()

    def take(self) -> int:
        """Take all that is free; return how much that is."""
        with self._lock:
            taken, self._free = self._free, 0
            return taken

    def give(self, count: int) -> None:
        """Give back what is not needed, or no longer."""
        with self._lock:
            self._free += count


class Slot:
    """One attempt's room; `given` is called when it is free for the next one."""

    def __init__(self, slots: Slots, given: Callable[[], None]) -> None:
        self._slots = slots
        self._given = given
        self._is_held = True

    def give(self) -> None:
        """Give it back; once is enough."""
        if self._is_held:
            self._is_held = False
            self._slots.give(1)
            self._given()


class Launch(Generic[J]):
    """One transaction's attempts: `claim` inside it, `go` when it is durable, `drop` when it is not.

    `wanted` returns at most so many messages that are due, `prepare` marks one as being sent.
    """

    def __init__(
        self,
        slots: Slots,
        wanted: Callable[[Work, int], Sequence[Notification]],
        prepare: Callable[[Notification, Work], J | None],
        start: Callable[[J], None],
    ) -> None:
        self._slots = slots
        self._wanted = wanted
        self._prepare = prepare
        self._start = start
        self._jobs: list[J] = []

    def claim(self, work: Work) -> None:
        """Claim what is due, as far as there is room. A transaction that is run again claims anew."""
        self.drop()
        room = self._slots.take()
        try:
            if room:
                due = self._wanted(work, room)
                self._jobs = [job for message in due if (job := self._prepare(message, work)) is not None]
        finally:
            self._slots.give(room - len(self._jobs))

    def go(self) -> int:
        """Start the attempts; each gives its room back when it ends. Return how many there are."""
        jobs, self._jobs = self._jobs, []
        for job in jobs:
            self._start(job)
        return len(jobs)

    def drop(self) -> None:
        """Forget what was claimed: the transaction that claimed it is void."""
        jobs, self._jobs = self._jobs, []
        self._slots.give(len(jobs))
