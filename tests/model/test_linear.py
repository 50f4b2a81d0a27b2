"""The linear expert against scikit-learn, statsmodels and lifelines, and its own contract."""

from __future__ import annotations

import json
import timeit

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifelines import CoxPHFitter
from sklearn.linear_model import LogisticRegression, Ridge

from mtl.model.basis import Basis
from mtl.model.cox import CoxLoss
from mtl.model.linear import (
    DEFAULT_GRID,
    LinearError,
    LinearExpert,
    LinearPath,
    Penalty,
    effective_rows,
    fit_path,
    staged_margins,
)
from mtl.model.losses import BinaryLoss, Loss, MulticlassLoss, SquaredLoss

N = 500
LINEAR = np.zeros(4, dtype=bool)


def columns(seed: int = 0, n: int = N) -> tuple[np.ndarray, np.ndarray]:
    """Return four standardised columns and a signal."""
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(n, 4)) @ np.array([[1, 0.6, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0.3], [0, 0, 0, 1]])
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
    return Z, Z @ [1.0, -0.7, 0.4, 0.0] + 0.3


def at_penalty(Z: np.ndarray, loss: Loss, penalty: float) -> tuple[np.ndarray, np.ndarray]:
    """Fit at an absolute ridge penalty of the summed loss."""
    grid = [Penalty(penalty / effective_rows(loss))]
    coefs, intercepts = fit_path(Z, loss, LINEAR, grid, tolerance=1e-14)
    return coefs[0], intercepts[0]


@pytest.mark.parametrize("penalty", [0.1, 5.0, 200.0])
def test_binary_equals_scikit_learn(penalty: float) -> None:
    Z, signal = columns()
    y = np.random.default_rng(1).random(N) < 1 / (1 + np.exp(-signal))
    coef, intercept = at_penalty(Z, BinaryLoss(y), penalty)
    peer = LogisticRegression(C=1 / penalty, solver="newton-cholesky", tol=1e-12).fit(Z, y)
    np.testing.assert_allclose(coef[:, 0], peer.coef_[0], atol=1e-6)
    np.testing.assert_allclose(intercept, peer.intercept_, atol=1e-6)


@pytest.mark.parametrize("penalty", [1.0, 50.0])
def test_softmax_equals_scikit_learn(penalty: float) -> None:
    Z, signal = columns()
    y = np.digitize(signal + np.random.default_rng(2).logistic(size=N), [-1, 1])
    coef, intercept = at_penalty(Z, MulticlassLoss(y, 3), penalty)
    peer = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=5000).fit(Z, y)
    np.testing.assert_allclose(coef, peer.coef_.T, atol=1e-5)
    np.testing.assert_allclose(
        intercept - intercept.mean(), peer.intercept_ - peer.intercept_.mean(), atol=1e-5
    )


def test_two_classes_of_softmax_equal_binary_along_the_path() -> None:
    """The scale of penalties means the same: the difference of two classes' margins is the binary margin."""
    Z, signal = columns()
    y = (np.random.default_rng(3).random(N) < 1 / (1 + np.exp(-signal))) * 1
    two, two_intercept = fit_path(Z, MulticlassLoss(y, 2), LINEAR, tolerance=1e-13)
    one, one_intercept = fit_path(Z, BinaryLoss(y), LINEAR, tolerance=1e-13)
    np.testing.assert_allclose(two[:, :, 1] - two[:, :, 0], one[:, :, 0], atol=1e-5)
    np.testing.assert_allclose(two_intercept[:, 1] - two_intercept[:, 0], one_intercept[:, 0], atol=1e-5)


def test_regression_equals_scikit_learn() -> None:
    Z, signal = columns()
    y = signal + np.random.default_rng(4).normal(size=N)
    weight = np.random.default_rng(5).uniform(0, 2, N)
    for w in (None, weight):
        coef, intercept = at_penalty(Z, SquaredLoss(y, w), 30.0)
        peer = Ridge(alpha=30.0).fit(Z, y, sample_weight=w)
        np.testing.assert_allclose(coef[:, 0], peer.coef_, atol=1e-9)
        np.testing.assert_allclose(intercept, peer.intercept_, atol=1e-9)


