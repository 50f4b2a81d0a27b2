"""For whom is it good: metrics by the levels or bands of every feature, small groups named instead of shown."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.evaluate import NotEstimable, binary, multiclass, regression, survival
from mtl.evaluate.intervals import RESAMPLES
from mtl.evaluate.kaplan_meier import censoring_kaplan_meier
from mtl.evaluate.metric import Metric
from mtl.evaluate.risk_groups import quantile_groups
from mtl.evaluate.subgroups import Statistics, by_group
from mtl.evidence.honest import labelled_prediction, patients
from mtl.evidence.subject import Checkpoint, Report, Subject
from mtl.evidence.view import Silent, View, headline, views
from mtl.expressions import cells

FEWEST_ROWS, FEWEST_EVENTS = 20, 5
BANDS = 3
MOST_LEVELS = 12  # of a site or a category; the rarer ones are named together
SITE = "site"
METRICS = {
    "binary": ("auroc", "brier", "observed_expected"),
    "multiclass": ("accuracy", "log_loss"),
    "regression": ("rmse", "mae", "calibration_intercept"),
    "survival": ("auroc", "brier", "observed_expected"),
}


@dataclass(frozen=True)
class Grouping:
    """How patients are divided: by a feature of the study or by its site.

    `group` (n,) numbers each patient's group, -1 for a missing value; `names` says what each is: a level's number in the
    feature, a site's name, or the limits of a band (None at an open end).
    """

    by: str
    kind: str
    group: NDArray[np.int64]
    names: list[Any]


def groupings(subject: Subject) -> list[Grouping]:
    """Every way to divide the cohort that has at least two groups."""
    found = []
    for place, feature in enumerate(subject.study.features):
        x = subject.X[:, place]
        known = ~np.isnan(x)
        values = np.unique(x[known])
        group = np.full(len(x), -1, dtype=np.int64)
        if feature.kind == "numeric" and len(values) > BANDS:
            group[known], limits = quantile_groups(x[known], BANDS)
            ends = [None, *limits.tolist(), None]
            names: list[Any] = [list(pair) for pair in pairwise(ends)]
            kind = "band"
        else:
            group[known] = np.searchsorted(values, x[known])
            names, kind = values.tolist(), "level" if feature.kind != "numeric" else "value"
        found.append(Grouping(feature.name, kind, group, names))
    site = subject.study.site
    if site is not None and site in subject.table.columns:
        texts = pd.Series([str(t) for t in cells.texts(subject.table[site])])
        common = list(texts.value_counts().index[:MOST_LEVELS])
        found.append(
            Grouping(SITE, "site", np.array([common.index(t) if t in common else -1 for t in texts]), common)
        )
    return [one for one in found if len(np.unique(one.group)) > 1]


def compute(subject: Subject, report: Report, checkpoint: Checkpoint) -> dict[str, Any]:
    """{"internal", "n", "tasks": {task: {"key", "horizon", "n", "metrics", "features": {name: {"kind", "groups"}}}}}.

    A group has "name" (None where the value is missing), "n", "events", and either "few" or "metrics" and "less_rest".
    """
    found = groupings(subject)
    out: dict[str, Any] = {}
    for done, name in enumerate(subject.tasks):
        if name in checkpoint:
            out[name] = checkpoint[name]
            continue

        def told(share: float, done: int = done, name: str = name) -> None:
            report(f"subgroups: {name}", (done + share) / len(subject.tasks))

        told(0.0)
        out[name] = checkpoint[name] = _task(subject, name, found, told)
    return {"internal": subject.internal, "n": len(subject.table), "tasks": out}


def _task(subject: Subject, name: str, found: list[Grouping], told: Any) -> dict[str, Any]:
    task, truth = subject.study.task(name), subject.truths[name]
    view = headline(task, views(subject, name))
    if isinstance(view, Silent):
        return {"key": view.key, "reason": view.reason}
    rows = np.flatnonzero(truth.labelled)
    names = METRICS[task.kind]
    if task.kind == "multiclass":
        given = labelled_prediction(subject.study, task, subject.predicted)[rows]
        statistics = _of_classes(truth.y[rows], given)
    else:
        statistics = _of(view, task.kind)
    whose = patients(subject.study, subject.table)
    whole = statistics(np.arange(len(rows)))
    features: dict[str, Any] = {}
    for place, one in enumerate(found):
        told(place / len(found))
        features[one.by] = {
            "kind": one.kind,
            "groups": _groups(one, rows, view, task.kind, truth.y, statistics, whose),
        }
    return {
        "key": view.key,
        "horizon": view.horizon,
        "n": view.n,
        "metrics": {n: v if np.isfinite(v) else None for n, v in zip(names, whole.tolist(), strict=True)},
        "features": features,
    }


def _groups(
    one: Grouping, rows: NDArray[np.intp], view: View, kind: str, y: NDArray[np.float64],
    statistics: Statistics, whose: NDArray[np.int64] | None,
) -> list[dict[str, Any]]:  # fmt: skip
    which = one.group[rows]
    listed = []
    for g in np.unique(which).tolist():
        inside = which == g
        listed.append((g, int(inside.sum()), _events(view, kind, inside, y[rows] if len(y) else y)))
    enough = [
        g for g, n, events in listed if n >= FEWEST_ROWS and (events is None or events >= FEWEST_EVENTS)
    ]
    told = {}
    if len(listed) > 1 and enough:
        groups = None if whose is None else whose[rows]
        told = by_group(statistics, METRICS[kind], which, enough, groups, RESAMPLES)
    out = []
    for g, n, events in listed:
        entry: dict[str, Any] = {"name": None if g < 0 else one.names[g], "n": n, "events": events}
        if g in told:
            entry["metrics"] = _plain(told[g].metrics)
            entry["less_rest"] = _plain(told[g].less_rest)
        else:
            entry["few"] = True
        out.append(entry)
    return sorted(out, key=lambda entry: entry["name"] is None)


def _events(view: View, kind: str, inside: NDArray[np.bool_], y: NDArray[np.float64]) -> int | None:
    """Events of a group, or rows of its rarer class; None where there is no such thing."""
    if kind == "survival":
        return int(((view.event > 0) & (view.time <= (view.horizon or 0)) & inside).sum())
    if kind == "binary":
        return int(min(y[inside].sum(), (1 - y[inside]).sum()))
    if kind == "multiclass":
        counts = np.bincount(y[inside].astype(int))
        return int(counts.sum() - counts.max())
    return None


def _of(view: View, kind: str) -> Statistics:
    if kind == "regression":
        functions = (regression.rmse, regression.mae, regression.calibration_intercept)
        return lambda rows: np.array([_value(f, view.y[rows], view.risk[rows]) for f in functions])
    if view.horizon is None:
        return lambda rows: np.array(
            [
                _value(binary.auroc, view.y[rows], view.risk[rows]),
                _value(binary.brier, view.y[rows], view.risk[rows]),
                view.y[rows].mean() / view.risk[rows].mean(),
            ]
        )
    horizon = view.horizon

    def followed(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        t, d, p = view.time[rows], view.event[rows], view.risk[rows]
        censoring = censoring_kaplan_meier(t, d)
        return np.array(
            [
                _value(survival.auroc_at, t, d, p, horizon, censoring),
                _value(survival.brier_at, t, d, p, horizon, censoring),
                _value(survival.observed_expected, t, d, p, horizon),
            ]
        )

    return followed


def _of_classes(y: NDArray[np.float64], p: NDArray[np.float64]) -> Statistics:
    return lambda rows: np.array(
        [_value(f, y[rows], p[rows]) for f in (multiclass.accuracy, multiclass.log_loss)]
    )


def _value(function: Any, *given: Any) -> float:
    try:
        return float(function(*given))
    except NotEstimable:
        return float("nan")


def _plain(metrics: dict[str, Metric]) -> dict[str, Any]:
    return {name: metric.to_dict() for name, metric in metrics.items()}
