"""Bootstrap: how much a number would move had other patients been drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from mtl.evaluate.arrays import FloatArray, IntArray
from mtl.evaluate.metric import NotEstimable

RESAMPLES = 200
LEVEL = 0.95
USABLE = 0.5
"""Share of resamples that must give a number before an interval is shown."""


def resampled_rows(
    n: int, resamples: int = RESAMPLES, seed: int = 0, groups: ArrayLike | None = None
) -> Iterator[IntArray]:
    """Yield `resamples` arrays of row numbers drawn with replacement from `n` rows.

    With `groups` (n,), whole groups (the rows of one patient) are drawn, as many as there are groups.

    >>> [rows.tolist() for rows in resampled_rows(4, resamples=2, seed=1)]
    [[1, 2, 3, 3], [0, 0, 3, 3]]
    """
    if n < 1 or resamples < 1:
        raise ValueError(f"cannot draw {resamples} resamples from {n} rows: both must be at least 1")
    rng = np.random.default_rng(seed)
    if groups is None:
        for _ in range(resamples):
            yield np.asarray(rng.integers(0, n, n), dtype=np.int64)
        return
    label = np.asarray(groups)
    if label.shape != (n,):
        raise ValueError(f"groups has shape {label.shape}, expected ({n},)")
    code = np.unique(label, return_inverse=True)[1]
    members = np.split(np.argsort(code, kind="stable"), np.cumsum(np.bincount(code))[:-1])
    for _ in range(resamples):
        yield np.concatenate([members[g] for g in rng.integers(0, len(members), len(members))])


def replicates(
    statistic: Callable[[IntArray], FloatArray],
    n: int,
    resamples: int = RESAMPLES,
    seed: int = 0,
    groups: ArrayLike | None = None,
) -> FloatArray:
    """Return (resamples, k): `statistic` (rows -> (k,) values, NaN where not estimable) on each resample."""
    return np.stack([statistic(rows) for rows in resampled_rows(n, resamples, seed, groups)])


def percentile_interval(values: ArrayLike, level: float = LEVEL) -> tuple[float, float] | tuple[None, None]:
    """Return the percentile interval of bootstrap values (Efron 1979), or (None, None) if under half are
    usable.

    >>> percentile_interval(range(101), level=0.5)
    (25.0, 75.0)
    """
    array = np.asarray(values, dtype=np.float64)
    usable = array[np.isfinite(array)]
    if len(usable) < max(2.0, USABLE * len(array)):
        return None, None
    low, high = np.quantile(usable, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def paired_difference(
    statistic: Callable[[FloatArray, FloatArray], float],
    truth: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = LEVEL,
) -> tuple[float, float | None, float | None]:
    """Return statistic(truth, first) - statistic(truth, second) with its interval, both on the same resampled
    rows.

    A resample on which `statistic` raises `NotEstimable` is passed over. For a whole task, survival included,
    see `mtl.evaluate.summary.compare_task`.

    >>> import numpy as np
    >>> from mtl.evaluate.regression import mae
    >>> y = np.arange(50.0)
    >>> paired_difference(mae, y, y + 2, y - 1)
    (1.0, 1.0, 1.0)
    """
    y, a, b = (np.asarray(values, dtype=np.float64) for values in (truth, first, second))
    if not len(y) == len(a) == len(b):
        raise ValueError(
            f"truth, first and second have {len(y)}, {len(a)} and {len(b)} rows: they must be the same rows"
        )

    def difference(rows: IntArray) -> FloatArray:
        try:
            return np.array([statistic(y[rows], a[rows]) - statistic(y[rows], b[rows])])
        except NotEstimable:
            return np.array([np.nan])

    low, high = percentile_interval(replicates(difference, len(y), resamples, seed)[:, 0], level)
    return statistic(y, a) - statistic(y, b), low, high
