"""A long computation in pieces: each is kept when it ends, and one that was interrupted goes on from them.

A piece is a function that can be imported by name, so that it can be done in another process, of this machine or of a
cluster. It gets its own seed, depends on no other piece, and what it returns is the same wherever it is done.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import Any

from mtl.evidence.subject import Checkpoint, Report
from mtl.model.pool import EVERY, Elsewhere

Tick = Callable[[], None]

BEGIN = 1.0  # seconds of processor in which it shows whether other processes are worth their start
WORTH = 4.0  # of them that the rest would take here, from which on they are


class Stopped(Exception):  # noqa: N818  (somebody asked for it)
    """Another thread ended the computation."""


@dataclass(frozen=True)
class Piece:
    """`call(whole, *arguments, tick)`, a JSON value.

    Attributes
    ----------
    stage : str
        What a person reads while it is done.
    cost : float
        How long it takes, in any unit: what the share done is measured by.
    """

    stage: str
    call: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    cost: float = 1.0


@dataclass
class Pieces:
    """All pieces of a computation, by name.

    Parameters
    ----------
    whole
        What every piece is given first; it travels once to each process.
    threads : int
        Threads of this process that do them where there is no `pool`.
    pool : Elsewhere, optional
        Other processes. They are asked when it shows that the rest will take a while: a short computation ends sooner
        than they would have started.
    """

    whole: Any
    pieces: Mapping[str, Piece]
    report: Report
    checkpoint: Checkpoint
    threads: int = 1
    pool: Elsewhere | None = None
    _waiting: deque[str] = field(default_factory=deque)
    _running: dict[Future[Any], str] = field(default_factory=dict)
    _stopped: Event = field(default_factory=Event)
    _done: float = 0.0
    _here: float = 0.0  # of what is done, in this run
    _began: float = 0.0

    def run(self) -> dict[str, Any]:
        """Every piece's value, by name, in the given order; those in the checkpoint are taken from it."""
        self._waiting = deque(name for name in self.pieces if name not in self.checkpoint)
        kept = set(self.pieces) - set(self._waiting)
        self._done = sum(self.pieces[name].cost for name in self.pieces if name in kept)
        self._began = time.process_time()
        if self._waiting:
            self._tell(self.pieces[self._waiting[0]].stage)
        try:
            if self.pool is None and self.threads > 1:
                self._together()
            else:
                self._in_turn()
        except BaseException:
            self._stopped.set()
            for future in self._running:
                future.cancel()
            raise
        return {name: self.checkpoint[name] for name in self.pieces}

    def _in_turn(self) -> None:
        """Here, one after the other, until it is worth it to let others do the rest."""
        while self._waiting:
            if self._long():
                self._hand_over()
                break
            name = self._waiting.popleft()
            self._keep(name, self._work(name))
        while self._running:
            self._collect(EVERY)

    def _together(self) -> None:
        with ThreadPoolExecutor(self.threads) as pool:
            self._running = {pool.submit(self._work, name): name for name in self._waiting}
            try:
                while self._running:
                    self._collect(None)
            except BaseException:
                self._stopped.set()
                for future in self._running:
                    future.cancel()
                raise

    def _work(self, name: str) -> Any:
        piece = self.pieces[name]
        return piece.call(self.whole, *piece.arguments, partial(self._tick, piece.stage))

    def _tick(self, stage: str) -> None:
        """Called by a piece that is done here, now and then."""
        if self._stopped.is_set():
            raise Stopped
        self._tell(stage)
        if self.pool is not None:
            if self._waiting and self._long():
                self._hand_over()
            if self._running:
                self._collect(0.0)

    def _long(self) -> bool:
        """Whether there are others, and the rest would take long enough here, as far as it shows."""
        gone = time.process_time() - self._began  # what else the machine does says nothing about this work
        if self.pool is None or gone < BEGIN:
            return False
        rest = sum(self.pieces[name].cost for name in self._waiting)
        return not self._here or gone / self._here * rest >= WORTH

    def _hand_over(self) -> None:
        assert self.pool is not None
        whole = self.pool.share(self.whole)
        while self._waiting:
            name = self._waiting.popleft()
            piece = self.pieces[name]
            future = self.pool.submit(piece.call, whole, *piece.arguments, self.pool.tick)
            self._running[future] = name

    def _collect(self, patience: float | None) -> None:
        """Keep what others have ended, waiting for the first of it so many seconds at most."""
        for future in wait(self._running, patience, FIRST_COMPLETED).done:
            self._keep(self._running.pop(future), future.result())
        if self._running and patience != 0.0:
            self._tell(self.pieces[next(iter(self._running.values()))].stage)

    def _keep(self, name: str, value: Any) -> None:
        self.checkpoint[name] = value
        self._done += self.pieces[name].cost
        self._here += self.pieces[name].cost
        self._tell(self.pieces[name].stage)

    def _tell(self, stage: str) -> None:
        total = sum(piece.cost for piece in self.pieces.values())
        self.report(stage, min(self._done / max(total, 1e-12), 1.0))
