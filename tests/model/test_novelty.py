"""Who is unlike the training patients: how many of those left out are flagged, and who must be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mtl.model import novelty
from mtl.model.novelty import BEYOND, FAR_BEYOND, SHARE, SHARE_BEYOND, Novelty, fit_novelty
from mtl.model.problem import Problem
from tests import synthetic

P = 4


@pytest.fixture(scope="module")
def problem() -> Problem:
    """Four findings that go together, heavy tails, one category, one finding often missing."""
    made = Problem.from_table(synthetic.study(), synthetic.table(400), 5, 0)
    return replace(made, X=patients(400, 1), kinds=("numeric", "numeric", "numeric", "categorical"))


def patients(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    common = rng.normal(size=n)
    X = np.column_stack(
        [common, np.exp(common + 0.2 * rng.normal(size=n)), -common + 0.2 * rng.standard_t(3, n), common > 0]
    )
    X[rng.random(n) < 0.2, 0] = np.nan
    return X.astype(float)


@pytest.fixture(scope="module")
def fitted(problem: Problem) -> tuple[Novelty, ...]:
    return fit_novelty(problem)


def test_as_many_new_patients_are_flagged_as_promised(fitted: tuple[Novelty, ...]) -> None:
    flagged = fitted[-1].flag(patients(20_000, 2)).mean()
    assert 0.01 < flagged < 0.05, f"{flagged:.1%}"


def test_patients_left_out_are_flagged_in_the_share_asked_for(
    problem: Problem, fitted: tuple[Novelty, ...]
) -> None:
    """By the fold's own range and forest, the share is exact but for rounding."""
    flagged = 0
    for f, fold in enumerate(fitted[:-1]):
        inside, held = problem.X[problem.fold != f], problem.X[problem.fold == f]
        numbers = np.array([True, True, True, False])
        low = np.where(numbers, np.nanmin(inside, axis=0), np.nan)
        high = np.where(numbers, np.nanmax(inside, axis=0), np.nan)
        flagged += int(replace(fold, low=low, high=high).flag(held).sum())
    assert flagged == pytest.approx(SHARE * len(problem.X), abs=1)


def test_shuffled_patients_are_flagged(fitted: tuple[Novelty, ...]) -> None:
    X, rng = patients(2_000, 3), np.random.default_rng(0)
    mixed = np.column_stack([rng.permutation(column) for column in X.T])
    assert fitted[-1].flag(mixed).mean() > 0.5
    # findings that contradict each other, each of them ordinary
    assert fitted[-1].flag(np.array([[1.5, np.exp(-1.5), 1.5, 0.0]])).all()


def test_values_far_beyond_are_novel_and_those_within_reach_are_not(fitted: tuple[Novelty, ...]) -> None:
    found = fitted[-1]
    assert BEYOND <= found.reach <= FAR_BEYOND
    width = found.high - found.low
    for j in range(3):
        row = np.full((2, P), np.nan)
        row[:, j] = found.high[j] + np.array([0.9, 1.1]) * found.reach * width[j]
        assert found.beyond(row)[:, j].tolist() == [False, True]
        row[:, j] = found.low[j] - np.array([0.9, 1.1]) * found.reach * width[j]
        assert found.beyond(row)[:, j].tolist() == [False, True]
    assert not found.beyond(np.array([[np.nan, np.nan, np.nan, 99.0]])).any()  # a category has no range


def test_no_more_than_their_share_lies_beyond(problem: Problem, fitted: tuple[Novelty, ...]) -> None:
    far = 0
    for f in range(5):
        inside, held = problem.X[problem.fold != f], problem.X[problem.fold == f]
        low, high = np.nanmin(inside[:, :3], axis=0), np.nanmax(inside[:, :3], axis=0)
        reach = fitted[0].reach * (high - low)
        far += int(((held[:, :3] < low - reach) | (held[:, :3] > high + reach)).any(axis=1).sum())
    assert far <= SHARE_BEYOND * len(problem.X)


def test_few_patients_with_wild_values_still_give_a_finite_limit(problem: Problem) -> None:
    """Every patient left out may lie far beyond: then the range flags them, and the limit none but the lowest."""
    X = np.full((25, P), np.nan)
    X[:, 0] = 10.0 ** np.arange(25)
    few = replace(problem, X=X, fold=np.arange(25) % 5)
    found = fit_novelty(few)[-1]
    assert np.isfinite(found.limit) and found.reach <= FAR_BEYOND
    assert found.beyond(np.array([[3e24, np.nan, np.nan, np.nan]])).any()


def test_a_small_table_is_shuffled_several_times(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, float]] = []
    grow = novelty.Growth

    def watched(X: np.ndarray, features: object, categorical: object, tasks: list, *rest: object) -> object:
        seen.append((len(X), float(tasks[0].loss.start()[0])))
        return grow(X, features, categorical, tasks, *rest)

    monkeypatch.setattr(novelty, "Growth", watched)
    monkeypatch.setattr(novelty, "ROUNDS", 1)
    fit_novelty(problem)
    assert seen[-1] == (6 * 400, pytest.approx(-np.log(5)))
