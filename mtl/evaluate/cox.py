"""A small Cox regression of a few columns, for calibration slopes and curves (not the product's model).

Efron's approximation for tied events and Breslow's baseline, as in R's `survival`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mtl.evaluate.arrays import BoolArray, FloatArray, IntArray, follow_up, numbers
from mtl.evaluate.metric import NotEstimable

MAXIMUM_STEPS = 50
TOLERANCE = 1e-8
SEPARATED = 50.0
"""A log hazard ratio per standard deviation beyond which the likelihood has no maximum."""


@dataclass(frozen=True)
class CoxFit:
    """Coefficients (p,) and the baseline cumulative hazard at the distinct event times, for columns all 0."""

    coefficients: FloatArray
    times: FloatArray
    cumulative_hazard: FloatArray

    def hazard_by(self, time: float) -> float:
        """Return the baseline cumulative hazard up to and including `time`."""
        steps = int(np.searchsorted(self.times, time, "right"))
        return float(self.cumulative_hazard[steps - 1]) if steps else 0.0


@dataclass(frozen=True)
class _RiskSets:
    """Where, in rows sorted by time, events lie and risk sets begin."""

    order: IntArray
    events: IntArray
    """Sorted-row numbers of the events (e,)."""
    group: IntArray
    """Which distinct event time each event has (e,)."""
    first: IntArray
    """The first event of each distinct event time, in `events` (g,)."""
    start: IntArray
    """The first sorted row of each risk set (g,)."""
    share: FloatArray
    """Efron's l/d of each event: the share of the tied events taken out of the risk set (e,)."""
    times: FloatArray

    @staticmethod
    def of(time: FloatArray, event: BoolArray) -> _RiskSets:
        order = np.argsort(time, kind="stable")
        ordered, events = time[order], np.flatnonzero(event[order])
        times, first, group, tied = np.unique(
            ordered[events], return_index=True, return_inverse=True, return_counts=True
        )
        share = (np.arange(len(events)) - first[group]) / tied[group]
        return _RiskSets(order, events, group, first, np.searchsorted(ordered, times, "left"), share, times)

    def sums(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return totals of `values` (q, n), in sorted order, over risk sets and tied events (q, g)."""
        later = np.cumsum(values[:, ::-1], axis=1)[:, ::-1]
        return later[:, self.start], np.add.reduceat(values[:, self.events], self.first, axis=1)


def cox_regression(time: ArrayLike, event: ArrayLike, columns: ArrayLike) -> CoxFit:
    """Return the maximum partial likelihood fit of `columns` (n, p), times in years.

    Raises NotEstimable without events, or when the likelihood has no maximum (the columns order the events
    perfectly).

    >>> fit = cox_regression([1, 2, 3, 4], [1, 1, 1, 0], [[0.0], [1.0], [0.0], [1.0]])
    >>> fit.coefficients.round(4).tolist(), fit.times.tolist()
    ([-0.9406], [1.0, 2.0, 3.0])
    """
    t, d = follow_up(time, event)
    x = numbers(columns, "columns", (len(t), None))
    if not d.any():
        raise NotEstimable(f"no events among the {len(t)} rows")
    centre, scale = x.mean(axis=0), x.std(axis=0)
    if (scale <= 1e-12 * np.maximum(1.0, np.abs(centre))).any():
        raise NotEstimable("the prediction is the same for every row")
    sets = _RiskSets.of(t, d)
    # One row a column: sums over risk sets run along memory.
    z = np.ascontiguousarray(((x - centre) / scale)[sets.order].T)
    beta = _newton(sets, z)
    at_risk, _ = sets.sums(np.exp(_margin(z, beta))[None, :])
    coefficients = beta / scale
    steps = np.bincount(sets.group) / at_risk[0] * np.exp(-float(np.sum(centre * coefficients)))
    return CoxFit(coefficients, sets.times, np.cumsum(steps))


def _newton(sets: _RiskSets, z: FloatArray) -> FloatArray:
    beta = np.zeros(len(z))
    value, gradient, hessian = _partial_likelihood(sets, z, beta)
    for _ in range(MAXIMUM_STEPS):
        step = np.linalg.lstsq(hessian, gradient, rcond=1e-13)[0]
        size = 1.0
        following = _partial_likelihood(sets, z, beta + step)
        while not following[0] >= value - 1e-9 * abs(value) and size > 1e-6:
            size /= 2.0
            following = _partial_likelihood(sets, z, beta + size * step)
        beta = beta + size * step
        value, gradient, hessian = following
        if np.abs(beta).max() > SEPARATED:
            break
        if np.abs(step).max() < TOLERANCE * (1.0 + np.abs(beta).max()):
            return np.asarray(beta, dtype=np.float64)
    raise NotEstimable("the predictions order the events perfectly: the slope has no limit")


def _margin(z: FloatArray, beta: FloatArray) -> FloatArray:
    return np.asarray(sum(row * b for row, b in zip(z, beta, strict=True)), dtype=np.float64)


def _partial_likelihood(
    sets: _RiskSets, z: FloatArray, beta: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Return the log partial likelihood, its gradient (p,) and minus its Hessian (p, p)."""
    p = len(z)
    margin = _margin(z, beta)
    top = margin.max()
    relative = np.exp(margin - top)
    upper = [(i, j) for i in range(p) for j in range(i, p)]
    moments = np.stack(
        [relative, *(relative * row for row in z), *(relative * z[i] * z[j] for i, j in upper)]
    )
    at_risk, tied = sets.sums(moments)
    events = at_risk[:, sets.group]
    if sets.share.any():
        events = events - sets.share * tied[:, sets.group]
    mean = events[1 : p + 1] / events[0]
    hessian = np.empty((p, p))
    for (i, j), moment in zip(upper, events[p + 1 :], strict=True):
        hessian[i, j] = hessian[j, i] = np.sum(moment / events[0] - mean[i] * mean[j])
    value = float(np.sum(margin[sets.events] - top - np.log(events[0])))
    return value, (z[:, sets.events] - mean).sum(axis=1), hessian
