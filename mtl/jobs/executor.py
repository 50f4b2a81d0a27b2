"""Who does the steps of a job: threads, processes of this machine, or a Dask cluster where CONSILIUM_SCHEDULER names one.

All are executors in the sense of :mod:`concurrent.futures`, and all give the same numbers, bit for bit: a step gets
its own seed, never depends on another's, and sums with one BLAS thread. What travels to a cluster is pickled, so it has
to be one's own, on a network that nobody else is on or with TLS: docs/deploy.md says how.
"""

from __future__ import annotations

import importlib.metadata
import logging
import os
import pickle
import platform
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from mtl.jobs.code import evidence_code, training_code
from mtl.jobs.local import Processes, cores
from mtl.jobs.parcels import Shared, called, forget, packed
from mtl.language import _
from mtl.model.pool import Elsewhere
from mtl.store.database import StoreError

SETTING = "CONSILIUM_SCHEDULER"
SCHEMES = ("tcp://", "tls://")
PATIENCE = 20.0  # seconds in which a scheduler has to answer and to have a worker
SILENCE = "300s"  # of a busy cluster, after which it counts as lost; Dask's own 30 s are short for a machine that is full
DECIDING = ("numpy", "scipy", "pandas", "lightgbm", "scikit-learn")  # whose versions decide the numbers
T = TypeVar("T")


class ClusterError(StoreError):
    """The cluster cannot be used, or was lost; the message says what to do."""


class Unwanted(Exception):  # noqa: N818 - as a cancelled future is no error
    """Nobody waits for this step any more."""


def own_threads() -> int:
    """Threads for a job in this process: one core is left for the pages."""
    return max(1, cores() - 1)


def address() -> str | None:
    """The scheduler that CONSILIUM_SCHEDULER names, None where it is not set.

    Raises
    ------
    ClusterError
        It is no address of a scheduler.
    """
    told = os.environ.get(SETTING, "").strip()
    if told and not told.startswith(SCHEMES):
        raise ClusterError(
            _("{setting}={told}: give the scheduler as tcp://HOST:PORT or tls://HOST:PORT.").format(
                setting=SETTING, told=told[:80]
            )
        )
    return told or None


@contextmanager
def executor(threads: int | None = None) -> Iterator[Executor]:
    """Who does the work inside the block; at its end nothing of it is left running.

    Parameters
    ----------
    threads
        Threads where there is no cluster; :func:`own_threads` if left out.

    Raises
    ------
    ClusterError
        CONSILIUM_SCHEDULER names a scheduler that cannot be used.

    Examples
    --------
    >>> with executor(threads=2) as pool:
    ...     pool.submit(pow, 2, 10).result(), list(pool.map(abs, [-1, 2]))
    (1024, [1, 2])
    """
    there = address()
    with ThreadPoolExecutor(threads or own_threads()) if there is None else Cluster(there) as pool:
        yield pool


@contextmanager
def elsewhere() -> Iterator[Elsewhere | None]:
    """Who does steps that threads of one process would hold each other up in; at the block's end none is left running.

    The cluster where there is one, else processes of this machine, at lower priority than the pages; None where it has a
    single core: then they are done here.

    Raises
    ------
    ClusterError
        CONSILIUM_SCHEDULER names a scheduler that cannot be used.
    """
    there = address()
    if there is not None:
        with Cluster(there) as cluster:
            yield cluster
    elif cores() > 1:
        with Processes() as processes:
            yield processes
    else:
        yield None


def in_order(
    pool: Executor, call: Callable[..., T], parts: Iterable[tuple[Any, ...]], ahead: int | None = None
) -> Iterator[T]:
    """``call(*part)`` of every part, in their order, reading only a few parts `ahead`: memory stays bounded.

    Examples
    --------
    >>> with executor(threads=2) as pool:
    ...     list(in_order(pool, pow, ((base, 2) for base in range(4))))
    [0, 1, 4, 9]
    """
    most = ahead or 1 + (pool.lanes if isinstance(pool, Cluster) else own_threads())
    under_way: deque[Future[T]] = deque()
    try:
        for part in parts:
            under_way.append(pool.submit(call, *part))
            if len(under_way) > most:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()


# The cluster ---------------------------------------------------------------------------------------------------------