def survival(ticks: int) -> tuple[np.ndarray, pd.DataFrame]:
    Z, signal = columns()
    Z = Z / Z.std(axis=0, ddof=1)  # lifelines standardises with n - 1
    rng = np.random.default_rng(6)
    time = np.ceil(rng.exponential(np.exp(-signal)) * ticks) / ticks
    table = pd.DataFrame(Z, columns=list("abcd")).assign(time=time, event=(rng.random(N) < 0.6) * 1)
    return Z, table


@pytest.mark.parametrize("ticks", [5, 100_000])
@pytest.mark.parametrize("penalizer", [0.0, 0.02, 0.3])
def test_cox_equals_lifelines(ticks: int, penalizer: float) -> None:
    """lifelines adds n * penalizer / 2 * |coef|^2 on standardised columns to the summed loss."""
    Z, table = survival(ticks)
    coef, intercept = at_penalty(Z, CoxLoss(table["time"], table["event"]), penalizer * N)
    fitter = CoxPHFitter(penalizer=penalizer, l1_ratio=0.0)
    peer = fitter.fit(table, "time", "event", fit_options={"precision": 1e-10})
    np.testing.assert_allclose(coef[:, 0], peer.params_, atol=1e-6)
    assert not intercept.any()


def test_cox_strata_equal_lifelines() -> None:
    Z, table = survival(100_000)
    table["site"] = np.arange(N) % 3
    coef, _ = at_penalty(Z, CoxLoss(table["time"], table["event"], strata=table["site"]), 0.0)
    peer = CoxPHFitter().fit(table, "time", "event", strata="site", fit_options={"precision": 1e-10})
    np.testing.assert_allclose(coef[:, 0], peer.params_, atol=1e-6)


def test_unpenalised_binary_equals_statsmodels() -> None:
    Z, signal = columns()
    y = (np.random.default_rng(7).random(N) < 1 / (1 + np.exp(-signal))) * 1.0
    coef, intercept = at_penalty(Z, BinaryLoss(y), 0.0)
    peer = sm.GLM(y, sm.add_constant(Z), family=sm.families.Binomial()).fit(tol=1e-12)
    np.testing.assert_allclose(np.r_[intercept, coef[:, 0]], peer.params, atol=1e-6)


def losses(signal: np.ndarray, seed: int = 8) -> dict[str, Loss]:
    rng = np.random.default_rng(seed)
    n = signal.size
    known = rng.normal(size=(n, 2)) * 0.3
    time = np.ceil(rng.exponential(np.exp(-signal)) * 50) / 50
    return {
        "binary": BinaryLoss(rng.random(n) < 1 / (1 + np.exp(-signal))),
        "multiclass": MulticlassLoss(np.digitize(signal + rng.logistic(size=n), [-1, 1]), 3),
        "regression": SquaredLoss(signal + rng.normal(size=n), rng.uniform(0.5, 2, n)),
        "survival": CoxLoss(time, rng.random(n) < 0.6, known, (0.5,), np.arange(n) % 2),
    }


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "survival"])
def test_every_point_of_the_path_is_its_own_optimum(kind: str) -> None:
    """The penalised gradient vanishes, whatever the order in which the grid was given."""
    Z, signal = columns()
    loss = losses(signal)[kind]
    marks = np.array([False, True, False, True])
    rows = effective_rows(loss)
    coefs, intercepts = fit_path(Z, loss, marks, tolerance=1e-13)
    for penalty, margin, coef in zip(DEFAULT_GRID, staged_margins(Z, coefs, intercepts), coefs, strict=True):
        gradient, _ = loss.gradient(margin)
        ridge = penalty.strength * rows * np.where(marks, penalty.nonlinear, 1.0)
        np.testing.assert_allclose(Z.T @ gradient + ridge[:, None] * coef, 0, atol=1e-3)
        np.testing.assert_allclose(gradient.sum(axis=0), 0, atol=1e-3)
    backwards, _ = fit_path(Z, loss, marks, DEFAULT_GRID[::-1], tolerance=1e-13)
    np.testing.assert_allclose(backwards[::-1], coefs, atol=1e-5)
    loose, _ = fit_path(Z, loss, marks)
    np.testing.assert_allclose(loose, coefs, atol=2e-3)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "survival"])
