"""Predicted against observed in groups of like predictions, each with its interval, and the counts behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from mtl.evaluate.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    follow_up,
    numbers,
    probabilities,
    zeros_and_ones,
)
from mtl.evaluate.group import share
from mtl.evaluate.kaplan_meier import kaplan_meier
from mtl.evaluate.risk_groups import quantile_groups

GROUPS = 10
FEWEST = 20
"""Patients that a group must have: where there are not so many, there are fewer groups."""


@dataclass(frozen=True)
class Point:
    """One group: its patients, mean prediction, what was observed with its 95 % interval; None where it cannot be said."""

    n: int
    predicted: float
    observed: float | None
    low: float | None
    high: float | None


def grouped(truth: ArrayLike, probability: ArrayLike, groups: int = GROUPS) -> list[Point]:
    """Return groups by quantiles of the probability: the share with the event, with Wilson's interval.

    >>> [point.observed for point in grouped([0] * 30 + [1] * 30, [0.2] * 30 + [0.7] * 30)]
    [0.0, 1.0]
    """
    y = zeros_and_ones(truth, "truth")
    p = probabilities(probability, "probability", (len(y),))
    points = []
    for rows in _groups(p, groups):
        seen = share(int(y[rows].sum()), len(rows))
        points.append(Point(len(rows), float(p[rows].mean()), seen.share, seen.low, seen.high))
    return points


def grouped_at(
    time: ArrayLike, event: ArrayLike, risk: ArrayLike, horizon: float, groups: int = GROUPS
) -> list[Point]:
    """Return groups by quantiles of the risk: 1 - Kaplan-Meier by `horizon` (years), with its log-log interval."""
    t, d = follow_up(time, event)
    p = probabilities(risk, "risk", (len(t),))
    points = []
    for rows in _groups(p, groups):
        curve = kaplan_meier(t[rows], d[rows])
        observed = 1.0 - float(curve.at(horizon))
        low, high = (1.0 - float(limit) for limit in curve.interval_at(horizon))
        known = np.isfinite([observed, low, high]).all()
        points.append(
            Point(len(rows), float(p[rows].mean()), *((observed, high, low) if known else (None, None, None)))
        )
    return points


def grouped_amounts(truth: ArrayLike, prediction: ArrayLike, groups: int = GROUPS) -> list[Point]:
    """Return groups by quantiles of a predicted amount: the mean measured one, with Student's interval."""
    y = numbers(truth, "truth")
    p = numbers(prediction, "prediction", (len(y),))
    points = []
    for rows in _groups(p, groups):
        mean = float(y[rows].mean())
        half = (
            float(stdtrit(len(rows) - 1, 0.975)) * float(y[rows].std(ddof=1)) / np.sqrt(len(rows))
            if len(rows) > 1
            else np.nan
        )
        known = np.isfinite(half)
        limits = (mean - half, mean + half) if known else (None, None)
        points.append(Point(len(rows), float(p[rows].mean()), mean, *limits))
    return points


def _groups(prediction: FloatArray, groups: int) -> list[IntArray]:
    count = max(1, min(groups, len(prediction) // FEWEST))
    which = quantile_groups(prediction, count)[0]
    return [np.flatnonzero(which == g) for g in np.unique(which)]


@dataclass(frozen=True)
class Counts:
    """How many predictions lie between successive `edges` (b + 1,): of patients with the event, without it, unknown."""

    edges: FloatArray
    events: IntArray
    others: IntArray
    unknown: IntArray


def counts(truth: ArrayLike, probability: ArrayLike, bins: int = 50) -> Counts:
    """Return counts of probabilities by outcome in equal bins from 0 to 1.

    >>> found = counts([0, 1, 1], [0.1, 0.6, 0.9], bins=2)
    >>> found.events.tolist(), found.others.tolist()
    ([0, 2], [1, 0])
    """
    y = zeros_and_ones(truth, "truth")
    p = probabilities(probability, "probability", (len(y),))
    return _counts(p, y, ~y, bins)


def counts_at(time: ArrayLike, event: ArrayLike, risk: ArrayLike, horizon: float, bins: int = 50) -> Counts:
    """Return counts of risks by what is known at `horizon` (years); who is censored before it is "unknown"."""
    t, d = follow_up(time, event)
    p = probabilities(risk, "risk", (len(t),))
    case = d & (t <= horizon)
    return _counts(p, case, ~case & (t >= horizon), bins)


def _counts(p: FloatArray, case: BoolArray, control: BoolArray, bins: int) -> Counts:
    edges = np.linspace(0.0, 1.0, bins + 1)
    place = np.minimum((p * bins).astype(np.int64), bins - 1)

    def count(of: BoolArray) -> IntArray:
        return np.bincount(place[of], minlength=bins).astype(np.int64)

    return Counts(edges, count(case), count(control), count(~case & ~control))
