"""Whether predicted risks mean what they say: intercept, slope, distance from a smooth calibration curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mtl.evaluate.arrays import (
    SMALLEST,
    BoolArray,
    FloatArray,
    follow_up,
    numbers,
    probabilities,
    zeros_and_ones,
)
from mtl.evaluate.binary import both_classes
from mtl.evaluate.cox import cox_regression
from mtl.evaluate.metric import NotEstimable
from mtl.evaluate.spline import alike, knots_of, restricted_cubic_spline

MAXIMUM_STEPS = 100
BINARY_KNOTS = 4
SURVIVAL_KNOTS = 3


def calibration_slope(truth: ArrayLike, probability: ArrayLike) -> float:
    """Return the logistic slope of what happened on the logit of the prediction: below 1, risks are too
    extreme.

    truth (n,) 0/1; probability (n,). Raises NotEstimable for one class, a constant prediction, or perfect
    separation.
    """
    y, logit = _labels_and_logits(truth, probability)
    if np.ptp(logit) == 0:
        raise NotEstimable("the prediction is the same for every row")
    scale = float(logit.std())
    if logit[y].min() >= logit[~y].max() or logit[y].max() <= logit[~y].min():
        raise NotEstimable("the predictions separate the classes perfectly: the slope has no limit")
    design = np.stack([np.ones(len(y)), (logit - logit.mean()) / scale], axis=1)
    return float(_logistic(design, y)[1]) / scale


def calibration_intercept(truth: ArrayLike, probability: ArrayLike) -> float:
    """Return calibration-in-the-large: the logistic intercept with the slope fixed at 1; above 0, risks are
    too low.

    >>> round(calibration_intercept([0, 1], [0.5, 0.5]), 12)
    0.0
    """
    y, logit = _labels_and_logits(truth, probability)
    return float(_logistic(np.ones((len(y), 1)), y, offset=logit)[0])


def calibration_curve(truth: ArrayLike, probability: ArrayLike, n_knots: int = BINARY_KNOTS) -> FloatArray:
    """Return the observed risk (n,) at each prediction: logistic regression on a restricted cubic spline of
    its logit.

    Four knots at Harrell's quantiles (a straight line where ties leave fewer than three).
    """
    return calibration_curve_of(truth, probability, probability, n_knots)


def calibration_curve_of(
    truth: ArrayLike, probability: ArrayLike, at: ArrayLike, n_knots: int = BINARY_KNOTS
) -> FloatArray:
    """Return `calibration_curve` at predictions `at` (k,) instead of at the rows' own."""
    y, logit = _labels_and_logits(truth, probability)
    knots = knots_of(logit, n_knots)
    columns, wanted = alike(
        restricted_cubic_spline(logit, knots),
        restricted_cubic_spline(_logit(probabilities(at, "at")), knots),
    )
    design = np.concatenate([np.ones((len(y), 1)), columns], axis=1)
    beta = _logistic(design, y)
    return _inverse_logit(beta[0] + (wanted * beta[1:]).sum(axis=1))


def ici(truth: ArrayLike, probability: ArrayLike) -> float:
    """Return the integrated calibration index: the mean distance of predictions from `calibration_curve`.

    Austin and Steyerberg (Statistics in Medicine 2019), with a restricted cubic spline in place of loess.
    """
    p = probabilities(probability, "probability")
    return float(np.mean(np.abs(calibration_curve(truth, p) - p)))


def cox_calibration_slope(time: ArrayLike, event: ArrayLike, log_hazard: ArrayLike) -> float:
    """Return the Cox coefficient of the predicted log hazard (Efron ties): below 1, predictions are too
    extreme.

    time (n,) years; event (n,) 0/1; log_hazard (n,). Raises NotEstimable without events or for a constant
    prediction.
    """
    score = numbers(log_hazard, "log_hazard")
    return float(cox_regression(time, event, score[:, None]).coefficients[0])


