"""How well a probability of one event separates and how far it is from what happened."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mtl.evaluate.arrays import SMALLEST, BoolArray, FloatArray, probabilities, zeros_and_ones
from mtl.evaluate.metric import NotEstimable


def auroc(truth: ArrayLike, score: ArrayLike) -> float:
    """Return the area under the ROC curve: the chance that an event scores above a non-event, ties counting
    half.

    truth (n,) 0/1; score (n,), any monotone scale. Raises NotEstimable when only one class occurs.

    >>> auroc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    y = zeros_and_ones(truth, "truth")
    values = np.asarray(score, dtype=np.float64)
    if values.shape != y.shape or np.isnan(values).any():
        raise ValueError(f"score must hold {len(y)} values without NaN, one for each row of truth")
    both_classes(y)
    return separation(values[y], values[~y])


def separation(above: FloatArray, below: FloatArray, weight: FloatArray | None = None) -> float:
    """Return the chance that a value of `above` (weighted) exceeds one of `below`, ties counting half."""
    ordered = np.sort(below)
    wins = np.searchsorted(ordered, above, "left") + np.searchsorted(ordered, above, "right")
    if weight is None:
        return float(wins.sum() / (2.0 * len(above) * len(below)))
    return float((weight * wins).sum() / (2.0 * weight.sum() * len(below)))


def average_precision(truth: ArrayLike, probability: ArrayLike) -> float:
    """Return average precision: the sum over thresholds of precision times the gain in recall, without
    interpolation.

    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    """
    y, p = _pair(truth, probability)
    if not y.any():
        raise NotEstimable("no event among the labelled rows")
    order = np.argsort(-p, kind="stable")
    hits = np.cumsum(y[order])
    threshold = np.append(np.flatnonzero(np.diff(p[order])), len(p) - 1)
    hits_at = hits[threshold].astype(np.float64)
    return float((np.diff(hits_at, prepend=0.0) * hits_at / (threshold + 1)).sum() / hits_at[-1])


def log_loss(truth: ArrayLike, probability: ArrayLike) -> float:
    """Return the mean negative log likelihood per row (natural logarithm).

    >>> round(log_loss([0, 1], [0.5, 0.5]), 4)
    0.6931
    """
    y, p = _pair(truth, probability)
    p = np.clip(p, SMALLEST, 1 - SMALLEST)
    return float(-np.mean(np.where(y, np.log(p), np.log1p(-p))))


def brier(truth: ArrayLike, probability: ArrayLike) -> float:
    """Return the mean squared distance between the probability and what happened.

    >>> brier([0, 1], [0.5, 0.5])
    0.25
    """
    y, p = _pair(truth, probability)
    return float(np.mean((p - y) ** 2))


def scaled_brier(truth: ArrayLike, probability: ArrayLike) -> float:
    """Return 1 - Brier / Brier of the prevalence: 1 is perfect, 0 no better than the prevalence (Steyerberg
    2010).

    >>> scaled_brier([0, 1], [0.5, 0.5])
    0.0
    """
    y, p = _pair(truth, probability)
    both_classes(y)
    prevalence = y.mean()
    return float(1.0 - np.mean((p - y) ** 2) / (prevalence * (1.0 - prevalence)))


def accuracy(truth: ArrayLike, probability: ArrayLike, threshold: float = 0.5) -> float:
    """Return the share of rows on the right side of `threshold` (an improper score: never rank models by it).

    >>> accuracy([0, 1, 1], [0.2, 0.7, 0.4])
    0.6666666666666666
    """
    y, p = _pair(truth, probability)
    return float(np.mean((p > threshold) == y))


def both_classes(y: BoolArray) -> None:
    """Raise NotEstimable unless events and non-events both occur."""
    if y.all() or not y.any():
        raise NotEstimable(f"only one class among the {len(y)} labelled rows")


def _pair(truth: ArrayLike, probability: ArrayLike) -> tuple[BoolArray, FloatArray]:
    y = zeros_and_ones(truth, "truth")
    return y, probabilities(probability, "probability", (len(y),))
