"""Cross-fitted trees: rounds by held-out loss, and a fold's forest that never saw the fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mtl.model.grow import TreeConfig
from mtl.model.problem import Problem
from mtl.model.trees import CrossFittedTrees, Structure, cross_fit_trees
from tests import synthetic

CONFIG = TreeConfig(max_rounds=60)


def nothing() -> None:
    """A tick that nobody waits for."""


@pytest.fixture(scope="module")
def problem() -> Problem:
    return Problem.from_table(synthetic.study(), synthetic.table(300), 5, 0)


def structure(problem: Problem, names: list[str], helpers: list[str]) -> Structure:
    tasks = {t.name: t for t in problem.tasks}
    members, helping = tuple(tasks[n] for n in names), tuple(tasks[h] for h in helpers)
    return Structure(members, helping, members[0].visible, problem.categorical)


def grown(
    problem: Problem, names: list[str], helpers: Sequence[str] = (), config: TreeConfig = CONFIG
) -> CrossFittedTrees:
    return cross_fit_trees(problem, structure(problem, names, list(helpers)), config, 7, nothing)


def test_losses_and_rounds_are_those_of_the_forests(problem: Problem) -> None:
    found = grown(problem, ["ill", "kind"], ["death"])
    tasks = {t.name: t for t in problem.tasks}
    assert found.whole.forest.n_outputs == 4 and len(found.folds) == 5
    for member, (name, outputs) in enumerate((("ill", [0]), ("kind", [1, 2, 3]))):
        task, total, weight = tasks[name], 0.0, 0.0
        for split, fitted in zip(problem.splits[:-1], found.folds, strict=True):
            held = split.labelled(task)[2]
            loss = task.loss(held)
            total += loss.total * loss.value(fitted.margin(problem.X[task.rows[held]])[:, outputs])
            weight += loss.total
        assert found.loss[member] == pytest.approx(total / weight, abs=1e-12)
        used = found.whole.forest.value[:, outputs]
        tree = np.repeat(np.arange(found.whole.forest.n_trees), np.diff(found.whole.forest.leaf_start))
        assert (used[tree >= found.rounds[member]] == 0).all()


def test_a_fold_never_saw_its_rows() -> None:
    """Labels of a fold can be anything: its forest does not change."""
    table = synthetic.table(300)
    first = Problem.from_table(synthetic.study(), table, 5, 0)
    task = next(t for t in first.tasks if t.name == "amount")
    held = np.flatnonzero(first.fold == 2)
    changed = task.target.y.copy()
    changed[np.isin(task.rows, held)] *= -100
    other = replace(task, target=replace(task.target, y=changed))
    config = TreeConfig(max_rounds=20)
    a, b = (
        cross_fit_trees(first, Structure((t,), (), t.visible, first.categorical), config, 7, nothing)
        for t in (task, other)
    )
    n = min(f.folds[2].forest.n_trees for f in (a, b))
    leaves = a.folds[2].forest.leaf_start[n]
    np.testing.assert_array_equal(a.folds[2].forest.value[:leaves], b.folds[2].forest.value[:leaves])
    assert a.folds[2].start == b.folds[2].start


def test_noise_stops_early_and_signal_goes_on() -> None:
    rng = np.random.default_rng(5)
    study, table = synthetic.study(), synthetic.table(300)
    table["late"] = rng.normal(size=300)  # `ill` becomes a coin
    problem = Problem.from_table(study, table, 5, 0)
    found = grown(problem, ["ill"], config=TreeConfig())
    assert found.rounds[0] < 40
    assert grown(problem, ["amount"], config=TreeConfig()).rounds[0] > 60


def test_a_missing_table_of_labels_for_a_fold_does_no_harm() -> None:
    study, table = synthetic.study(), synthetic.table(300)
    table.loc[25:, "kind"] = None
    problem = Problem.from_table(study, pd.DataFrame(table), 5, 0)
    found = grown(problem, ["ill", "kind"])
    assert np.isfinite(found.loss).all()
