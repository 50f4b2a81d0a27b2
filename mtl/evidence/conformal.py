"""Conformal prediction from predictions that did not see the patient: sets of classes, ranges of amounts.

A set holds every class whose probability reaches a threshold: the least ambiguous set-valued classifier, whose sets
are the smallest on average among all that hold the truth as often (LAC; Sadinle, Lei and Wasserman, JASA 2019). Its
threshold is a quantile of 1 - p(truth) over patients whom the predictor had not seen, fold by fold (cross-conformal;
Vovk, Ann Math Artif Intell 2015). One threshold a class instead (their class-conditional form) holds the truth as
often among the patients of every class. A set that would be empty holds the likeliest class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl.evaluate.arrays import BoolArray, FloatArray, IntArray

LEVEL = 0.90
ROUNDING = 1e-12  # by which a probability may miss its own threshold


@dataclass(frozen=True)
class Calibration:
    """Patients whose outcome is known and whom their predictor had not seen.

    Attributes
    ----------
    score : (n,)
        1 - p(truth), or the distance of an amount from its prediction.
    label : (n,)
        The class; 0 throughout for an amount.
    fold : (n,)
        The fold in which each was held out.
    weight : (n,)
        How many patients each stands for: inverse probabilities of censoring, else 1.
    """

    score: FloatArray
    label: IntArray
    fold: IntArray
    weight: FloatArray

    def limits(self, apart_from: int | None, classes: int | None, level: float = LEVEL) -> FloatArray:
        """The quantile of the scores of all folds but one: (1,), or one a class where `classes` is given."""
        kept = np.ones(len(self.score), dtype=bool) if apart_from is None else self.fold != apart_from
        parts = [kept] if classes is None else [kept & (self.label == c) for c in range(classes)]
        return np.array([quantile(self.score[part], level, self.weight[part]) for part in parts])


def quantile(scores: FloatArray, level: float = LEVEL, weight: FloatArray | None = None) -> float:
    """The smallest score that the next patient's stays below with probability `level`; infinite where too few are known.

    The ceil(level (n + 1))-th smallest; with weights the next patient weighs as much as these do on average.

    >>> quantile(np.arange(1.0, 20.0)), quantile(np.arange(1.0, 9.0))
    (18.0, inf)
    """
    if not len(scores):
        return float("inf")
    weights = np.ones(len(scores)) if weight is None else weight
    order = np.argsort(scores, kind="stable")
    reached = np.cumsum(weights[order])
    needed = level * (reached[-1] + weights.mean())
    place = int(np.searchsorted(reached, needed * (1 - ROUNDING), side="left"))
    return float(scores[order][place]) if place < len(scores) else float("inf")


def class_scores(probability: FloatArray, label: IntArray) -> FloatArray:
    """1 - p(truth), (n,)."""
    return np.asarray(1.0 - probability[np.arange(len(label)), label])


def sets(probability: FloatArray, limit: FloatArray) -> BoolArray:
    """(n, C): the classes whose 1 - p does not exceed the limit (1,) or (C,), or each row's own (n, 1), (n, C).

    >>> sets(np.array([[0.7, 0.3], [0.45, 0.55]]), np.array([0.5])).tolist()
    [[True, False], [False, True]]
    """
    held: NDArray[np.bool_] = 1.0 - probability <= limit + ROUNDING
    empty = ~held.any(axis=1)
    held[empty, probability[empty].argmax(axis=1)] = True
    return held
