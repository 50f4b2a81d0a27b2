"""The scikit-learn estimators: scikit-learn's own checks, weights, missing labels, several tasks, and quality."""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import SkipTest

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine, make_friedman1
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from mtl import MultiTaskClassifier, MultiTaskRegressor
from mtl.estimators.rows import TrainingRows, chosen_folds

RNG = np.random.default_rng(20)
X = RNG.normal(size=(120, 4))
NUMBER = X[:, 0] + 0.5 * X[:, 1] ** 2 + 0.3 * RNG.normal(size=120)
YES = (X[:, 0] + 0.7 * RNG.normal(size=120) > 0).astype(int)
GRADE = np.digitize(X[:, 1] + 0.5 * RNG.normal(size=120), [-0.5, 0.7])
NEW = RNG.normal(size=(30, 4))


@parametrize_with_checks([MultiTaskClassifier(), MultiTaskRegressor()])
def test_scikit_learn_check(estimator: Any, check: Any) -> None:
    """Every check that scikit-learn has for such an estimator; only the array-API one may ask to be skipped."""
    try:
        check(estimator)
    except SkipTest:
        assert check.func.__name__ == "check_array_api_input"
        raise


# Quality -------------------------------------------------------------------------------------------


def test_breast_cancer() -> None:
    features, y = load_breast_cancer(return_X_y=True)
    model = MultiTaskClassifier(random_state=0, cv=3)
    assert cross_val_score(model, features, y, cv=3, scoring="roc_auc").mean() > 0.985


def test_diabetes() -> None:
    features, y = load_diabetes(return_X_y=True)
    assert cross_val_score(MultiTaskRegressor(random_state=0, cv=3), features, y, cv=3).mean() > 0.40


def test_wine() -> None:
    features, y = load_wine(return_X_y=True)
    assert cross_val_score(MultiTaskClassifier(random_state=0, cv=3), features, y, cv=3).mean() > 0.94


def test_friedman_beyond_a_straight_line() -> None:
    """The noise has variance 1, that of y is about 25; a linear model reaches about .7."""
    features, y = make_friedman1(600, random_state=0)
    model = MultiTaskRegressor(random_state=0, cv=3).fit(features[:400], y[:400])
    assert model.score(features[400:], y[400:]) > 0.85


def test_several_labels_at_once_are_as_good_as_one_alone() -> None:
    features, y = load_breast_cancer(return_X_y=True)
    both = np.column_stack([y, features[:, 0] > np.median(features[:, 0])]).astype(int)
    train, test = train_test_split(np.arange(len(y)), random_state=0, stratify=y)
    model = MultiTaskClassifier(random_state=0, cv=3).fit(features[train][:, 1:12], both[train])
    forest = RandomForestClassifier(random_state=0).fit(features[train][:, 1:12], both[train])
    ours, theirs = model.predict(features[test][:, 1:12]), forest.predict(features[test][:, 1:12])
    assert ((ours == both[test]).mean(axis=0) > (theirs == both[test]).mean(axis=0) - 0.03).all()
    assert model.score(features[test][:, 1:12], both[test]) == pytest.approx((ours == both[test]).mean())


# Weights and the order of rows ---------------------------------------------------------------------


def _labels() -> np.ndarray:
    labels = np.column_stack([YES, GRADE]).astype(float)
    labels[::4, 0], labels[1::5, 1] = np.nan, np.nan
    return labels


