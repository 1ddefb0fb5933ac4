"""A thread that commits: jobs of one lane that wait together share one transaction.

Each job but the first runs in a savepoint, so what one raises leaves the others untouched. If the transaction itself
fails, each of its jobs is tried alone. The lane is chosen after the write lock was taken, so a press never waits
behind slow work that waited for the lock; and slow work that is under way when a press comes is undone between two
statements and done again after it. Behind a burst, waiting for one batch of 200 took longer than all else together.
"""

import threading
import time
from collections.abc import Callable

import structlog
from sqlalchemy import Connection

from hub.ports import Lane
from hub.store.ballast import Ballast
from hub.store.faults import is_full, is_lost, is_passing, is_unavailable, unavailable
from hub.store.link import Link
from hub.store.transaction import Overtaken, Postponed, SqlTransaction, write_floor
from hub.store.waiting import Job, Outcome, Waiting, answer

MOST_JOBS = 200
# So often one job is undone for more urgent ones; then it is done first, so that it is done at all.
MOST_GIVING_WAY = 5
# After this long no further job joins a transaction.
_LONGEST_S = 0.01
# `committed` hears of a commit when nothing else came for so long, at the latest after so much.
_REST_S, _LONGEST_UNSEEN_S = 0.02, 0.1
_log = structlog.get_logger()


