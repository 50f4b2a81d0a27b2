"""Growing: one output is ordinary boosting, several share a structure, opposed ones do not cancel."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pytest

from mtl.model.grow import Growth, GrowthTask, TreeConfig
from mtl.model.losses import BinaryLoss, CoxLoss, MulticlassLoss, SquaredLoss
from mtl.model.masking import mask_at_random

CONFIG = TreeConfig()


def table(n: int = 600, p: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    X[:, 4] = rng.integers(0, 6, n)
    signal = X[:, 0] + X[:, 1] * (X[:, 0] > 0) + (X[:, 4] == 2)
    return mask_at_random(X, rng), signal


def squared(y: np.ndarray, rows: np.ndarray | None = None) -> GrowthTask:
    rows = np.arange(len(y)) if rows is None else rows
    return GrowthTask(SquaredLoss(y[rows]), rows)


def test_one_output_is_lightgbm_itself() -> None:
    """Without bagging and feature sampling the leaves are LightGBM's own Newton steps."""
    X, y = table()
    X = X[:, :4]
    config = TreeConfig(bagging=1.0, feature_fraction=1.0, min_labelled=0, min_leaf=10)
    growth = Growth(X, range(4), [], [squared(y)], config, seed=1)
    growth.extend(50)
    params = {
        "objective": "regression", "num_leaves": 6, "learning_rate": 0.05, "lambda_l2": 1.0, "min_data_in_leaf": 10,
        "verbosity": -1, "num_threads": 1, "deterministic": True, "force_col_wise": True,
    }  # fmt: skip
    peer = lgb.train(params, lgb.Dataset(X, y), 50)
    np.testing.assert_allclose(growth.start[0] + growth.forest().margin(X)[:, 0], peer.predict(X), atol=1e-5)


def test_margins_kept_are_those_of_the_forest() -> None:
    X, y = table()
    rng = np.random.default_rng(1)
    rows = np.sort(rng.choice(600, 250, replace=False))
    time = rng.exponential(np.exp(-y[rows]))
    tasks = [
        squared(y),
        GrowthTask(BinaryLoss((y[rows] > 0).astype(float)), rows),
        GrowthTask(MulticlassLoss(np.digitize(y, [0.0, 1.0]).astype(float), 3), np.arange(600)),
        GrowthTask(CoxLoss(time, np.ones(250)), rows, weight=3.0),
    ]
    growth = Growth(X, [0, 1, 3, 4], [4], tasks, CONFIG, seed=1)
    growth.extend(60)
    forest = growth.forest()
    assert forest.n_outputs == 6 and set(forest.feature) <= {0, 1, 3, 4}
    assert any(c is not None for c in forest.categories)
    np.testing.assert_allclose(growth.start + forest.margin(X), growth._margin.T, atol=1e-12)
    assert (forest.count <= len(X)).all() and (forest.value[forest.count < CONFIG.min_labelled] == 0).all()
    for task, outputs in zip(tasks, growth.slices, strict=True):
        before, after = task.loss.value(np.tile(growth.start[outputs], (len(task.rows), 1))), None
        after = task.loss.value(growth._margin[outputs][:, task.rows].T)
        assert after < before


def test_counts_are_each_outputs_labelled_rows() -> None:
    X, y = table()
    rows = np.flatnonzero(y > 0)
    growth = Growth(X, range(5), [4], [squared(y), squared(y, rows)], CONFIG, seed=1)
    growth.extend(10)
    forest = growth.forest()
    leaves = forest.leaves(forest.patterns(X))
    for tree in range(forest.n_trees):
        for leaf in range(forest.leaf_start[tree], forest.leaf_start[tree + 1]):
            inside = leaves[:, tree] == leaf
            assert forest.count[leaf].tolist() == [inside.sum(), inside[rows].sum()]


