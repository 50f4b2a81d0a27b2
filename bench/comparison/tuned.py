"""The baseline: LightGBM on one task alone, its shape, penalties and rounds chosen by inner cross-validation.

It sees the features the task may see, with nothing masked. For survival it gets a Cox objective and the trial's offset
for the treatment that was given, as our experts do, and predicts as treated. Rounds are where the mean held-out loss of
five inner folds is smallest, at most 600, stopped after 50 without improvement; the configuration is the one whose
loss there is smallest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np

from bench.comparison.cox import deviance, gradient, signed_times
from mtl.data.split import folds
from mtl.data.targets import Target

MOST_ROUNDS, PATIENCE, INNER = 600, 50, 5

CAREFUL = {"lambda_l2": 10.0, "feature_fraction_bynode": 0.4}
LEAVES_3: dict[str, Any] = {"num_leaves": 3}
LEAVES_6: dict[str, Any] = {"num_leaves": 6}
LEAVES_15: dict[str, Any] = {"num_leaves": 15, "lambda_l2": 10.0}
DEFAULT: dict[str, Any] = {
    "num_leaves": 31,
    "lambda_l2": 0.0,
    "bagging_freq": 0,
    "feature_fraction_bynode": 1.0,
}
EXTRA = {"extra_trees": True}

GRID: tuple[dict[str, Any], ...] = (
    LEAVES_3,
    LEAVES_3 | CAREFUL,
    LEAVES_3 | EXTRA,
    LEAVES_6,
    LEAVES_6 | EXTRA,
    LEAVES_6 | CAREFUL | {"min_data_in_leaf": 50},
    LEAVES_15 | EXTRA,
    LEAVES_15 | CAREFUL | {"min_data_in_leaf": 50},
    DEFAULT,
)
SHORT_GRID = (LEAVES_3, LEAVES_6 | EXTRA)
CHAIN_GRID = (LEAVES_3, LEAVES_3 | EXTRA, LEAVES_6 | EXTRA)


@dataclass(frozen=True)
class Tuned:
    """A fitted booster with what was chosen and the held-out loss of the choice."""

    booster: lgb.Booster
    kind: str
    config: dict[str, Any]
    rounds: int
    loss: float

    def predict(self, X: np.ndarray, offset: np.ndarray | None = None) -> np.ndarray:
        """(n,) probability, value or log hazard as treated; (n, classes) probabilities."""
        raw = np.asarray(self.booster.predict(X, num_threads=1))
        return raw if offset is None else raw + offset

    @property
    def size(self) -> int:
        """Bytes of the saved model."""
        return len(self.booster.model_to_string())


def _objective(kind: str, classes: int) -> dict[str, Any]:
    if kind == "survival":
        return {"objective": lambda margin, data: gradient(margin, data.get_label())}
    if kind == "multiclass":
        return {"objective": "multiclass", "num_class": classes}
    return {"objective": {"binary": "binary", "regression": "l2"}[kind]}


def _cox_metric(margin: np.ndarray, data: lgb.Dataset) -> tuple[str, float, bool]:
    return "cox", deviance(margin, data.get_label()), False


def _params(config: dict[str, Any], target: Target, seed: int) -> dict[str, Any]:
    n = len(target)
    params = {
        "learning_rate": 0.05, "min_data_in_leaf": 20, "lambda_l2": 1.0, "bagging_fraction": 0.7, "bagging_freq": 1,
        "feature_fraction_bynode": 0.7, "max_bin": 255, "num_threads": 1, "deterministic": True,
        "force_col_wise": True, "feature_pre_filter": False, "verbosity": -1, "seed": seed,
        **config, **_objective(target.kind, target.n_outputs),
    }  # fmt: skip
    params["min_data_in_leaf"] = min(params["min_data_in_leaf"], max(5, n // 25))
    if target.kind == "survival":  # a Cox Hessian is below 1 a row
        params.update(min_sum_hessian_in_leaf=1e-3, metric="none")
    return params


def label_of(target: Target) -> np.ndarray:
    """(n,) what LightGBM learns."""
    return signed_times(target.time, target.event) if target.kind == "survival" else target.y


def tune(
    X: np.ndarray,
    target: Target,
    categorical: list[int],
    grid: tuple[dict[str, Any], ...] = GRID,
    offset: np.ndarray | None = None,
    seed: int = 0,
) -> Tuned:
    """Choose by inner folds and fit on all rows.

    Parameters
    ----------
    X
        (n, p) the features the task may see.
    target
        The outcome of the n rows, all labelled.
    categorical
        Columns of X that hold codes.
    offset
        (n,) known log hazard ratios; survival only.
    """
    label = label_of(target)
    inner = folds({target.task: target}, INNER, seed)
    splits = [(np.flatnonzero(inner != f), np.flatnonzero(inner == f)) for f in range(INNER)]
    best: tuple[float, int, dict[str, Any]] | None = None
    for config in grid:
        params = _params(config, target, seed)
        data = lgb.Dataset(X, label, init_score=offset, categorical_feature=categorical, params=params)
        found = lgb.cv(
            params,
            data,
            MOST_ROUNDS,
            folds=splits,
            feval=_cox_metric if target.kind == "survival" else None,
            callbacks=[lgb.early_stopping(PATIENCE, first_metric_only=True, verbose=False)],
        )
        (curve,) = [values for name, values in found.items() if name.endswith("-mean")]
        at = int(np.argmin(curve))
        if best is None or curve[at] < best[0]:
            best = float(curve[at]), at + 1, config
    assert best is not None
    loss, rounds, config = best
    params = _params(config, target, seed)
    data = lgb.Dataset(X, label, init_score=offset, categorical_feature=categorical, params=params)
    return Tuned(lgb.train(params, data, rounds), target.kind, config, rounds, loss)
