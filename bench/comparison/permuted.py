"""The control: the labels of a task's helpers dealt to other patients, so that only regularisation can help.

The task's linear expert and own trees do not depend on the helpers and stay as they were fitted; the folds stay too.
Only the shared trees grow anew, beside helpers that know nothing; then rounds, weights and the guard are chosen again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import softmax

from bench.comparison.labels import permuted_helpers
from bench.comparison.methods import Case, Outcome
from mtl.data.encode import encode
from mtl.model.blend import FEW_EVENTS, FEW_ROWS, cross_fit_blend, fit_blend
from mtl.model.forest import Floats
from mtl.model.guard import compare
from mtl.model.offsets import treatment_offsets
from mtl.model.problem import Group, Problem, Rows, TaskData
from mtl.model.train import EFFORTS, Trained, train
from mtl.model.trees import CrossFittedTrees, FittedTrees, cross_fit_trees, shared_structure
from mtl.multitask import FOLDS

PERMUTATIONS = 3  # deals of the helpers' labels a task and fold; their mean score counts
ALONE = 2  # the experts that no helper shapes come first: linear, own trees
DEFAULT = EFFORTS["quick"]


@dataclass(frozen=True)
class Real:
    """The quick fit with the labels as they are, from which the control borrows."""

    problem: Problem
    trained: Trained

    @classmethod
    def of(cls, case: Case) -> Real:
        """Fit on the case's training table."""
        problem = Problem.from_table(case.cohort.study, case.train, FOLDS, case.seed)
        return cls(problem, train(problem, DEFAULT, 1, 1, lambda what, share: None, novelty=False))

    def place(self, task: str) -> tuple[int, TaskData, int, Group]:
        """A task's number and labels, and the number and tasks of its visibility mask."""
        (i,) = [k for k, found in enumerate(self.problem.tasks) if found.name == task]
        (g,) = [k for k, group in enumerate(self.problem.groups) if i in group.members]
        return i, self.problem.tasks[i], g, self.problem.groups[g]

    def grown(self, table: pd.DataFrame, task: str, seed: int) -> CrossFittedTrees:
        """The shared trees of the task's mask, learnt from another table of the same patients."""
        other = Problem.from_table(self.problem.study, table, FOLDS, self.problem.seed)
        other = replace(other, fold=self.problem.fold)  # the labels decide the folds, and must not here
        _, _, g, _ = self.place(task)
        if other.groups != self.problem.groups:
            raise ValueError(f"{task}: with the labels dealt anew, other tasks can be trained")
        return cross_fit_trees(
            other, shared_structure(other, other.groups[g]), DEFAULT.trees[0], seed, _quiet
        )

    def predictions(self, task: str, shared: CrossFittedTrees, X: Floats) -> tuple[np.ndarray, np.ndarray]:
        """What the blend with these shared trees says of the rows of X, and what the trees say alone.

        Both on the scale that :func:`scores.score` takes, but for survival without what was given.
        """
        i, data, _, group = self.place(task)
        first = sum(self.problem.tasks[j].n_outputs for j in group.members if j < i)
        outputs = list(range(first, first + data.n_outputs))
        folds = [_margin(trees, outputs) for trees in shared.folds]
        unseen, fold = self._out_of_fold(data, folds), self.problem.fold[data.rows]

        def loss_of(rows: Rows):
            return data.loss(rows, strata=fold[rows] if data.target.kind == "survival" else None)

        few = data.informative < FEW_EVENTS or len(data.rows) < FEW_ROWS
        blend = fit_blend(loss_of, unseen, fold, few)
        honest = cross_fit_blend(loss_of, unseen, fold, blend.strength)
        alone = fit_blend(loss_of, unseen[:, :ALONE], fold, few)
        apart = cross_fit_blend(loss_of, unseen[:, :ALONE], fold, alone.strength)
        fitted = self.trained.predictor.task(task)
        own = fitted.own.margin(X) + data.loss().start()
        margins = np.stack([fitted.linear.margin(X), own, _margin(shared.whole, outputs)(X)], axis=1)
        hurts = compare(loss_of, fold, apart, honest).hurts
        blended = alone.margin(margins[:, :ALONE]) if hurts else blend.margin(margins)
        return _readable(data, blended), _readable(data, margins[:, ALONE])

    def told(self, task: str, table: pd.DataFrame) -> np.ndarray:
        """What the model itself says of a table's rows, on the same scale."""
        _, data, _, _ = self.place(task)
        margin = self.trained.predictor.margins(encode(self.problem.study, table).X, (task,))[task]
        return np.asarray(softmax(margin, axis=1)) if data.target.kind == "multiclass" else margin[:, 0]

    def given(self, task: str, table: pd.DataFrame) -> np.ndarray | float:
        """What treatments with a trial add to the log hazard, 0 for other kinds of task."""
        baseline = self.trained.predictor.task(task).baseline
        if baseline is None:
            return 0.0
        return baseline.mean_offset(treatment_offsets(self.problem.study, table, task).values)

    def _out_of_fold(self, data: TaskData, shared: list[Callable[[Floats], Floats]]) -> Floats:
        """(labelled, 3, c): margins of patients their fold's experts had not seen, survival's centred in the fold."""
        problem, found = self.problem, np.zeros((len(data.rows), ALONE + 1, data.n_outputs))
        for f, (split, trees) in enumerate(zip(problem.splits[:-1], shared, strict=True)):
            fitted = self.trained.fold_predictors[f].task(data.name)
            inside, _, held = split.labelled(data)
            start = data.loss(inside).start()

            def seen(rows: Rows, fitted=fitted, start=start, trees=trees) -> Floats:
                X = problem.X[data.rows[rows]]
                return np.stack([fitted.linear.margin(X), fitted.own.margin(X) + start, trees(X)], axis=1)

            found[held] = seen(held)
            if data.target.kind == "survival":
                found[held] -= seen(inside).mean(axis=0)
        return found


