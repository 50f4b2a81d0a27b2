"""How well a model's numbers agree with what happened: every metric of every task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.data import Target, encode, targets
from mtl.evaluate import Metric, NotEstimable, SurvivalPrediction, evaluate_task
from mtl.evaluate.concordance import harrell_c, uno_c
from mtl.evaluate.intervals import percentile_interval, replicates
from mtl.model.offsets import treatment_offsets
from mtl.model.outputs import horizon_name, output_names
from mtl.multitask import MultiTaskModel
from mtl.study import Study, Task

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

GRID_POINTS = 20  # times over which the Brier score of a survival task is integrated
AT_HORIZON = ("ici", "auroc", "brier", "observed_expected")
NOT_ESTIMABLE = (
    "the model does not estimate {years:g} years: fewer than 20 training patients were still at risk"
)
BY_CONSTRUCTION = (
    "the blend was fitted to these rows, which makes it right here; give a table of other patients"
)


@dataclass(frozen=True)
class Score:
    """One task's metrics on its `n` labelled rows."""

    kind: str
    n: int
    metrics: dict[str, Metric]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `--json` prints them."""
        return {
            "kind": self.kind,
            "n": self.n,
            "metrics": {name: m.to_dict() for name, m in self.metrics.items()},
        }


@dataclass(frozen=True)
class Curves:
    """Risks (n, g) of a survival task by the times `years` (g,), as treated."""

    years: Floats
    risk: Floats


@dataclass(frozen=True)
class Predicted:
    """A table's numbers, a column each as `MultiTaskModel.predict` gives them, and every survival task's curves.

    `fold` (n,) says which predictor gave a row its numbers, where several did: their log hazards are not compared.
    """

    numbers: pd.DataFrame
    curves: dict[str, Curves]
    fold: Rows | None = None


def without_fitted(model: MultiTaskModel, scores: dict[str, Score]) -> dict[str, Score]:
    """Out-of-fold scores without the metrics that say nothing there.

    The blend's intercept, its weights where they are free, and the baseline hazard are fitted to the out-of-fold
    margins, so that what they were fitted for comes out right by construction.
    """
    found = {}
    for name, one in scores.items():
        free = model.training_["blend"][name]["strength"] is not None
        empty = {
            metric: Metric(None, reason=BY_CONSTRUCTION)
            for metric in one.metrics
            if metric == "calibration_intercept"
            or metric.startswith("observed_expected@")
            or (metric == "calibration_slope" and free)
        }
        found[name] = replace(one, metrics={**one.metrics, **empty})
    return found


def curves(model: MultiTaskModel, table: pd.DataFrame) -> dict[str, Curves]:
    """Every survival task's risks, as treated, over the years in which it can be estimated."""
    study, predictor, X = model.study, model.predictor_, encode(model.study, table).X
    found = {}
    for fitted in predictor.tasks:
        if fitted.baseline is None:
            continue
        task = study.task(fitted.name)
        horizons = [h for h in task.horizons if fitted.baseline.estimable(h)]
        last = max(horizons) if horizons else float(fitted.baseline.times[-1])
        years = np.linspace(0.0, last, GRID_POINTS + 1)[1:]
        margin = predictor.margins(X, (task.name,))[task.name][:, 0]
        offsets = treatment_offsets(study, table, task.name).values
        found[task.name] = Curves(years, fitted.baseline.risk(margin, offsets, years))
    return found


def score(
    model: MultiTaskModel, table: pd.DataFrame, given: Predicted, intervals: bool, done: Callable[[str], None]
) -> dict[str, Score]:
    """Every fitted task's metrics on the rows of a table that have its label; `done` hears of each task."""
    truths = targets(model.study, table, model.tasks_)
    groups = _patients(model.study, table)
    scores = {}
    for name in model.tasks_:
        task, truth = model.study.task(name), truths[name]
        if task.kind == "survival":
            metrics = _survival(task, truth, given, intervals, groups)
        else:
            columns = given.numbers[output_names(model.study, task)].to_numpy(dtype=np.float64)
            prediction = columns if task.kind == "multiclass" else columns[:, 0]
            metrics = evaluate_task(task.kind, truth.y, prediction, intervals=intervals, groups=groups)
        scores[name] = Score(task.kind, int(truth.labelled.sum()), metrics)
        done(name)
    return scores


def _patients(study: Study, table: pd.DataFrame) -> Rows | None:
    """A number a patient, (n,), where a patient may have several rows."""
    if study.patient is None or study.patient not in table.columns:
        return None
    codes = pd.factorize(table[study.patient])[0].astype(np.int64)
    unknown = codes < 0
    codes[unknown] = codes.max(initial=-1) + 1 + np.arange(unknown.sum())
    return codes


def _survival(
    task: Task, truth: Target, given: Predicted, intervals: bool, groups: Rows | None
) -> dict[str, Metric]:
    log_hazard = given.numbers[f"{task.name}.log_hazard"].to_numpy(dtype=np.float64)
    columns = {h: given.numbers[horizon_name(task.name, h)].to_numpy(dtype=np.float64) for h in task.horizons}
    known = {h: risk for h, risk in columns.items() if np.isfinite(risk).all()}
    curves = given.curves[task.name]
    risk = np.stack(list(known.values()), axis=1) if known else np.zeros((len(log_hazard), 0))
    prediction = SurvivalPrediction(log_hazard, risk, tuple(known), curves.years, curves.risk)
    metrics = evaluate_task("survival", truth, prediction, intervals=intervals, groups=groups)
    if given.fold is not None:
        tau = max((h for h in known if (truth.time[truth.labelled] >= h).sum() >= 20), default=None)
        metrics.update(_within_folds(truth, log_hazard, given.fold, tau, intervals, groups))
    ordered = {name: metric for name, metric in metrics.items() if "@" not in name}
    for years in task.horizons:
        for name in (f"{metric}@{years:g}y" for metric in AT_HORIZON):
            ordered[name] = metrics.get(name, Metric(None, reason=NOT_ESTIMABLE.format(years=years)))
    return ordered


def _within_folds(
    truth: Target, log_hazard: Floats, fold: Rows, tau: float | None, intervals: bool, groups: Rows | None
) -> dict[str, Metric]:
    """Harrell's and Uno's C within each fold, averaged: the folds' log hazards have no common origin."""
    kept = np.flatnonzero(truth.labelled)
    time, event, scores, of = truth.time[kept], truth.event[kept], log_hazard[kept], fold[kept]

    def averages(rows: Rows) -> Floats:
        values = []
        for which in np.unique(of):
            inside = rows[of[rows] == which]
            try:
                t, d, s = time[inside], event[inside], scores[inside]
                values.append([harrell_c(t, d, s), uno_c(t, d, s, tau)])
            except NotEstimable:
                continue
        return np.mean(values, axis=0) if values else np.full(2, np.nan)

    whole = averages(np.arange(len(kept)))
    limits: list[tuple[float | None, float | None]] = [(None, None)] * 2
    if intervals and len(kept) > 1:
        drawn = replicates(averages, len(kept), groups=None if groups is None else groups[kept])
        limits = [percentile_interval(drawn[:, k]) for k in range(2)]
    return {
        name: Metric(float(value), *limit)
        if np.isfinite(value)
        else Metric(None, reason="no fold has comparable patients")
        for name, value, limit in zip(("harrell_c", "uno_c"), whole, limits, strict=True)
    }
