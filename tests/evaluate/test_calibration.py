"""Calibration against statsmodels and lifelines."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifelines import CoxPHFitter
from sklearn.linear_model import LogisticRegression

from mtl.evaluate import NotEstimable, calibration
from mtl.evaluate.cox import cox_regression
from mtl.evaluate.spline import knots_of, restricted_cubic_spline

from .conftest import HORIZONS


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    logit = rng.normal(-0.5, 1.2, 600)
    y = (rng.random(600) < 1 / (1 + np.exp(-(0.4 + 0.7 * logit)))).astype(float)
    return y, 1 / (1 + np.exp(-logit))


def logit(p: np.ndarray) -> np.ndarray:
    return np.log(p / (1 - p))


def logistic(y: np.ndarray, design: np.ndarray, offset: np.ndarray | None = None):
    return sm.GLM(y, design, family=sm.families.Binomial(), offset=offset).fit(tol=1e-12)


def test_binary_slope_and_intercept_equal_statsmodels(pair) -> None:
    y, p = pair
    slope = logistic(y, sm.add_constant(logit(p))).params[1]
    intercept = logistic(y, np.ones((len(y), 1)), offset=logit(p)).params[0]
    assert calibration.calibration_slope(y, p) == pytest.approx(slope, abs=1e-6)
    assert calibration.calibration_intercept(y, p) == pytest.approx(intercept, abs=1e-6)


def test_binary_ici_equals_statsmodels_on_the_same_spline(pair) -> None:
    y, p = pair
    x = logit(p)
    basis = restricted_cubic_spline(x, np.quantile(x, [0.05, 0.35, 0.65, 0.95]))
    curve = logistic(y, sm.add_constant(basis)).fittedvalues
    np.testing.assert_allclose(calibration.calibration_curve(y, p), curve, atol=1e-6)
    assert calibration.ici(y, p) == pytest.approx(np.mean(np.abs(curve - p)), abs=1e-6)


def test_a_model_is_calibrated_on_its_own_training_rows() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(400, 3))
    y = (rng.random(400) < 1 / (1 + np.exp(-x[:, 0]))).astype(int)
    p = LogisticRegression(C=np.inf, tol=1e-10).fit(x, y).predict_proba(x)[:, 1]
    assert calibration.calibration_slope(y, p) == pytest.approx(1, abs=1e-4)
    assert calibration.calibration_intercept(y, p) == pytest.approx(0, abs=1e-4)


def test_constant_prediction_is_off_by_the_prevalence() -> None:
    y = np.repeat([0.0, 1.0], [30, 10])
    assert calibration.ici(y, np.full(40, 0.4)) == pytest.approx(0.15, abs=1e-9)
    assert calibration.calibration_intercept(y, np.full(40, 0.5)) == pytest.approx(np.log(1 / 3), abs=1e-9)
    with pytest.raises(NotEstimable, match="same for every row"):
        calibration.calibration_slope(y, np.full(40, 0.4))


def test_perfect_separation_has_no_slope_but_a_curve() -> None:
    y = np.repeat([0.0, 1.0], 20)
    p = np.concatenate([np.linspace(0.1, 0.3, 20), np.linspace(0.6, 0.9, 20)])
    for prediction in (p, 1 - p):
        with pytest.raises(NotEstimable, match="separate the classes perfectly"):
            calibration.calibration_slope(y, prediction)
    assert calibration.ici(y, p) == pytest.approx(np.mean(np.abs(y - p)), abs=1e-4)


def test_probabilities_of_zero_and_one_are_accepted(pair) -> None:
    y, p = pair
    p[:5] = [0, 1, 0, 1, 0]
    for metric in (calibration.calibration_slope, calibration.calibration_intercept, calibration.ici):
        assert np.isfinite(metric(y, p))


@pytest.mark.parametrize("metric", ["calibration_slope", "calibration_intercept", "ici"])
def test_one_class(metric: str) -> None:
    with pytest.raises(NotEstimable, match="only one class"):
        getattr(calibration, metric)(np.ones(30), np.linspace(0.1, 0.9, 30))


def test_cox_slope_and_baseline_equal_lifelines(followed) -> None:
    frame = pd.DataFrame({"t": followed.time, "d": followed.event, "x": followed.log_hazard})
    peer = CoxPHFitter().fit(frame, "t", "d", fit_options={"precision": 1e-12})
    slope = calibration.cox_calibration_slope(followed.time, followed.event, followed.log_hazard)
    assert slope == pytest.approx(peer.params_["x"], abs=1e-6)
    fit = cox_regression(followed.time, followed.event, followed.log_hazard[:, None])
    hazard = peer.predict_cumulative_hazard(pd.DataFrame({"x": [0.0]})).iloc[:, 0]
    np.testing.assert_allclose([fit.hazard_by(t) for t in hazard.index], hazard.to_numpy(), atol=1e-6)


def test_survival_ici_equals_lifelines(followed) -> None:
    for k, horizon in enumerate(HORIZONS):
        risk = np.clip(followed.risk[:, k], 1e-15, 1 - 1e-15)
        scale = np.log(-np.log1p(-risk))
        basis = restricted_cubic_spline(scale, np.quantile(scale, [0.1, 0.5, 0.9]))
        frame = pd.DataFrame(basis / basis.std(axis=0), columns=["a", "b"])
        peer = CoxPHFitter().fit(
            frame.assign(t=followed.time, d=followed.event), "t", "d", fit_options={"precision": 1e-12}
        )
        # The step function itself: lifelines' own prediction interpolates between event times.
        hazard = peer.baseline_cumulative_hazard_.iloc[:, 0].loc[:horizon].iloc[-1]
        observed = 1 - np.exp(-hazard * peer.predict_partial_hazard(frame).to_numpy())
        curve = calibration.calibration_curve_at(followed.time, followed.event, risk, horizon)
        np.testing.assert_allclose(curve, observed, atol=1e-6)
        ici = calibration.ici_at(followed.time, followed.event, risk, horizon)
        assert ici == pytest.approx(np.mean(np.abs(observed - risk)), abs=1e-6)


def test_survival_constant_prediction() -> None:
    time, event = np.arange(1.0, 6.0), np.array([1, 1, 0, 1, 0])
    observed = 1 - np.exp(-(1 / 5 + 1 / 4))
    assert calibration.ici_at(time, event, np.full(5, 0.5), 3) == pytest.approx(
        abs(observed - 0.5), abs=1e-12
    )
    with pytest.raises(NotEstimable, match="same for every row"):
        calibration.cox_calibration_slope(time, event, np.ones(5))


def test_survival_without_events_or_with_a_perfect_order() -> None:
    time, score = np.arange(1.0, 31.0), -np.arange(1.0, 31.0)
    with pytest.raises(NotEstimable, match="no events"):
        calibration.cox_calibration_slope(time, np.zeros(30), score)
    with pytest.raises(NotEstimable, match="order the events perfectly"):
        calibration.cox_calibration_slope(time, np.ones(30), score)
    with pytest.raises(NotEstimable, match=r"no events by 0\.5 years"):
        calibration.ici_at(time, np.ones(30), np.linspace(0.1, 0.9, 30), 0.5)


def test_spline_is_straight_beyond_the_outer_knots() -> None:
    rng = np.random.default_rng(0)
    knots = knots_of(rng.normal(size=500), 4)
    for end in (knots[0] - np.arange(1.0, 6.0), knots[-1] + np.arange(1.0, 6.0)):
        np.testing.assert_allclose(np.diff(restricted_cubic_spline(end, knots), n=2, axis=0), 0, atol=1e-9)
    assert restricted_cubic_spline([1.0, 2.0], [1.0, 2.0]).shape == (2, 1)
    with pytest.raises(ValueError, match="give one of 3, 4, 5"):
        knots_of([1.0, 2.0], 6)


def test_curves_elsewhere_pass_through_the_curves_of_the_rows() -> None:
    """At the rows' own predictions it is the same curve; between two of them it lies between."""
    rng = np.random.default_rng(8)
    p = rng.beta(2, 3, 300)
    y = (rng.random(300) < p**1.3).astype(float)
    own = calibration.calibration_curve(y, p)
    order = np.argsort(p)
    middle = (p[order][:-1] + p[order][1:]) / 2
    between = calibration.calibration_curve_of(y, p, middle)
    low, high = np.minimum(own[order][:-1], own[order][1:]), np.maximum(own[order][:-1], own[order][1:])
    assert (between >= low - 1e-9).all() and (between <= high + 1e-9).all()
    time, event = rng.exponential(5 / (0.2 + p)), (rng.random(300) < 0.7).astype(float)
    own = calibration.calibration_curve_at(time, event, p, 4.0)
    np.testing.assert_allclose(
        calibration.calibration_curve_at_of(time, event, p, 4.0, p[:9]), own[:9], atol=1e-12
    )
