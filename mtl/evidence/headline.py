"""What a task says of each patient in one number, and how good it is in two: a headline metric and a proper loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.data import Target
from mtl.evaluate import NotEstimable
from mtl.evaluate.binary import auroc, log_loss
from mtl.evaluate.concordance import harrell_c
from mtl.evaluate.intervals import percentile_interval, resampled_rows
from mtl.evaluate.metric import MINIMUM_AT_RISK
from mtl.evaluate.multiclass import log_loss as multiclass_log_loss
from mtl.evaluate.multiclass import macro_auroc
from mtl.evaluate.regression import r2, rmse
from mtl.evaluate.survival import brier_at
from mtl.evidence.honest import patients
from mtl.evidence.subject import Subject
from mtl.model.outputs import horizon_name
from mtl.study import Task

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

METRICS = {"binary": "auroc", "multiclass": "macro_auroc", "regression": "r2", "survival": "harrell_c"}
LOSSES = {"binary": "log_loss", "multiclass": "log_loss", "regression": "rmse", "survival": "brier"}
RESAMPLES = 200
FEWEST = 20  # labelled rows


@dataclass(frozen=True, eq=False)
class Headline:
    """A task on the patients of a subject.

    `horizon` is the last one that both the model and these patients can answer; None for other kinds, or where there
    is none.
    """

    task: Task
    truth: Target
    fold: Rows
    groups: Rows | None
    horizon: float | None

    @classmethod
    def of(cls, subject: Subject, name: str) -> Headline:
        """The task `name` of a subject."""
        task, truth = subject.study.task(name), subject.truths[name]
        horizon = None
        if task.kind == "survival":
            baseline = subject.model.predictor_.task(name).baseline
            followed = truth.time[truth.labelled]
            fit = [
                h
                for h in task.horizons
                if baseline is not None
                and baseline.estimable(h)
                and int((followed >= h).sum()) >= MINIMUM_AT_RISK
            ]
            horizon = max(fit) if fit else None
        return cls(task, truth, subject.fold, patients(subject.study, subject.table), horizon)

    @property
    def metric(self) -> str:
        """Name of the headline metric."""
        return METRICS[self.task.kind]

    @property
    def loss(self) -> str:
        """Name of the loss."""
        return LOSSES[self.task.kind] + (f"@{self.horizon:g}y" if self.horizon is not None else "")

    @cached_property
    def rows(self) -> Rows:
        """The rows that have an outcome."""
        return np.flatnonzero(self.truth.labelled)

    def columns(self, study_columns: Sequence[str]) -> list[str]:
        """Of the columns of `predict`, those that hold what the task says: probabilities, the risk, the amount."""
        if self.task.kind == "survival":
            wanted = [] if self.horizon is None else [horizon_name(self.task.name, self.horizon)]
        elif self.task.kind == "multiclass":
            wanted = [f"{self.task.name}={level.text}" for level in self.task.classes]
        else:
            wanted = [self.task.name]
        return [name for name in wanted if name in study_columns]

    def said(self, numbers: pd.DataFrame) -> Floats:
        """(n, k) what the task says of each patient; k is 0 for a survival task without a horizon."""
        return np.asarray(numbers[self.columns(list(numbers.columns))].to_numpy(dtype=np.float64))

    def goodness(self, numbers: pd.DataFrame, rows: Rows) -> Floats:
        """Headline metric and loss on rows, (2,); NaN where they cannot be estimated."""
        found = np.full(2, np.nan)
        if self.task.kind == "survival":
            log_hazard = numbers[f"{self.task.name}.log_hazard"].to_numpy(dtype=np.float64)
            found[0] = self._concordance(log_hazard, rows)
            if self.horizon is not None:
                risk = self.said(numbers)[rows, 0]
                found[1] = _value(brier_at, self.truth.time[rows], self.truth.event[rows], risk, self.horizon)
            return found
        said, y = self.said(numbers)[rows], self.truth.y[rows]
        if self.task.kind == "multiclass":
            found[0], found[1] = _value(macro_auroc, y, said), _value(multiclass_log_loss, y, said)
        elif self.task.kind == "binary":
            found[0], found[1] = _value(auroc, y, said[:, 0]), _value(log_loss, y, said[:, 0])
        else:
            found[0], found[1] = _value(r2, y, said[:, 0]), _value(rmse, y, said[:, 0])
        return found

    def _concordance(self, log_hazard: Floats, rows: Rows) -> float:
        """Within the folds, averaged: the log hazards of different predictors have no common origin."""
        found = []
        of = self.fold[rows]
        for which in np.unique(of):
            inside = rows[of == which]
            value = _value(harrell_c, self.truth.time[inside], self.truth.event[inside], log_hazard[inside])
            if np.isfinite(value):
                found.append(value)
        return float(np.mean(found)) if found else float("nan")

    def differences(
        self,
        reference: pd.DataFrame,
        others: Sequence[pd.DataFrame],
        resamples: int = RESAMPLES,
        seed: int = 0,
    ) -> tuple[list[dict[str, float | None]], list[list[dict[str, float | None]]]]:
        """Metric and loss of the reference, and for each other one other - reference, all on the same resampled rows.

        Every entry is {"value", "low", "high"}, None where it cannot be had.
        """
        every = [reference, *others]
        whole = np.stack([self.goodness(one, self.rows) for one in every])
        groups = None if self.groups is None else self.groups[self.rows]
        drawn = np.stack(
            [
                np.stack([self.goodness(one, self.rows[chosen]) for one in every])
                for chosen in resampled_rows(len(self.rows), resamples, seed, groups)
            ]
        )  # (resamples, predictions, 2)
        first = [entry(whole[0, k], drawn[:, 0, k]) for k in range(2)]
        rest = [
            [entry(whole[i, k] - whole[0, k], drawn[:, i, k] - drawn[:, 0, k]) for k in range(2)]
            for i in range(1, len(every))
        ]
        return first, rest


def entry(value: float, drawn: Floats) -> dict[str, float | None]:
    """A number with the limits of its percentile interval, None where they cannot be had."""
    if not np.isfinite(value):
        return {"value": None, "low": None, "high": None}
    low, high = percentile_interval(drawn)
    return {"value": float(value), "low": low, "high": high}


def _value(metric: Callable[..., float], *of: object) -> float:
    try:
        return float(metric(*of))
    except NotEstimable:
        return float("nan")
