"""Survival by groups of predicted risk: what was seen in each, beside what was predicted for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtl.evaluate import NotEstimable
from mtl.evaluate.kaplan_meier import KaplanMeier, kaplan_meier
from mtl.evaluate.metric import MINIMUM_AT_RISK
from mtl.evaluate.risk_groups import log_rank, quantile_groups
from mtl.evidence.subject import Checkpoint, Report, Subject
from mtl.evidence.view import Silent, View, headline, views

DIVISIONS = (3, 4)
FEWEST_FOLLOWED = 10  # patients of a group below which its curve ends: one more event would make it fall off
STEPS = 120  # points of time at which a curve is kept: no patient's own time can be read from it


def compute(subject: Subject, report: Report, checkpoint: Checkpoint) -> dict[str, Any]:
    """{"internal", "n", "tasks": {task: {"key", "horizon", "n", "divisions": {"3": ..., "4": ...}}}}, survival tasks alone.

    A division has "limits" (risks between the groups), "log_rank" and "groups", the lowest risk first: "n", "events",
    "years", "survival", "low", "high", "at_risk" (at whole years) and "horizons" (predicted and observed risk).
    """
    names = [name for name in subject.tasks if subject.study.task(name).kind == "survival"]
    out: dict[str, Any] = {}
    for done, name in enumerate(names):
        report(f"risk groups: {name}", done / len(names))
        found = views(subject, name)
        chosen = headline(subject.study.task(name), found)
        if isinstance(chosen, Silent):
            out[name] = {"key": chosen.key, "reason": chosen.reason}
            continue
        told = [view for view in found if isinstance(view, View)]
        out[name] = {
            "key": chosen.key,
            "horizon": chosen.horizon,
            "n": chosen.n,
            "divisions": {str(count): _division(chosen, told, count) for count in DIVISIONS},
        }
    return {"internal": subject.internal, "n": len(subject.table), "tasks": out}


def _division(chosen: View, told: list[View], count: int) -> dict[str, Any]:
    which, limits = quantile_groups(chosen.risk, count)
    ordered = np.sort(chosen.time)
    until = float(np.floor(10 * ordered[-min(MINIMUM_AT_RISK, len(ordered))]) / 10)
    years = np.linspace(0.0, max(until, 0.1), STEPS + 1)
    groups = []
    for g in np.unique(which).tolist():
        rows = np.flatnonzero(which == g)
        curve = kaplan_meier(chosen.time[rows], chosen.event[rows])
        low, high = curve.interval_at(years)
        followed = curve.n_at_risk(years) >= FEWEST_FOLLOWED
        groups.append(
            {
                "n": len(rows),
                "events": int(chosen.event[rows].sum()),
                "survival": _known(np.where(followed, curve.at(years), np.nan)),
                "low": _known(np.where(followed, low, np.nan)),
                "high": _known(np.where(followed, high, np.nan)),
                "at_risk": curve.n_at_risk(np.arange(int(until) + 1)).tolist(),
                "horizons": [_horizon(view, rows, curve) for view in told],
            }
        )
    return {
        "limits": limits.tolist(),
        "years": years.tolist(),
        "groups": groups,
        "log_rank": _test(chosen, which),
    }


def _test(chosen: View, which: np.ndarray[Any, Any]) -> dict[str, Any]:
    try:
        test = log_rank(chosen.time, chosen.event, which)
    except NotEstimable as why:
        return {"reason": str(why)}
    return {"statistic": test.statistic, "degrees": test.degrees, "p": test.p_value}


def _horizon(view: View, rows: np.ndarray[Any, Any], curve: KaplanMeier) -> dict[str, Any]:
    assert view.horizon is not None
    observed = 1.0 - float(curve.at(view.horizon))
    low, high = (1.0 - float(limit) for limit in curve.interval_at(view.horizon))
    left = int(curve.n_at_risk([view.horizon])[0])
    told = left >= MINIMUM_AT_RISK and np.isfinite(observed)
    sure = told and np.isfinite([low, high]).all()
    return {
        "horizon": view.horizon,
        "predicted": float(view.risk[rows].mean()),
        "at_risk": left,
        "observed": observed if told else None,
        "low": high if sure else None,
        "high": low if sure else None,
    }


def _known(values: np.ndarray[Any, Any]) -> list[float | None]:
    return [None if np.isnan(value) else round(value, 5) for value in values.tolist()]
