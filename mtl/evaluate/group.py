"""What became of a group of patients: counts, quartiles and a survival curve, each with what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from mtl.evaluate.arrays import FloatArray


@dataclass(frozen=True)
class Share:
    """`count` of `n`, with the limits of the share's interval; the limits are 0 and 1 where n is 0."""

    count: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """The share, NaN where n is 0."""
        return self.count / self.n if self.n else float("nan")


def share(count: int, n: int, level: float = 0.95) -> Share:
    """Return a count of a group with Wilson's score interval (Wilson, JASA 1927;22:209).

    >>> found = share(5, 20)
    >>> round(found.low, 3), round(found.high, 3)
    (0.112, 0.469)
    """
    if not 0 <= count <= n:
        raise ValueError(f"{count} of {n} patients: a count lies between 0 and the size of its group")
    if n == 0:
        return Share(0, 0, 0.0, 1.0)
    z2 = float(ndtri((1 + level) / 2)) ** 2
    p, middle = count / n, (count + z2 / 2) / (n + z2)
    half = np.sqrt(z2 * (p * (1 - p) + z2 / (4 * n)) / n) / (1 + z2 / n)
    low, high = max(middle - half, 0.0), min(middle + half, 1.0)
    return Share(count, n, 0.0 if count == 0 else float(low), 1.0 if count == n else float(high))


def quartiles(values: ArrayLike) -> FloatArray:
    """Return lower quartile, median and upper quartile (3,) of the known values; NaN where there is none.

    >>> quartiles([1, 2, 3, 4, 5, float("nan")]).tolist()
    [2.0, 3.0, 4.0]
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    if not len(known):
        return np.full(3, np.nan)
    return np.asarray(np.quantile(known, [0.25, 0.5, 0.75]), dtype=np.float64)
