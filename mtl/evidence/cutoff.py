"""What follows at a cut-off: rates from the raw predictions at every whole percentage, and the curves behind them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl.evaluate import NotEstimable
from mtl.evaluate.cutoffs import COUNTS, RATES, Rates, rate_intervals, rate_intervals_at, rates, rates_at
from mtl.evaluate.roc import Ranking, ranking, ranking_at, thinned
from mtl.evidence.subject import Checkpoint, Report, Subject
from mtl.evidence.view import Silent, View, views

CUTOFFS = np.round(np.concatenate([np.arange(1, 10) / 1000, np.arange(1, 100) / 100]), 3)
"""The cut-offs that can be chosen: every whole percentage, and tenths below one for what is rare."""


def compute(subject: Subject, report: Report, checkpoint: Checkpoint) -> dict[str, Any]:
    """{"cutoffs", "internal", "n", "tasks": {task: [one entry a horizon or class]}}; regression tasks have none.

    An entry has "key", "horizon", "n", and either "reason" or "rates" (a list a rate or count, an item a cut-off), "limits"
    (a list of [low, high] a rate), "roc" and "precision" (points for drawing alone).
    """
    names = [name for name in subject.tasks if subject.study.task(name).kind != "regression"]
    out: dict[str, Any] = {}
    for done, name in enumerate(names):
        found = views(subject, name)
        out[name] = []
        for place, view in enumerate(found):
            report(f"cut-offs: {name}", (done + place / len(found)) / len(names))
            out[name].append(_entry(view))
    return {"cutoffs": CUTOFFS.tolist(), "internal": subject.internal, "n": len(subject.table), "tasks": out}


def _entry(view: View | Silent) -> dict[str, Any]:
    if isinstance(view, Silent):
        return {"key": view.key, "horizon": view.horizon, "reason": view.reason}
    try:
        ranked = (
            ranking(view.y, view.risk)
            if view.horizon is None
            else ranking_at(view.time, view.event, view.risk, view.horizon)
        )
    except NotEstimable as why:
        return {"key": view.key, "horizon": view.horizon, "reason": str(why)}
    found, limits = _rates(view)
    return {
        "key": view.key,
        "horizon": view.horizon,
        "n": view.n,
        "events": int(
            view.y.sum() if view.horizon is None else (view.event[view.time <= view.horizon]).sum()
        ),
        "rates": {name: _plain(getattr(found, name)) for name in (*RATES, *COUNTS)},
        "limits": limits,
        "roc": _points(ranked, ranked.false_positive, ranked.sensitivity),
        "precision": _points(ranked, ranked.sensitivity, ranked.precision),
    }


def _rates(view: View) -> tuple[Rates, dict[str, list[list[float | None]]]]:
    if view.horizon is None:
        found = rates(view.y, view.risk, CUTOFFS)
        limits = rate_intervals(view.y, view.risk, CUTOFFS, view.groups)
    else:
        found = rates_at(view.time, view.event, view.risk, view.horizon, CUTOFFS)
        limits = rate_intervals_at(view.time, view.event, view.risk, view.horizon, CUTOFFS, view.groups)
    return found, {name: [[_short(end) for end in pair] for pair in pairs] for name, pairs in limits.items()}


def _short(limit: float | None) -> float | None:
    return None if limit is None else round(limit, 4)


def _points(of: Ranking, x: NDArray[np.float64], y: NDArray[np.float64]) -> list[list[float]]:
    kept = thinned(x, y)
    return [x[kept].round(4).tolist(), y[kept].round(4).tolist()]


def _plain(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(value) else round(value, 8) for value in values.tolist()]
