"""Paired differences over the folds of a cross-validation, with intervals that know folds share their training rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t


@dataclass(frozen=True)
class Difference:
    """A mean with its 95 % interval; no limits where there is a single fold."""

    mean: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.low is None:
            return f"{self.mean:+.4f}"
        return f"{self.mean:+.4f} [{self.low:+.4f}, {self.high:+.4f}]"


def paired(differences: np.ndarray, folds: int) -> Difference:
    """Mean of one difference a fold (or a fold and draw), corrected t interval.

    The variance of the mean is inflated by 1 / (folds - 1), the ratio of held-out to training rows (Nadeau and Bengio,
    Machine Learning 2003;52:239).
    """
    n, mean = len(differences), float(np.mean(differences))
    if n < 2:
        return Difference(mean, None, None)
    half = t.ppf(0.975, n - 1) * np.sqrt((1 / n + 1 / (folds - 1)) * np.var(differences, ddof=1))
    return Difference(mean, mean - float(half), mean + float(half))
