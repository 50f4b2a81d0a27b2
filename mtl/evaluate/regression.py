"""How close a predicted amount is to the one measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mtl.evaluate.arrays import FloatArray, numbers
from mtl.evaluate.metric import NotEstimable
from mtl.evaluate.spline import alike, knots_of, restricted_cubic_spline

KNOTS = 4


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


def calibration_intercept(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Return calibration in the large: mean measured less mean predicted value; above 0, predictions are too low.

    >>> round(calibration_intercept([1, 2, 3], [0, 2, 3]), 6)
    0.333333
    """
    y, p = _pair(truth, prediction)
    return float(y.mean() - p.mean())


def calibration_curve_of(truth: ArrayLike, prediction: ArrayLike, at: ArrayLike) -> FloatArray:
    """Return the measured value to be expected at predictions `at` (k,): least squares on a restricted cubic spline.

    Four knots at Harrell's quantiles of the predictions, as for a probability.
    """
    y, p = _pair(truth, prediction)
    knots = knots_of(p, KNOTS)
    columns, wanted = alike(
        restricted_cubic_spline(p, knots), restricted_cubic_spline(numbers(at, "at"), knots)
    )
    beta = np.linalg.lstsq(
        np.einsum("ni,nj->ij", columns, columns), np.einsum("ni,n->i", columns, y - y.mean()), rcond=1e-13
    )[0]
    return np.asarray(y.mean() + (wanted * beta).sum(axis=1), dtype=np.float64)


def ici(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Return the mean distance of predictions from `calibration_curve_of`, in the unit of the target."""
    y, p = _pair(truth, prediction)
    return float(np.mean(np.abs(calibration_curve_of(y, p, p) - p)))


def _pair(truth: ArrayLike, prediction: ArrayLike) -> tuple[FloatArray, FloatArray]:
    y = numbers(truth, "truth")
    return y, numbers(prediction, "prediction", (len(y),))
