"""The curves behind two areas: sensitivity against false positives, precision against sensitivity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mtl.evaluate.arrays import BoolArray, FloatArray, follow_up, numbers, probabilities, zeros_and_ones
from mtl.evaluate.binary import both_classes
from mtl.evaluate.kaplan_meier import KaplanMeier
from mtl.evaluate.metric import NotEstimable
from mtl.evaluate.survival import known_by


@dataclass(frozen=True)
class Ranking:
    """What follows from flagging everybody at or above each distinct score, from the highest down.

    Attributes
    ----------
    cutoff : (k,)
    sensitivity : (k,)
        Share of the events that are flagged.
    false_positive : (k,)
        Share of the non-events that are flagged.
    precision : (k,)
        Share of the flagged that are events.
    """

    cutoff: FloatArray
    sensitivity: FloatArray
    false_positive: FloatArray
    precision: FloatArray

    @property
    def area(self) -> float:
        """The area under sensitivity against false positives, by the trapezium rule from the origin."""
        return float(np.trapezoid(np.append(0.0, self.sensitivity), np.append(0.0, self.false_positive)))


def ranking(truth: ArrayLike, score: ArrayLike) -> Ranking:
    """Return the curves of a score for an event: truth (n,) 0/1, score (n,).

    Raises NotEstimable when only one class occurs.

    >>> found = ranking([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> found.sensitivity.tolist(), found.false_positive.tolist()
    ([0.5, 0.5, 1.0, 1.0], [0.0, 0.5, 0.5, 1.0])
    >>> found.area
    0.75
    """
    y = zeros_and_ones(truth, "truth")
    both_classes(y)
    return _ranking(numbers(score, "score", (len(y),)), y, ~y, np.ones(len(y)))


def ranking_at(
    time: ArrayLike, event: ArrayLike, risk: ArrayLike, horizon: float, censoring: KaplanMeier | None = None
) -> Ranking:
    """Return the curves of a risk for the event by `horizon` (years): events by then against those free of it.

    Everybody whose status is known weighs the inverse of the probability of being uncensored, as in
    :func:`mtl.evaluate.survival.auroc_at`, whose area this is. Raises NotEstimable without events or without anybody
    known to be free of it.
    """
    t, d = follow_up(time, event)
    p = probabilities(risk, "risk", (len(t),))
    status = known_by(t, d, horizon, censoring)
    if not status.case.any() or not status.control.any():
        raise NotEstimable(f"no events by {horizon:g} years, or nobody is known to be free of the event then")
    known = status.case | status.control
    return _ranking(p[known], status.case[known], status.control[known], status.weight[known])


def _ranking(score: FloatArray, case: BoolArray, control: BoolArray, weight: FloatArray) -> Ranking:
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    last = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    hits = np.cumsum(np.where(case, weight, 0.0)[order])[last]
    misses = np.cumsum(np.where(control, weight, 0.0)[order])[last]
    return Ranking(ordered[last], hits / hits[-1], misses / misses[-1], hits / (hits + misses))


def thinned(x: FloatArray, y: FloatArray, most: int = 200) -> list[int]:
    """Return which points of a curve to draw: its ends and others evenly along its length, at most `most`.

    Only for drawing: no rate may be read from what is left.

    >>> thinned(np.linspace(0, 1, 101), np.linspace(0, 1, 101), most=3)
    [0, 50, 100]
    """
    if len(x) <= most:
        return list(range(len(x)))
    length = np.append(0.0, np.cumsum(np.hypot(np.diff(x), np.diff(y))))
    wanted = np.linspace(0.0, length[-1], most)
    kept = {int(i) for i in np.searchsorted(length, wanted - 1e-12)}
    return sorted(min(i, len(x) - 1) for i in kept | {0, len(x) - 1})
