"""Processes of this machine as an executor: as many as cores, at low priority, so that pages keep a core when they ask.

Threads would share one Python; steps that are many small operations hardly overlap there. Each process does one step
after the other with one BLAS thread. It is a new interpreter (LightGBM hangs after a fork), started when there is
something to do, killed when its step is not wanted any more, and gone when this process is.
"""

from __future__ import annotations

import logging
import os
import pickle
import secrets
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

from mtl.jobs import memory
from mtl.jobs.lane import receive, send
from mtl.jobs.parcels import Shared, packed
from mtl.language import _
from mtl.model.pool import Elsewhere
from mtl.store.database import StoreError

MOST = 16  # processes: beyond, the longest piece decides, and each takes a fifth of a gigabyte
ONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ROOT = Path(__file__).resolve().parents[2]

log = logging.getLogger("consilium.jobs")


class ProcessLostError(StoreError):
    """A process ended in the middle of a step; the message says what to do."""


def cores() -> int:
    """How many this machine has."""
    return os.cpu_count() or 1


@dataclass(frozen=True)
class _Kept(Shared):
    """A shared value, packed, for as long as somebody may need it."""

    content: bytes = field(repr=False)


@dataclass(frozen=True, eq=False)
class _Step:
    future: Future[Any]
    content: bytes
    shared: list[_Kept]


class Processes(Elsewhere):
    """Processes of this machine.

    Parameters
    ----------
    count
        How many at most; as many as cores, up to `MOST`, if left out.

    Examples
    --------
    >>> with Processes(2) as pool:
    ...     pool.submit(pow, 2, 10).result()
    1024
    """

    def __init__(self, count: int | None = None) -> None:
        self._most = count or min(cores(), MOST)
        self._steps: SimpleQueue[_Step | None] = SimpleQueue()
        self._wanted: set[Future[Any]] = set()
        self._lanes: list[_Lane] = []
        self._guard = Lock()
        self._closed = False

    @staticmethod
    def tick() -> None:
        """Nothing: a process whose step is not wanted is killed."""

    def share(self, value: Any) -> Shared:
        """Pack a large value once; give what this returns to `submit` in its place."""
        return _Kept(secrets.token_hex(8), packed(value)[0])

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """``fn(*args, **kwargs)`` in one of the processes."""
        content, shared = packed((fn, args, kwargs))
        future: Future[Any] = Future()
        with self._guard:
            if self._closed:
                raise RuntimeError("these processes have ended")
            self._wanted.add(future)
            if len(self._lanes) < min(self._most, len(self._wanted)):
                self._lanes.append(_Lane(self._steps))
                self._lanes[-1].start()
        future.add_done_callback(self._ended)
        self._steps.put(_Step(future, content, [one for one in shared if isinstance(one, _Kept)]))
        return future

    def _ended(self, future: Future[Any]) -> None:
        with self._guard:
            self._wanted.discard(future)
            lanes = list(self._lanes)
        if future.cancelled():
            for lane in lanes:
                lane.leave(future)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all processes; what they still do is not wanted."""
        with self._guard:
            self._closed = True
            wanted, lanes = list(self._wanted), list(self._lanes)
        for future in wanted:
            future.cancel()
        for _lane in lanes:
            self._steps.put(None)
        for lane in lanes if wait else ():
            lane.join()


class _Lane(Thread):
    """Asks one process, step by step."""

    def __init__(self, steps: SimpleQueue[_Step | None]) -> None:
        super().__init__(name="lane", daemon=True)
        self._steps = steps
        self._guard = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._doing: Future[Any] | None = None
        self._spoilt = False
        self._known: set[str] = set()

    def leave(self, future: Future[Any]) -> None:
        """Kill the process if it does this step."""
        with self._guard:
            if self._doing is future:
                self._spoilt = True
                if self._process is not None:
                    self._process.kill()

    def run(self) -> None:
        """Until there are no more steps."""
        while (step := self._steps.get()) is not None:
            found: Any = None
            error: BaseException | None = None
            with self._guard:
                self._doing = step.future
            try:
                if not step.future.cancelled():
                    found = self._asked(step)
            except BaseException as told:  # whatever it is belongs to who waits for the future
                error = told
            with self._guard:
                self._doing = None
                spoilt, self._spoilt = self._spoilt, False
            if spoilt:
                self._let_go()
            if not step.future.set_running_or_notify_cancel():
                continue
            if error is None:
                step.future.set_result(found)
            else:
                step.future.set_exception(error)
        self._let_go()

    def _asked(self, step: _Step) -> Any:
        process = self._alive()
        names = [one.name for one in step.shared]
        new = [one for one in step.shared if one.name not in self._known]
        self._known = set(names)
        head = [pickle.dumps(part) for part in (names, [one.name for one in new])]
        assert process.stdin is not None and process.stdout is not None
        try:
            send(process.stdin, *head, step.content, *(one.content for one in new))
            answer = receive(process.stdout)
        except (BrokenPipeError, EOFError) as error:
            self._let_go()
            raise ProcessLostError(
                _("A process of the computation ended early, perhaps for want of memory. Run it again.")
            ) from error
        if answer[0] == b"failed":
            log.info("step failed", extra={"facts": pickle.loads(answer[2])})
            raise pickle.loads(answer[1])
        return pickle.loads(answer[1])

    def _alive(self) -> subprocess.Popen[bytes]:
        with self._guard:
            if self._spoilt:  # nobody wants the step any more
                raise CancelledError
            if self._process is None:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "mtl.jobs.lane"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    cwd=ROOT,
                    env=os.environ | ONE,
                )
                self._known = set()
                memory.count(self._process.pid)
            return self._process

    def _let_go(self) -> None:
        with self._guard:
            process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        memory.uncount(process.pid)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # of what it was not there to read any more
                    pipe.close()
