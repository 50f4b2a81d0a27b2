"""Closeness by shared leaves, against a walk down every tree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl.explain.similar import Standing, leaf_codes, nearest, shared_leaves
from tests.explain.trees import Node, random_tree, to_forest


def leaf_of(root: Node, x: np.ndarray) -> int:
    """The leaf that a row reaches, found by walking: its address as an object."""
    node = root
    while node.value is None:
        v = x[node.feature]
        if node.categories is not None:
            left = not np.isnan(v) and int(v) in node.categories
        else:
            left = node.missing_left if np.isnan(v) else v <= node.threshold
        node = node.left if left else node.right
    return id(node)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_closeness_is_the_share_of_trees_walked_to_the_same_leaf(seed: int) -> None:
    rng = np.random.default_rng(seed)
    roots = [random_tree(rng, int(rng.integers(2, 9)), [0, 1, 2, 3], {3}, 2) for _ in range(12)]
    forest = to_forest(roots, 2)
    X = rng.normal(size=(80, 4))  # more than the rows that take the one-pass routing
    X[:, 3] = rng.integers(0, 5, 80)
    X[rng.random(X.shape) < 0.1] = np.nan
    codes, own = leaf_codes(forest, X), leaf_codes(forest, X[:1])[:, 0]
    walked = np.array([[leaf_of(root, x) for root in roots] for x in X])
    expected = (walked == walked[0]).mean(axis=1)
    np.testing.assert_allclose(shared_leaves(codes, own), expected, atol=1e-15)
    assert shared_leaves(codes, own)[0] == 1.0


def test_leaves_of_two_forests_are_not_compared() -> None:
    with pytest.raises(ValueError, match="one forest only"):
        shared_leaves(np.zeros((3, 5), np.uint8), np.zeros(4, np.uint8))


def test_nearest_leaves_out_and_keeps_the_order_of_equals() -> None:
    closeness = np.array([0.5, 1.0, 0.5, 0.7, 0.5])
    out = np.array([False, True, False, False, False])
    assert nearest(closeness, out, 3).tolist() == [3, 0, 2]
    assert nearest(closeness, np.ones(5, dtype=bool), 3).tolist() == []


def test_findings_differ_by_rank_by_level_and_by_being_missing() -> None:
    nan = np.nan
    group = np.column_stack([np.arange(101.0), np.tile([0.0, 1.0], 51)[:101]])
    standing = Standing.of(group, np.array([False, True]))
    others = np.array([[60.0, 1.0], [50.0, 0.0], [nan, nan], [1e9, 1.0]])
    apart = standing.differences(np.array([50.0, 0.0]), others)
    np.testing.assert_allclose(apart, [[10 / 101, 1], [0, 0], [1, 1], [(101 - 50.5) / 101, 1]], atol=1e-12)
    both_missing = standing.differences(np.array([nan, nan]), others[2:3])
    assert both_missing.tolist() == [[0.0, 0.0]]
