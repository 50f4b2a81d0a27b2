"""A training without one of its folds: what every technique of a comparison learns from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mtl.evidence.nested import part
from mtl.model.forest import Floats
from mtl.model.problem import Problem, Rows, TaskData


@dataclass(frozen=True, eq=False)
class TrainingPart:
    """The patients outside one fold, and those in it.

    Attributes
    ----------
    problem : Problem
        Of the patients outside, with the other folds as its own: for whatever is chosen.
    whole : Problem
    fold : int
        The one left out.
    """

    problem: Problem
    whole: Problem
    fold: int

    @classmethod
    def of(cls, whole: Problem, fold: int) -> TrainingPart:
        """Leave a fold out."""
        train = np.flatnonzero(whole.fold != fold)
        tasks = []
        for task in whole.tasks:
            own = part(task, np.flatnonzero(whole.fold[task.rows] != fold))
            tasks.append(replace(own, rows=np.searchsorted(train, own.rows)))
        patient = None if whole.patient is None else whole.patient[train]
        inner = np.unique(whole.fold[train], return_inverse=True)[1].astype(np.intp)
        problem = replace(whole, X=whole.X[train], tasks=tuple(tasks), fold=inner, patient=patient)
        return cls(problem, whole, fold)

    def held(self, name: str) -> Rows:
        """Which of a task's labelled rows are in the fold, as places among them."""
        return np.flatnonzero(self.whole.fold[self.judged(name).rows] == self.fold)

    def judged(self, name: str) -> TaskData:
        """A task with all its labels."""
        return next(task for task in self.whole.tasks if task.name == name)

    def unseen(self, name: str) -> Floats:
        """(held, p): the findings of the patients in the fold that have the task's label."""
        return self.whole.X[self.judged(name).rows[self.held(name)]]

    def categorical(self, task: TaskData) -> list[int]:
        """Which of the columns that a task sees hold codes of categories, as places among them."""
        kept = set(self.problem.categorical)
        return [place for place, j in enumerate(task.visible) if j in kept]

    def together(self, kinds: tuple[str, ...]) -> list[list[TaskData]]:
        """Tasks of one kind that see the same findings: those that a multi-output learner can take at once."""
        found: dict[tuple[str, tuple[int, ...]], list[TaskData]] = {}
        for task in self.problem.tasks:
            if task.target.kind in kinds:
                found.setdefault((task.target.kind, task.visible), []).append(task)
        return list(found.values())


def complete(tasks: list[TaskData]) -> tuple[Rows, Floats]:
    """The rows that have the label of every one of these tasks, and their labels, (rows, tasks)."""
    rows = tasks[0].rows
    for task in tasks[1:]:
        rows = np.intersect1d(rows, task.rows, assume_unique=True)
    labels = [np.asarray(task.target.y)[np.searchsorted(task.rows, rows)] for task in tasks]
    return rows, np.column_stack(labels)
