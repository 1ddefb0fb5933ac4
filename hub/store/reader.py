"""A thread that reads: each job sees one snapshot and holds up no writer."""

import threading

import structlog

from hub.store.faults import is_lost, is_unavailable, unavailable
from hub.store.link import Link
from hub.store.transaction import SqlTransaction
from hub.store.waiting import Job, Outcome, Waiting, answer

_log = structlog.get_logger()


class Reader:
    """One reading thread with one connection."""

    def __init__(self, name: str, link: Link) -> None:
        self.waiting = Waiting()
        self._link = link
        self.thread = threading.Thread(target=self._run, name=f"store-{name}", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while self.waiting.wait() >= 0:
            lane = self.waiting.most_urgent()
            job = self.waiting.take(lane, first=True) if lane is not None else None
            if job is None:
                continue
            try:
                answer([self._read(job)])
            except Exception as error:
                _log.exception("the store's reader failed")
                self._link.drop()
                answer([Outcome(job, error=unavailable(error))])
        self._link.drop()

    def _read(self, job: Job) -> Outcome:
        try:
            return Outcome(job, job.work(SqlTransaction(self._link.begin(), None)))
        except BaseException as error:
            if not isinstance(error, Exception) or not is_unavailable(error):
                return Outcome(job, error=error)
            self._link.drop()
            if is_lost(error) and not job.retried:
                job.retried = True
                return self._read(job)
            return Outcome(job, error=unavailable(error))
        finally:
            self._link.rollback()