class Writer:
    """One writing thread with one connection. `committed` hears of commits, in this thread, soon after them."""

    def __init__(
        self,
        name: str,
        link: Link,
        *,
        ballast: Ballast | None = None,
        committed: Callable[[int], None] | None = None,
    ) -> None:
        self.waiting = Waiting()
        self._link = link
        self._ballast = ballast
        self._committed = committed
        self._floor: str | None = None
        self._unseen_since = 0.0  # the first commit that `committed` has not heard of
        self._since = 0.0  # when the transaction under way began; 0: none is
        self._probes: list[Callable[[int | None], None]] = []
        # A daemon: a commit that hangs in the disk must not keep the process from ending.
        self.thread = threading.Thread(target=self._run, name=f"store-{name}", daemon=True)
        self.thread.start()

    @property
    def under_way_s(self) -> float:
        """For how long the transaction under way has been, its wait for the lock included; from any thread."""
        since = self._since
        return time.monotonic() - since if since else 0.0

    def probe(self, tell: Callable[[int | None], None]) -> None:
        """Have `tell` called, in this thread, with the count of commits made by others."""
        self._probes.append(tell)
        self.waiting.nudge()

    def _run(self) -> None:
        while (newest := self.waiting.wait(_REST_S if self._unseen_since else None)) >= 0:
            try:
                if self.waiting.most_urgent() is not None:
                    self._since = time.monotonic()
                    self._serve(newest)
                elif self._unseen_since:
                    self._tell_of_commits()
                while self._probes:
                    self._answer_probe(self._probes.pop())
            except Exception as error:
                # Nothing may end this thread: without it no press is ever stored again.
                _log.exception("the store's writer failed")
                self._link.drop()
                answer(Outcome(job, error=unavailable(error)) for job in self.waiting.take_all(newest))
            self._since = 0.0
        self._link.drop()

    def _answer_probe(self, tell: Callable[[int | None], None]) -> None:
        version = None
        try:
            version = self._link.data_version()
        finally:
            tell(version)

    def _serve(self, newest: int) -> None:
        db = self._begin(newest)
        lane = self.waiting.most_urgent()
        if db is None or lane is None:
            self._link.rollback()
            return
        taken: list[Job] = []
        committing = False
        try:
            outcomes = self._perform(db, lane, taken)
            if self._floor is not None:
                write_floor(db, lane, self._floor)
                self._floor = None
            committing = True
            self._link.commit()
        except Exception as error:
            self._link.rollback()
            self._failed(taken, error, committing=committing)
        else:
            answer(outcomes)
            self._note_commit()

    def _note_commit(self) -> None:
        """Leave the interpreter to those who were just answered: what follows a commit here can wait."""
        now = time.monotonic()
        if not self._unseen_since:
            self._unseen_since = now
        elif now - self._unseen_since > _LONGEST_UNSEEN_S:
            self._tell_of_commits()

    def _tell_of_commits(self) -> None:
        self._unseen_since = 0.0
        if self._committed is not None:
            self._committed(self._link.changes())

    def _begin(self, newest: int) -> Connection | None:
        """Open a transaction; if that cannot be, everybody who waited for it hears so."""
        again = True
        while True:
            try:
                return self._link.begin()
            except Exception as error:
                self._link.drop()
                if self._made_room(error):
                    continue
                if not (again and is_lost(error)):
                    answer(Outcome(job, error=unavailable(error)) for job in self.waiting.take_all(newest))
                    return None
                again = False

    def _made_room(self, error: Exception) -> bool:
        """Whether the disk was full, and giving up the ballast may have changed that."""
        return is_full(error) and self._ballast is not None and self._ballast.release()

    def _perform(self, db: Connection, lane: Lane, taken: list[Job]) -> list[Outcome]:
        """Run jobs of one lane; add to `taken` before each. Raises what makes the whole transaction void."""
        outcomes: list[Outcome] = []
        started = time.monotonic()
        while len(taken) < MOST_JOBS and (job := self.waiting.take(lane, first=not taken)) is not None:
            taken.append(job)
            try:
                outcomes.append(self._run_job(db, job, first=len(taken) == 1))
            except (Postponed, Overtaken):
                self.waiting.put_back([taken.pop()])
                break
            if len(taken) == 1 and outcomes[0].error is not None:
                break  # it was rolled back, and the transaction with it
            if job.alone or time.monotonic() - started > _LONGEST_S or self.waiting.overtaken(lane):
                break
        return outcomes

    def _run_job(self, db: Connection, job: Job, *, first: bool) -> Outcome:
        if not first:
            self._link.say("SAVEPOINT job")
        transaction = SqlTransaction(db, job.lane, may_wait=first, is_overtaken=self._gives_way(job))
        try:
            value = job.work(transaction)
            if not first:
                self._link.say("RELEASE SAVEPOINT job")
        except (Postponed, Overtaken):
            self._undo(first=first)
            raise
        except BaseException as error:
            if isinstance(error, Exception) and is_unavailable(error):
                raise
            self._undo(first=first)
            return Outcome(job, error=error)
        self._floor = max(filter(None, (self._floor, transaction.floor)), default=None)
        return Outcome(job, value)

    def _undo(self, *, first: bool) -> None:
        """Take back what one job did."""
        if first:
            self._link.rollback()
        else:
            self._link.say("ROLLBACK TO SAVEPOINT job")

    def _gives_way(self, job: Job) -> Callable[[], bool] | None:
        """Return what tells a job that something more urgent waits; None for jobs that nothing overtakes."""
        if job.lane is Lane.SOS or job.gave_way >= MOST_GIVING_WAY:
            return None

        def is_overtaken() -> bool:
            if not self.waiting.overtaken(job.lane):
                return False
            job.gave_way += 1
            return True

        return is_overtaken

    def _failed(self, jobs: list[Job], error: Exception, *, committing: bool) -> None:
        """Decide what becomes of the jobs of a transaction that is void."""
        self._floor = None
        if not is_full(error):
            self._link.drop()  # whatever it was, a new connection may be better
        if self._made_room(error):
            self.waiting.put_back(jobs)
        elif is_passing(error) and not committing and not any(job.retried for job in jobs):
            # The server was restarted, or another lane had what we wanted. Not after COMMIT: it may have been heard.
            for job in jobs:
                job.retried = True
            self.waiting.put_back(jobs)
        elif len(jobs) > 1 and not (is_lost(error) and committing):
            for job in jobs:
                job.alone = True
            self.waiting.put_back(jobs)
        else:
            answer(Outcome(job, error=unavailable(error)) for job in jobs)
