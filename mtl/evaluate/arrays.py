"""What the arrays given to a metric must look like: shapes, ranges, no missing values."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

SMALLEST = float(np.finfo(np.float64).eps)
"""Probabilities are kept this far from 0 and 1 before a logarithm, as scikit-learn does."""


def numbers(values: ArrayLike, name: str, shape: tuple[int | None, ...] = (None,)) -> FloatArray:
    """Return `values` as finite float64 of the given shape (None: any length); ValueError names the first bad
    row.
    """
    array = np.asarray(values, dtype=np.float64)
    wanted = "(" + ", ".join("any" if size is None else str(size) for size in shape) + ")"
    if array.ndim != len(shape) or any(
        s is not None and s != a for s, a in zip(shape, array.shape, strict=True)
    ):
        raise ValueError(f"{name} has shape {array.shape}, expected {wanted}")
    if array.size == 0:
        raise ValueError(f"{name} is empty: give at least one row")
    finite = np.isfinite(array)
    if not finite.all():
        where = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(f"{name} is {array[where]} in row {where[0]}: leave out rows without a finite value")
    return array


def zeros_and_ones(values: ArrayLike, name: str, n: int | None = None) -> BoolArray:
    """Return 0/1 labels (n,) as booleans; ValueError names the first row that is neither."""
    array = numbers(values, name, (n,))
    wrong = (array != 0) & (array != 1)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(f"{name} is {array[row]:g} in row {row}: give 0 or 1")
    return np.asarray(array == 1, dtype=np.bool_)


def probabilities(values: ArrayLike, name: str, shape: tuple[int | None, ...] = (None,)) -> FloatArray:
    """Return probabilities; ValueError names the first row outside 0..1 (rounding of 1e-9 is forgiven)."""
    array = numbers(values, name, shape)
    outside = (array < -1e-9) | (array > 1 + 1e-9)
    if outside.any():
        where = tuple(int(i) for i in np.argwhere(outside)[0])
        raise ValueError(f"{name} is {array[where]:g} in row {where[0]}: give a probability between 0 and 1")
    return np.clip(array, 0.0, 1.0)


def follow_up(time: ArrayLike, event: ArrayLike) -> tuple[FloatArray, BoolArray]:
    """Return follow-up times (years, not negative) and event indicators, both (n,)."""
    checked = numbers(time, "time")
    if (checked < 0).any():
        row = int(np.argmax(checked < 0))
        raise ValueError(f"time is {checked[row]:g} in row {row}: follow-up cannot be negative")
    return checked, zeros_and_ones(event, "event", len(checked))
