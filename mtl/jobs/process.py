"""The one worker process of a home: whether it lives, and how it is started.

It is a new interpreter: LightGBM hangs after a fork.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from mtl.store.home import ENVIRONMENT, home

LOCK = "worker.lock"
PATIENCE = 5.0  # seconds in which a worker has to leave
_children: dict[Path, subprocess.Popen[bytes]] = {}
_lock = Lock()


@contextmanager
def alone() -> Iterator[bool]:
    """Hold the worker's lock inside the block, if nobody does; whether it is held. A kill releases it."""
    with (home() / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def working() -> bool:
    """Whether a worker lives. Asking shares the lock, so that two who ask do not disturb each other."""
    with (home() / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def ensure() -> None:
    """See that a worker lives; returns at once. Of several that are started, the one with the lock works."""
    with _lock:
        child = _children.get(home())
        if child is not None and child.poll() is None:
            return  # it works, or is about to look into the queue
        if working():
            return
        if child is not None:
            _close(child)
        # Its end of the pipe closes when this process ends, however it ends: the worker then stops as well.
        _children[home()] = subprocess.Popen(
            [sys.executable, "-m", "mtl.jobs.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, ENVIRONMENT: str(home())},
            start_new_session=True,
        )


def stop() -> bool:
    """End the worker that this process started, if any; its job will wait for the next.

    Returns whether it handed its job back itself; where it did not in time, it was killed, and the job is still said to
    run.
    """
    with _lock:
        child = _children.pop(home(), None)
    return child is None or _close(child)


def _close(child: subprocess.Popen[bytes]) -> bool:
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(timeout=PATIENCE)
        return True
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return False


def pid() -> int | None:
    """Process number of the worker that this process started, while it lives."""
    child = _children.get(home())
    return child.pid if child is not None and child.poll() is None else None
