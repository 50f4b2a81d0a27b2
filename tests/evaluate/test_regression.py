"""Regression metrics against scikit-learn and least squares."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn import metrics as peer

from mtl.evaluate import NotEstimable, regression
from mtl.evaluate.spline import knots_of, restricted_cubic_spline


def test_equals_scikit_learn() -> None:
    rng = np.random.default_rng(7)
    y = rng.normal(50, 9, 300)
    p = 0.7 * y + rng.normal(0, 5, 300)
    assert regression.r2(y, p) == pytest.approx(peer.r2_score(y, p), abs=1e-12)
    assert regression.rmse(y, p) == pytest.approx(peer.root_mean_squared_error(y, p), abs=1e-12)
    assert regression.mae(y, p) == pytest.approx(peer.mean_absolute_error(y, p), abs=1e-12)
    assert regression.calibration_slope(y, p) == pytest.approx(np.polyfit(p, y, 1)[0], abs=1e-9)


def test_constants_have_no_slope_and_no_r2() -> None:
    with pytest.raises(NotEstimable, match="do not vary"):
        regression.r2([2, 2, 2], [1, 2, 3])
    with pytest.raises(NotEstimable, match="same for every row"):
        regression.calibration_slope([1, 2, 3], [2, 2, 2])


def test_calibration_in_the_large_and_ici_against_statsmodels() -> None:
    rng = np.random.default_rng(5)
    p = rng.normal(10, 3, 250)
    y = 0.5 + p + 0.02 * (p - 10) ** 2 + rng.normal(size=250)
    assert regression.calibration_intercept(y, p) == pytest.approx(
        sm.OLS(y - p, np.ones(250)).fit().params[0], abs=1e-9
    )
    columns = sm.add_constant(restricted_cubic_spline(p, knots_of(p, 4)))
    fitted = sm.OLS(y, columns).fit()
    assert regression.ici(y, p) == pytest.approx(np.mean(np.abs(fitted.fittedvalues - p)), abs=1e-8)
    at = np.array([6.0, 11.0])
    wanted = sm.add_constant(restricted_cubic_spline(at, knots_of(p, 4)), has_constant="add")
    np.testing.assert_allclose(regression.calibration_curve_of(y, p, at), fitted.predict(wanted), atol=1e-8)
