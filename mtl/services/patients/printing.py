"""The numbers of a task as every panel prints them, with their place in the cohort."""

from __future__ import annotations

import math

import numpy as np

from mtl.explain.points import Floats, Link
from mtl.language import _, ngettext, number, percent, study_language
from mtl.model.outputs import horizon_name
from mtl.services.patients.answer import Answer, link
from mtl.services.patients.view import Curve, Number
from mtl.store.scores import Scores
from mtl.study import Level, Task

USUAL_HORIZON = 5.0  # years


def with_decimals(task: Task, scores: Scores) -> Task:
    """A regression task that says how many digits to print: the study's, else two figures of the task's spread."""
    if task.kind != "regression" or task.decimals is not None:
        return task
    spread = scores.spread.get(task.name, [0.0])[0]
    if not (math.isfinite(spread) and spread > 0):
        return task.model_copy(update={"decimals": 2})
    return task.model_copy(update={"decimals": min(10, max(0, 1 - math.floor(math.log10(spread))))})


def value_text(task: Task, value: float | None) -> str:
    """A task's number with its unit: "32 %", "1,203 µm²"; an en dash where there is none."""
    if value is None:
        return number(math.nan)
    if task.kind != "regression":
        return percent(value)
    unit = task.unit.get(study_language())
    shown = number(value, task.decimals)
    return f"{shown} {unit}" if unit else shown


def years_text(years: float) -> str:
    """A horizon: "5 years".

    >>> years_text(1.0), years_text(2.5)
    ('1 year', '2.5 years')
    """
    count = 1 if years == 1 else max(2, math.ceil(years))
    return ngettext("{count} year", "{count} years", count).format(count=number(years))


def numbers(found: Answer, task: Task) -> tuple[Number, ...]:
    """One number (binary, regression), one a class, or one a horizon, as treated."""
    margin = found.margins[task.name]
    if task.kind == "multiclass":
        shares = link(found, task, None).response(margin)
        return tuple(
            _number(
                found,
                task,
                f"{task.name}={level.text}",
                level.get(study_language()),
                float(share),
                category=level.text,
            )
            for level, share in zip(task.classes, shares, strict=True)
        )
    if task.kind != "survival":
        value = float(link(found, task, None).response(margin)[0])
        return (_number(found, task, task.name, task.title(study_language()), value),)
    return tuple(_risk(found, task, years, margin) for years in task.horizons)


def untreated(found: Answer, task: Task) -> tuple[Number, ...]:
    """Risks without the treatment that was given, where a trial says how to take it out; else nothing."""
    columns = [f"{horizon_name(task.name, years)}.untreated" for years in task.horizons]
    if task.kind != "survival" or not set(columns) <= set(found.scores.outputs):
        return ()
    baseline = found.baseline(task.name)
    none = np.zeros((1, len(found.offsets[task.name])))
    risks = baseline.risk(found.margins[task.name], none, np.array(task.horizons))[0]
    out = []
    for years, column, risk in zip(task.horizons, columns, risks, strict=True):
        if not found.untreated_known[task.name]:
            reason = _("no trial gives the effect of this treatment for a patient like this")
            out.append(_nothing(task, column, years_text(years), reason, years))
        elif not baseline.estimable(years):
            out.append(_nothing(task, column, years_text(years), _beyond(years), years))
        else:
            out.append(_number(found, task, column, years_text(years), float(risk), horizon=years))
    return tuple(out)


def _risk(found: Answer, task: Task, years: float, margin: Floats) -> Number:
    column, label = horizon_name(task.name, years), years_text(years)
    baseline = found.baseline(task.name)
    if not baseline.estimable(years):
        return _nothing(task, column, label, _beyond(years), years)
    risk = baseline.risk(margin, found.offsets[task.name][None, :], np.array([years]))[0, 0]
    return _number(found, task, column, label, float(risk), horizon=years)


def _beyond(years: float) -> str:
    return _("too few patients were followed for {years}: the risk cannot be estimated").format(
        years=years_text(years)
    )


def _nothing(task: Task, column: str, label: str, reason: str, horizon: float) -> Number:
    return Number(column, label, None, value_text(task, None), reason=reason, horizon=horizon)


