"""Regression metrics against scikit-learn and least squares."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as peer

from mtl.evaluate import NotEstimable, regression


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
