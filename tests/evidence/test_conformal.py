"""Sets and ranges against MAPIE, brute force, statsmodels; and that nobody's own outcome sets their threshold."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapie.classification import SplitConformalClassifier
from mapie.regression import CrossConformalRegressor
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, cross_val_predict
from statsmodels.stats.proportion import proportion_confint

from mtl.evidence import coverage
from mtl.evidence.bands import bands
from mtl.evidence.conformal import Calibration, class_scores, quantile, sets
from mtl.evidence.coverage import Told, held, wilson
from mtl.evidence.headline import Headline
from mtl.evidence.subject import Subject


class Given(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Its findings are its probabilities."""

    def __init__(self, classes: int = 3) -> None:
        self.classes = classes
        self.classes_ = np.arange(classes)
        self.n_features_in_ = classes
        self.fitted_ = True

    def fit(self, X: object, y: object) -> Given:
        return self

    def predict_proba(self, X: object) -> object:
        return np.asarray(X)

    def predict(self, X: object) -> object:
        return np.asarray(X).argmax(axis=1)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("level", [0.8, 0.9])
def test_sets_are_those_of_mapie(classes: int, level: float) -> None:
    rng = np.random.default_rng(classes)
    p, new = rng.dirichlet(np.ones(classes), size=157), rng.dirichlet(np.ones(classes), size=300)
    label = np.array([rng.choice(classes, p=row) for row in p])
    theirs = SplitConformalClassifier(
        Given(classes), confidence_level=level, conformity_score="lac", prefit=True
    )
    theirs.conformalize(p, label)
    expected = theirs.predict_set(new)[1][:, :, 0]
    ours = sets(new, np.array([quantile(class_scores(p, label), level)]))
    filled = expected.any(axis=1)
    np.testing.assert_array_equal(ours[filled], expected[filled])
    assert ours.any(axis=1).all() and (ours[~filled].sum(axis=1) == 1).all()


def test_ranges_are_those_of_mapies_cross_conformal_regressor() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3))
    y = X @ [1.0, 2.0, 0.0] + rng.normal(size=120)
    folds = KFold(5)
    theirs = CrossConformalRegressor(LinearRegression(), confidence_level=0.9, method="base", cv=folds)
    limits = theirs.fit_conformalize(X, y).predict_interval(X[:20])[1][:, :, 0]
    out_of_fold = cross_val_predict(LinearRegression(), X, y, cv=folds)
    half = quantile(np.abs(y - out_of_fold), 0.9)
    np.testing.assert_allclose((limits[:, 1] - limits[:, 0]) / 2, half, rtol=1e-10)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=40), st.sampled_from([0.5, 0.8, 0.9, 0.95]))
def test_quantile_is_the_right_order_statistic(values: list[int], level: float) -> None:
    scores = np.array(values, dtype=float)
    rank = int(np.ceil(round(level * (len(scores) + 1), 9)))
    expected = np.sort(scores)[rank - 1] if rank <= len(scores) else np.inf
    assert quantile(scores, level) == expected
    # as many weights of one number are the same as none
    assert quantile(scores, level, np.full(len(scores), 2.5)) == expected


def test_weights_stand_for_patients() -> None:
    scores, weight = np.array([1.0, 2.0, 3.0, 4.0]), np.array([3.0, 1.0, 1.0, 5.0])
    # 10 patients and one as heavy as these on average: 90 % of 12.5 is never reached, half of it is at 4
    assert quantile(scores, 0.9, weight) == np.inf
    assert quantile(scores, 0.4, weight) == 3.0 and quantile(scores, 0.5, weight) == 4.0


def test_wilson_is_that_of_statsmodels() -> None:
    for seen, n in ((0, 10), (9, 10), (10, 10), (77, 91)):
        np.testing.assert_allclose(
            wilson(seen / n, n), proportion_confint(seen, n, method="wilson"), atol=1e-12
        )


def test_a_threshold_a_class_covers_every_class() -> None:
    rng = np.random.default_rng(1)
    rare = rng.random(4000) < 0.1
    p = np.clip(np.where(rare, rng.beta(2, 6, 4000), rng.beta(1, 9, 4000)), 1e-6, 1 - 1e-6)
    said = np.column_stack([1 - p, p])
    fold = np.arange(4000) % 5
    told = Told(np.arange(4000), said, rare.astype(float), fold, np.ones(4000), 2)
    one, each = (held(told, told.calibration(), fold, by_class) for by_class in (False, True))
    assert one.covered.mean() == pytest.approx(0.9, abs=0.02) and one.covered[rare].mean() < 0.5
    assert each.covered[rare].mean() == pytest.approx(0.9, abs=0.04)
    assert each.covered[~rare].mean() == pytest.approx(0.9, abs=0.02)


def test_nobodys_fold_sets_their_threshold() -> None:
    known = Calibration(np.arange(40.0), np.zeros(40, dtype=int), np.repeat([0, 1], 20), np.ones(40))
    assert known.limits(0, None)[0] == 38.0 and known.limits(1, None)[0] == 18.0
    assert known.limits(None, None)[0] == 36.0


def test_the_part_counts_what_it_says(internal: Subject, external: Subject) -> None:
    for subject in (internal, external):
        found = coverage.compute(subject, lambda stage, share: None, {})
        json.dumps(found, allow_nan=False)
        assert found["calibrated_on"] == "training"
        assert set(found["tasks"]) == {"ill", "sort", "amount", "death"}
    inside = coverage.compute(internal, lambda stage, share: None, {})["tasks"]
    for one in inside.values():
        assert 0.84 < one["methods"]["marginal"]["coverage"] < 0.97
        assert sum(part["n"] for part in one["groups"][2]["parts"]) == one["n"]  # sex
    # by hand: the external patients' amounts against the training's out-of-fold residuals
    head = Headline.of(internal, "amount")
    residuals = np.abs(head.truth.y - internal.predicted.numbers["amount"].to_numpy())
    half = np.sort(residuals)[int(np.ceil(0.9 * (len(residuals) + 1))) - 1]
    seen = external.truths["amount"].y
    inside_range = np.abs(seen - external.predicted.numbers["amount"].to_numpy()) <= half
    told = coverage.compute(external, lambda stage, share: None, {})["tasks"]["amount"]
    assert told["methods"]["marginal"]["coverage"] == pytest.approx(inside_range.mean(), abs=1e-12)
    assert told["methods"]["marginal"]["size"] == pytest.approx(2 * half)


def test_without_the_training_these_patients_calibrate(external: Subject) -> None:
    alone = Subject(external.study, external.table, external.model, external.fold)
    found = coverage.compute(alone, lambda stage, share: None, {})
    assert found["calibrated_on"] == "these"
    assert found["tasks"]["amount"]["methods"]["marginal"]["coverage"] == pytest.approx(0.9, abs=0.04)


def test_bands_hold_everybody_once(internal: Subject) -> None:
    X = internal.X.copy()
    X[:30, 0] = np.nan
    for groups in bands(internal.study, X).values():
        assert sorted(np.concatenate([band.rows for band in groups]).tolist()) == list(range(len(X)))
    strong = bands(internal.study, X)["strong"]
    assert [band.low is None for band in strong] == [True, False, False, True] and len(strong[-1].rows) == 30
    assert all((X[band.rows, 0] <= band.high).all() for band in strong if band.high is not None)