def _number(
    found: Answer,
    task: Task,
    column: str,
    label: str,
    value: float,
    horizon: float | None = None,
    category: str | None = None,
) -> Number:
    known = column in found.scores.outputs
    low, high, n_eff = found.limits.get(column, (math.nan, math.nan, math.nan))
    return Number(
        column,
        label,
        value,
        value_text(task, value),
        low=None if math.isnan(low) else low,
        high=None if math.isnan(high) else high,
        n_eff=n_eff if math.isfinite(n_eff) else None,
        cohort_median=found.scores.median(column) if known else None,
        cohort_share_below=found.scores.share_below(column, value) if known else None,
        horizon=horizon,
        category=category,
    )


def headline(task: Task, shown: tuple[Number, ...], horizon: float | None = None) -> Number:
    """The number to show first.

    The most probable class; for survival the horizon asked for, else the 5-year one, else the middle one, and
    where that cannot be estimated the longest that can.
    """
    if task.kind == "multiclass":
        return max(shown, key=lambda n: n.value if n.value is not None else -1.0)
    if task.kind != "survival":
        return shown[0]
    by_year = {n.horizon: n for n in shown}
    if horizon in by_year:
        return by_year[horizon]
    usual = by_year.get(USUAL_HORIZON) or sorted(shown, key=lambda n: n.horizon or 0.0)[(len(shown) - 1) // 2]
    if usual.value is not None:
        return usual
    estimable = [n for n in shown if n.value is not None]
    return max(estimable, key=lambda n: n.horizon or 0.0) if estimable else usual


def place_of(task: Task, shown: Number) -> int:
    """Which of the task's margins a number belongs to."""
    if task.kind != "multiclass":
        return 0
    return [level.text for level in task.classes].index(shown.category or "")


def level_of(task: Task, shown: Number) -> Level | None:
    """The class of a number, for a multiclass task."""
    return task.classes[place_of(task, shown)] if task.kind == "multiclass" else None


def reference(found: Answer, task: Task, shown: Number) -> Number:
    """The same number for the reference patient; survival: treated as this one."""
    if shown.value is None:
        return Number(shown.column, shown.label, None, shown.text, reason=shown.reason, horizon=shown.horizon)
    response: Link = link(found, task, shown.horizon)
    value = float(np.atleast_1d(response.response(found.base[task.name]))[place_of(task, shown)])
    return Number(
        shown.column,
        shown.label,
        value,
        value_text(task, value),
        horizon=shown.horizon,
        category=shown.category,
    )


def curve(found: Answer, task: Task) -> Curve | None:
    """Risk over time of a survival task, beside the reference patient's."""
    if task.kind != "survival":
        return None
    baseline, offset = found.baseline(task.name), found.offsets[task.name][None, :]
    years = baseline.times
    risk = baseline.risk(found.margins[task.name], offset, years)[0]
    other = baseline.risk(found.base[task.name], offset, years)[0]
    half = np.flatnonzero(risk >= 0.5)
    median = float(years[half[0]]) if len(half) else None
    low, high = _band(found, task, years, risk)
    return Curve(years, risk, other, float(years[-1]), median, low, high)


def _band(found: Answer, task: Task, years: Floats, risk: Floats) -> tuple[Floats | None, Floats | None]:
    """The intervals at the horizons carried along the curve: their reach on the log cumulative hazard, interpolated."""
    known, reach = [], []
    for horizon in task.horizons:
        low, high, _n = found.limits.get(horizon_name(task.name, horizon), (math.nan,) * 3)
        if 0.0 < low <= high < 1.0:
            known.append(horizon)
            reach.append(0.5 * (_log_hazard(high) - _log_hazard(low)))
    if not known:
        return None, None
    with np.errstate(divide="ignore"):
        middle = np.log(-np.log1p(-np.minimum(risk, 1 - 1e-12)))
    around = np.interp(years, known, reach)
    return -np.expm1(-np.exp(middle - around)), -np.expm1(-np.exp(middle + around))


def _log_hazard(risk: float) -> float:
    return math.log(-math.log1p(-risk))
