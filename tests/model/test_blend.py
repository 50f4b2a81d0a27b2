"""The blend against scikit-learn and scipy, and against its own promises."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import nnls

from mtl.model.blend import fit_blend
from mtl.model.losses import BinaryLoss, CoxLoss, MulticlassLoss, SquaredLoss


def data(n: int = 1500, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=n)
    margins = np.stack([truth + rng.normal(size=n) * s for s in (0.5, 1.0, 2.0)], axis=1)[:, :, None]
    return truth, margins, rng.integers(0, 5, n)


def test_without_a_pull_it_is_non_negative_least_squares() -> None:
    truth, margins, fold = data()
    y = truth + 3
    blend = fit_blend(lambda rows: SquaredLoss(y[rows]), margins, fold, few=False)
    X = margins[:, :, 0] - margins[:, :, 0].mean(axis=0)
    wanted, _ = nnls(X, y - y.mean())
    np.testing.assert_allclose(blend.weights, wanted, atol=0.02)
    np.testing.assert_allclose(blend.margin(margins).mean(), y.mean(), atol=1e-5)


def test_an_opposed_expert_gets_no_weight() -> None:
    truth, margins, fold = data()
    margins[:, 2] = -margins[:, 0]
    y = (truth > 0).astype(float)
    blend = fit_blend(lambda rows: BinaryLoss(y[rows]), margins, fold, few=False)
    assert (blend.weights >= 0).all()
    alone = BinaryLoss(y)
    best = min(alone.value(margins[:, i]) for i in range(2))
    assert alone.value(blend.margin(margins)) <= best


def test_few_labels_mean_equal_weights_and_a_free_intercept() -> None:
    truth, margins, fold = data(100)
    y = (truth > 1).astype(float)
    blend = fit_blend(lambda rows: BinaryLoss(y[rows]), margins, fold, few=True)
    np.testing.assert_array_equal(blend.weights, np.full(3, 1 / 3))
    p = 1 / (1 + np.exp(-blend.margin(margins)[:, 0]))
    assert p.mean() == pytest.approx(y.mean(), abs=1e-5)


def test_weak_experts_are_shrunk() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=400)
    margins = np.stack([0.5 * truth + rng.normal(size=400) * 1.5 for _ in range(3)], axis=1)[:, :, None]
    y = (rng.random(400) < 1 / (1 + np.exp(-0.3 * truth))).astype(float)
    blend = fit_blend(lambda rows: BinaryLoss(y[rows]), margins, rng.integers(0, 5, 400), few=False)
    assert np.isfinite(blend.weights).all() and (blend.weights < 0.5).all()


def test_multiclass_has_an_intercept_a_class() -> None:
    rng = np.random.default_rng(0)
    margins = rng.normal(size=(900, 2, 3))
    y = margins.mean(axis=1).argmax(axis=1).astype(float)
    blend = fit_blend(lambda rows: MulticlassLoss(y[rows], 3), margins, rng.integers(0, 5, 900), few=False)
    assert blend.weights.shape == (2,) and blend.intercept.shape == (3,)
    assert (blend.margin(margins).argmax(axis=1) == y).mean() > 0.95


@pytest.mark.parametrize("few", [False, True])
def test_survival_is_stratified_and_has_no_intercept(few: bool) -> None:
    truth, margins, fold = data(800)
    rng = np.random.default_rng(1)
    time = rng.exponential(np.exp(-truth))
    shifted = margins + 0.5 * fold[:, None, None]  # a fold's level means nothing
    blends = [
        fit_blend(lambda rows: CoxLoss(time[rows], np.ones(len(rows)), strata=fold[rows]), m, fold, few)
        for m in (margins, shifted)
    ]
    assert blends[0].intercept.tolist() == [0.0]
    np.testing.assert_allclose(blends[0].weights, blends[1].weights, atol=1e-2)


def test_a_fold_without_events_is_passed_over() -> None:
    truth, margins, fold = data(400)
    event = (fold != 3).astype(float)
    time = np.random.default_rng(1).exponential(np.exp(-truth))
    blend = fit_blend(
        lambda rows: CoxLoss(time[rows], event[rows], strata=fold[rows]), margins, fold, few=False
    )
    assert np.isfinite(blend.weights).all()


def test_an_expert_that_says_nothing_is_harmless() -> None:
    truth, margins, fold = data(400)
    margins[:, 1:] = 0.0
    blend = fit_blend(lambda rows: SquaredLoss(truth[rows]), margins, fold, few=False)
    assert np.isfinite(blend.weights).all()
    every = fit_blend(lambda rows: SquaredLoss(truth[rows]), np.zeros_like(margins), fold, few=False)
    assert np.isfinite(every.weights).all()
