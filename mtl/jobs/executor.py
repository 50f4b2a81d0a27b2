"""Who does the steps of a job: threads of the worker, or a Dask cluster where CONSILIUM_SCHEDULER names one.

Both are executors in the sense of :mod:`concurrent.futures`, and both give the same numbers, bit for bit: a step gets
its own seed, never depends on another's, and sums with one BLAS thread. What travels to a cluster is pickled, so it has
to be one's own, on a network that nobody else is on or with TLS: docs/deploy.md says how.
"""

from __future__ import annotations

import importlib.metadata
import io
import logging
import os
import pickle
import platform
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from mtl.jobs.code import training_code
from mtl.language import _
from mtl.log import told
from mtl.model.pool import Elsewhere
from mtl.store.database import StoreError

SETTING = "CONSILIUM_SCHEDULER"
SCHEMES = ("tcp://", "tls://")
PATIENCE = 20.0  # seconds in which a scheduler has to answer and to have a worker
SILENCE = "300s"  # of a busy cluster, after which it counts as lost; Dask's own 30 s are short for a machine that is full
PROTOCOL = 4  # arrays arrive in memory of their own, laid out and aligned as they were: sums keep their bits
# Times that a step is begun again which the cluster lost: steps change nothing, so that does no harm.
AGAIN = 2
KEPT = 2  # shared values that a process of the cluster holds ready
DECIDING = ("numpy", "scipy", "pandas", "lightgbm", "scikit-learn")  # whose versions decide the numbers
T = TypeVar("T")
log = logging.getLogger("consilium.cluster")


class ClusterError(StoreError):
    """The cluster cannot be used, or was lost; the message says what to do."""


class Unwanted(Exception):  # noqa: N818 - as a cancelled future is no error
    """Nobody waits for this step any more."""


def own_threads() -> int:
    """Threads for a job in this process: one core is left for the pages."""
    return max(1, (os.cpu_count() or 1) - 1)


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


@dataclass(frozen=True)
class Shared:
    """Stands for a value that has been sent already."""

    name: str


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
        self._values: dict[str, Any] = {}
        self._sending, self._closing = Lock(), False
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
        self._values[name] = value
        self._there(name)
        return Shared(name)

    def _there(self, name: str) -> Any:
        """A shared value on the cluster; sent again where the workers that had it are gone, or the connection was."""
        with self._sending:
            found = self._sent.get(name)
            if found is None or found.status != "finished":
                content, _none = _packed(self._values[name])
                found = self._sent[name] = self._client.scatter(content, broadcast=True, hash=False)
            return found

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """``fn(*args, **kwargs)`` on the cluster."""
        content, names = _packed((fn, args, kwargs))
        future: Future[Any] = Future()
        distant: list[Any] = []

        def begin() -> None:
            distant.append(self._client.submit(_called, content, names, *map(self._there, names), pure=False))
            if future.cancelled():
                distant[-1].cancel()
            distant[-1].add_done_callback(ended)

        def ended(found: Any) -> None:
            try:
                answer, error = pickle.loads(found.result()), None
            except BaseException as caught:  # whatever it is belongs to who waits for the future
                answer, error = None, caught
            if error is not None and self._once_more(error, len(distant)) and not future.cancelled():
                try:
                    begin()
                    return
                except Exception as caught:  # the cluster is gone for good
                    log.warning("a step could not be begun again", extra={"facts": told(caught)})
            if not future.set_running_or_notify_cancel():
                return
            if error is None:
                future.set_result(answer)
            else:
                future.set_exception(_lost(error, self._scheduler))

        begin()
        future.add_done_callback(lambda done: distant[-1].cancel() if done.cancelled() else None)
        return future

    def _once_more(self, error: BaseException, times: int) -> bool:
        """Whether a step that was begun so many times is begun again; waits until the scheduler is there again."""
        if not _mislaid(error) or times > AGAIN or self._closing:
            return False
        log.warning("a step was lost", extra={"facts": told(error)})
        until = time.monotonic() + PATIENCE
        while self._client.status == "connecting" and time.monotonic() < until:
            time.sleep(0.1)
        return bool(self._client.status == "running")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let go of the cluster; what it still does for us stops."""
        self._closing = True
        self._client.run(_forget, list(self._sent), wait=False, on_error="ignore")
        self._sent.clear()
        self._values.clear()
        self._client.close()


def versions() -> dict[str, str]:
    """What decides the numbers: the training code, Python, the libraries, the kind of processor."""
    found = {name: importlib.metadata.version(name) for name in DECIDING}
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Consilium": training_code(), "Python": python, **found, "processor": platform.machine()}


def _mislaid(error: BaseException) -> bool:
    """Whether a step did not end, through no fault of its own: its worker or the connection was silent for a while."""
    if isinstance(error, CancelledError | Unwanted):
        return True
    return type(error).__module__.startswith("distributed.comm")


def _lost(error: BaseException, scheduler: str) -> BaseException:
    """The error as the job is to see it: what befell the cluster is said as such."""
    if (
        isinstance(error, CancelledError | Unwanted)
        or type(error).__module__.partition(".")[0] == "distributed"
    ):
        return ClusterError(
            _("{scheduler}: the cluster lost a step ({reason}). Run the job again.").format(
                scheduler=scheduler, reason=getattr(error, "reason", None) or type(error).__name__
            )
        )
    return error


class _Packer(pickle.Pickler):
    """Writes the names of shared values in their place, and arrays so that they arrive laid out as they were."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, PROTOCOL)
        self.names: list[str] = []

    def persistent_id(self, value: Any) -> str | None:
        """The name of a shared value."""
        if not isinstance(value, Shared):
            return None
        if value.name not in self.names:
            self.names.append(value.name)
        return value.name

    def reducer_override(self, value: Any) -> Any:
        """An array with gaps keeps them: numpy adds up in an order that depends on them."""
        gaps = isinstance(value, np.ndarray) and not value.flags.forc and not value.dtype.hasobject
        if not gaps or min(value.strides) < 0:
            return NotImplemented
        return _spaced, (np.ascontiguousarray(value), value.strides)