def test_a_fixed_sum_would_cancel_opposed_targets_but_the_projection_does_not() -> None:
    X, f = table(2000)
    f = f + 0.1 * np.random.default_rng(0).normal(size=2000)
    rows = np.sort(np.random.default_rng(1).choice(2000, 1000, replace=False))
    growth = Growth(X, range(5), [4], [squared(f), squared(-f, rows)], CONFIG, seed=1)
    growth.extend(200)
    fresh, truth = table(2000, seed=9)
    fresh = fresh.copy()
    found = growth.start + growth.forest().margin(fresh)
    clean = ~np.isnan(fresh).any(axis=1)
    for margin, sign in zip(found.T, (1, -1), strict=True):
        error = np.mean((margin - sign * truth)[clean] ** 2) / np.var(truth[clean])
        assert error < 0.2


def test_rounds_and_outputs_are_cut_as_asked() -> None:
    X, y = table()
    growth = Growth(X, range(5), [4], [squared(y), squared(-y)], CONFIG, seed=1)
    growth.extend(30)
    cut = growth.forest([10, 25], [1, 0])
    assert cut.n_trees == 25
    staged = growth.forest().staged(X)
    np.testing.assert_allclose(
        cut.margin(X), np.stack([staged[9][:, 1], staged[24][:, 0]], axis=1), atol=1e-12
    )
    assert growth.forest([0, 0]).n_trees == 0
    assert growth.forest([500, 500]).n_trees == 30


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_bits_for_a_seed_on_any_number_of_threads(threads: int) -> None:
    X, y = table()
    make = [
        Growth(X, range(5), [4], [squared(y), squared(y**2)], CONFIG, seed=3, threads=t) for t in (1, threads)
    ]
    for growth in make:
        growth.extend(40)
    assert make[0].forest().margin(X).tobytes() == make[1].forest().margin(X).tobytes()
    other = Growth(X, range(5), [4], [squared(y), squared(y**2)], CONFIG, seed=4)
    other.extend(40)
    assert other.forest().margin(X).tobytes() != make[0].forest().margin(X).tobytes()


def test_a_shuffle_of_steps_changes_nothing() -> None:
    X, y = table()
    whole, pieces = (Growth(X, range(5), [4], [squared(y), squared(-y)], CONFIG, seed=3) for _ in range(2))
    whole.extend(30)
    for step in (1, 9, 20):
        pieces.extend(step)
    assert whole.forest().margin(X).tobytes() == pieces.forest().margin(X).tobytes()


@pytest.mark.parametrize("column", [np.zeros(100), np.full(100, np.nan)], ids=["constant", "missing"])
def test_nothing_to_split_ends_growth(column: np.ndarray) -> None:
    y = np.random.default_rng(0).normal(size=100)
    for tasks in ([squared(y)], [squared(y), squared(-y)]):
        growth = Growth(column[:, None], [0], [], tasks, CONFIG, seed=1)
        growth.extend(400)
        assert growth.finished and growth.forest().n_trees == 0
        np.testing.assert_allclose(growth.start[0], y.mean())


def test_nothing_to_see() -> None:
    growth = Growth(np.zeros((30, 2)), [], [], [squared(np.arange(30.0))], CONFIG, seed=1)
    growth.extend(5)
    assert growth.finished and growth.forest().n_trees == 0


def test_a_label_of_few_leaves_other_outputs_leaves_alone() -> None:
    X, y = table()
    growth = Growth(X, range(5), [4], [squared(y), squared(y, np.arange(12))], CONFIG, seed=1)
    growth.extend(20)
    forest = growth.forest()
    assert (forest.value[forest.count[:, 1] < 5, 1] == 0).all()


def test_three_hundred_categories() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 300, (3000, 1)).astype(float)
    effect = rng.normal(size=300)
    y = effect[X[:, 0].astype(int)] + 0.1 * rng.normal(size=3000)
    growth = Growth(X, [0], [0], [squared(y)], TreeConfig(min_leaf=20), seed=1)
    growth.extend(50)
    forest = growth.forest()
    np.testing.assert_allclose(growth.start[0] + forest.margin(X)[:, 0], growth._margin[0], atol=1e-12)
    assert np.corrcoef(forest.margin(X)[:, 0], y)[0, 1] > 0.6
