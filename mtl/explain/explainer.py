"""Explains a predictor: every task's contributions by one game and one background, all experts together."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import numpy as np

from mtl.explain.linear import linear_base, linear_contributions, stand_in_contributions
from mtl.explain.patterns import TreeTables
from mtl.model.forest import Floats
from mtl.model.predictor import Predictor, TaskPredictor


class Explainer:
    """Interventional SHAP of a predictor's margins.

    The tables of its forests are built at the first question and kept; asking is safe from several threads.
    """

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor
        self._own: dict[str, TreeTables] = {}
        self._shared: dict[int, TreeTables] = {}
        self._lock = Lock()

    def contributions(
        self, X: Floats, tasks: Sequence[str] | None = None
    ) -> dict[str, tuple[Floats, Floats]]:
        """For each task the base (c,) and the contributions (n, p, c); base + their sum is the margin.

        Parameters
        ----------
        X
            (n, p) encoded features.
        """
        chosen = self.predictor.tasks if tasks is None else [self.predictor.task(name) for name in tasks]
        shared_tables = {t.shared: self._shared_tables(t.shared) for t in chosen if t.weights[2] > 0}
        shared = {
            which: tables.contributions(self.predictor.shared[which].patterns(X))
            for which, tables in shared_tables.items()
        }
        return {task.name: self._task(task, X, shared, shared_tables) for task in chosen}

    def _task(
        self, task: TaskPredictor, X: Floats, shared: dict[int, Floats], tables: dict[int, TreeTables]
    ) -> tuple[Floats, Floats]:
        p, c = X.shape[1], task.n_outputs
        base, values = task.constant.copy(), np.zeros((len(X), p, c))
        if task.weights[0] > 0:
            factor = task.weights[0] * task.scale
            values += factor * linear_contributions(task.linear.parts(X), task.background.linear)
            base += factor * linear_base(task.linear.intercept, task.background.linear)
            if task.background.crossed is not None:
                crossed, mean = stand_in_contributions(task.linear, X, task.background.crossed)
                values += factor * crossed
                base += factor * mean
        if task.weights[1] > 0:
            own = self._own_tables(task)
            values += own.contributions(task.own.patterns(X))
            base += own.base
        if task.weights[2] > 0:
            outputs = list(task.shared_outputs)
            values += shared[task.shared][:, :, outputs]
            base += tables[task.shared].base[outputs]
        return base, values

    def _own_tables(self, task: TaskPredictor) -> TreeTables:
        with self._lock:
            if task.name not in self._own:
                counts = [task.background.own] * task.n_outputs
                scale = np.full(task.n_outputs, task.weights[1] * task.scale)
                self._own[task.name] = TreeTables.build(task.own, counts, len(self.predictor.features), scale)
            return self._own[task.name]

    def _shared_tables(self, which: int) -> TreeTables:
        with self._lock:
            if which not in self._shared:
                forest = self.predictor.shared[which]
                scale = np.zeros(forest.n_outputs)
                counts = [None] * forest.n_outputs
                for task in self.predictor.tasks:
                    if task.shared == which:
                        for output in task.shared_outputs:
                            scale[output] = task.weights[2] * task.scale
                            counts[output] = task.background.shared  # type: ignore[call-overload]
                self._shared[which] = TreeTables.build(forest, counts, len(self.predictor.features), scale)  # type: ignore[arg-type]
            return self._shared[which]
