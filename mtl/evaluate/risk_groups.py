"""Patients divided by their predicted risk: who is in which group, and whether the groups' survival differs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from mtl.evaluate.arrays import FloatArray, IntArray, follow_up, numbers
from mtl.evaluate.metric import NotEstimable


def quantile_groups(risk: ArrayLike, count: int) -> tuple[IntArray, FloatArray]:
    """Return the group of each patient (n,), 0 the lowest risk, and the limits between groups.

    Limits are quantiles of these risks; equal ones fall together, so that there may be fewer groups than `count`.

    >>> groups, limits = quantile_groups([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], 3)
    >>> groups.tolist(), limits.round(3).tolist()
    ([0, 0, 1, 1, 2, 2], [0.267, 0.433])
    """
    p = numbers(risk, "risk")
    limits = np.unique(np.quantile(p, np.arange(1, count) / count))
    limits = limits[(limits > p.min()) & (limits <= p.max())]
    return np.searchsorted(limits, p, side="right").astype(np.int64), limits


@dataclass(frozen=True)
class LogRank:
    """A log-rank test: its statistic, its degrees of freedom, its p-value."""

    statistic: float
    degrees: int
    p_value: float


def log_rank(time: ArrayLike, event: ArrayLike, group: ArrayLike) -> LogRank:
    """Return the log-rank test (Mantel 1966) of the groups (n,) having the same survival.

    Raises NotEstimable without events or with one group.

    >>> found = log_rank([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1])
    >>> round(found.statistic, 4), found.degrees
    (5.0517, 1)
    """
    t, d = follow_up(time, event)
    names, which = np.unique(np.asarray(group), return_inverse=True)
    if len(names) < 2 or not d.any():
        raise NotEstimable("a log-rank test needs two groups and events")
    times = np.unique(t[d])
    k, m = len(names), len(times)
    still = np.searchsorted(times, t, "right")
    left = np.bincount(still * k + which, minlength=(m + 1) * k).reshape(m + 1, k).astype(float)
    at_risk = np.cumsum(left[::-1], axis=0)[::-1][1:]
    fall = np.searchsorted(times, t[d], "left")
    deaths = np.bincount(fall * k + which[d], minlength=m * k).reshape(m, k).astype(float)
    n, events = at_risk.sum(axis=1), deaths.sum(axis=1)
    share = at_risk / n[:, None]
    excess = (deaths - events[:, None] * share).sum(axis=0)
    factor = np.where(n > 1, events * (n - events) / np.maximum(n - 1, 1), 0.0)
    covariance = np.diag((factor[:, None] * share).sum(axis=0)) - np.einsum(
        "m,mi,mj->ij", factor, share, share
    )
    statistic = float(excess[1:] @ np.linalg.pinv(covariance[1:, 1:]) @ excess[1:])
    return LogRank(statistic, k - 1, float(chi2.sf(statistic, k - 1)))