def test_a_stronger_penalty_means_the_same_for_every_kind(kind: str) -> None:
    """With a weak signal a strength of 1 halves the coefficient."""
    Z, signal = columns(9, 4000)
    loss = losses(0.1 * (signal - signal.mean()), 10)[kind]
    one = Z[:, :1]
    coefs, _ = fit_path(one, loss, LINEAR[:1], [Penalty(0.0), Penalty(1.0)], tolerance=1e-13)
    assert np.linalg.norm(coefs[1]) / np.linalg.norm(coefs[0]) == pytest.approx(0.5, abs=0.02)


def test_collinear_columns_and_separation_are_finite() -> None:
    Z, signal = columns()
    twice = np.column_stack([Z, Z])
    for loss in losses(signal).values():
        coefs, _ = fit_path(twice, loss, np.zeros(8, dtype=bool), [Penalty(0.0), Penalty(0.01)])
        assert np.isfinite(coefs).all()
        np.testing.assert_allclose(coefs[1, :4], coefs[1, 4:], atol=1e-5)
    separated, _ = fit_path(Z, BinaryLoss(Z[:, 0] > 0), LINEAR)
    assert np.isfinite(separated).all() and separated[-1, 0, 0] > 1


def table(n: int = 800, seed: int = 11) -> tuple[np.ndarray, list[str], np.ndarray]:
    rng = np.random.default_rng(seed)
    X = np.empty((n, 6))
    X[:, 0] = rng.normal(60, 10, n)
    X[:, 1] = np.floor(rng.lognormal(3, 2, n))
    X[:, 2], X[:, 3], X[:, 4] = rng.integers(1, 5, n), rng.integers(0, 2, n), rng.integers(0, 4, n)
    X[:, 5] = np.exp(rng.normal(size=n))
    signal = 0.03 * (X[:, 0] - 60) + 0.3 * (np.log1p(X[:, 1]) - 3) + X[:, 3] - 0.5 + (X[:, 4] == 2)
    X[rng.random(X.shape) < 0.1] = np.nan
    return X, ["numeric", "numeric", "ordinal", "boolean", "categorical", "numeric"], signal


def expert(kind: str, features: tuple[int, ...] = (0, 1, 2, 3, 4)) -> tuple[LinearExpert, np.ndarray]:
    X, kinds, signal = table()
    loss = losses(signal)[kind]
    start = np.tile(loss.start(), (loss.rows, 1))
    basis = Basis.fit(X, kinds, features, *loss.gradient(start), np.random.default_rng(0))
    path = LinearPath.fit(X, loss, basis)
    np.testing.assert_allclose(path.margins(X)[12], path.expert(12).margin(X), atol=1e-10)
    return path.expert(12), X


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "survival"])
def test_expert_keeps_its_contract(kind: str) -> None:
    model, X = expert(kind)
    margin = model.margin(X)
    c = 3 if kind == "multiclass" else 1
    parts = model.parts(X)
    assert margin.shape == (len(X), c) and parts.shape == (len(X), 6, c)
    np.testing.assert_allclose(parts.sum(axis=1) + model.intercept, margin, atol=1e-12)
    by_columns = model.basis.transform(X) @ model.coef + model.intercept
    np.testing.assert_allclose(by_columns, margin, atol=1e-10)
    assert not parts[:, 5].any()  # hidden
    again = LinearExpert.from_dict(json.loads(json.dumps(model.to_dict())))
    assert (again.margin(X) == margin).all()
    alone = np.vstack([model.margin(row[None]) for row in X[:50]])
    assert (alone == margin[:50]).all()


def test_hidden_features_have_no_influence() -> None:
    model, X = expert("binary")
    changed = X.copy()
    changed[:, 5] = 1e9
    assert (model.margin(changed) == model.margin(X)).all()


