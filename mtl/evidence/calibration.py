"""Whether risks mean what they say: smooth curve with its band, groups with their intervals, the spread of predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl.evaluate import NotEstimable
from mtl.evaluate import calibration as estimator
from mtl.evaluate.calibration_groups import (
    Counts,
    Point,
    counts,
    counts_at,
    grouped,
    grouped_amounts,
    grouped_at,
)
from mtl.evaluate.intervals import percentile_interval, replicates
from mtl.evaluate.metric import MINIMUM_EVENTS, MINIMUM_ROWS
from mtl.evaluate.regression import calibration_curve_of
from mtl.evidence.subject import Checkpoint, Report, Subject
from mtl.evidence.view import Silent, View, views

Floats = NDArray[np.float64]
POINTS = 41  # of the smooth curve, at quantiles of the predictions
EDGE = 0.005  # share of the predictions at either end beyond which the curve is not drawn: it would rest on nobody


def compute(subject: Subject, report: Report, checkpoint: Checkpoint) -> dict[str, Any]:
    """{"internal", "n", "tasks": {task: [one entry a horizon or class]}}.

    An entry has "key", "n", and either "reason" or "curve" (lists "at", "observed", "low", "high"; None with a
    "curve_reason" where there are too few), "groups", and for probabilities "counts".
    """
    out: dict[str, Any] = {}
    for done, name in enumerate(subject.tasks):
        report(f"calibration: {name}", done / len(subject.tasks))
        kind = subject.study.task(name).kind
        out[name] = [_entry(view, kind) for view in views(subject, name)]
    return {"internal": subject.internal, "n": len(subject.table), "tasks": out}


def _entry(view: View | Silent, kind: str) -> dict[str, Any]:
    if isinstance(view, Silent):
        return {"key": view.key, "horizon": view.horizon, "reason": view.reason}
    entry: dict[str, Any] = {"key": view.key, "horizon": view.horizon, "n": view.n}
    try:
        entry["curve"] = _curve(view, kind)
    except NotEstimable as why:
        entry |= {"curve": None, "curve_reason": str(why)}
    entry["groups"] = [_point(point) for point in _groups(view, kind)]
    if kind != "regression":
        entry["counts"] = _counts(_spread(view))
    return entry


def _curve(view: View, kind: str) -> dict[str, Any]:
    _enough(view, kind)
    at = np.unique(np.quantile(view.risk, np.linspace(EDGE, 1 - EDGE, POINTS)))

    def curve(rows: NDArray[np.int64]) -> Floats:
        try:
            return _smooth(view.take(rows), kind, at)
        except NotEstimable:
            return np.full(len(at), np.nan)

    observed = _smooth(view, kind, at)
    drawn = replicates(curve, view.n, groups=view.groups)
    limits = [percentile_interval(drawn[:, k]) for k in range(len(at))]
    return {
        "at": at.tolist(),
        "observed": observed.tolist(),
        "low": [low for low, _ in limits],
        "high": [high for _, high in limits],
    }


def _enough(view: View, kind: str) -> None:
    """What the metrics ask for too: a flexible curve needs patients and events."""
    if view.n < MINIMUM_ROWS:
        raise NotEstimable(f"fewer than {MINIMUM_ROWS} labelled rows ({view.n})")
    if kind == "regression":
        return
    if view.horizon is not None:
        rarer = int(((view.event > 0) & (view.time <= view.horizon)).sum())
        what = f"events by {view.horizon:g} years"
    else:
        rarer, what = int(min(view.y.sum(), (1 - view.y).sum())), "rows of the rarer class"
    if rarer < MINIMUM_EVENTS:
        raise NotEstimable(f"fewer than {MINIMUM_EVENTS} {what} ({rarer})")


def _smooth(view: View, kind: str, at: Floats) -> Floats:
    if kind == "regression":
        return calibration_curve_of(view.y, view.risk, at)
    if view.horizon is None:
        return estimator.calibration_curve_of(view.y, view.risk, at)
    return estimator.calibration_curve_at_of(view.time, view.event, view.risk, view.horizon, at)


def _groups(view: View, kind: str) -> list[Point]:
    if kind == "regression":
        return grouped_amounts(view.y, view.risk)
    if view.horizon is None:
        return grouped(view.y, view.risk)
    return grouped_at(view.time, view.event, view.risk, view.horizon)


def _spread(view: View) -> Counts:
    if view.horizon is None:
        return counts(view.y, view.risk)
    return counts_at(view.time, view.event, view.risk, view.horizon)


def _point(point: Point) -> dict[str, Any]:
    return {
        "n": point.n, "predicted": point.predicted, "observed": point.observed, "low": point.low, "high": point.high,
    }  # fmt: skip


def _counts(found: Counts) -> dict[str, Any]:
    return {
        "bins": len(found.events),
        "events": found.events.tolist(),
        "others": found.others.tolist(),
        "unknown": found.unknown.tolist(),
    }