def calibration_curve_at(
    time: ArrayLike, event: ArrayLike, risk: ArrayLike, horizon: float, n_knots: int = SURVIVAL_KNOTS
) -> FloatArray:
    """Return the observed risk (n,) by `horizon` (years) at each predicted one.

    Cox regression on a restricted cubic spline, three knots, of log(-log(1 - risk)); all follow-up is used
    (Austin, Harrell and van Klaveren, Statistics in Medicine 2020). A constant prediction gives the Breslow
    risk of everybody.
    """
    return calibration_curve_at_of(time, event, risk, horizon, risk, n_knots)


def calibration_curve_at_of(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    horizon: float,
    at: ArrayLike,
    n_knots: int = SURVIVAL_KNOTS,
) -> FloatArray:
    """Return `calibration_curve_at` at predicted risks `at` (k,) instead of at the rows' own."""
    t, d = follow_up(time, event)
    p = probabilities(risk, "risk", (len(t),))
    wanted = probabilities(at, "at")
    if not (d & (t <= horizon)).any():
        raise NotEstimable(f"no events by {horizon:g} years")
    scale, wanted_scale = _log_minus_log(p), _log_minus_log(wanted)
    knots = knots_of(scale, n_knots)
    columns, others = alike(
        restricted_cubic_spline(scale, knots), restricted_cubic_spline(wanted_scale, knots)
    )
    if columns.shape[1] == 0:
        steps = 1.0 / (len(t) - np.searchsorted(np.sort(t), t[d & (t <= horizon)], "left"))
        return np.full(len(wanted), -np.expm1(-float(steps.sum())))
    fit = cox_regression(t, d, columns)
    hazard = fit.hazard_by(horizon) * np.exp((others * fit.coefficients).sum(axis=1))
    return np.asarray(-np.expm1(-hazard), dtype=np.float64)


def ici_at(time: ArrayLike, event: ArrayLike, risk: ArrayLike, horizon: float) -> float:
    """Return the integrated calibration index by `horizon` (years): the mean distance from
    `calibration_curve_at`.
    """
    p = probabilities(risk, "risk")
    return float(np.mean(np.abs(calibration_curve_at(time, event, p, horizon) - p)))


def _labels_and_logits(truth: ArrayLike, probability: ArrayLike) -> tuple[BoolArray, FloatArray]:
    y = zeros_and_ones(truth, "truth")
    p = probabilities(probability, "probability", (len(y),))
    both_classes(y)
    return y, _logit(p)


def _logit(probability: FloatArray) -> FloatArray:
    p = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)


def _log_minus_log(risk: FloatArray) -> FloatArray:
    return np.asarray(np.log(-np.log1p(-np.clip(risk, SMALLEST, 1 - SMALLEST))), dtype=np.float64)


def _inverse_logit(margin: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * margin)), dtype=np.float64)


def _deviance(margin: FloatArray, y: BoolArray) -> float:
    return float(np.sum(np.logaddexp(0.0, margin) - np.where(y, margin, 0.0)))


def _logistic(design: FloatArray, y: BoolArray, offset: FloatArray | None = None) -> FloatArray:
    """Return maximum likelihood coefficients by Newton's method with step halving.

    Where the likelihood has no maximum (separation) the fitted risks still have a limit, and the coefficients
    that reach it to rounding are returned. einsum, not BLAS: the result may not depend on the number of
    threads.
    """
    base = np.zeros(len(y)) if offset is None else offset
    beta = np.zeros(design.shape[1])
    margin = base.copy()
    value = _deviance(margin, y)
    for _ in range(MAXIMUM_STEPS):
        p = _inverse_logit(margin)
        gradient = np.einsum("ni,n->i", design, y - p)
        hessian = np.einsum("ni,nj->ij", design * (p * (1.0 - p))[:, None], design)
        step = np.linalg.lstsq(hessian, gradient, rcond=1e-13)[0]
        size = 1.0
        while True:
            trial = beta + size * step
            margin = base + (design * trial).sum(axis=1)
            following = _deviance(margin, y)
            if following <= value + 1e-12 * abs(value) or size < 1e-8:
                break
            size /= 2.0
        settled = np.abs(size * step).max() < 1e-10 * (1.0 + np.abs(beta).max())
        beta, value = trial, min(value, following)
        if settled or value < 1e-9 or np.abs(beta).max() > 1e3:
            break
    return np.asarray(beta, dtype=np.float64)
