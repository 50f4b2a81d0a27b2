"""Pattern tables against enumerated Shapley values, the shap package and the axioms."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingRegressor

from mtl.explain.patterns import TreeTables
from mtl.model.background import BackgroundCounts, BackgroundError, background_counts
from tests.explain.trees import Node, brute_force, random_rows, random_tree, to_forest

CATEGORICAL = {1, 4}


def tables_of(forest, backgrounds, p, scale=None):
    return TreeTables.build(forest, [background_counts(forest, b) for b in backgrounds], p, scale)


@pytest.mark.parametrize("seed", range(12))
def test_equals_every_coalition_enumerated(seed):
    rng = np.random.default_rng(seed)
    p, outputs = 5, 3
    # few features, up to eight leaves: features come back in a path, and some leaves contradict themselves
    features = list(rng.choice(p, size=int(rng.integers(1, p + 1)), replace=False))
    roots = [random_tree(rng, int(rng.integers(2, 9)), features, CATEGORICAL, outputs) for _ in range(4)]
    forest = to_forest(roots, outputs)
    X = random_rows(rng, 3, p, CATEGORICAL)
    backgrounds = [random_rows(rng, int(rng.integers(1, 9)), p, CATEGORICAL) for _ in range(outputs)]
    scale = np.array([1.0, 0.3, -2.0])
    found = tables_of(forest, backgrounds, p, scale).contributions(forest.patterns(X))
    for row, x in enumerate(X):
        for k in range(outputs):
            expected = scale[k] * brute_force(roots, x, backgrounds[k], k)
            np.testing.assert_allclose(found[row, :, k], expected, rtol=0, atol=1e-12)


def test_agrees_with_shap_on_a_scikit_learn_ensemble(shap):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 6)).astype(np.float32).astype(float)
    y = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + 0.1 * rng.normal(size=400)
    model = GradientBoostingRegressor(
        n_estimators=20, max_leaf_nodes=8, learning_rate=0.3, random_state=0
    ).fit(X, y)

    def node(tree, i):
        if tree.children_left[i] < 0:
            return Node(value=0.3 * tree.value[i, 0, :1])
        left, right = node(tree, tree.children_left[i]), node(tree, tree.children_right[i])
        return Node(feature=int(tree.feature[i]), threshold=float(tree.threshold[i]), left=left, right=right)

    forest = to_forest([node(t[0].tree_, 0) for t in model.estimators_], 1)
    background, rows = X[:100], X[100:300]
    tables = tables_of(forest, [background], 6)
    found = tables.contributions(forest.patterns(rows))[:, :, 0]
    explainer = shap.TreeExplainer(model, data=background, feature_perturbation="interventional")
    np.testing.assert_allclose(
        found, explainer.shap_values(rows), atol=1e-6
    )  # shap's extension works in floats
    start = float(np.mean(y))
    np.testing.assert_allclose(tables.base[0] + start, np.ravel(explainer.expected_value)[0], atol=1e-6)
    np.testing.assert_allclose(start + tables.base[0] + found.sum(axis=1), model.predict(rows), rtol=1e-12)


def random_case(seed, outputs=2, p=6, trees=12):
    rng = np.random.default_rng(seed)
    roots = [
        random_tree(rng, int(rng.integers(1, 9)), [0, 1, 2, 4], CATEGORICAL, outputs) for _ in range(trees)
    ]
    while all(r.value is None for r in roots):
        roots[0] = Node(value=rng.normal(size=outputs))
    # a tree without a decision keeps its own place, but not the last one's: see the stump test
    roots.sort(key=lambda r: r.value is not None, reverse=True)
    return rng, roots, to_forest([r for r in roots if r.value is None], outputs)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_axioms(seed):
    rng, _, forest = random_case(seed)
    p = 6
    X = random_rows(rng, 70, p, CATEGORICAL)
    backgrounds = [random_rows(rng, 20, p, CATEGORICAL), random_rows(rng, 31, p, CATEGORICAL)]
    tables = tables_of(forest, backgrounds, p)
    found = tables.contributions(forest.patterns(X))
    # additivity
    np.testing.assert_allclose(tables.base + found.sum(axis=1), forest.margin(X), rtol=1e-12, atol=1e-12)
    # efficiency against the background: the base is the mean margin
    for k in range(2):
        np.testing.assert_allclose(
            tables.base[k], forest.margin(backgrounds[k])[:, k].mean(), rtol=1e-12, atol=1e-12
        )
    # dummy: features that no tree asks have exactly no influence
    assert np.all(found[:, [3, 5]] == 0)
    # linearity: scaled tables are scaled values, and the tables of one output are that output's values
    np.testing.assert_allclose(
        tables_of(forest, backgrounds, p, [2.0, -0.5]).contributions(forest.patterns(X)),
        found * [2.0, -0.5],
        atol=1e-12,
    )
    np.testing.assert_array_equal(tables.only([1]).contributions(forest.patterns(X)), found[:, :, [1]])
    # the mean over the background itself is nothing but noise: contributions are centred
    own = tables.contributions(forest.patterns(backgrounds[0]))[:, :, 0]
    np.testing.assert_allclose(own.sum(axis=1).mean(), 0, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_symmetry_two_features_that_play_the_same_part_share_equally(seed):
    rng = np.random.default_rng(seed)
    a, b, c, d = (Node(value=rng.normal(size=1)) for _ in range(4))
    cut = float(rng.normal())

    def asks(feature, left, right):
        return Node(feature=feature, threshold=cut, left=left, right=right)

    # f(x0, x1) = f(x1, x0), asked in the one order in one tree and in the other order in the next
    roots = [asks(0, asks(1, a, b), asks(1, b, c)), asks(1, asks(0, a, d), asks(0, d, c))]
    forest = to_forest(roots, 1)
    half = rng.normal(size=(15, 3))
    half[:, 1] = half[:, 0]
    x = rng.normal(size=(1, 3))
    x[:, 1] = x[:, 0]
    found = tables_of(forest, [half], 3).contributions(forest.patterns(x))
    np.testing.assert_allclose(found[0, 0], found[0, 1], atol=1e-14)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 300))
def test_a_row_has_the_same_values_alone_and_in_any_table(seed, n):
    rng, _, forest = random_case(seed)
    X = random_rows(rng, n, 6, CATEGORICAL)
    tables = tables_of(forest, [X[:1], X], 6)
    patterns = forest.patterns(X)
    together = tables.contributions(patterns)
    row = int(rng.integers(n))
    np.testing.assert_array_equal(tables.contributions(patterns[row : row + 1])[0], together[row])


def test_a_tree_without_a_decision_is_refused():
    with pytest.raises(ValueError, match="a tree without a decision"):
        to_forest([Node(value=np.array([2.0, -3.0]))], 2)


def test_a_forest_of_nothing_explains_to_zero():
    nothing = to_forest([], 1)
    tables = tables_of(nothing, [np.zeros((2, 3))], 3)
    assert tables.base.tolist() == [0.0]
    assert tables.contributions(np.zeros((5, 0), np.uint8)).shape == (5, 3, 1)


def test_counts_survive_json_and_hold_no_row():
    rng, _, forest = random_case(7)
    counts = background_counts(forest, random_rows(rng, 50, 6, CATEGORICAL))
    text = json.dumps(counts.to_dict())
    again = BackgroundCounts.from_dict(json.loads(text))
    for name in ("rows", "start", "pattern", "count"):
        np.testing.assert_array_equal(getattr(counts, name), getattr(again, name))
    assert set(json.loads(text)) == {"rows", "start", "pattern", "count"}


def test_counts_that_contradict_each_other_are_refused():
    rng, _, forest = random_case(7)
    good = background_counts(forest, random_rows(rng, 50, 6, CATEGORICAL)).to_dict()
    bad = [
        {"rows": 0},
        {"rows": 51},
        {"pattern": good["pattern"][:-1]},
        {"pattern": [-1, *good["pattern"][1:]]},
        {"count": [0, *good["count"][1:]]},
        {"start": [1, *good["start"][1:]]},
    ]
    for change in bad:
        with pytest.raises(BackgroundError, match="background counts"):
            BackgroundCounts.from_dict(good | change)


def test_errors_say_what_does_not_fit():
    rng, _, forest = random_case(1)
    X = random_rows(rng, 9, 6, CATEGORICAL)
    counts = background_counts(forest, X)
    with pytest.raises(BackgroundError, match="0 rows"):
        background_counts(forest, X[:0])
    with pytest.raises(BackgroundError, match=r"1 backgrounds .* 2 outputs"):
        TreeTables.build(forest, [counts], 6)
    with pytest.raises(BackgroundError, match="the table has 2"):
        TreeTables.build(forest, [counts] * 2, 2)
    with pytest.raises(BackgroundError, match="trees"):
        TreeTables.build(to_forest([random_tree(rng, 3, [0], set(), 1)], 1), [counts], 6)
    with pytest.raises(BackgroundError, match="patterns: shape"):
        TreeTables.build(forest, [counts] * 2, 6).contributions(np.zeros((3, 99), np.uint8))


def test_one_patient_and_all_outputs_take_less_than_a_millisecond():
    rng = np.random.default_rng(0)
    roots = [random_tree(rng, 6, list(range(30)), set(), 8) for _ in range(200)]
    forest = to_forest(roots, 8)
    tables = tables_of(forest, [rng.normal(size=(100, 30))] * 8, 30)
    pattern = forest.patterns(rng.normal(size=(1, 30)))
    took = []
    for _ in range(30):
        begin = time.perf_counter()
        tables.contributions(pattern)
        took.append(time.perf_counter() - begin)
    assert np.median(took) < 1e-3
