"""The worker: a process of its own that runs one job after the other and leaves when none waits."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

from mtl.jobs import process, queue
from mtl.jobs.queue import Job
from mtl.jobs.registry import KINDS
from mtl.model.files import ModelFileError
from mtl.model.problem import TrainingError
from mtl.store import retention
from mtl.store.database import StoreError
from mtl.store.home import clear_unfinished, home
from mtl.study import StudyError
from mtl.treatment.protocol import ProtocolError

EVERY = 0.25  # seconds between two notes of progress
PATIENCE = 5.0  # seconds in which to get the lock: somebody may be asking for it
KINDNESS = 5  # so that pages come first
# Errors whose text names files, columns and tasks only; that of any other may hold a cell.
TELLING = (ModelFileError, ProtocolError, StoreError, StudyError, TrainingError)

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
                    while (job := queue.take()) is not None:
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
        log.info("job %s (%s) begins, attempt %d", job.key, job.kind, job.attempts)
        how, error = _ending(job)
        with self._guard:
            queue.end(job.key, how, error)
            self._running = None
        log.info("job %s (%s) %s after %.1f s", job.key, job.kind, how, time.monotonic() - began)

    def follow_server(self) -> None:
        """Leave when the process that started this one is gone; its job waits for the next worker."""
        while sys.stdin.buffer.read(4096):
            pass
        with self._guard:
            if self._running is not None:
                queue.hand_back(self._running)
            log.info("the server ended, so does its worker")
            os._exit(0)


def _ending(job: Job) -> tuple[str, str | None]:
    """Run a job; how it ended, and why if it failed."""
    try:
        KINDS[job.kind](job.payload, _reporter(job.key))
    except Cancelled:
        return queue.CANCELLED, None
    except TELLING as error:
        return queue.FAILED, str(error)
    except MemoryError:
        return queue.FAILED, "not enough memory; give the server more, or use fewer rows or columns"
    except Exception as error:  # whatever goes wrong in a job, the queue has to say that it ended
        for frame in traceback.extract_tb(
            error.__traceback__
        ):  # the places, not the text: it may hold a cell
            log.error(
                "job %s: %s line %s in %s", job.key, Path(frame.filename).name, frame.lineno, frame.name
            )
        return queue.FAILED, f"{type(error).__name__}; the place is in the worker's log"
    return queue.DONE, None


def _reporter(key: str) -> Callable[[str, float], None]:
    """What a job calls to say how far it is; it raises Cancelled when the job is to stop. Safe from threads."""
    last, cancelled, guard = [float("-inf")], [False], threading.Lock()

    def report(stage: str, share: float) -> None:
        with guard:
            if time.monotonic() - last[0] >= EVERY:
                last[0] = time.monotonic()
                cancelled[0] = cancelled[0] or queue.note(key, stage, share)
        if cancelled[0]:
            raise Cancelled

    return report


def main() -> None:
    """Entry of the process."""
    warnings.simplefilter("ignore")  # they quote cells
    handler = logging.FileHandler(home() / "worker.log", encoding="utf-8")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=[handler])
    os.nice(KINDNESS)
    worker = Worker()
    threading.Thread(target=worker.follow_server, daemon=True).start()
    worker.run()


if __name__ == "__main__":
    main()
