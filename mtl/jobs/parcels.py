"""How a step travels to a process of this program's own, and what it found travels back; never to or from a file.

Both ends are this program's: a pipe to a process that this one started (:mod:`mtl.jobs.local`), or a Dask cluster of
one's own (:mod:`mtl.jobs.executor`). What travels is pickled, so nobody else may be at either end.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

PROTOCOL = 4  # arrays arrive in memory of their own, laid out and aligned as they were: sums keep their bits
KEPT = 2  # shared values that a process holds ready


@dataclass(frozen=True)
class Shared:
    """Stands for a value that is sent once, whatever the number of steps that need it."""

    name: str


class _Packer(pickle.Pickler):
    """Writes the names of shared values in their place, and arrays so that they arrive laid out as they were."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, PROTOCOL)
        self.shared: dict[str, Shared] = {}

    def persistent_id(self, value: Any) -> str | None:
        """The name of a shared value."""
        if not isinstance(value, Shared):
            return None
        self.shared[value.name] = value
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


def packed(value: Any) -> tuple[bytes, list[Shared]]:
    """A value as bytes, and the shared values that it speaks of."""
    file = io.BytesIO()
    packer = _Packer(file)
    packer.dump(value)
    return file.getvalue(), list(packer.shared.values())


# At the other end ----------------------------------------------------------------------------------------------------

_ready: OrderedDict[str, Any] = OrderedDict()
_guard = Lock()
_limited: list[Any] = []


class _Opener(pickle.Unpickler):
    """Puts shared values back."""

    def __init__(self, content: bytes, values: dict[str, Any]) -> None:
        super().__init__(io.BytesIO(content))
        self._values = values

    def persistent_load(self, name: str) -> Any:
        return self._values[name]


def called(content: bytes, names: Sequence[str], *shared: bytes) -> bytes:
    """Do one step; the process stays with one BLAS thread, on which sums do not depend then."""
    with _guard:
        if not _limited:
            _limited.append(threadpool_limits(limits=1))
        values = {name: _opened(name, value) for name, value in zip(names, shared, strict=True)}
    fn, args, kwargs = _Opener(content, values).load()
    return packed(fn(*args, **kwargs))[0]


def _opened(name: str, content: bytes) -> Any:
    """A shared value, unpickled once a process."""
    if name not in _ready:
        _ready[name] = pickle.loads(content)
        while len(_ready) > KEPT:
            _ready.popitem(last=False)
    return _ready[name]


def forget(names: Sequence[str]) -> None:
    """Drop shared values: the job that sent them has ended."""
    with _guard:
        for name in names:
            _ready.pop(name, None)
