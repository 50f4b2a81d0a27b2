"""LightGBM on one task alone, tuned by inner folds: the single-task rival, and the links of a classifier chain.

It sees the findings that the task may see, with nothing masked. For survival it gets a Cox objective with the offset of
the treatment that was given, as our experts do. Rounds are where the mean held-out loss is smallest, the configuration is
the one whose loss there is smallest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.multioutput import ClassifierChain

from mtl.evidence.training_part import TrainingPart, complete
from mtl.model.forest import Floats
from mtl.model.losses import BinaryLoss, Loss
from mtl.model.problem import Rows, TaskData

GRID: tuple[dict[str, Any], ...] = (
    {"num_leaves": 3},
    {"num_leaves": 6},
    {"num_leaves": 6, "extra_trees": True},
)
MOST_ROUNDS, PATIENCE = 400, 40


@dataclass(frozen=True)
class Boosted:
    """A fitted booster; `start` is added to what it says."""

    booster: lgb.Booster
    start: Floats

    def margin(self, X: Floats) -> Floats:
        """(n, c)."""
        raw = np.asarray(self.booster.predict(X, raw_score=True, num_threads=1), dtype=float)
        return np.asarray(raw.reshape(len(X), -1) + self.start)

    @property
    def parameters(self) -> int:
        """Decisions and leaf values."""
        return sum(2 * tree["num_leaves"] - 1 for tree in self.booster.dump_model()["tree_info"])


class _Objective:
    """A task's loss as LightGBM asks for it; a row's label there is its number, so that parts of the rows can be told."""

    def __init__(self, loss_of: Any, start: Floats) -> None:
        self._loss_of, self._start = loss_of, start
        self._known: dict[bytes, Loss] = {}

    def _loss(self, data: lgb.Dataset) -> Loss:
        rows = np.asarray(data.get_label())
        key = rows.tobytes()
        if key not in self._known:
            self._known[key] = self._loss_of(rows.astype(np.intp))
        return self._known[key]

    def _margin(self, raw: Floats) -> Floats:
        return raw.reshape(-1, len(self._start), order="F") + self._start

    def gradient(self, raw: Floats, data: lgb.Dataset) -> tuple[Floats, Floats]:
        g, h = self._loss(data).gradient(self._margin(raw))
        return g.ravel(order="F"), np.maximum(h, 1e-12).ravel(order="F")

    def value(self, raw: Floats, data: lgb.Dataset) -> tuple[str, float, bool]:
        loss = self._loss(data)
        return "loss", loss.value(self._margin(raw)) if loss.total else 0.0, False


def fit(
    X: Floats,
    whole: Loss,
    loss_of: Any,
    inner: Rows,
    categorical: Sequence[int],
    seed: int,
    grid: Sequence[dict[str, Any]] = GRID,
) -> Boosted:
    """Choose by inner folds and fit on all rows.

    Parameters
    ----------
    X
        (n, p) findings that may be seen.
    whole
        The loss on all n rows.
    loss_of
        The loss on chosen rows.
    inner
        (n,) folds.
    """
    n, c = len(X), whole.n_outputs
    objective = _Objective(loss_of, np.asarray(whole.start()))
    splits = [(np.flatnonzero(inner != f), np.flatnonzero(inner == f)) for f in np.unique(inner)]
    common = {
        "learning_rate": 0.05, "min_data_in_leaf": min(20, max(5, n // 25)), "lambda_l2": 1.0, "bagging_fraction": 0.7,
        "bagging_freq": 1, "feature_fraction_bynode": 0.7, "min_sum_hessian_in_leaf": 1e-3, "num_threads": 1,
        "deterministic": True, "force_col_wise": True, "feature_pre_filter": False, "verbosity": -1, "metric": "none",
        "objective": objective.gradient, "num_class": c, "seed": seed,
    }  # fmt: skip

    def data(params: dict[str, Any]) -> lgb.Dataset:
        own = {key: value for key, value in params.items() if key != "objective"}
        return lgb.Dataset(X, np.arange(n, dtype=float), categorical_feature=list(categorical), params=own)

    best: tuple[float, int, dict[str, Any]] | None = None
    for config in grid:
        params = common | config
        curve = _cross_validated(params, data(params), splits, objective)
        at = int(np.argmin(curve))
        if best is None or curve[at] < best[0]:
            best = curve[at], at + 1, params
    assert best is not None
    return Boosted(lgb.train(best[2], data(best[2]), best[1]), np.asarray(whole.start()))


def _cross_validated(
    params: dict[str, Any], data: lgb.Dataset, splits: list[tuple[Rows, Rows]], objective: _Objective
) -> list[float]:
    found: dict[str, Any] = lgb.cv(
        params,
        data,
        MOST_ROUNDS,
        folds=splits,
        feval=objective.value,
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
    )
    return [float(value) for value in found["valid loss-mean"]]


def single(train: TrainingPart, task: TaskData, seed: int) -> Boosted:
    """One task's own booster."""
    X = train.problem.X[task.rows][:, list(task.visible)]
    inner = train.problem.fold[task.rows]
    return fit(X, task.loss(), task.loss, inner, train.categorical(task), seed)


class Link(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A booster of three leaves as scikit-learn's chain asks for it; rounds by four inner folds."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, X: Floats, y: Floats) -> Link:
        """Learn labels of 0 and 1."""
        y = np.asarray(y, dtype=float)
        self.classes_ = np.array([0.0, 1.0])
        inner = np.random.default_rng(self.seed).permutation(len(y)) % 4
        self.boosted_ = fit(
            np.asarray(X), BinaryLoss(y), lambda rows: BinaryLoss(y[rows]), inner, (), self.seed, GRID[:1]
        )
        return self

    def decision_function(self, X: Floats) -> Floats:
        """(n,) log-odds."""
        return np.asarray(self.boosted_.margin(np.asarray(X))[:, 0])

    def predict_proba(self, X: Floats) -> Floats:
        """(n, 2)."""
        p = 1.0 / (1.0 + np.exp(-self.decision_function(X)))
        return np.column_stack([1 - p, p])

    def predict(self, X: Floats) -> Floats:
        """(n,) 0 or 1."""
        return (self.decision_function(X) > 0).astype(float)


def chain(train: TrainingPart, tasks: list[TaskData], seed: int) -> tuple[dict[str, Floats], int]:
    """scikit-learn's ClassifierChain over yes/no tasks that see the same findings, in the study's order.

    Returns
    -------
    margins : dict
        By task, (held, 1) log-odds of the patients left out.
    parameters : int
    """
    rows, labels = complete(tasks)
    visible = list(tasks[0].visible)
    model = ClassifierChain(Link(seed), cv=4).fit(train.problem.X[rows][:, visible], labels)
    margins = {}
    for place, task in enumerate(tasks):
        probability = model.predict_proba(train.unseen(task.name)[:, visible])[:, place]
        clipped = np.clip(probability, 1e-15, 1 - 1e-15)
        margins[task.name] = np.log(clipped / (1 - clipped))[:, None]
    return margins, sum(link.boosted_.parameters for link in model.estimators_)
