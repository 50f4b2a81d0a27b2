"""Restricted cubic splines: smooth curves that are straight lines beyond their outer knots."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mtl.evaluate.arrays import FloatArray, numbers

KNOT_QUANTILES = {
    3: (0.10, 0.50, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.50, 0.725, 0.95),
}
"""Where the knots lie (Harrell, Regression Modeling Strategies, table 2.3)."""


def knots_of(x: ArrayLike, n_knots: int) -> FloatArray:
    """Return the distinct knots of `x` (n,) at Harrell's quantiles: fewer than `n_knots` where values are
    tied.
    """
    if n_knots not in KNOT_QUANTILES:
        raise ValueError(f"n_knots is {n_knots}: give one of {', '.join(map(str, KNOT_QUANTILES))}")
    return np.unique(np.quantile(numbers(x, "x"), KNOT_QUANTILES[n_knots]))


def restricted_cubic_spline(x: ArrayLike, knots: ArrayLike) -> FloatArray:
    """Return the columns (n, k - 1): x itself and k - 2 cubic terms, on the scale of x (Harrell's
    normalisation).

    With fewer than three knots only x is returned.

    >>> restricted_cubic_spline([0, 1, 2, 3], [0, 1, 2]).tolist()
    [[0.0, 0.0], [1.0, 0.25], [2.0, 1.5], [3.0, 3.0]]
    """
    values, t = numbers(x, "x"), numbers(knots, "knots")
    columns = [values]
    if len(t) >= 3:
        cubes = np.maximum(values[:, None] - t, 0.0) ** 3
        last = t[-1] - t[-2]
        for j in range(len(t) - 2):
            term = cubes[:, j] - cubes[:, -2] * (t[-1] - t[j]) / last + cubes[:, -1] * (t[-2] - t[j]) / last
            columns.append(term / (t[-1] - t[0]) ** 2)
    return np.stack(columns, axis=1)


def alike(columns: FloatArray, others: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the columns centred and scaled, without those that are constant, and those of other rows (k,) alike.

    Fits do not depend on it, Newton does.
    """
    centre = columns.mean(axis=0)
    centred = columns - centre
    scale = np.sqrt(np.mean(centred**2, axis=0))
    keep = scale > 1e-12 * np.maximum(1.0, np.abs(columns).max(axis=0))
    return (
        np.ascontiguousarray(centred[:, keep] / scale[keep]),
        np.ascontiguousarray((others - centre)[:, keep] / scale[keep]),
    )
