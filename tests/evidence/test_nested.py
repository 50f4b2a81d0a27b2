"""No choice about a fold has seen it: its labels may be anything, and what is said of its patients stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mtl.evaluate import NotEstimable
from mtl.evidence.learner import Learner
from mtl.evidence.nested import Asked, Resamples, blended, part
from mtl.evidence.training_part import TrainingPart, complete
from mtl.model.grow import TreeConfig
from mtl.model.problem import Problem, TaskData
from mtl.model.train import Effort
from tests.synthetic import study, table

BRIEF = Effort(
    (TreeConfig(max_rounds=30, learning_rate=0.2), TreeConfig(leaves=3, max_rounds=30, learning_rate=0.2))
)


def quiet() -> None:
    pass


def problem(n: int = 160) -> Problem:
    return Problem.from_table(study(), table(n), 5, 0)


def other_labels(task: TaskData, fold: np.ndarray, held: int) -> TaskData:
    """The task with the labels of a fold dealt anew."""
    rows = np.flatnonzero(fold[task.rows] == held)
    place = np.arange(len(task.rows))
    place[rows] = rows[::-1]
    changed = task.target.subset(place)
    if task.target.kind == "regression":
        y = changed.y.copy()
        y[rows] += 100.0
        changed = replace(changed, y=y)
    return replace(task, target=changed, offsets=None if task.offsets is None else task.offsets[place])


@pytest.mark.parametrize("name", ["ill", "amount", "death"])
def test_the_labels_of_a_fold_change_nothing_that_is_said_of_it(name: str) -> None:
    real = problem()
    held = 1
    changed = replace(real, tasks=tuple(other_labels(t, real.fold, held) for t in real.tasks))
    said = []
    for one in (real, changed):
        learner = Learner(one, BRIEF)
        task = learner.task(name)
        asked = Asked.whole(task)
        experts = [
            learner.linear(learner.nested, asked, quiet),
            learner.trees(learner.nested, learner.alone(task), asked, quiet),
            learner.trees(learner.nested, learner.structure(task), asked, quiet),
        ]
        rows = np.flatnonzero(one.fold[task.rows] == held)
        both = blended(learner.nested, asked, experts)
        said.append([*(e.outer[rows] for e in experts), both.outer[rows], both.weights[held]])
        elsewhere = np.flatnonzero(one.fold[task.rows] != held)
        assert np.isnan(experts[0].inner[held][rows]).all()
        assert np.isfinite(experts[2].inner[held][elsewhere]).all()
    for first, second in zip(*said, strict=True):
        np.testing.assert_array_equal(first, second)


def test_without_nesting_a_fold_s_own_model_has_not_seen_it() -> None:
    real = problem()
    changed = replace(real, tasks=tuple(other_labels(t, real.fold, 1) for t in real.tasks))
    said = []
    for one in (real, changed):
        learner = Learner(one, BRIEF)
        asked = Asked.whole(learner.task("ill"))
        trees = learner.quick_trees(learner.crossed, learner.alone(asked.learnt), asked, quiet)
        rows = np.flatnonzero(one.fold[asked.learnt.rows] == 1)
        said.append((trees.chosen, trees.outer[rows], trees.inner[0][rows]))
    # the choice about fold 1 is made by the other folds; their models have seen its labels, fold 1's own has not
    assert said[0][2].shape == said[1][2].shape
    if said[0][0][1] == said[1][0][1]:
        np.testing.assert_array_equal(said[0][1], said[1][1])


def test_pairs_serve_twice_and_leave_both_out() -> None:
    resamples = Resamples(problem(), True)
    assert len(resamples.splits) == 15 and len(resamples.choosers) == 10
    for key, split in resamples.splits.items():
        assert not np.isin(resamples.problem.fold[split.train], key).any()
        assert resamples.key(3, 1) == resamples.key(1, 3) == (1, 3)
    assert Resamples(problem(), False).choosers == ((0,), (1,), (2,), (3,), (4,))


def test_too_few_labels_are_named() -> None:
    found = problem()
    resamples = Resamples(found, True)
    task = next(t for t in found.tasks if t.name == "ill")
    events = np.flatnonzero(task.target.y == 1)
    few = part(task, np.sort(np.r_[np.flatnonzero(task.target.y == 0), events[:1]]))
    with pytest.raises(NotEstimable):
        resamples.require(few)
    resamples.require(task)


def test_a_training_part_is_the_training_without_the_fold() -> None:
    whole = problem()
    train = TrainingPart.of(whole, 2)
    kept = np.flatnonzero(whole.fold != 2)
    np.testing.assert_array_equal(train.problem.X, whole.X[kept])
    assert int(train.problem.fold.max()) == 3
    for own, task in zip(train.problem.tasks, whole.tasks, strict=True):
        held = train.held(task.name)
        assert len(own.rows) + len(held) == len(task.rows)
        np.testing.assert_array_equal(kept[own.rows], task.rows[whole.fold[task.rows] != 2])
        np.testing.assert_array_equal(train.unseen(task.name), whole.X[task.rows[held]])
    rows, labels = complete([t for t in whole.tasks if t.name in ("ill", "treated")])
    every = [t for t in whole.tasks if t.name in ("ill", "treated")]
    assert set(rows) == set(every[0].rows) & set(every[1].rows) and labels.shape == (len(rows), 2)
