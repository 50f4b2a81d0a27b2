"""A blanked input leaves the linear margin of a model fitted without it, and its Shapley values stay exact."""

from __future__ import annotations

import numpy as np

from mtl.explain.linear import linear_base, linear_contributions, stand_in_contributions
from mtl.model.basis import Basis
from mtl.model.linear import DEFAULT_GRID, LinearExpert, LinearPath
from mtl.model.losses import SquaredLoss
from mtl.model.masking import mask_at_random


def fitted(X: np.ndarray, y: np.ndarray, features: list[int]) -> LinearExpert:
    masked = mask_at_random(X, np.random.default_rng(1))
    loss = SquaredLoss(y)
    start = np.tile(loss.start(), (len(y), 1))
    basis = Basis.fit(masked, ["numeric"] * X.shape[1], features, *loss.gradient(start))
    weak = next(i for i, p in enumerate(DEFAULT_GRID) if p.strength == 0.01)
    return LinearPath.fit(masked, loss, basis).expert(weak).with_stand_ins(X)


def correlated(n: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.multivariate_normal(np.zeros(3), [[1, 0.8, 0], [0.8, 1, 0], [0, 0, 1]], n)
    return X, X[:, 0] + 0.3 * X[:, 2] + rng.normal(0, 0.3, n)


def test_a_blanked_input_is_a_model_without_it() -> None:
    X, y = correlated()
    expert, without = fitted(X, y, [0, 1, 2]), fitted(X, y, [1, 2])
    blanked = X.copy()
    blanked[:, 0] = np.nan
    bare = LinearExpert(expert.basis, expert.coef, expert.intercept)

    def error(margin: np.ndarray) -> float:
        return float(np.mean((margin[:, 0] - y) ** 2))

    refit = error(without.margin(X))
    assert error(expert.margin(blanked)) < refit + 0.02
    assert error(bare.margin(blanked)) > refit + 0.2  # what an indicator alone would cost


def test_contributions_add_up_where_patient_and_background_have_gaps() -> None:
    X, y = correlated(300)
    expert = fitted(X, y, [0, 1, 2])
    rng = np.random.default_rng(2)
    background, rows = mask_at_random(X[:50], rng, 0.3), mask_at_random(X[50:90], rng, 0.3)
    assert expert.stand_ins is not None
    crossed = expert.stand_ins.background(expert.basis, background)
    mean = expert.parts(background).mean(axis=0)
    values, base = stand_in_contributions(expert, rows, crossed)
    values = values + linear_contributions(expert.parts(rows), mean)
    base = base + linear_base(expert.intercept, mean)
    np.testing.assert_allclose(base, expert.margin(background).mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(base + values.sum(axis=1), expert.margin(rows), atol=1e-12)
