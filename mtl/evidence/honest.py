"""How well a model's numbers agree with what happened: every metric of every task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.data import Target, encode, targets
from mtl.evaluate import Metric, NotEstimable, SurvivalPrediction, multiclass
from mtl.evaluate.concordance import harrell_c, uno_c
from mtl.evaluate.intervals import replicates
from mtl.evaluate.metric import MINIMUM_AT_RISK
from mtl.evaluate.summary import Drawn, draw_task
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
    confusion: dict[str, Any] | None = None
    """Multiclass: `classes`, and `counts`, a row a class that occurred, a column the most probable one."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `--json` prints them."""
        found: dict[str, Any] = {
            "kind": self.kind,
            "n": self.n,
            "metrics": {name: m.to_dict() for name, m in self.metrics.items()},
        }
        return found if self.confusion is None else found | {"confusion": self.confusion}


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
    model: MultiTaskModel,
    table: pd.DataFrame,
    given: Predicted,
    intervals: bool,
    done: Callable[[str], None],
    tasks: Sequence[str] | None = None,
    only: Callable[[str], bool] | None = None,
) -> dict[str, Score]:
    """Every fitted task's metrics on the rows of a table that have its label; `done` hears of each task.

    `tasks` and `only` (whether a metric of that name is wanted) ask for less.
    """
    names = list(model.tasks_ if tasks is None else tasks)
    truths = targets(model.study, table, names)
    scores = {}
    for name in names:
        task, truth = model.study.task(name), truths[name]
        metrics = draw(model, table, given, name, intervals, only).metrics()
        confusion = None
        if task.kind == "multiclass" and truth.labelled.any():
            prediction = labelled_prediction(model.study, task, given)
            counts = multiclass.confusion(truth.y[truth.labelled], prediction[truth.labelled])
            confusion = {"classes": list(truth.classes), "counts": counts.tolist()}
        scores[name] = Score(task.kind, int(truth.labelled.sum()), metrics, confusion)
        done(name)
    return scores


def draw(
    model: MultiTaskModel, table: pd.DataFrame, given: Predicted, task: str, intervals: bool = True,
    only: Callable[[str], bool] | None = None,
) -> Drawn:  # fmt: skip
    """One task's metrics on its labelled rows and on each resample; two predictions drawn so can be compared in pairs."""
    entry = model.study.task(task)
    truth, groups = targets(model.study, table, [task])[task], patients(model.study, table)
    if entry.kind == "survival":
        return _survival(entry, truth, given, intervals, groups, only)
    prediction = labelled_prediction(model.study, entry, given)
    return draw_task(
        entry.kind,
        truth.y,
        prediction,
        None,
        intervals,
        groups=groups,
        classes=truth.classes or None,
        only=only,
    )


def labelled_prediction(study: Study, task: Task, given: Predicted) -> Floats:
    """Probabilities or amounts (n,), or (n, classes), of a task that is no survival task."""
    columns = given.numbers[output_names(study, task)].to_numpy(dtype=np.float64)
    return columns if task.kind == "multiclass" else columns[:, 0]


def patients(study: Study, table: pd.DataFrame) -> Rows | None:
    """A number a patient, (n,), where a patient may have several rows."""
    if study.patient is None or study.patient not in table.columns:
        return None
    codes = pd.factorize(table[study.patient])[0].astype(np.int64)
    unknown = codes < 0
    codes[unknown] = codes.max(initial=-1) + 1 + np.arange(unknown.sum())
    return codes


def _prediction(task: Task, given: Predicted) -> SurvivalPrediction:
    """A survival task's log hazards, and its risks by the horizons that the model estimates."""
    log_hazard = given.numbers[f"{task.name}.log_hazard"].to_numpy(dtype=np.float64)
    columns = {h: given.numbers[horizon_name(task.name, h)].to_numpy(dtype=np.float64) for h in task.horizons}
    known = {h: risk for h, risk in columns.items() if np.isfinite(risk).all()}
    curves = given.curves[task.name]
    risk = np.stack(list(known.values()), axis=1) if known else np.zeros((len(log_hazard), 0))
    return SurvivalPrediction(log_hazard, risk, tuple(known), curves.years, curves.risk)


def _last(truth: Target, horizons: Sequence[float]) -> float | None:
    """The last horizon with enough patients at risk, at which Uno's C ends."""
    time = truth.time[truth.labelled]
    return max((h for h in horizons if (time >= h).sum() >= MINIMUM_AT_RISK), default=None)


def _survival(
    task: Task, truth: Target, given: Predicted, intervals: bool, groups: Rows | None,
    only: Callable[[str], bool] | None,
) -> Drawn:  # fmt: skip
    prediction = _prediction(task, given)
    found = draw_task("survival", truth, prediction, None, intervals, groups=groups, only=only)
    if given.fold is not None and truth.labelled.any():
        tau = _last(truth, prediction.horizons or ())
        of = concordances(truth, np.asarray(prediction.log_hazard), given.fold, tau)
        own = _concordance(truth, of, intervals, groups, only)
        found = Drawn(found.estimates | own.estimates, found.values | own.values)
    ordered = {name: value for name, value in found.estimates.items() if "@" not in name}
    for years in task.horizons:
        for name in (f"{metric}@{years:g}y" for metric in AT_HORIZON):
            if only is None or only(name):
                ordered[name] = found.estimates.get(name, NOT_ESTIMABLE.format(years=years))
    return Drawn(ordered, found.values)


def concordances(
    truth: Target, log_hazard: Floats, fold: Rows | None, tau: float | None
) -> Callable[[Rows], Floats]:
    """A function from rows, drawn from the labelled ones, to Harrell's and Uno's C (2,).

    Where several predictors gave the numbers the C are those within each fold, averaged: the folds' log hazards have no
    common origin. NaN where no fold has comparable patients.
    """
    kept = np.flatnonzero(truth.labelled)
    time, event, scores = truth.time[kept], truth.event[kept], log_hazard[kept]
    of = np.zeros(len(kept), dtype=np.int64) if fold is None else fold[kept]

    def averages(rows: Rows) -> Floats:
        values = []
        for which in np.unique(of):
            inside = rows[of[rows] == which]
            if not len(inside):  # of a resample
                continue
            try:
                t, d, s = time[inside], event[inside], scores[inside]
                values.append([harrell_c(t, d, s), uno_c(t, d, s, tau)])
            except NotEstimable:
                continue
        return np.mean(values, axis=0) if values else np.full(2, np.nan)

    return averages


def _concordance(
    truth: Target, of: Callable[[Rows], Floats], intervals: bool, groups: Rows | None,
    only: Callable[[str], bool] | None,
) -> Drawn:  # fmt: skip
    names = [name for name in ("harrell_c", "uno_c") if only is None or only(name)]
    if not names:
        return Drawn({}, {})
    kept = np.flatnonzero(truth.labelled)
    whole = dict(zip(("harrell_c", "uno_c"), of(np.arange(len(kept))).tolist(), strict=True))
    estimates = {n: whole[n] if np.isfinite(whole[n]) else "no fold has comparable patients" for n in names}
    if not intervals or len(kept) < 2:
        return Drawn(estimates, {})
    drawn = replicates(of, len(kept), groups=None if groups is None else groups[kept])
    values = {"harrell_c": drawn[:, 0], "uno_c": drawn[:, 1]}
    return Drawn(estimates, {n: values[n] for n in names if not isinstance(estimates[n], str)})
