"""From margins to the numbers a person reads: probabilities, classes, risks by a horizon, values in their unit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit, softmax

from mtl.model import intervals
from mtl.model.forest import Floats
from mtl.model.intervals import Uncertainty
from mtl.model.offsets import Offsets, treatment_offsets, trials_of
from mtl.model.predictor import Predictor, TaskPredictor
from mtl.study import Study, Task

Limits = tuple[Floats, Floats, Floats]  # low, high, effective number of patients: (n,) each


def horizon_name(task: str, years: float) -> str:
    """Column of a survival risk.

    >>> horizon_name("recurrence", 5.0), horizon_name("death", 0.5)
    ('recurrence@5y', 'death@0.5y')
    """
    return f"{task}@{years:g}y"


def output_names(study: Study, task: Task) -> list[str]:
    """Columns that :func:`predictions` gives for a task."""
    if task.kind == "multiclass":
        return [f"{task.name}={level.text}" for level in task.classes]
    if task.kind != "survival":
        return [task.name]
    risks = [horizon_name(task.name, h) for h in task.horizons]
    untreated = [f"{name}.untreated" for name in risks] if trials_of(study, task.name) else []
    return [*risks, *untreated, f"{task.name}.log_hazard"]


def predictions(
    study: Study, predictor: Predictor, X: Floats, table: pd.DataFrame, uncertainty: Uncertainty | None = None
) -> pd.DataFrame:
    """Every task's numbers for every row of a table, in the study's order of tasks.

    Parameters
    ----------
    X
        (n, p): the table's features, encoded.
    table
        What was given to whom is read from here, for the risks as treated.
    uncertainty
        The model's, for the intervals of probabilities and risks.

    Returns
    -------
    Binary ``task`` (probability), multiclass ``task=class``, regression ``task``, survival ``task@5y`` (risk by each
    horizon, as treated; NaN where it is not estimable), ``task@5y.untreated`` where a trial gives the effect of what
    may have been given (NaN for a row treated outside what a trial covers) and ``task.log_hazard``, as treated. After
    a column X stand ``X.low`` and ``X.high``, the limits of its 90 % interval: for regression always, for the others
    where there is an uncertainty.
    """
    numbers, limits = numbers_and_intervals(study, predictor, X, table, uncertainty)
    columns: dict[str, Floats] = {}
    for name, values in numbers.items():
        columns[name] = values
        if name in limits:
            columns[f"{name}.low"], columns[f"{name}.high"], _ = limits[name]
    return pd.DataFrame(columns, index=table.index)


def numbers_and_intervals(
    study: Study, predictor: Predictor, X: Floats, table: pd.DataFrame, uncertainty: Uncertainty | None = None
) -> tuple[dict[str, Floats], dict[str, Limits]]:
    """Columns as :func:`predictions` has them, and by column its limits and effective number of patients."""
    found = {} if uncertainty is None else uncertainty.strays(X)
    margins = predictor.margins(X)
    columns: dict[str, Floats] = {}
    limits: dict[str, Limits] = {}
    for task in study.tasks:
        if task.name not in margins:
            continue
        names, margin = output_names(study, task), margins[task.name]
        if task.kind == "binary":
            columns[names[0]] = expit(margin[:, 0])
            if uncertainty is not None:
                _note(limits, names, intervals.binary(columns[names[0]], found[task.name]))
        elif task.kind == "regression":
            columns[names[0]] = margin[:, 0]
            half_width = predictor.task(task.name).half_width
            if half_width is not None:
                low, high = margin[:, 0] - half_width, margin[:, 0] + half_width
                limits[names[0]] = (low, high, np.full(len(margin), np.nan))
        elif task.kind == "multiclass":
            shares = softmax(margin, axis=1)
            columns.update(zip(names, shares.T, strict=True))
            if uncertainty is not None:
                _note(limits, names, intervals.multiclass(shares, found[task.name]))
        else:
            offsets = treatment_offsets(study, table, task.name)
            fitted = predictor.task(task.name)
            columns.update(_survival(study, task, fitted, margin[:, 0], offsets))
            if uncertainty is not None:
                horizons = np.array(task.horizons, dtype=float)
                for ending, offset in (("", offsets.values), (".untreated", np.zeros_like(offsets.values))):
                    risks = [f"{horizon_name(task.name, h)}{ending}" for h in task.horizons]
                    if risks[0] in columns:
                        risk = np.column_stack([columns[name] for name in risks])
                        interval = uncertainty.survival(task.name, risk, found[task.name], horizons, offset)
                        _note(limits, risks, interval)
    return columns, limits


def _note(limits: dict[str, Limits], names: list[str], found: intervals.Interval) -> None:
    low, high, n_eff = (np.reshape(a, (len(a), -1)) for a in (found.low, found.high, found.n_eff))
    for i, name in enumerate(names):
        limits[name] = (low[:, i], high[:, i], n_eff[:, i])


def _survival(
    study: Study, task: Task, fitted: TaskPredictor, margin: Floats, offsets: Offsets
) -> dict[str, Floats]:
    baseline = fitted.baseline
    if baseline is None:
        raise ValueError(
            f"task {task.name!r} has no baseline hazard: the model was not fitted as a survival model"
        )
    horizons = np.array(task.horizons, dtype=float)
    columns = {}
    treated = baseline.risk(margin, offsets.values, horizons)
    for i, years in enumerate(horizons):
        columns[horizon_name(task.name, years)] = treated[:, i]
    if trials_of(study, task.name):
        without = baseline.risk(margin, np.zeros_like(offsets.values), horizons)
        without[~offsets.untreated_known] = np.nan
        for i, years in enumerate(horizons):
            columns[f"{horizon_name(task.name, years)}.untreated"] = without[:, i]
    columns[f"{task.name}.log_hazard"] = margin + baseline.mean_offset(offsets.values)
    return columns
