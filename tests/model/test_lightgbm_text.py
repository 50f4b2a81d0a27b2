"""LightGBM's text, read and written, against LightGBM itself; damaged texts against nothing but our own error."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl.model.forest import Forest
from mtl.model.lightgbm_text import ModelTextError, forest_from_text, forest_to_text

P = 5
OBJECTIVES = {"binary": 1, "regression": 1, "multiclass": 3, "poisson": 1}


def rows(rng: np.random.Generator, n: int, missing: float) -> np.ndarray:
    X = rng.normal(size=(n, P))
    X[:, 2] = rng.integers(0, 2, n)
    X[:, 4] = rng.integers(0, 40, n)
    X[rng.random((n, P)) < missing] = np.nan
    return X


def boosted(objective: str, missing: float, seed: int = 0, leaves: int = 8, rounds: int = 25) -> lgb.Booster:
    rng = np.random.default_rng(seed)
    X = rows(rng, 500, missing)
    signal = (
        np.nan_to_num(X[:, 0])
        + np.nan_to_num(X[:, 2])
        + np.isin(X[:, 4], [3, 7, 35, 36])
        + rng.normal(size=500)
    )
    y = {
        "binary": signal > 0.5, "regression": signal, "multiclass": np.digitize(signal, [0, 1]),
        "poisson": np.floor(np.exp(np.clip(signal, -2, 2))),
    }[objective]  # fmt: skip
    params = {
        "objective": objective, "num_leaves": leaves, "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5,
        "deterministic": True, "force_col_wise": True, "seed": seed, "min_data_per_group": 5, "cat_smooth": 1,
    }  # fmt: skip
    if objective == "multiclass":
        params["num_class"] = 3
    return lgb.train(params, lgb.Dataset(X, np.asarray(y, float), categorical_feature=[4]), rounds)


def wanted(booster: lgb.Booster, X: np.ndarray) -> np.ndarray:
    found = np.asarray(booster.predict(X, raw_score=True))
    return found if found.ndim == 2 else found[:, None]


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("missing", [0.0, 0.15], ids=["missing_none", "missing_nan"])
def test_reads_what_lightgbm_predicts(objective: str, missing: float) -> None:
    booster = boosted(objective, missing)
    forest = forest_from_text(booster.model_to_string())
    assert forest.n_outputs == OBJECTIVES[objective]
    X = rows(np.random.default_rng(1), 700, 0.2)
    X[:7, 0], X[:7, 4] = [np.inf, -np.inf, 1e300, -1e300, 0.0, -0.0, 1e-40], [39, 40, 41, 1000, -1, 0, 35]
    for some in (X, X[:30], X[:1]):
        np.testing.assert_allclose(forest.margin(some), wanted(booster, some), rtol=0, atol=1e-12)


def test_multiclass_keeps_a_structure_per_class() -> None:
    forest = forest_from_text(boosted("multiclass", 0.1).model_to_string())
    assert forest.n_trees > 25  # one tree a class and round, not one a round
    values = [forest.value[forest.leaf_start[t] : forest.leaf_start[t + 1]] for t in range(forest.n_trees)]
    assert all((v != 0).any(axis=0).sum() == 1 for v in values)


def test_columns_are_moved_to_the_tables_places() -> None:
    booster = boosted("binary", 0.1)
    X = rows(np.random.default_rng(1), 100, 0.1)
    wide = np.full((100, 9), 7.0)
    places = [8, 0, 3, 5, 2]
    wide[:, places] = X
    forest = forest_from_text(booster.model_to_string(), places)
    np.testing.assert_allclose(forest.margin(wide), wanted(booster, X), rtol=0, atol=1e-12)


def a_shared_forest(seed: int = 0, outputs: int = 3) -> Forest:
    first = forest_from_text(boosted("regression", 0.1, seed).model_to_string())
    rng = np.random.default_rng(seed)
    return Forest(
        first.feature, first.threshold, first.missing_left, first.categories, first.start, first.leaf_start, first.care,
        first.want, rng.normal(size=(len(first.care), outputs)), rng.integers(0, 90, (len(first.care), outputs)),
    )  # fmt: skip


@pytest.mark.parametrize("outputs", [1, 3])
def test_lightgbm_reads_what_is_written(outputs: int) -> None:
    forest = a_shared_forest(outputs=outputs)
    booster = lgb.Booster(model_str=forest_to_text(forest, ["a b", "b", "c", "d", "年龄"]))
    X = rows(np.random.default_rng(2), 300, 0.2)
    np.testing.assert_allclose(wanted(booster, X), forest.margin(X), rtol=0, atol=1e-12)
    contributions = np.asarray(booster.predict(X, pred_contrib=True)).reshape(len(X), outputs, P + 1)
    assert np.isfinite(contributions).all()
    np.testing.assert_allclose(contributions.sum(axis=2), forest.margin(X), rtol=0, atol=1e-9)


@pytest.mark.parametrize("outputs", [1, 4])
def test_round_trip_keeps_every_bit(outputs: int) -> None:
    forest = a_shared_forest(3, outputs)
    again = forest_from_text(forest_to_text(forest, list("abcde")))
    X = rows(np.random.default_rng(2), 300, 0.2)
    assert again.margin(X).tobytes() == forest.margin(X).tobytes()
    np.testing.assert_array_equal(again.count, np.maximum(forest.count, 1))
    assert forest_to_text(again, list("abcde")) == forest_to_text(forest, list("abcde"))


def test_no_trees() -> None:
    empty = Forest.from_trees([], [], [], 2)
    again = forest_from_text(forest_to_text(empty, ["a"]))
    assert (again.n_trees, again.n_outputs) == (0, 2)
    assert again.margin(np.zeros((3, 1))).tolist() == [[0.0, 0.0]] * 3


# Texts that cannot be read honestly ------------------------------------------------------------------------------------


def test_nine_leaves_are_refused() -> None:
    with pytest.raises(ModelTextError, match="9 leaves"):
        forest_from_text(boosted("binary", 0.0, leaves=9).model_to_string())


def test_a_constant_tree_is_not_lost() -> None:
    """LightGBM writes a tree of one leaf where nothing splits; its value belongs to the margin."""
    X = np.zeros((50, 2))
    params = {"objective": "regression", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
    booster = lgb.train(params, lgb.Dataset(X, np.full(50, 3.0)), 2)
    text = booster.model_to_string()
    with pytest.raises(ModelTextError, match="leaf"):
        forest_from_text(text)


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({"zero_as_missing": True}, "zero"),
        ({"linear_tree": True}, "linear"),
        ({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, "average"),
    ],
    ids=["zero_as_missing", "linear_tree", "random_forest"],
)
def test_what_would_be_read_wrongly_is_refused(params: dict[str, object], word: str) -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 4, (300, 2)).astype(float)
    fixed = {
        "objective": "regression",
        "verbosity": -1,
        "num_threads": 1,
        "num_leaves": 5,
        "min_data_in_leaf": 5,
    }
    booster = lgb.train(fixed | params, lgb.Dataset(X, X[:, 0] + rng.normal(size=300), params=params), 3)
    with pytest.raises(ModelTextError, match=word):
        forest_from_text(booster.model_to_string())


TEXT = forest_to_text(a_shared_forest(0, 2), list("abcde"))
NATIVE = boosted("multiclass", 0.1, rounds=3).model_to_string()
PROBE = rows(np.random.default_rng(5), 20, 0.2)


def read_or_refuse(text: str) -> None:
    try:
        forest = forest_from_text(text)
    except ModelTextError as error:
        assert len(str(error)) < 500
        return
    if len(forest.feature) == 0 or forest.feature.max() < P:
        assert np.isfinite(forest.margin(PROBE)).all() or np.abs(forest.value).max() > 1e300


@settings(max_examples=250, deadline=2000)
@given(
    native=st.booleans(),
    edits=st.lists(
        st.tuples(st.integers(0, 10**6), st.sampled_from("0123456789.-+e= \nxinfa\x00é")),
        min_size=1,
        max_size=6,
    ),
    cut=st.one_of(st.none(), st.integers(0, 10**6)),
)
def test_damaged_texts_never_crash(native: bool, edits: list[tuple[int, str]], cut: int | None) -> None:
    text = (NATIVE if native else TEXT)[:6000] + "\nend of trees\n"
    letters = list(text)
    for place, letter in edits:
        letters[place % len(letters)] = letter
    damaged = "".join(letters)
    read_or_refuse(damaged if cut is None else damaged[: cut % len(damaged)])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("max_feature_idx=4", "max_feature_idx=4000000000000"),
        ("max_feature_idx=4", "max_feature_idx=-7"),
        ("num_tree_per_iteration=2", "num_tree_per_iteration=0"),
        ("num_tree_per_iteration=2", "num_tree_per_iteration=3000000"),
        ("num_tree_per_iteration=2", "num_tree_per_iteration=" + "9" * 5000),
        ("left_child=1", "left_child=0"),
        ("decision_type=10", "decision_type=11"),
        ("threshold=", "threshold=inf "),
        ("leaf_value=", "leaf_value=nan "),
        ("leaf_value=", "leaf_worth="),
        ("leaf_value=-", "leaf_value=1e999 -"),
        ("num_leaves=8", "num_leaves=-8"),
        ("num_leaves=8", "num_leaves=8 8"),
        ("cat_threshold=", "cat_threshold=-1 "),
        ("cat_threshold=", "cat_threshold=99999999999999999999999 "),
        ("cat_boundaries=0", "cat_boundaries=5"),
        ("cat_boundaries=0", "cat_boundaries=-5"),
    ],
)
def test_chosen_damage(old: str, new: str) -> None:
    assert old in TEXT
    read_or_refuse(TEXT.replace(old, new, 1))
    read_or_refuse(TEXT.replace(old, new))


def test_an_infinite_place_in_the_list_of_categories_is_refused() -> None:
    block = next(b for b in TEXT.split("\nTree=") if "cat_threshold" in b)
    line = next(x for x in block.split("\n") if x.startswith("threshold="))
    damaged = TEXT.replace(line, "threshold=" + " ".join(["inf"] * len(line.split())))
    with pytest.raises(ModelTextError):
        forest_from_text(damaged)


@pytest.mark.parametrize(
    "text", ["", "tree", "{}", "end of trees", "\nTree=0\nend of trees", "tree\n" * 10000]
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ModelTextError):
        forest_from_text(text)
