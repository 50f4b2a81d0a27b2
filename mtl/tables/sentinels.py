"""Numbers that often mean "no value": 9, 99, 999, -9 and the like, where they stand apart from the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_NEGATIVE = (-1.0, -7.0, -8.0, -9.0, -88.0, -99.0, -888.0, -999.0, -9999.0, -99999.0)
_POSITIVE = (8.0, 9.0, 88.0, 99.0, 888.0, 999.0, 8888.0, 9999.0, 99999.0, 999999.0)
_APART, _NEIGHBOURS, _HEAPED = 0.5, 10, 5


def suspects(numbers: NDArray[np.float64], counts: NDArray[np.int64]) -> list[tuple[float, int, float]]:
    """Which of a column's numbers may mean "no value": (number, count, nearest other number).

    A negative code is suspected where no other number is negative. A positive one is, above all others: where it
    stands further from them than half their range, or heaped: at least five of it and three times as many as of
    any of the ten numbers below it.

    Parameters
    ----------
    numbers, counts
        The distinct numbers, ascending, and how many cells have each.

    Examples
    --------
    >>> numbers = np.array([-9.0, 31.0, 42.0, 58.0, 77.0, 999.0])
    >>> suspects(numbers, np.array([2, 1, 1, 1, 1, 3]))
    [(-9.0, 2, 31.0), (999.0, 3, 77.0)]
    >>> suspects(np.array([0.0, 1.0, 2.0, 9.0]), np.array([50, 40, 30, 4]))
    [(9.0, 4, 2.0)]
    >>> suspects(np.arange(1.0, 100.0), np.ones(99, dtype=int))
    []
    """
    codes = np.isin(numbers, _NEGATIVE) | np.isin(numbers, _POSITIVE)
    others, other_counts = numbers[~codes], counts[~codes]
    if len(others) < 2:
        return []
    low, high = float(others.min()), float(others.max())
    found = []
    for number, count in zip(numbers[codes], counts[codes], strict=True):
        if number < 0:
            if low >= 0:
                found.append((float(number), int(count), low))
        elif number > high and (
            number - high > _APART * (high - low) or _heaped(int(count), other_counts[-_NEIGHBOURS:])
        ):
            found.append((float(number), int(count), high))
    return found


def _heaped(count: int, below: NDArray[np.int64]) -> bool:
    return count >= _HEAPED and count >= 3 * int(below.max())
