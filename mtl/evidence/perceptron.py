"""A multilayer perceptron whose hidden layer the tasks share: scikit-learn's, one a kind of task and set of findings."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from mtl.evidence.training_part import TrainingPart, complete
from mtl.model.forest import Floats
from mtl.model.problem import Rows, TaskData

HIDDEN = 16
PENALTIES = (1.0, 10.0, 100.0)
STEPS = 60  # of L-BFGS; stopping early is part of the penalty


class _Inputs:
    """Findings as a network can read them: standardised, the mean for what is missing and a mark, a column a category."""

    def __init__(self, X: Floats, categorical: list[int]) -> None:
        self._categorical = categorical
        self._levels = {j: np.unique(X[~np.isnan(X[:, j]), j]) for j in categorical}
        numbers = [j for j in range(X.shape[1]) if j not in self._levels]
        with_values = [j for j in numbers if not np.isnan(X[:, j]).all()]
        self._mean = {j: float(np.nanmean(X[:, j])) for j in with_values}
        self._spread = {j: float(np.nanstd(X[:, j])) or 1.0 for j in with_values}
        self._missing = [j for j in range(X.shape[1]) if np.isnan(X[:, j]).any()]

    def read(self, X: Floats) -> Floats:
        """(n, q) finite columns."""
        columns = [
            np.where(np.isnan(X[:, j]), 0.0, (X[:, j] - mean) / self._spread[j])
            for j, mean in self._mean.items()
        ]
        columns += [
            (X[:, j] == level).astype(float) for j, levels in self._levels.items() for level in levels
        ]
        columns += [np.isnan(X[:, j]).astype(float) for j in self._missing]
        return np.column_stack(columns) if columns else np.zeros((len(X), 1))


def network(train: TrainingPart, tasks: list[TaskData], seed: int) -> tuple[dict[str, Floats], int]:
    """Tasks of one kind that see the same findings, on the patients who have all their labels; the penalty by inner folds.

    Returns
    -------
    margins : dict
        By task, (held, c) of the patients left out: log-odds, log probabilities, or the standardised value.
    parameters : int
    """
    kind, visible = tasks[0].target.kind, list(tasks[0].visible)
    rows, labels = complete(tasks)
    Y = (
        labels
        if kind != "regression"
        else np.column_stack([(labels[:, k] - task.location) / task.scale for k, task in enumerate(tasks)])
    )
    X, inner = train.problem.X[rows][:, visible], train.problem.fold[rows]
    categorical = train.categorical(tasks[0])
    losses = [
        sum(
            _held_out(X, Y, inner, f, categorical, kind, tasks, rows, penalty, seed) for f in np.unique(inner)
        )
        for penalty in PENALTIES
    ]
    reader = _Inputs(X, categorical)
    model = _fit(reader.read(X), Y, kind, PENALTIES[int(np.argmin(losses))], seed)
    margins = {}
    for place, task in enumerate(tasks):
        said = _margins(model, reader.read(train.unseen(task.name)[:, visible]), kind, task.n_outputs)
        margins[task.name] = said[place]
    return margins, sum(w.size for w in (*model.coefs_, *model.intercepts_))


def _held_out(
    X: Floats, Y: Floats, inner: Rows, f: int, categorical: list[int], kind: str, tasks: list[TaskData], rows: Rows,
    penalty: float, seed: int,
) -> float:  # fmt: skip
    """The tasks' summed loss on an inner fold."""
    reader = _Inputs(X[inner != f], categorical)
    model = _fit(reader.read(X[inner != f]), Y[inner != f], kind, penalty, seed)
    said = _margins(model, reader.read(X[inner == f]), kind, tasks[0].n_outputs)
    total = 0.0
    for task, margin in zip(tasks, said, strict=True):
        loss = task.loss(np.searchsorted(task.rows, rows[inner == f]))
        total += loss.value(margin) * loss.total
    return total


def _fit(X: Floats, Y: Floats, kind: str, penalty: float, seed: int) -> Any:
    make = MLPRegressor if kind == "regression" else MLPClassifier
    model = make(
        hidden_layer_sizes=(HIDDEN,),
        activation="tanh",
        solver="lbfgs",
        alpha=penalty,
        max_iter=STEPS,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped early on purpose
        return model.fit(X, Y[:, 0] if Y.shape[1] == 1 else Y)


def _margins(model: Any, X: Floats, kind: str, outputs: int) -> list[Floats]:
    """A margin a task, (n, c)."""
    if kind == "regression":
        said = np.asarray(model.predict(X)).reshape(len(X), -1)
        return [said[:, [k]] for k in range(said.shape[1])]
    probability = np.clip(np.asarray(model.predict_proba(X)), 1e-15, 1 - 1e-15)
    if kind == "multiclass":
        found = np.full((len(X), outputs), np.log(1e-15))
        found[:, model.classes_.astype(int)] = np.log(probability)
        return [found]
    if model.n_outputs_ == 1:
        probability = probability[:, 1:]
    logit = np.log(probability / (1 - probability))
    return [logit[:, [k]] for k in range(logit.shape[1])]
