"""How the evidence names measures, groups of patients, outcomes and numbers: once for all its sheets."""

from __future__ import annotations

import math
from typing import Any

from mtl.language import N_, _, measured, number, percent, span, study_language
from mtl.services.patients.wording import title, years
from mtl.study import Feature, Study, Task

MEASURES = {
    "auroc": N_("AUROC"),
    "macro_auroc": N_("AUROC, mean of the classes"),
    "r2": N_("R²"),
    "harrell_c": N_("Harrell's C"),
    "uno_c": N_("Uno's C"),
    "log_loss": N_("log loss"),
    "brier": N_("Brier score"),
    "integrated_brier": N_("integrated Brier score"),
    "rmse": N_("root mean squared error"),
    "mae": N_("mean absolute error"),
    "ici": N_("calibration error (ICI)"),
    "calibration_slope": N_("calibration slope"),
    "calibration_intercept": N_("calibration intercept"),
    "observed_expected": N_("observed / expected"),
}
EN_DASH = "\u2013"


def measure(name: str) -> str:
    """Name a metric of the contract, with its horizon: "Brier score, 5 years"."""
    plain, _at, horizon = name.partition("@")
    words = _(MEASURES[plain]) if plain in MEASURES else plain
    if not horizon:
        return words
    return _("{measure}, {time}").format(measure=words, time=years(float(horizon.rstrip("y"))))


def asked(task: Task, horizon: float | None) -> str:
    """Name a task, with the horizon of a survival task."""
    if horizon is None:
        return title(task)
    return _("{outcome} within {time}").format(outcome=title(task), time=years(horizon))


def output(task: Task, column: str) -> str:
    """Name a column of a task: the class, else the task."""
    for level in task.classes:
        if column == f"{task.name}={level.text}":
            return level.get(study_language())
    return title(task)


def group(feature: Feature, part: dict[str, Any]) -> str:
    """Name a group of patients by a finding: a level, the values between two limits, or missing."""
    if part["level"] is not None:
        if feature.kind == "boolean":
            return _("yes") if part["level"] else _("no")
        return feature.levels[int(part["level"])].get(study_language())
    low, high = part["above"], part["upto"]
    if low is None and high is None:
        return _("not measured")
    if low is None:
        return f"≤ {measured(high)}"
    if high is None:
        return f"> {measured(low)}"
    return _("over {low} to {high}").format(low=measured(low), high=measured(high))


def finding(study: Study, name: str) -> str:
    """Name a finding, with its unit."""
    return title(study.feature(name))


def with_interval(entry: dict[str, Any], decimals: int = 3) -> str:
    """Write a number with its interval: "0.689 (0.659 to 0.722)"; a dash where there is none."""
    if entry.get("value") is None:
        return EN_DASH
    words = number(entry["value"], decimals)
    if entry.get("low") is None or entry.get("high") is None:
        return words
    return _("{value} ({interval})").format(value=words, interval=span(entry["low"], entry["high"], decimals))


def share_with_interval(value: float | None, low: float | None, high: float | None) -> str:
    """Write a share with its interval in percent."""
    if value is None:
        return EN_DASH
    words = percent(value, 1)
    if low is None or high is None:
        return words
    return _("{value} ({interval})").format(value=words, interval=span(100 * low, 100 * high, 1))


def points(value: float) -> str:
    """Write a distance of probabilities in points: "2.4"."""
    return number(100 * value, 1)


def distance(task: Task, value: float) -> str:
    """Write a distance between two numbers of a task: points of probability, or the task's unit."""
    if task.kind != "regression":
        return _("{count} points").format(count=points(value))
    unit = task.unit.get(study_language())
    words = number(value, (task.decimals or 0) + 1)
    return f"{words} {unit}" if unit else words


def value(task: Task, amount: float) -> str:
    """Write a number of a task."""
    if math.isnan(amount):
        return EN_DASH
    return number(amount, task.decimals) if task.kind == "regression" else percent(amount, 1)
