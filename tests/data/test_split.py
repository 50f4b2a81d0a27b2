"""Folds: whole patients, even shares of every label, the same for a seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import KFold

from mtl.data import DataError, Target, folds, load_sample, sample_names, targets


def _events(found: dict[str, Target]) -> np.ndarray:
    columns = []
    for target in found.values():
        if target.kind == "survival":
            columns += [target.event == 1, target.event == 0]
        elif target.kind != "regression":
            columns += [target.y == value for value in range(max(2, target.n_outputs))]
    return np.column_stack(columns)


@pytest.mark.parametrize("name", sample_names())
@pytest.mark.parametrize("seed", [0, 1])
def test_labels_are_spread_more_evenly_than_by_chance(name: str, seed: int) -> None:
    study, table = load_sample(name)
    found = targets(study, table)
    fold = folds(found, 5, seed)
    labels = _events(found)
    spread = np.ptp([labels[fold == k].sum(axis=0) for k in range(5)], axis=0)
    chance = np.empty(len(table), dtype=int)
    for k, (_, rows) in enumerate(KFold(5, shuffle=True, random_state=seed).split(table)):
        chance[rows] = k
    by_chance = np.ptp([labels[chance == k].sum(axis=0) for k in range(5)], axis=0)
    assert spread.max() <= 3 and spread.sum() < by_chance.sum() / 2
    assert np.ptp(np.bincount(fold, minlength=5)) <= 3


def test_the_same_for_a_seed_and_different_for_another() -> None:
    study, table = load_sample("pbc")
    found = targets(study, table)
    np.testing.assert_array_equal(folds(found, 5, 3), folds(found, 5, 3))
    assert (folds(found, 5, 3) != folds(found, 5, 4)).any()


@settings(max_examples=60, deadline=None)
@given(
    labels=st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=12, max_size=40),
    n_patients=st.integers(4, 12),
    n_splits=st.integers(2, 4),
    seed=st.integers(0, 5),
)
def test_a_patient_stays_in_one_fold_and_no_fold_is_empty(
    labels: list[float], n_patients: int, n_splits: int, seed: int
) -> None:
    groups = np.array([f"p{place % n_patients}" for place in range(len(labels))])
    fold = folds({"t": Target("t", "binary", y=np.array(labels))}, n_splits, seed, groups)
    for patient in set(groups):
        assert len(set(fold[groups == patient])) == 1
    assert set(fold) == set(range(n_splits))


def test_rows_without_a_patient_are_patients_of_their_own() -> None:
    target = Target("t", "binary", y=np.array([0.0, 1.0] * 5))
    fold = folds({"t": target}, 5, 0, [None] * 10)
    assert np.bincount(fold).tolist() == [2] * 5


def test_too_few_patients() -> None:
    target = Target("t", "binary", y=np.array([0.0, 1.0, 1.0]))
    with pytest.raises(DataError, match="3 patients cannot fill 5 folds"):
        folds({"t": target}, 5, 0)
    with pytest.raises(DataError, match="1 patients cannot fill 2 folds"):
        folds({"t": target}, 2, 0, ["a", "a", "a"])
    with pytest.raises(DataError, match="2 patient identifiers for 3 rows"):
        folds({"t": target}, 2, 0, ["a", "b"])
    with pytest.raises(DataError, match="at least 2"):
        folds({"t": target}, 1, 0)
    with pytest.raises(DataError, match="at least one target"):
        folds({}, 2, 0)
