"""Kaplan-Meier curves against lifelines and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines import KaplanMeierFitter

from mtl.evaluate import censoring_kaplan_meier, kaplan_meier


def test_curve_and_interval_equal_lifelines(followed) -> None:
    peer = KaplanMeierFitter().fit(followed.time, followed.event)
    curve = kaplan_meier(followed.time, followed.event)
    grid = np.linspace(0, followed.time.max(), 60)
    np.testing.assert_allclose(curve.at(grid), peer.survival_function_at_times(grid), atol=1e-9)
    limits = peer.confidence_interval_survival_function_
    at = limits.index.to_numpy()
    known = (curve.at(at) > 0) & (curve.at(at) < 1)
    low, high = curve.interval_at(at)
    np.testing.assert_allclose(low[known], limits.iloc[:, 0].to_numpy()[known], atol=1e-9)
    np.testing.assert_allclose(high[known], limits.iloc[:, 1].to_numpy()[known], atol=1e-9)


def test_censoring_curve_equals_scikit_survival(followed) -> None:
    from sksurv.nonparametric import kaplan_meier_estimator

    times, share = kaplan_meier_estimator(followed.event.astype(bool), followed.time, reverse=True)
    np.testing.assert_allclose(
        censoring_kaplan_meier(followed.time, followed.event).at(times), share, atol=1e-12
    )


def test_by_hand() -> None:
    curve = kaplan_meier([1, 2, 2, 3, 4], [1, 1, 0, 1, 0])
    np.testing.assert_allclose(curve.at([0.5, 1, 2, 2.5, 3, 4]), [1, 0.8, 0.6, 0.6, 0.3, 0.3])
    np.testing.assert_allclose(curve.before([1, 2, 3]), [1, 0.8, 0.6])
    np.testing.assert_array_equal(curve.n_at_risk([0, 1, 1.5, 2, 4, 5]), [5, 5, 4, 4, 1, 0])
    assert np.isnan(curve.at(4.5))


def test_everybody_dead_is_zero_for_ever_and_has_no_interval() -> None:
    curve = kaplan_meier([1, 2], [1, 1])
    assert curve.at(9) == 0
    assert np.isnan(curve.interval_at(2)[0])


def test_no_events_is_one() -> None:
    curve = kaplan_meier([1, 2], [0, 0])
    np.testing.assert_array_equal(curve.at([1, 2]), [1, 1])
    np.testing.assert_array_equal(curve.interval_at([1, 2]), [[1, 1], [1, 1]])


def test_negative_time_is_refused() -> None:
    with pytest.raises(ValueError, match="time is -1 in row 1"):
        kaplan_meier([1, -1], [0, 1])
