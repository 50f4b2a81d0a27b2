"""Does sharing hurt a task? Its blend with the shared trees beside the blend without them, fold by fold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from mtl.model.blend import LossOf
from mtl.model.forest import Floats

LEVEL = 0.95


@dataclass(frozen=True)
class Sharing:
    """What the shared trees bring to a task's held-out loss per patient (survival: per event).

    Attributes
    ----------
    gain : float
        Loss without them minus loss with them, both with cross-fitted weights: above 0 they help.
    low, high : float
        95 % interval of the gain.
    """

    gain: float
    low: float
    high: float

    @property
    def hurts(self) -> bool:
        """The whole interval lies below 0: the shared trees leave the blend."""
        return self.high < 0


def compare(loss_of: LossOf, fold: NDArray[np.intp], without: Floats, with_them: Floats) -> Sharing:
    """Compare two cross-fitted margins (n, c) of the same rows.

    Notes
    -----
    The interval is that of the resampled t-test with Nadeau and Bengio's variance, (1/K + 1/(K - 1)) s^2 for K folds:
    the folds' training sets overlap, so their differences are not independent (Machine Learning 52:239, 2003). Without
    two folds that can be judged it is infinitely wide.
    """
    gains = []
    for held in np.unique(fold):
        rows = np.flatnonzero(fold == held)
        loss = loss_of(rows)
        if loss.total:
            gains.append(loss.value(without[rows]) - loss.value(with_them[rows]))
    found = corrected_interval(np.array(gains), LEVEL)
    return Sharing(*found)


def corrected_interval(differences: Floats, level: float) -> tuple[float, float, float]:
    """Mean and limits of K fold-wise differences; see :func:`compare`.

    >>> mean, low, high = corrected_interval(np.array([0.1, 0.2, 0.3, 0.2, 0.2]), 0.95)
    >>> round(mean, 3), round(low, 3), round(high, 3)
    (0.2, 0.068, 0.332)
    """
    k = len(differences)
    mean = float(differences.mean()) if k else 0.0
    if k < 2:
        return mean, -np.inf, np.inf
    spread = np.sqrt((1 / k + 1 / (k - 1)) * differences.var(ddof=1))
    reach = float(student.ppf(0.5 + level / 2, k - 1) * spread)
    return mean, mean - reach, mean + reach
