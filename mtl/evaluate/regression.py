"""How close a predicted amount is to the one measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mtl.evaluate.arrays import FloatArray, numbers
from mtl.evaluate.metric import NotEstimable


def r2(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Return 1 - squared error / squared error of the mean: 1 is perfect, 0 no better than the mean, below 0
    worse.

    >>> r2([1, 2, 3], [1, 2, 4])
    0.5
    """
    y, p = _pair(truth, prediction)
    if np.ptp(y) == 0:
        raise NotEstimable(f"the {len(y)} measured values do not vary")
    return float(1.0 - np.sum((y - p) ** 2) / np.sum((y - y.mean()) ** 2))


def rmse(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Return the root of the mean squared error, in the unit of the target.

    >>> rmse([0, 0], [3, 3])
    3.0
    """
    y, p = _pair(truth, prediction)
    return float(np.sqrt(np.mean((y - p) ** 2)))


def mae(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Return the mean absolute error, in the unit of the target.

    >>> mae([0, 0], [3, -1])
    2.0
    """
    y, p = _pair(truth, prediction)
    return float(np.mean(np.abs(y - p)))


def calibration_slope(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Return the least-squares slope of the measured on the predicted value: below 1, predictions are too
    extreme.

    >>> round(calibration_slope([1, 2, 3], [0, 2, 4]), 9)
    0.5
    """
    y, p = _pair(truth, prediction)
    if np.ptp(p) == 0:
        raise NotEstimable("the prediction is the same for every row")
    centred = p - p.mean()
    return float(np.sum(centred * (y - y.mean())) / np.sum(centred**2))


def _pair(truth: ArrayLike, prediction: ArrayLike) -> tuple[FloatArray, FloatArray]:
    y = numbers(truth, "truth")
    return y, numbers(prediction, "prediction", (len(y),))
