"""Jobs that wait for a database thread, by lane, and how their results get back to their event loops."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

import structlog

from hub.ports import Lane, StoreUnavailable, Transaction

# Callers bound what they hand in by themselves; this is the stop behind them.
MOST_WAITING = 20_000
_log = structlog.get_logger()
_ORDER = {lane: rank for rank, lane in enumerate(Lane)}


@dataclass(slots=True, eq=False)
class Job:
    """One piece of work and the future that waits for it; `durable` is called on its event loop before it hears.

    `alone`: its group failed, it is tried by itself. `gave_way`: how often it was undone for something more urgent.
    """

    lane: Lane
    work: Callable[[Transaction], Any]
    future: "asyncio.Future[Any]"
    durable: Callable[[], object] | None = None
    number: int = 0
    alone: bool = False
    retried: bool = False
    gave_way: int = 0


@dataclass(slots=True)
class Outcome:
    """What came of a job."""

    job: Job
    value: Any = None
    error: BaseException | None = None


def _settle(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.error is None and outcome.job.durable is not None:
            _tell(outcome.job.durable)
    for outcome in outcomes:
        future = outcome.job.future
        if future.done():  # the caller gave up
            continue
        if outcome.error is None:
            future.set_result(outcome.value)
        elif isinstance(outcome.error, StopIteration):  # a future cannot carry it
            future.set_exception(RuntimeError(f"work raised {outcome.error!r}"))
        else:
            future.set_exception(outcome.error)


def _tell(durable: Callable[[], object]) -> None:
    """What follows one job is not the others' fault."""
    try:
        durable()
    except Exception:
        _log.exception("what follows a commit failed")


def answer(outcomes: Iterable[Outcome]) -> None:
    """Hand results to the callers, with one wake-up for each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Outcome]] = {}
    for outcome in outcomes:
        by_loop.setdefault(outcome.job.future.get_loop(), []).append(outcome)
    for loop, found in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, found)
        except RuntimeError:  # the loop is closed: nobody waits any more
            continue


@dataclass(slots=True)
class Waiting:
    """The queue in front of one database thread, most urgent lane first."""

    _jobs: dict[Lane, deque[Job]] = field(default_factory=lambda: {lane: deque() for lane in Lane})
    _lock: threading.Lock = field(default_factory=threading.Lock)
    # At most one token: the thread has something to look for. A Condition takes several times as long to wake it.
    _wake: "SimpleQueue[None]" = field(default_factory=SimpleQueue)
    _number: int = 0
    _held: int = 0
    _nudged: bool = False
    _closing: bool = False

    def put(self, job: Job) -> None:
        """Add a job; raises StoreUnavailable when too many wait or the store is closed."""
        with self._lock:
            if self._closing:
                raise StoreUnavailable("the store is closed")
            if self._held >= MOST_WAITING:
                raise StoreUnavailable(f"{MOST_WAITING} transactions wait for the database already")
            self._number += 1
            self._held += 1
            job.number = self._number
            self._jobs[job.lane].append(job)
            self._rouse()

    def put_back(self, jobs: Sequence[Job]) -> None:
        """Return jobs to the front, in their order."""
        with self._lock:
            self._held += len(jobs)
            for job in reversed(jobs):
                self._jobs[job.lane].appendleft(job)

    def nudge(self) -> None:
        """Wake the thread without a job."""
        with self._lock:
            self._nudged = True
            self._rouse()

    def wait(self, limit_s: float | None = None) -> int:
        """Wait for a job or a nudge; return the number of the newest job, or -1 when closed and empty.

        Returns 0 if neither came within `limit_s`.
        """
        while True:
            with self._lock:
                if self._held or self._nudged or self._closing:
                    self._nudged = False
                    return -1 if self._closing and not self._held else self._number
            try:
                self._wake.get(timeout=limit_s)
            except Empty:
                return 0

    def _rouse(self) -> None:
        """Let `wait` look again; a token that lies there already does the same."""
        if self._wake.empty():
            self._wake.put(None)

    def most_urgent(self) -> Lane | None:
        """Return the most urgent lane that has work."""
        return next((lane for lane, jobs in self._jobs.items() if jobs), None)

    def count(self, lane: Lane) -> int:
        """Return how many jobs of a lane wait."""
        return len(self._jobs[lane])

    def overtaken(self, lane: Lane) -> bool:
        """Whether something more urgent than `lane` waits."""
        urgent = self.most_urgent()
        return urgent is not None and _ORDER[urgent] < _ORDER[lane]

    def take(self, lane: Lane, *, first: bool) -> Job | None:
        """Take the next job of a lane whose caller still waits; one that must be alone only as the first."""
        with self._lock:
            jobs = self._jobs[lane]
            while jobs and (first or not jobs[0].alone):
                job = jobs.popleft()
                self._held -= 1
                if not job.future.cancelled():
                    return job
            return None

    def take_all(self, up_to: int) -> list[Job]:
        """Take all jobs that came in until job number `up_to`."""
        with self._lock:
            taken: list[Job] = []
            for jobs in self._jobs.values():
                while jobs and jobs[0].number <= up_to:
                    taken.append(jobs.popleft())
            self._held -= len(taken)
            return taken

    def close(self) -> None:
        """Refuse new jobs; what waits is still done."""
        with self._lock:
            self._closing = True
            self._rouse()
