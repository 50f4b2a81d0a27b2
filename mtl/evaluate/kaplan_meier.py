"""The share still free of the event over time, and the share still followed, from right-censored data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from mtl.evaluate.arrays import BoolArray, FloatArray, IntArray, follow_up


@dataclass(frozen=True)
class KaplanMeier:
    """A survival curve: a step function that drops at `times`.

    times (k,) distinct observed times, years, increasing; survival, low, high (k,) just after each of them,
    with the pointwise log-log interval (NaN where survival has reached 0); at_risk (k,) just before; events
    (k,) at that time.
    """

    times: FloatArray
    survival: FloatArray
    low: FloatArray
    high: FloatArray
    at_risk: IntArray
    events: IntArray
    followed: FloatArray
    """All follow-up times, increasing (n,)."""

    def at(self, times: ArrayLike) -> FloatArray:
        """Return S(t) for each time; NaN after the last observation, where the data are silent, unless S is
        0.
        """
        return self._step(self.survival, 1.0, times, "right")

    def before(self, times: ArrayLike) -> FloatArray:
        """Return S(t-), the limit from the left, for each time."""
        return self._step(self.survival, 1.0, times, "left")

    def interval_at(self, times: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return the lower and the upper limit of S(t) for each time."""
        return self._step(self.low, 1.0, times, "right"), self._step(self.high, 1.0, times, "right")

    def n_at_risk(self, times: ArrayLike) -> IntArray:
        """Return how many are followed up to each time or longer."""
        earlier = np.searchsorted(self.followed, np.asarray(times, dtype=np.float64), "left")
        return np.asarray(len(self.followed) - earlier, dtype=np.int64)

    def _step(self, heights: FloatArray, start: float, times: ArrayLike, side: str) -> FloatArray:
        t = np.asarray(times, dtype=np.float64)
        steps = np.searchsorted(self.times, t, "right" if side == "right" else "left")
        value = np.concatenate(([start], heights))[steps]
        silent = (t > self.times[-1]) & (self.survival[-1] > 0)
        return np.asarray(np.where(silent, np.nan, value), dtype=np.float64)


def kaplan_meier(time: ArrayLike, event: ArrayLike, level: float = 0.95) -> KaplanMeier:
    """Return the product-limit estimate with Greenwood's variance and a log-log interval.

    time (n,) years; event (n,) 0 = censored, 1 = event. A censoring at the time of an event counts as just
    after it.

    >>> curve = kaplan_meier([1, 2, 2, 3, 4], [1, 1, 0, 1, 0])
    >>> curve.at([0, 1, 2, 3.5]).round(3).tolist()
    [1.0, 0.8, 0.6, 0.3]
    >>> curve.n_at_risk([0, 2, 3]).tolist()
    [5, 4, 2]
    """
    t, d = follow_up(time, event)
    times, at_risk, events, _ = _table(t, d)
    return _product_limit(np.sort(t), times, at_risk, events, level)


def censoring_kaplan_meier(time: ArrayLike, event: ArrayLike, level: float = 0.95) -> KaplanMeier:
    """Return the reverse Kaplan-Meier: the share not yet censored (its median is the median follow-up).

    At a time with events and censorings the events leave the risk set first, as in `kaplan_meier`.

    >>> censoring_kaplan_meier([1, 2, 2, 3], [1, 1, 0, 0]).at([1, 2]).tolist()
    [1.0, 0.5]
    """
    t, d = follow_up(time, event)
    times, at_risk, events, leaving = _table(t, d)
    return _product_limit(np.sort(t), times, at_risk - events, leaving - events, level)


def _table(time: FloatArray, event: BoolArray) -> tuple[FloatArray, IntArray, IntArray, IntArray]:
    """Return the distinct times, and at each: at risk just before, events, everybody who leaves."""
    times, place, leaving = np.unique(time, return_inverse=True, return_counts=True)
    events = np.bincount(place[event], minlength=len(times)).astype(np.int64)
    at_risk = len(time) - np.cumsum(leaving) + leaving
    return times, at_risk.astype(np.int64), events, leaving.astype(np.int64)


def _product_limit(
    followed: FloatArray, times: FloatArray, at_risk: IntArray, events: IntArray, level: float
) -> KaplanMeier:
    n, d = np.maximum(at_risk, 1).astype(np.float64), events.astype(np.float64)
    survival = np.asarray(np.cumprod(1.0 - d / n), dtype=np.float64)
    some, gone = survival < 1.0, survival <= 0.0
    partial = some & ~gone
    greenwood = np.cumsum(np.divide(d, n * (n - d), out=np.zeros_like(n), where=n > d))
    log_survival = np.log(survival, out=np.full_like(n, -1.0), where=partial)
    spread = ndtri((1 + level) / 2) * np.sqrt(greenwood) / np.abs(log_survival)
    low = np.where(partial, np.exp(log_survival * np.exp(spread)), 1.0)
    high = np.where(partial, np.exp(log_survival * np.exp(-spread)), 1.0)
    low[gone] = high[gone] = np.nan
    return KaplanMeier(times, survival, low, high, at_risk, events, followed)
