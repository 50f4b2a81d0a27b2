"""Curves and cut-offs against scikit-learn, dcurves, lifelines, scikit-survival and brute force."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_curve

from mtl.evaluate import NotEstimable
from mtl.evaluate.cutoffs import COUNTS, RATES, Rates, rate_intervals, rate_intervals_at, rates, rates_at
from mtl.evaluate.risk_groups import log_rank, quantile_groups
from mtl.evaluate.roc import ranking, ranking_at, thinned
from mtl.evaluate.survival import auroc_at

from .conftest import Followed, simulate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import dcurves

CUTOFFS = np.array([0.05, 0.1, 0.2, 0.35, 0.5, 0.6, 0.9])


@pytest.fixture(params=[None, 1], ids=["distinct", "tied"])
def labelled(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    p = rng.beta(2, 3, 300)
    p = p if request.param is None else np.round(p, request.param)
    return (rng.random(300) < p).astype(float), p


def test_roc_and_precision_recall_are_those_of_scikit_learn(labelled: tuple[np.ndarray, np.ndarray]) -> None:
    y, p = labelled
    found = ranking(y, p)
    false_positive, sensitivity, cutoff = roc_curve(y, p, drop_intermediate=False)
    np.testing.assert_allclose(found.false_positive, false_positive[1:], atol=1e-12)
    np.testing.assert_allclose(found.sensitivity, sensitivity[1:], atol=1e-12)
    np.testing.assert_allclose(found.cutoff, cutoff[1:])
    precision, recall, _ = precision_recall_curve(y, p)
    np.testing.assert_allclose(found.precision, precision[:-1][::-1], atol=1e-12)
    np.testing.assert_allclose(found.sensitivity, recall[:-1][::-1], atol=1e-12)


def test_the_area_of_the_censored_curve_is_the_auroc(followed: Followed) -> None:
    found = ranking_at(followed.time, followed.event, followed.risk[:, 1], 3.0)
    expected = auroc_at(followed.time, followed.event, followed.risk[:, 1], 3.0)
    assert found.area == pytest.approx(expected, abs=1e-12)
    assert found.sensitivity[-1] == found.false_positive[-1] == 1.0


def test_one_class_has_no_curve() -> None:
    with pytest.raises(NotEstimable):
        ranking([1, 1], [0.2, 0.3])
    with pytest.raises(NotEstimable):
        ranking_at([1, 2], [0, 0], [0.2, 0.3], 1.5)


def test_thinning_keeps_the_ends_and_every_point_of_a_short_curve() -> None:
    x = np.sort(np.random.default_rng(0).random(1000))
    kept = thinned(x, x**2, 50)
    assert kept[0] == 0 and kept[-1] == 999 and len(kept) <= 51
    assert thinned(x[:30], x[:30], 50) == list(range(30))


def test_rates_are_counted_from_the_raw_predictions(labelled: tuple[np.ndarray, np.ndarray]) -> None:
    y, p = labelled
    found = rates(y, p, CUTOFFS)
    for k, cutoff in enumerate(CUTOFFS):
        tn, fp, fn, tp = confusion_matrix(y, p >= cutoff, labels=[0, 1]).ravel()
        counts = [getattr(found, name)[k] * len(y) for name in COUNTS]
        np.testing.assert_allclose(counts, [tp, fp, fn, tn], atol=1e-9)
        assert found.sensitivity[k] == pytest.approx(tp / (tp + fn), abs=1e-12)
        assert found.specificity[k] == pytest.approx(tn / (tn + fp), abs=1e-12)
        if tp + fp:
            assert found.ppv[k] == pytest.approx(tp / (tp + fp), abs=1e-12)
        else:
            assert np.isnan(found.ppv[k])


def test_net_benefit_is_that_of_dcurves(labelled: tuple[np.ndarray, np.ndarray]) -> None:
    y, p = labelled
    theirs = dcurves.dca(pd.DataFrame({"y": y, "m": p}), "y", ["m"], thresholds=CUTOFFS)
    found = rates(y, p, CUTOFFS)
    np.testing.assert_allclose(found.net_benefit, theirs.loc[theirs.model == "m", "net_benefit"], atol=1e-9)
    np.testing.assert_allclose(found.treat_all, theirs.loc[theirs.model == "all", "net_benefit"], atol=1e-9)


def test_net_benefit_with_censoring_is_that_of_dcurves(followed: Followed) -> None:
    table = pd.DataFrame({"t": followed.time, "d": followed.event, "m": followed.risk[:, 1]})
    theirs = dcurves.dca(table, "d", ["m"], thresholds=CUTOFFS, time=3.0, time_to_outcome_col="t")
    found = rates_at(followed.time, followed.event, followed.risk[:, 1], 3.0, CUTOFFS)
    np.testing.assert_allclose(found.net_benefit, theirs.loc[theirs.model == "m", "net_benefit"], atol=1e-9)
    np.testing.assert_allclose(found.treat_all, theirs.loc[theirs.model == "all", "net_benefit"], atol=1e-9)


def test_predictive_values_with_censoring_are_kaplan_meiers(followed: Followed) -> None:
    risk = followed.risk[:, 1]
    found = rates_at(followed.time, followed.event, risk, 3.0, CUTOFFS)
    for k, cutoff in enumerate(CUTOFFS):
        for chosen, value in ((risk >= cutoff, found.ppv[k]), (risk < cutoff, 1 - found.npv[k])):
            fitted = KaplanMeierFitter().fit(followed.time[chosen], followed.event[chosen])
            if followed.time[chosen].max() < 3:  # the data are silent; lifelines goes on with the last step
                assert np.isnan(value)
            else:
                assert value == pytest.approx(1 - fitted.predict(3.0), abs=1e-9)
    assert np.isfinite(found.ppv).sum() >= 5
    total = sum(getattr(found, name) for name in COUNTS)
    np.testing.assert_allclose(total[np.isfinite(total)], 1.0, atol=1e-12)


def test_without_censoring_both_kinds_of_rates_agree(labelled: tuple[np.ndarray, np.ndarray]) -> None:
    y, p = labelled
    time = np.where(y == 1, 1.0, 9.0)
    one, other = rates(y, p, CUTOFFS), rates_at(time, y, p, 5.0, CUTOFFS)
    for name in RATES:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-12)


def test_a_group_that_is_not_followed_has_no_rates() -> None:
    found = rates_at(
        [1, 2, 2.5, 9, 9, 9], [1, 0, 0, 1, 0, 0], [0.8, 0.7, 0.9, 0.1, 0.2, 0.3], 5.0, [0.5, 0.95]
    )
    assert np.isnan(found.ppv[0]) and not np.isnan(found.npv[0])
    assert found.flagged[1] == 0 and np.isnan(found.ppv[1])


def test_intervals_are_those_of_resampled_rows() -> None:
    """Against the plain way: draw rows, compute the rates of the rows."""
    from mtl.evaluate.intervals import percentile_interval, resampled_rows

    followed = simulate(150, seed=3, decimals=1)
    risk = followed.risk[:, 1]
    found = rate_intervals_at(followed.time, followed.event, risk, 3.0, CUTOFFS[:3], resamples=20)
    y = (followed.time < 3).astype(float)
    plain = rate_intervals(y, risk, CUTOFFS[:3], resamples=20)
    drawn = list(resampled_rows(150, 20))

    def censored(rows: np.ndarray) -> Rates:
        return rates_at(followed.time[rows], followed.event[rows], risk[rows], 3.0, CUTOFFS[:3])

    for name in RATES:
        again = np.array([getattr(censored(r), name) for r in drawn])
        np.testing.assert_allclose(found[name][1], percentile_interval(again[:, 1]), atol=1e-12)
        again = np.array([getattr(rates(y[r], risk[r], CUTOFFS[:3]), name) for r in drawn])
        np.testing.assert_allclose(plain[name][2], percentile_interval(again[:, 2]), atol=1e-12)


@pytest.mark.parametrize("cutoffs", [[0.5, 0.4], [0.0, 0.5], [0.5, 1.0]])
def test_cutoffs_must_rise_between_0_and_1(cutoffs: list[float]) -> None:
    with pytest.raises(ValueError, match="rising"):
        rates([0, 1], [0.2, 0.3], cutoffs)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_the_log_rank_test_is_that_of_lifelines(followed: Followed, count: int) -> None:
    group, limits = quantile_groups(followed.risk[:, 1], count)
    assert len(limits) == count - 1
    found = log_rank(followed.time, followed.event, group)
    theirs = multivariate_logrank_test(followed.time, group, followed.event)
    assert found.statistic == pytest.approx(theirs.test_statistic, abs=1e-6)
    assert found.p_value == pytest.approx(theirs.p_value, abs=1e-9)
    assert found.degrees == count - 1


def test_equal_risks_make_fewer_groups() -> None:
    group, limits = quantile_groups([0.2] * 9 + [0.4], 4)
    assert set(group) <= {0, 1} and len(limits) <= 1
    with pytest.raises(NotEstimable):
        log_rank([1, 2], [1, 1], [0, 0])
