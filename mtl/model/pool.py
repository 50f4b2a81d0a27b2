"""Where the steps of a fit are done: in threads of this process, or in other processes; the numbers are the same."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from threading import Event, Lock
from typing import Any, TypeVar, cast

from mtl.model.problem import TrainingError

T = TypeVar("T")

Tick = Callable[[], None]
Progress = Callable[[str, float], None]

EVERY = 0.25  # seconds between two looks at steps that are done elsewhere


class Elsewhere(Executor, ABC):
    """An executor whose calls run in other processes: functions, what they are given and what they return travel."""

    #: Called by a step now and then, there; raises where nobody waits for the step any more.
    tick: Tick

    @abstractmethod
    def share(self, value: Any) -> Any:
        """What to give to `submit` in place of a large value, which then travels once."""


@dataclass(frozen=True)
class Step:
    """`call(*arguments, tick)`: a function that can be imported by name, and what it is given."""

    name: str
    call: Callable[..., Any]
    arguments: tuple[Any, ...]


def at_hand(pool: Executor | None, value: T) -> T:
    """A value as the steps of a pool are to be given it."""
    return cast(T, pool.share(value)) if isinstance(pool, Elsewhere) else value


def outcomes(
    steps: Sequence[Step], threads: int, pool: Executor | None, progress: Progress, share: float = 1.0
) -> list[Any]:
    """What the steps return, in their order.

    Parameters
    ----------
    threads
        Threads to use where no pool is given.
    pool
        Who does the steps.
    progress
        Called with what was just done and the share of the work done, up to `share`; what it raises ends all steps.
    """
    if isinstance(pool, Elsewhere):
        return _elsewhere(steps, pool, progress, share)
    done, lock, stopped = [0.0], Lock(), Event()

    def tick(name: str) -> None:
        if stopped.is_set():  # somebody interrupted the thread that waits: the others need not go on
            raise TrainingError("the training was stopped")
        progress(name, done[0])

    def run(step: Step) -> Any:
        result = step.call(*step.arguments, partial(tick, step.name))
        with lock:
            done[0] += share / len(steps)
            progress(step.name, done[0])
        return result

    with ThreadPoolExecutor(threads) if pool is None else nullcontext(pool) as own:
        futures = [own.submit(run, step) for step in steps]
        try:
            return [future.result() for future in futures]
        except BaseException:
            stopped.set()
            _cancel(futures)
            raise


def _elsewhere(steps: Sequence[Step], pool: Elsewhere, progress: Progress, share: float) -> list[Any]:
    futures = [pool.submit(step.call, *step.arguments, pool.tick) for step in steps]
    names = {future: step.name for future, step in zip(futures, steps, strict=True)}
    waiting, name = set(futures), steps[0].name
    try:
        while waiting:
            ended, waiting = wait(waiting, EVERY, FIRST_COMPLETED)
            for future in ended:
                future.result()
                name = names[future]
            progress(name, share * (1 - len(waiting) / len(futures)))
        return [future.result() for future in futures]
    except BaseException:
        _cancel(futures)
        raise


def _cancel(futures: Sequence[Future[Any]]) -> None:
    for future in futures:
        future.cancel()