def _same(a: Any, b: Any) -> None:
    for one, other in zip(a.decision_function(NEW), b.decision_function(NEW), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_whole_weight_is_a_repeated_row_and_a_zero_a_removed_one() -> None:
    weight = RNG.integers(0, 4, size=120)
    order = RNG.permutation(120)
    labels = _labels()
    weighted = MultiTaskClassifier(random_state=1, cv=3).fit(
        X[order], labels[order], sample_weight=weight[order]
    )
    repeated = MultiTaskClassifier(random_state=1, cv=3).fit(
        X.repeat(weight, axis=0), labels.repeat(weight, axis=0)
    )
    _same(weighted, repeated)


def test_the_order_of_rows_and_the_number_of_threads_change_nothing() -> None:
    order = RNG.permutation(120)
    plain = MultiTaskClassifier(random_state=1, cv=3).fit(X, _labels())
    _same(plain, MultiTaskClassifier(random_state=1, cv=3, n_jobs=2).fit(X[order], _labels()[order]))


def test_other_weights_are_relative() -> None:
    """Without a feature that says anything, the prediction is the weighted mean."""
    weight = RNG.uniform(0.2, 3.0, size=120) * np.where(YES, 4.0, 1.0)
    assert np.average(NUMBER, weights=weight) > NUMBER.mean() + 0.4
    flat = np.zeros((120, 1))
    number = MultiTaskRegressor(random_state=0, cv=3).fit(flat, NUMBER, sample_weight=weight)
    expected = np.average(NUMBER, weights=weight)
    np.testing.assert_allclose(number.predict([[0.0]]), [expected], atol=0.1)
    yes = MultiTaskClassifier(random_state=0, cv=3).fit(flat, YES, sample_weight=weight)
    np.testing.assert_allclose(yes.predict_proba([[0.0]])[0, 1], np.average(YES, weights=weight), atol=0.03)
    tiny = MultiTaskRegressor(random_state=0, cv=3).fit(X, NUMBER, sample_weight=weight / weight.sum())
    plain = MultiTaskRegressor(random_state=0, cv=3).fit(X, NUMBER, sample_weight=weight)
    np.testing.assert_allclose(tiny.predict(NEW), plain.predict(NEW), rtol=1e-6)


def test_weights_matter() -> None:
    """Rows of one half of the table with weight: the model is that of this half."""
    sign = np.where(np.arange(120) < 60, 1.0, -1.0)
    weight = np.where(np.arange(120) < 60, 1.5, 0.01)
    model = MultiTaskRegressor(random_state=0, cv=3).fit(X, sign * X[:, 0], sample_weight=weight)
    assert np.corrcoef(model.predict(NEW), NEW[:, 0])[0, 1] > 0.9


def test_copies_of_a_patient_stay_together_and_coarse_rows_do_not() -> None:
    fine = TrainingRows.of(X, YES[:, None].astype(float), np.full(120, 2.0)).patients()
    assert fine is not None
    assert np.bincount(fine).tolist() == [2] * 120
    coarse = (X[:, :2] > 0).astype(float)
    assert TrainingRows.of(coarse, YES[:, None].astype(float), None).patients() is None
    contradicting = np.concatenate([X, X])
    both = np.concatenate([YES, 1 - YES])[:, None].astype(float)
    assert TrainingRows.of(contradicting, both, None).patients() is None


def test_rows_of_yes_and_no_columns() -> None:
    """A pattern that decides the label must be learnt although only four different rows exist."""
    coarse = np.array([[a, b] for a in (0.0, 1.0) for b in (0.0, 1.0)] * 40)
    y = (coarse[:, 0] != coarse[:, 1]).astype(int)
    assert MultiTaskClassifier(random_state=0, cv=3).fit(coarse, y).score(coarse, y) == 1.0


# Folds of one's own --------------------------------------------------------------------------------


def test_cv_takes_splits() -> None:
    patient = np.repeat(np.arange(40), 3)
    splits = list(GroupKFold(3).split(X, YES, patient))
    by_list = MultiTaskClassifier(random_state=0, cv=splits).fit(X, YES)
    by_kfold = MultiTaskClassifier(random_state=0, cv=KFold(3)).fit(X, YES)
    for model in (by_list, by_kfold):
        assert model.score(X, YES) > 0.7


@pytest.mark.parametrize(
    ("splits", "said"),
    [
        ([([0, 1], [2])], "row 0 is in no test set"),
        ([([0, 1], [2]), ([0], [1, 2])], "split 1 tests a row"),
        ([([0, 1, 2], [2])], "split 0 tests a row"),
        ([([0], [2]), ([0, 2], [1])], "trains on 1 and tests 1 of 3"),
    ],
)
def test_splits_must_test_every_row_once(splits: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        chosen_folds(splits, 3)


def test_splits_that_leave_a_task_without_labels() -> None:
    labels = np.column_stack([YES, np.full(120, np.nan)]).astype(float)
    labels[:40, 1] = YES[:40]
    with pytest.raises(ValueError, match="nothing is left to train on"):
        MultiTaskClassifier(cv=KFold(3)).fit(X, labels)


# Several tasks and missing labels ------------------------------------------------------------------


def test_two_dimensions() -> None:
    model = MultiTaskClassifier(random_state=0, cv=3).fit(X, _labels())
    assert [c.tolist() for c in model.classes_] == [[0, 1], [0, 1, 2]]
    yes, grade = model.predict_proba(NEW)
    assert (yes.shape, grade.shape) == ((30, 2), (30, 3))
    first, second = model.decision_function(NEW)
    np.testing.assert_allclose(yes[:, 1], expit(first))
    np.testing.assert_allclose(grade, softmax(second, axis=1))
    np.testing.assert_array_equal(model.predict(NEW), np.column_stack([yes.argmax(1), grade.argmax(1)]))
    assert model.score(X, _labels()) > 0.7


def test_probabilities_read_either_way() -> None:
    model = MultiTaskClassifier(random_state=0, cv=3).fit(X, np.column_stack([YES, GRADE > 0]).astype(int))
    found = model.predict_proba(NEW)
    np.testing.assert_array_equal(found[:, 1], found[1][:, 1])
    assert model.decision_function(NEW).shape == (30, 2)
    assert isinstance(found, list)


def test_a_missing_label_is_not_a_label() -> None:
    """Labels only where the second column is known; the rest may not pull it towards any class."""
    labels = np.column_stack([YES, YES]).astype(float)
    labels[YES == 1, 1] = np.where(np.arange((YES == 1).sum()) % 2, 1.0, np.nan)
    model = MultiTaskClassifier(random_state=0, cv=3).fit(X, labels)
    known = ~np.isnan(labels[:, 1])
    risk = model.predict_proba(X)[1][:, 1]
    assert risk[known].mean() == pytest.approx(labels[known, 1].mean(), abs=0.05)


def test_a_frame_of_words_with_gaps() -> None:
    words = pd.DataFrame(
        {"grade": np.take(["low", "middle", "high"], GRADE), "yes": pd.array(YES, dtype="Int64")}
    )
    words.loc[3:10, "grade"] = None
    words.loc[5:20, "yes"] = pd.NA
    model = MultiTaskClassifier(random_state=0, cv=3).fit(pd.DataFrame(X, columns=list("abcd")), words)
    assert [c.tolist() for c in model.classes_] == [["high", "low", "middle"], [0, 1]]
    found = model.predict(pd.DataFrame(NEW, columns=list("abcd")))
    assert set(found[:, 0]) <= {"low", "middle", "high"}
    assert set(found[:, 1]) <= {0, 1}
    assert model.score(pd.DataFrame(X, columns=list("abcd")), words) > 0.6
    assert model.feature_names_in_.tolist() == list("abcd")


def test_one_column_in_two_dimensions_is_the_same_model() -> None:
    flat = MultiTaskClassifier(random_state=0, cv=3).fit(X, YES)
    column = MultiTaskClassifier(random_state=0, cv=3).fit(X, YES[:, None])
    np.testing.assert_array_equal(flat.predict_proba(NEW), column.predict_proba(NEW)[0])
    assert column.predict(NEW).shape == (30, 1)


def test_numbers_and_yes_or_no_together() -> None:
    labels = np.column_stack([NUMBER, YES]).astype(float)
    labels[::3, 0] = np.nan
    model = MultiTaskRegressor(["regression", "binary"], random_state=0, cv=3).fit(X, labels)
    found = model.predict(NEW)
    assert found.shape == (30, 2)
    assert ((found[:, 1] > 0) & (found[:, 1] < 1)).all()
    truth = NEW[:, 0] + 0.5 * NEW[:, 1] ** 2
    assert np.corrcoef(found[:, 0], truth)[0, 1] > 0.85
    assert np.corrcoef(found[:, 1], NEW[:, 0])[0, 1] > 0.8
    assert 0.2 < model.score(X, labels) < 1
    alone = MultiTaskRegressor("binary", random_state=0, cv=3).fit(X, YES)
    same = MultiTaskClassifier(random_state=0, cv=3).fit(X, YES)
    np.testing.assert_array_equal(alone.predict(NEW), same.predict_proba(NEW)[:, 1])


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ("binary", "column 0, is declared binary"),
        (["binary"], "1 entries and y 2"),
        ("yes", "'yes' is unknown"),
    ],
)
def test_kinds_that_do_not_fit(kinds: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        MultiTaskRegressor(kinds).fit(X, np.column_stack([NUMBER, YES]))


# Rows, columns and values at the edge --------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 5, 9, 19])
def test_few_rows(n: int) -> None:
    y = np.arange(n) % 2
    assert MultiTaskClassifier(random_state=0).fit(X[:n], y).predict_proba(NEW).shape == (30, 2)
    assert np.isfinite(MultiTaskRegressor(random_state=0).fit(X[:n], NUMBER[:n]).predict(NEW)).all()


def test_a_constant_target_and_rows_all_alike() -> None:
    model = MultiTaskRegressor(random_state=0).fit(X, np.full(120, 7.0))
    np.testing.assert_allclose(model.predict(NEW), 7.0)
    alike = MultiTaskRegressor(random_state=0).fit(np.ones((10, 2)), np.arange(10.0))
    np.testing.assert_allclose(alike.predict([[1.0, 1.0]]), 4.5)


def test_missing_values_of_x() -> None:
    gaps = X.copy()
    gaps[RNG.random(X.shape) < 0.2] = np.nan
    model = MultiTaskClassifier(random_state=0, cv=3).fit(gaps, YES)
    assert model.score(X, YES) > 0.7
    blank = model.predict_proba(np.full((1, 4), np.nan))[0, 1]
    assert abs(blank - YES.mean()) < 0.25


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (np.where(np.arange(120) == 3, np.nan, YES), "y contains NaN"),
        (np.ones(120), "only one class"),
        (np.column_stack([YES, np.ones(120)]), "column 1, has only one class"),
        (NUMBER, "Unknown label type"),
        (np.zeros((120, 2, 2)), "shape"),
        (np.column_stack([YES, np.where(YES > 0, np.inf, 0.0)]), "infinity"),
        (np.column_stack([YES, np.full(120, np.nan)]), "no class at all"),
    ],
)
def test_labels_a_classifier_refuses(y: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        MultiTaskClassifier().fit(X, y)


def test_what_else_is_refused() -> None:
    with pytest.raises(TypeError, match="toarray"):
        MultiTaskClassifier().fit(X, sparse.csr_array(np.column_stack([YES, YES])))
    with pytest.raises(ValueError, match="effort='slow'"):
        MultiTaskClassifier(effort="slow").fit(X, YES)
    with pytest.raises(ValueError, match="cv=1"):
        MultiTaskClassifier(cv=1).fit(X, YES)
    with pytest.raises(ValueError, match="background='all'"):
        MultiTaskClassifier(background="all").fit(X, YES)
    with pytest.raises(ValueError, match="Negative values"):
        MultiTaskClassifier().fit(X, YES, sample_weight=np.full(120, -1.0))
    with pytest.raises(ValueError, match="infinity"):
        MultiTaskRegressor().fit(X, np.where(YES > 0, np.inf, 0.0))
    with pytest.raises(ValueError, match="NaN"):
        MultiTaskRegressor().fit(X, np.where(YES > 0, np.nan, 0.0))
    with pytest.raises(ValueError, match="column 1, has fewer than 2"):
        MultiTaskRegressor().fit(X, np.column_stack([NUMBER, np.full(120, np.nan)]))
    with pytest.raises(NotFittedError):
        MultiTaskClassifier().explain(X)


# In scikit-learn's tools ---------------------------------------------------------------------------


def test_pipeline_grid_search_and_missing_labels() -> None:
    pipeline = make_pipeline(SimpleImputer(), StandardScaler(), MultiTaskClassifier(random_state=0, cv=2))
    grid = {"multitaskclassifier__background": [20, 50]}
    search = GridSearchCV(pipeline.set_output(transform="pandas"), grid, cv=KFold(2), error_score="raise")
    search.fit(pd.DataFrame(X, columns=list("abcd")), _labels())
    assert search.best_score_ > 0.5
    assert search.best_estimator_[-1].feature_names_in_.tolist() == list("abcd")


def test_scorers_understand_several_labels() -> None:
    labels = np.column_stack([YES, GRADE > 0]).astype(int)
    model = MultiTaskClassifier(random_state=0, cv=2)
    assert cross_val_score(model, X, labels, cv=2, scoring="roc_auc", error_score="raise").min() > 0.6
    found = cross_val_predict(model, X, labels, cv=2, method="predict_proba")
    assert [f.shape for f in found] == [(120, 2), (120, 2)]


def test_explanations_add_up() -> None:
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = MultiTaskClassifier(random_state=0, cv=3).fit(frame, _labels())
    again = pickle.loads(pickle.dumps(model))
    new = pd.DataFrame(NEW, columns=list("abcd"))
    for output, margin in enumerate(model.decision_function(new)):
        for one in (model, again, clone(model).fit(frame, _labels())):
            why = one.explain(new, output)
            assert why.features == list("abcd")
            np.testing.assert_allclose(why.margin, margin, atol=1e-9)
    with pytest.raises(ValueError, match="2 columns"):
        model.explain(new, 2)
    number = MultiTaskRegressor(random_state=0, cv=3).fit(X, NUMBER)
    why = number.explain(NEW)
    np.testing.assert_allclose(why.margin, number.predict(NEW), atol=1e-9)
    assert np.abs(why.values[:, 0]).mean() > 4 * np.abs(why.values[:, 3]).mean()


def test_threads_and_pickles_give_the_same_numbers() -> None:
    model = MultiTaskClassifier(random_state=0, cv=3).fit(X, GRADE)
    again = pickle.loads(pickle.dumps(model))
    expected, why = model.predict_proba(NEW), model.explain(NEW).values
    np.testing.assert_array_equal(again.predict_proba(NEW), expected)
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: again.predict_proba(NEW), range(16)):
            np.testing.assert_array_equal(found, expected)
        for found in pool.map(lambda _: again.explain(NEW).values, range(16)):
            np.testing.assert_array_equal(found, why)


def test_import_stays_light() -> None:
    code = (
        "import sys, mtl; assert 'mtl.estimators' not in sys.modules; mtl.MultiTaskClassifier()\n"
        "assert not hasattr(mtl, 'x')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