class Cluster(Elsewhere):
    """A Dask cluster as an executor.

    Functions must be importable by name on the cluster's machines, where the same versions must be installed.

    Parameters
    ----------
    scheduler
        "tcp://host:port" or "tls://host:port"; certificates as Dask is told of them (DASK_DISTRIBUTED__COMM__TLS__...).

    Raises
    ------
    ClusterError
        Nobody answers, there is no worker, or its versions are others than here.
    """

    def __init__(self, scheduler: str) -> None:
        import dask
        from distributed import Client  # heavy, and for those who have a cluster

        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        settings = {"distributed.admin.large-graph-warning-threshold": "10GB"}
        if not os.environ.get("DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP"):
            settings["distributed.comm.timeouts.tcp"] = SILENCE
        dask.config.set(settings)
        try:
            self._client = Client(scheduler, timeout=PATIENCE, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError(
                _("{scheduler}: no scheduler answers ({reason}). Start it, or unset {setting}.").format(
                    scheduler=scheduler, reason=type(error).__name__, setting=SETTING
                )
            ) from error
        self._scheduler = scheduler
        self._sent: dict[str, Any] = {}
        try:
            self._check()
        except BaseException:
            self._client.close()
            raise

    def _check(self) -> None:
        """Raise ClusterError unless there are workers, and all of them compute as this process does."""
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise ClusterError(
                _("{scheduler}: the scheduler has no worker. Start one.").format(scheduler=self._scheduler)
            ) from error
        here = versions()
        try:
            there: dict[str, dict[str, str]] = self._client.run(versions)
        except ImportError as error:
            raise ClusterError(
                _("{scheduler}: Consilium is not installed on the cluster ({reason}).").format(
                    scheduler=self._scheduler, reason=str(error)[:120]
                )
            ) from error
        for found in there.values():
            other = next((name for name in here if found.get(name) != here[name]), None)
            if other is not None:
                raise ClusterError(
                    _(
                        "{scheduler}: the cluster has {name} {there}, here it is {here}. Install the same versions."
                    ).format(
                        scheduler=self._scheduler,
                        name=other,
                        there=found.get(other, "–"),
                        here=here[other],
                    )
                )

    @property
    def lanes(self) -> int:
        """How many steps the cluster does at a time."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    @staticmethod
    def tick() -> None:
        """Called by a step, there: raises where its future was cancelled or its job is gone."""
        from distributed import get_worker
        from distributed.worker import thread_state

        found = get_worker().state.tasks.get(thread_state.key)
        if found is None or found.state not in ("executing", "long-running"):
            raise Unwanted

    def share(self, value: Any) -> Shared:
        """Send a large value to the cluster once; give what this returns to `submit` in its place."""
        name = secrets.token_hex(8)
        content, _none = packed(value)
        self._sent[name] = self._client.scatter(content, broadcast=True, hash=False)
        return Shared(name)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """``fn(*args, **kwargs)`` on the cluster."""
        content, shared = packed((fn, args, kwargs))
        names = [one.name for one in shared]
        sent = [self._sent[name] for name in names]
        distant = self._client.submit(called, content, names, *sent, pure=False)
        future: Future[Any] = Future()

        def ended(found: Any) -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(pickle.loads(found.result()))
            except BaseException as error:  # whatever it is belongs to who waits for the future
                future.set_exception(_lost(error, self._scheduler))

        distant.add_done_callback(ended)
        future.add_done_callback(lambda done: distant.cancel() if done.cancelled() else None)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let go of the cluster; what it still does for us stops."""
        self._client.run(forget, list(self._sent), wait=False, on_error="ignore")
        self._sent.clear()
        self._client.close()


def versions() -> dict[str, str]:
    """What decides the numbers: the training code, Python, the libraries, the kind of processor."""
    found = {name: importlib.metadata.version(name) for name in DECIDING}
    python = ".".join(platform.python_version_tuple()[:2])
    return {
        "Consilium": training_code(),
        "Consilium's evidence": evidence_code(),
        "Python": python,
        **found,
        "processor": platform.machine(),
    }


def _lost(error: BaseException, scheduler: str) -> BaseException:
    """The error as the job is to see it: what befell the cluster is said as such."""
    if isinstance(error, CancelledError) or type(error).__module__.partition(".")[0] == "distributed":
        return ClusterError(
            _("{scheduler}: the cluster lost a step ({reason}). Run the job again.").format(
                scheduler=scheduler, reason=getattr(error, "reason", None) or type(error).__name__
            )
        )
    return error
