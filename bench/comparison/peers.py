"""Other multi-output learners, where they apply: several tasks of one kind, binary or regression, on equal features.

None of them takes mixed kinds, survival, or (for classes) missing labels; they learn from the patients who have every
label of the group. Each is tuned as the baseline is: a small grid, rounds by the mean held-out loss of five inner folds.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import catboost
import numpy as np
import xgboost
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor

from bench.comparison.methods import Case, Outcome
from bench.comparison.tuned import GRID, INNER, SHORT_GRID, Tuned, tune
from mtl.data.split import folds
from mtl.data.targets import Target

ROUNDS = 400


@dataclass(frozen=True)
class Group:
    """Tasks that a multi-output learner can take at once: X and Y of the training rows with every label, X to judge."""

    kind: str
    tasks: tuple[str, ...]
    X: np.ndarray
    Y: np.ndarray
    unseen: np.ndarray

    def inner(self, seed: int) -> np.ndarray:
        """Inner folds, stratified by all tasks."""
        found = {t: Target(t, self.kind, y=y) for t, y in zip(self.tasks, self.Y.T, strict=True)}
        return folds(found, INNER, seed)


def groups(case: Case) -> list[Group]:
    """The groups of two tasks or more."""
    together: dict[tuple[str, tuple[int, ...]], list[str]] = {}
    for task in case.tasks:
        kind, columns = case.labels[task].kind, tuple(case.visible(task))
        if kind in ("binary", "regression"):
            together.setdefault((kind, columns), []).append(task)
    found = []
    for (kind, columns), tasks in together.items():
        Y = np.column_stack([case.labels[task].y for task in tasks])
        complete = ~np.isnan(Y).any(axis=1)
        if len(tasks) > 1:
            train, test = (_one_hot(case, X, columns) for X in case.X)
            found.append(Group(kind, tuple(tasks), train[complete], Y[complete], test))
    return found


def _one_hot(case: Case, X: np.ndarray, columns: tuple[int, ...]) -> np.ndarray:
    """The columns of X, a categorical one as one column a level."""
    found = []
    for j in columns:
        feature = case.cohort.study.features[j]
        if feature.kind == "categorical":
            found += [np.where(np.isnan(X[:, j]), np.nan, X[:, j] == k) for k in range(len(feature.levels))]
        else:
            found.append(X[:, j])
    return np.column_stack(found)


Fit = Callable[[Group, int, bool], tuple[np.ndarray, int]]


def outcome(case: Case, method: str, fit: Fit, kinds: tuple[str, ...]) -> list[Outcome]:
    """Fit every group of these kinds; no outcome where there is none."""
    scores: dict[str, float] = {}
    size, begin = 0, time.perf_counter()
    for group in groups(case):
        if group.kind in kinds:
            predictions, bytes_ = fit(group, case.seed, case.short)
            size += bytes_
            scores |= {t: case.score(t, p) for t, p in zip(group.tasks, predictions.T, strict=True)}
    return [Outcome(method, scores, time.perf_counter() - begin, size)] if scores else []


def _best(curves: list[np.ndarray]) -> tuple[int, int]:
    """Which curve has the lowest point, and the rounds there."""
    which = int(np.argmin([curve.min() for curve in curves]))
    return which, int(curves[which].argmin()) + 1


def _standard(Y: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    if kind == "binary":
        return np.zeros(Y.shape[1]), np.ones(Y.shape[1])
    return Y.mean(axis=0), Y.std(axis=0)


def _xgboost(group: Group, seed: int, short: bool) -> tuple[np.ndarray, int]:
    mean, spread = _standard(group.Y, group.kind)
    Y = (group.Y - mean) / spread
    objective, metric = {
        "binary": ("binary:logistic", "logloss"),
        "regression": ("reg:squarederror", "rmse"),
    }[group.kind]
    common = {
        "objective": objective, "eval_metric": metric, "multi_strategy": "multi_output_tree", "tree_method": "hist",
        "eta": 0.05, "subsample": 0.7, "nthread": 1, "seed": seed,
    }  # fmt: skip
    configs = [
        common | {"max_depth": depth, "lambda": penalty, "min_child_weight": weight}
        for depth, penalty, weight in ((1, 1, 5), (2, 1, 5), (3, 1, 5), (3, 10, 20), (4, 10, 20))
    ][: 1 if short else None]
    inner = group.inner(seed)
    curves = []
    for config in configs:
        found = []
        for f in range(INNER):
            data = xgboost.DMatrix(group.X[inner != f], Y[inner != f])
            held = xgboost.DMatrix(group.X[inner == f], Y[inner == f])
            seen: dict[str, Any] = {}
            xgboost.train(config, data, ROUNDS, evals=[(held, "held")], evals_result=seen, verbose_eval=False)
            found.append(seen["held"][metric])
        curves.append(np.mean(found, axis=0))
    which, rounds = _best(curves)
    booster = xgboost.train(configs[which], xgboost.DMatrix(group.X, Y), rounds)
    predictions = booster.predict(xgboost.DMatrix(group.unseen))
    return predictions * spread + mean, len(booster.save_raw("ubj"))


def _catboost(group: Group, seed: int, short: bool) -> tuple[np.ndarray, int]:
    mean, spread = _standard(group.Y, group.kind)
    Y = (group.Y - mean) / spread
    loss = {"binary": "MultiLogloss", "regression": "MultiRMSE"}[group.kind]
    common = {
        "loss_function": loss, "learning_rate": 0.05, "thread_count": 1, "random_seed": seed, "verbose": False,
        "allow_writing_files": False, "use_best_model": False,
    }  # fmt: skip
    configs = [
        common | {"depth": depth, "l2_leaf_reg": penalty}
        for depth, penalty in ((2, 3), (4, 3), (4, 10), (6, 10))
    ][: 1 if short else None]
    inner = group.inner(seed)
    curves = []
    for config in configs:
        found = []
        for f in range(INNER):
            model = catboost.CatBoost(config | {"iterations": ROUNDS})
            model.fit(group.X[inner != f], Y[inner != f], eval_set=(group.X[inner == f], Y[inner == f]))
            found.append(model.get_evals_result()["validation"][loss])
        curves.append(np.mean(found, axis=0))
    which, rounds = _best(curves)
    model = catboost.CatBoost(configs[which] | {"iterations": rounds}).fit(group.X, Y)
    predictions = np.asarray(model.predict(group.unseen, prediction_type="RawFormulaVal"))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.cbm")
        model.save_model(path)
        size = os.path.getsize(path)
    return predictions * spread + mean, size


class TunedClassifier(ClassifierMixin, BaseEstimator):
    """The baseline as a scikit-learn classifier of 0 and 1."""

    def __init__(self, grid: tuple[dict[str, Any], ...] = GRID, seed: int = 0) -> None:
        self.grid = grid
        self.seed = seed

    def fit(self, X: np.ndarray, y: np.ndarray) -> TunedClassifier:
        self.classes_ = np.array([0.0, 1.0])
        self.tuned_: Tuned = tune(
            X, Target("y", "binary", y=np.asarray(y, float)), [], self.grid, seed=self.seed
        )
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        p = self.tuned_.predict(X)
        return np.column_stack([1 - p, p])

    def predict(self, X: np.ndarray) -> np.ndarray:
        return (self.tuned_.predict(X) > 0.5).astype(float)


class TunedRegressor(RegressorMixin, BaseEstimator):
    """The baseline as a scikit-learn regressor."""

    def __init__(self, grid: tuple[dict[str, Any], ...] = GRID, seed: int = 0) -> None:
        self.grid = grid
        self.seed = seed

    def fit(self, X: np.ndarray, y: np.ndarray) -> TunedRegressor:
        self.tuned_: Tuned = tune(
            X, Target("y", "regression", y=np.asarray(y, float)), [], self.grid, seed=self.seed
        )
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.tuned_.predict(X)


def _multi_output(group: Group, seed: int, short: bool) -> tuple[np.ndarray, int]:
    grid = SHORT_GRID if short else GRID
    if group.kind == "binary":
        model = MultiOutputClassifier(TunedClassifier(grid, seed)).fit(group.X, group.Y)
        predictions = np.column_stack([p[:, 1] for p in model.predict_proba(group.unseen)])
    else:
        model = MultiOutputRegressor(TunedRegressor(grid, seed)).fit(group.X, group.Y)
        predictions = model.predict(group.unseen)
    return predictions, sum(link.tuned_.size for link in model.estimators_)


def xgboost_trees(case: Case) -> list[Outcome]:
    """XGBoost with vector leaves."""
    return outcome(case, "XGBoost multi_output_tree", _xgboost, ("binary", "regression"))


def catboost_trees(case: Case) -> list[Outcome]:
    """CatBoost MultiLogloss or MultiRMSE."""
    return outcome(case, "CatBoost Multi*", _catboost, ("binary", "regression"))


def multi_output(case: Case) -> list[Outcome]:
    """scikit-learn's MultiOutput over the tuned baseline."""
    return outcome(case, "MultiOutput over LightGBM", _multi_output, ("binary", "regression"))
