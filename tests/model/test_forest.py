"""Forests against a walker of their own, and the promise that a row has the same bits in any table."""

from __future__ import annotations

import numpy as np
import pytest

from mtl.model.forest import CHUNK, SMALL, Forest, TreeShape
from tests.explain.trees import random_rows, random_tree, to_forest

CATEGORICAL = {1, 4}


def a_forest(seed: int, outputs: int = 2, trees: int = 12) -> tuple[list, Forest]:
    rng = np.random.default_rng(seed)
    roots = [
        random_tree(rng, int(rng.integers(2, 9)), [0, 1, 3, 4], CATEGORICAL, outputs) for _ in range(trees)
    ]
    return roots, to_forest(roots, outputs)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("n", [1, SMALL, SMALL + 1, 300])
def test_margin_is_the_walkers_sum(seed: int, n: int) -> None:
    roots, forest = a_forest(seed)
    X = random_rows(np.random.default_rng(seed + 100), n, 5, CATEGORICAL)
    found = forest.margin(X)
    for i in {0, n // 2, n - 1}:
        np.testing.assert_allclose(found[i], sum(root.walk(X[i]) for root in roots), rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_a_row_has_the_same_bits_alone_and_in_any_table(seed: int) -> None:
    _, forest = a_forest(seed, outputs=3, trees=40)
    X = random_rows(np.random.default_rng(seed), CHUNK + 50, 5, CATEGORICAL)
    whole = forest.margin(X)
    for part in (slice(0, 1), slice(CHUNK - 2, CHUNK + 3), slice(100, 100 + SMALL), slice(5, 400)):
        assert forest.margin(X[part]).tobytes() == whole[part].tobytes()
    assert forest.margin(np.asfortranarray(X)).tobytes() == whole.tobytes()
    assert forest.patterns(X[:SMALL]).tobytes() == forest.patterns(X)[:SMALL].tobytes()


def test_leaves_of_patterns_partition_the_rows() -> None:
    _, forest = a_forest(0)
    for tree in range(forest.n_trees):
        leaves = slice(forest.leaf_start[tree], forest.leaf_start[tree + 1])
        patterns = np.arange(2 ** forest.depth(tree))
        reached = (patterns[:, None] & forest.care[leaves]) == forest.want[leaves]
        assert (reached.sum(axis=1) == 1).all()


def test_staged_ends_at_the_margin_and_outputs_are_columns() -> None:
    _, forest = a_forest(1, outputs=3)
    X = random_rows(np.random.default_rng(1), 200, 5, CATEGORICAL)
    staged = forest.staged(X)
    assert staged.shape == (forest.n_trees, 200, 3)
    np.testing.assert_allclose(staged[-1], forest.margin(X), atol=1e-12)
    assert (
        forest.outputs([2, 0]).margin(X).tobytes()
        == np.ascontiguousarray(forest.margin(X)[:, [2, 0]]).tobytes()
    )


def test_more_thresholds_on_one_feature_than_an_int16_can_count() -> None:
    n = 40_000
    shape = TreeShape(
        np.zeros(1, np.int32),
        np.zeros(1),
        np.ones(1, bool),
        (None,),
        np.array([1, 1], np.uint8),
        np.array([1, 0], np.uint8),
    )
    many = Forest.from_trees([shape] * n, [np.array([[1.0], [0.0]])] * n, [np.ones((2, 1), int)] * n, 1)
    forest = Forest(
        many.feature, np.arange(n, dtype=float), many.missing_left, many.categories, many.start, many.leaf_start,
        many.care, many.want, many.value, many.count,
    )  # fmt: skip
    X = np.full((SMALL + 1, 1), 35_000.5)
    assert forest.margin(X)[:, 0].tolist() == [4_999.0] * len(X)  # thresholds at or above the value


def test_empty() -> None:
    forest = Forest.from_trees([], [], [], 2)
    assert forest.margin(np.zeros((70, 3))).shape == (70, 2)
    assert forest.margin(np.zeros((0, 3))).shape == (0, 2)
    _, full = a_forest(0)
    assert full.margin(np.zeros((0, 5))).shape == (0, 2)
    with pytest.raises(ValueError, match="without a decision"):
        one = np.zeros(1, np.uint8)
        Forest.from_trees(
            [TreeShape(np.zeros(0, np.int32), np.zeros(0), np.zeros(0, bool), (), one, one)],
            [np.zeros((1, 1))], [np.zeros((1, 1), int)], 1,
        )  # fmt: skip
