"""The worker: a process of its own that runs one job after the other and leaves when none waits."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable
from logging.handlers import RotatingFileHandler

from mtl import limits
from mtl.jobs import memory, process, queue
from mtl.jobs.queue import Job
from mtl.jobs.registry import KINDS
from mtl.language import N_
from mtl.log import Lines, told
from mtl.model.files import ModelFileError
from mtl.model.problem import TrainingError
from mtl.store import retention
from mtl.store.database import StoreError, Unanswered
from mtl.store.home import clear_unfinished, home
from mtl.study import StudyError
from mtl.treatment.protocol import ProtocolError

EVERY = 0.25  # seconds between two notes of progress
PATIENCE = 5.0  # seconds in which to get the lock: somebody may be asking for it
LOG, LONGEST_LOG = "worker.log", 10_000_000  # bytes, after which a new one begins; two older ones stay
KINDNESS = 5  # so that pages come first
# Errors whose text names files, columns and tasks only; that of any other may hold a cell.
TELLING = (ModelFileError, ProtocolError, StoreError, StudyError, TrainingError)

TOO_MUCH = N_(
    "the job needed more memory than it may take; use fewer rows or columns, "
    "or let an administrator raise CONSILIUM_LIMIT_JOB_MEMORY_MB"
)

log = logging.getLogger("consilium.jobs")


class Cancelled(Exception):  # noqa: N818 - a wish, not an error
    """Somebody asked the job to stop."""


class Worker:
    """Runs the jobs of the home in use."""

    def __init__(self) -> None:
        self._running: str | None = None
        self._guard = threading.Lock()

    def run(self) -> None:
        """Work until the queue is empty. Another worker's lock means that there is nothing to do here."""
        # Looking once more after the lock is released: a job that came in between found the lock taken.
        while self._work() and queue.anything_waits():
            pass

    def _work(self) -> bool:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with process.alone() as alone:
                if alone:
                    queue.recover()
                    clear_unfinished()
                    retention.finish()
                    while (job := _next()) is not None:
                        self._one(job)
                    return True
            if not queue.anything_waits():
                return False
            time.sleep(0.1)
        return False

    def _one(self, job: Job) -> None:
        began = time.monotonic()
        with self._guard:
            self._running = job.key
        facts = {"job": job.key, "kind": job.kind, "attempt": job.attempts}
        log.info("job begins", extra={"facts": facts})
        how, error = _ending(job)
        with self._guard:
            queue.end(job.key, how, error)
            self._running = None
        seconds = round(time.monotonic() - began, 1)
        log.info("job ended", extra={"facts": facts | {"state": how, "seconds": seconds}})

    def beyond(self, taken: int) -> None:
        """The job takes more memory than it may: it has failed, and this process gives everything back at once."""
        with self._guard:
            if self._running is None:
                return
            facts = {"job": self._running, "mb": taken // limits.MEGABYTE}
            log.error("too much memory", extra={"facts": facts})
            queue.end(self._running, queue.FAILED, TOO_MUCH)
            os._exit(1)

    def follow_server(self) -> None:
        """Leave when the process that started this one is gone; its job waits for the next worker."""
        while sys.stdin.buffer.read(4096):
            pass
        with self._guard:
            try:
                if self._running is not None:
                    queue.hand_back(self._running)
                log.info("the server ended, so does its worker")
            finally:  # where the database is gone too, the next worker finds the job
                os._exit(0)


def _next() -> Job | None:
    """The next job; where the database went away as it was taken, nobody knows whether it was, and nobody does it."""
    try:
        return queue.take()
    except Unanswered:
        queue.hand_back_taken()
        return queue.take()


def _ending(job: Job) -> tuple[str, str | None]:
    """Run a job; how it ended, and why if it failed."""
    try:
        KINDS[job.kind](job.payload, _reporter(job.key))
    except Cancelled:
        return queue.CANCELLED, None
    except TELLING as error:
        return queue.FAILED, str(error)
    except MemoryError:
        return queue.FAILED, TOO_MUCH
    except Exception as error:  # whatever goes wrong in a job, the queue has to say that it ended
        log.error("job failed", extra={"facts": {"job": job.key} | told(error)})
        return queue.FAILED, f"{type(error).__name__}; the place is in the worker's log"
    return queue.DONE, None


def _reporter(key: str) -> Callable[[str, float], None]:
    """What a job calls to say how far it is; it raises Cancelled when the job is to stop. Safe from threads."""
    last, cancelled, guard = [float("-inf")], [False], threading.Lock()

    def report(stage: str, share: float) -> None:
        with guard:
            if time.monotonic() - last[0] >= EVERY:
                last[0] = time.monotonic()
                try:
                    cancelled[0] = cancelled[0] or queue.note(key, stage, share)
                except StoreError as error:  # how far a job is is no reason to end it
                    log.warning("progress not noted", extra={"facts": {"job": key} | told(error)})
        if cancelled[0]:
            raise Cancelled

    return report


def main() -> None:
    """Entry of the process."""
    warnings.simplefilter("ignore")  # they quote cells
    handler = RotatingFileHandler(home() / LOG, maxBytes=LONGEST_LOG, backupCount=2, encoding="utf-8")
    handler.setFormatter(Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    log.setLevel(logging.INFO)
    os.nice(KINDNESS)
    worker = Worker()
    threading.Thread(target=worker.follow_server, daemon=True).start()
    memory.watch(limits.job_memory(), worker.beyond)
    try:
        worker.run()
    except StoreError as error:  # the server starts another one, which finds what this one left
        log.error("the worker ends", extra={"facts": told(error)})
        sys.exit(1)


if __name__ == "__main__":
    main()
