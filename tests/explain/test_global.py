"""Importances, shares and likeness, against plain sums, numpy and the explainer itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl.explain.global_importance import bands, decisive, expert_shares, importance, ranks, that_matter
from mtl.explain.global_sharing import likeness_of, weighted_correlation
from tests.explain.trees import random_tree, to_forest


def test_importance_is_the_mean_of_absolute_contributions_in_units_of_the_spread() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(50, 4, 3))
    plain = [
        np.mean([np.mean([abs(values[i, j, c]) for i in range(50)]) for c in range(3)]) for j in range(4)
    ]
    np.testing.assert_allclose(importance(values), plain, atol=1e-12)
    spread = [2.0, 0.0, 4.0]  # an output that does not vary counts nothing
    scaled = np.abs(values).mean(axis=0) * np.array([0.5, 0.0, 0.25])
    np.testing.assert_allclose(importance(values, spread), scaled.mean(axis=1), atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 10), min_size=1, max_size=12), st.floats(0.05, 0.95))
def test_decisive_features_reach_the_share_and_none_could_be_spared(
    weights: list[float], share: float
) -> None:
    w = np.array(weights)
    chosen = decisive(w, share)
    if not w.sum() > 0:
        assert not len(chosen)
        return
    assert w[chosen].sum() >= share * w.sum() - 1e-9
    assert w[chosen[:-1]].sum() < share * w.sum() + 1e-9
    assert w[chosen].min() >= np.delete(w, chosen).max(initial=0.0) - 1e-12


def test_a_feature_that_matters_to_one_task_matters() -> None:
    assert that_matter({"a": np.array([5.0, 1, 1]), "b": np.array([0.0, 2, 2]), "c": np.zeros(3)}) == (0, 1)


def test_shares_of_the_experts_sum_to_one() -> None:
    assert expert_shares(np.array([[1.0, 0, 1], [3, 0, 3]])).tolist() == [0.5, 0.0, 0.5]
    assert expert_shares(np.zeros((2, 3))).tolist() == [0, 0, 0]


def test_bands_cover_every_patient_once() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=200), rng.normal(size=200)
    x[::7] = np.nan
    found = bands(x, y, levels=False, most=4)
    assert sum(band.n for band in found) == 200
    assert np.isnan(found[-1].low) and found[-1].n == int(np.isnan(x).sum())
    for band in found[:-1]:
        inside = (x >= band.low) & (x <= band.high)
        assert band.n == inside.sum()
        np.testing.assert_allclose(band.quartiles, np.quantile(y[inside], [0.25, 0.5, 0.75]))
    levels = bands(np.array([0.0, 1, 1, 2, np.nan]), np.arange(5.0), levels=True)
    assert [(band.low, band.n) for band in levels[:-1]] == [(0, 1), (1, 2), (2, 1)]
    assert bands(np.full(3, np.nan), np.zeros(3), levels=False)[0].n == 3
    assert np.isnan(ranks(np.full(2, np.nan))).all()


def test_weighted_correlation_is_that_of_repeated_rows() -> None:
    rng = np.random.default_rng(2)
    x, y, weight = rng.normal(size=30), rng.normal(size=30), rng.integers(0, 5, 30)
    expected = np.corrcoef(np.repeat(x, weight), np.repeat(y, weight))[0, 1]
    assert weighted_correlation(x, y, weight.astype(float)) == pytest.approx(expected, abs=1e-12)
    assert np.isnan(weighted_correlation(x, np.ones(30), np.ones(30)))
    assert np.isnan(weighted_correlation(x, y, np.zeros(30)))


def test_likeness_rests_on_trees_in_which_both_take_a_step() -> None:
    rng = np.random.default_rng(3)
    forest = to_forest([random_tree(rng, 6, [0, 1], set(), 3) for _ in range(10)], 3)
    object.__setattr__(forest, "count", rng.integers(5, 50, forest.value.shape))
    forest.value[:, 1] = -2 * forest.value[:, 0]
    late = forest.leaf_start[7]
    forest.value[late:, 1] = 0  # output 1 stops after seven rounds
    object.__setattr__(forest, "count", np.where(forest.count, 10, 10))
    value, trees = likeness_of(forest, 0, 1)
    assert trees == 7
    assert value == pytest.approx(-1.0, abs=1e-12)
    forest.value[forest.leaf_start[4] :, 1] = 0
    assert np.isnan(likeness_of(forest, 0, 1)[0])  # four trees say nothing
