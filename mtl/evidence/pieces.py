"""A long computation in pieces: each is kept when it ends, and one that was interrupted goes on from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from mtl.evidence.subject import Checkpoint, Report

Tick = Callable[[], None]
Piece = Callable[[Tick], Any]


class Stopped(Exception):  # noqa: N818  (somebody asked for it)
    """Another thread ended the computation."""


@dataclass
class Pieces:
    """Runs pieces by name, on some threads, and tells how far it is.

    Parameters
    ----------
    cost : dict
        How long each piece of the whole computation takes, in any unit: what the share done is measured by.
    """

    cost: Mapping[str, float]
    report: Report
    checkpoint: Checkpoint
    threads: int = 1
    _done: float = field(default=0.0)

    def missing(self, names: Mapping[str, Any] | list[str]) -> list[str]:
        """Which of them are still to be computed."""
        return [name for name in names if name not in self.checkpoint]

    def run(self, stage: str, pieces: Mapping[str, Piece]) -> dict[str, Any]:
        """Every piece's JSON value, by name, in the given order; those in the checkpoint are taken from it.

        The result does not depend on the number of threads.
        """
        todo = self.missing(dict(pieces))
        self._done += sum(self.cost[name] for name in pieces if name not in todo)
        self._tell(stage)
        stopped = Event()

        def tick() -> None:
            if stopped.is_set():
                raise Stopped
            self._tell(stage)

        if self.threads == 1 or len(todo) == 1:
            for name in todo:
                self._keep(name, pieces[name](tick), stage)
        elif todo:
            self._together(stage, {name: pieces[name] for name in todo}, tick, stopped)
        return {name: self.checkpoint[name] for name in pieces}

    def _together(self, stage: str, todo: Mapping[str, Piece], tick: Tick, stopped: Event) -> None:
        with ThreadPoolExecutor(self.threads) as pool:
            running: dict[Future[Any], str] = {pool.submit(piece, tick): name for name, piece in todo.items()}
            try:
                while running:
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        self._keep(running.pop(future), future.result(), stage)
            except BaseException:
                stopped.set()
                for future in running:
                    future.cancel()
                raise

    def _keep(self, name: str, value: Any, stage: str) -> None:
        self.checkpoint[name] = value
        self._done += self.cost[name]
        self._tell(stage)

    def _tell(self, stage: str) -> None:
        self.report(stage, min(self._done / max(sum(self.cost.values()), 1e-12), 1.0))
