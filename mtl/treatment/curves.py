"""Survival of two arms over time, as they were and made comparable by weights, on a grid that shows no patient's time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtl.treatment.protocol import FEWEST, Arms, Entry

Floats = NDArray[np.float64]
POINTS = 61


class Curves(Entry):
    """Survival at `years` in both arms, weighted; and how many patients are still followed at whole-numbered `at`."""

    years: tuple[float, ...]
    treated: tuple[float, ...]
    untreated: tuple[float, ...]
    at: tuple[float, ...]
    followed_treated: tuple[int, ...]
    followed_untreated: tuple[int, ...]


def weighted_survival(time: Floats, event: NDArray[np.bool_], weights: Floats, at: Floats) -> Floats:
    """Product-limit survival at times `at` with patients weighted (Xie and Liu, Statistics in Medicine 2005).

    >>> t, e = np.array([1.0, 2, 2, 3, 4]), np.array([1, 1, 0, 1, 0]) == 1
    >>> weighted_survival(t, e, np.ones(5), np.array([0, 1, 2, 3.5])).round(3).tolist()
    [1.0, 0.8, 0.6, 0.3]
    """
    times, group = np.unique(time, return_inverse=True)
    leaving = np.bincount(group, weights, len(times))
    at_risk = np.cumsum(leaving[::-1])[::-1]
    deaths = np.bincount(group, weights * event, len(times))
    survival = np.cumprod(1.0 - np.divide(deaths, at_risk, out=np.zeros_like(deaths), where=at_risk > 0))
    steps = np.searchsorted(times, at, "right")
    return np.asarray(np.concatenate([[1.0], survival])[steps], dtype=np.float64)


def curves(arms: Arms, weights: Floats) -> Curves:
    """Weighted curves of both arms, as far as 20 patients of each are followed."""
    last = min(np.sort(arms.time[arm])[-FEWEST] for arm in (arms.treated, ~arms.treated))
    years = np.linspace(0.0, float(np.floor(10 * last) / 10), POINTS)
    step = max(1.0, np.ceil(years[-1] / 8))
    at = np.arange(0.0, years[-1] + 1e-9, step)
    lines = [
        weighted_survival(arms.time[arm], arms.event[arm], weights[arm], years)
        for arm in (arms.treated, ~arms.treated)
    ]
    followed = [tuple(int((arms.time[arm] >= t).sum()) for t in at) for arm in (arms.treated, ~arms.treated)]
    return Curves(
        years=tuple(years.round(4).tolist()),
        treated=tuple(lines[0].tolist()),
        untreated=tuple(lines[1].tolist()),
        at=tuple(at.tolist()),
        followed_treated=followed[0],
        followed_untreated=followed[1],
    )