def _margin(trees: FittedTrees, outputs: list[int]) -> Callable[[Floats], Floats]:
    return lambda X: trees.margin(X)[:, outputs]


def _readable(data: TaskData, margin: Floats) -> np.ndarray:
    if data.target.kind == "multiclass":
        return np.asarray(softmax(margin, axis=1))
    return np.asarray(data.location + data.scale * margin[:, 0])


def _quiet() -> None:
    return None


def permuted(case: Case) -> list[Outcome]:
    """The quick blend of each task, and its shared trees, with the labels of all others dealt to other patients.

    Where no other task may help there is nothing to deal: the blend is the model's own, and own trees stand for shared
    ones, as in :mod:`bench.comparison.alone`.
    """
    begin, real = time.perf_counter(), Real.of(case)
    X = encode(case.cohort.study, case.test).X
    scores: dict[str, dict[str, float]] = {"permuted blend": {}, "permuted shared": {}}
    for task in case.tasks:
        number, _, _, group = real.place(task)
        given = real.given(task, case.test)
        found = []
        if len(group.members) + len(group.helpers) == 1:
            own = real.trained.predictor.task(task).own.margin(X)
            found.append([real.told(task, case.test), _readable(real.problem.tasks[number], own)])
        for deal in range(PERMUTATIONS if not found else 0):
            seed = 100 * case.seed + deal
            table = permuted_helpers(case.cohort, case.train, [task], seed)
            found.append(real.predictions(task, real.grown(table, task, 100 * seed + number), X))
        judged = [[case.score(task, p + given) for p in pair] for pair in found]
        for name, value in zip(scores, np.mean(judged, axis=0), strict=True):
            scores[name][task] = float(value)
    seconds = time.perf_counter() - begin
    return [Outcome(name, values, seconds, 0) for name, values in scores.items()]