def test_a_signal_is_found() -> None:
    for kind in ("binary", "regression", "survival"):
        model, X = expert(kind)
        assert np.corrcoef(model.margin(X)[:, 0], table()[2])[0, 1] > 0.85


def test_extrapolation_is_linear_in_the_transformed_value() -> None:
    model, X = expert("regression")
    assert model.basis.curves[1].transform == "log"
    row = np.tile(np.nanmean(X, axis=0), (3, 1))
    for j, values in ((0, [200.0, 300.0, 400.0]), (1, np.expm1([20.0, 21.0, 22.0])), (2, [9.0, 10.0, 11.0])):
        rows = row.copy()
        rows[:, j] = values
        rows[:, 4] = 1
        steps = np.diff(model.margin(rows)[:, 0])
        assert steps[0] == pytest.approx(steps[1], rel=1e-9)
        assert abs(steps[0]) > 1e-6


def test_everything_missing_or_absurd_is_finite() -> None:
    for kind in ("binary", "multiclass", "survival"):
        model, _ = expert(kind)
        with np.errstate(all="raise"):
            for value in (np.nan, np.inf, -np.inf, 1e300, -1e300):
                assert np.isfinite(model.margin(np.full((1, 6), value))).all()


def test_no_features_leaves_the_intercept() -> None:
    model, X = expert("binary", ())
    assert model.coef.shape == (0, 1)
    np.testing.assert_allclose(model.margin(X), losses(table()[2])["binary"].start()[0])
    assert (
        LinearExpert.from_dict(json.loads(json.dumps(model.to_dict()))).margin(X) == model.margin(X)
    ).all()


@pytest.mark.parametrize("feature", [3, 4])
def test_a_lone_boolean_or_category(feature: int) -> None:
    model, X = expert("multiclass", (feature,))
    assert model.parts(X)[:, feature].any()
    np.testing.assert_allclose(model.parts(X).sum(axis=1) + model.intercept, model.margin(X), atol=1e-12)


def test_a_stale_hessian_stops_no_earlier() -> None:
    """Nearly separated classes: the curvature falls by orders of magnitude along the path."""
    Z, _ = columns()
    loss = BinaryLoss(0.1 * np.random.default_rng(12).normal(size=N) < Z @ [1.0, -0.7, 0.4, 0.0])
    exact, _ = fit_path(Z, loss, LINEAR, [*DEFAULT_GRID, Penalty(1e-5)], tolerance=1e-14)
    loose, _ = fit_path(Z, loss, LINEAR, [*DEFAULT_GRID, Penalty(1e-5)])
    np.testing.assert_allclose(loose, exact, rtol=2e-3, atol=2e-3)
    peer = LogisticRegression(C=1 / (1e-5 * effective_rows(loss)), solver="newton-cholesky", tol=1e-12)
    np.testing.assert_allclose(exact[-1, :, 0], peer.fit(Z, loss.y).coef_[0], rtol=1e-4, atol=1e-4)


def test_one_row_is_fast() -> None:
    model, X = expert("binary")
    model.margin(X[:1])
    seconds = min(timeit.repeat(lambda: model.margin(X[:1]), number=100, repeat=7)) / 100
    assert seconds < 400e-6  # about 50 microseconds on an idle core


def test_errors() -> None:
    Z, signal = columns()
    loss = losses(signal)["binary"]
    with pytest.raises(LinearError, match="do not fit"):
        fit_path(Z[:10], loss, LINEAR)
    with pytest.raises(LinearError, match="at least one penalty"):
        fit_path(Z, loss, LINEAR, [])
    with pytest.raises(LinearError, match="none may be negative"):
        fit_path(Z, loss, LINEAR, [Penalty(-1.0)])
    model, _ = expert("binary")
    with pytest.raises(LinearError, match="do not fit"):
        LinearExpert(model.basis, model.coef[:-1], model.intercept)
    with pytest.raises(LinearError, match="not finite"):
        LinearExpert(model.basis, model.coef * np.nan, model.intercept)
    with pytest.raises(LinearError, match="not a linear expert"):
        LinearExpert.from_dict({"coef": []})