def _spaced(values: NDArray[Any], strides: tuple[int, ...]) -> NDArray[Any]:
    """An array with the same values and these strides."""
    last = sum((n - 1) * stride for n, stride in zip(values.shape, strides, strict=True))
    memory = np.zeros(last + values.itemsize, dtype=np.uint8)
    array: NDArray[Any] = np.ndarray(values.shape, values.dtype, memory.data, 0, strides)
    array[...] = values
    return array


def _packed(value: Any) -> tuple[bytes, list[str]]:
    file = io.BytesIO()
    packer = _Packer(file)
    packer.dump(value)
    return file.getvalue(), packer.names


# In a process of the cluster -----------------------------------------------------------------------------------------

_shared: OrderedDict[str, Any] = OrderedDict()
_guard = Lock()
_limited: list[Any] = []


class _Opener(pickle.Unpickler):
    """Puts shared values back."""

    def __init__(self, content: bytes, values: dict[str, Any]) -> None:
        super().__init__(io.BytesIO(content))
        self._values = values

    def persistent_load(self, name: str) -> Any:
        return self._values[name]


def _called(content: bytes, names: list[str], *shared: bytes) -> bytes:
    """Do one step; the process stays with one BLAS thread, on which sums do not depend then."""
    with _guard:
        if not _limited:
            _limited.append(threadpool_limits(limits=1))
        values = {name: _opened(name, value) for name, value in zip(names, shared, strict=True)}
    fn, args, kwargs = _Opener(content, values).load()
    return _packed(fn(*args, **kwargs))[0]


def _opened(name: str, content: bytes) -> Any:
    """A shared value, unpickled once a process."""
    if name not in _shared:
        _shared[name] = pickle.loads(content)
        while len(_shared) > KEPT:
            _shared.popitem(last=False)
    return _shared[name]


def _forget(names: list[str]) -> None:
    """Drop shared values: the job that sent them has ended."""
    with _guard:
        for name in names:
            _shared.pop(name, None)
