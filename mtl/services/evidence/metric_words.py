"""Measures of performance in documents: those of a short account, and a number where there may be none."""

from __future__ import annotations

from typing import Any

from mtl.services.evidence import words as evidence_words
from mtl.study import Task

#: The measures that a short account names, by kind of task; "@" stands for the usual horizon.
MAIN = {
    "binary": ("auroc", "brier", "calibration_slope", "ici"),
    "multiclass": ("macro_auroc", "log_loss", "accuracy"),
    "regression": ("r2", "rmse", "mae", "calibration_slope"),
    "survival": ("harrell_c", "calibration_slope", "integrated_brier", "auroc@", "ici@", "observed_expected@"),
}  # fmt: skip


def title(name: str, task: Task | None = None) -> str:
    """What a measure is called, as the page Performance has it."""
    return evidence_words.metric(name, task)


def value(metric: dict[str, Any]) -> str:
    """A measure with its interval, as the page prints it; an en dash where there is none.

    >>> value({"value": 0.6789, "low": 0.66, "high": 0.7}), value({"value": None, "reason": "few"})
    ('0.679 (0.660 to 0.700)', '–')
    """
    return "–" if metric.get("value") is None else evidence_words.value({"low": None, "high": None} | metric)


def main(kind: str, metrics: dict[str, Any], horizon: float | None) -> tuple[str, ...]:
    """The names of the main measures of a task that are there; for survival at one horizon."""
    wanted = [
        name if not name.endswith("@") else f"{name}{horizon:g}y"
        for name in MAIN.get(kind, ())
        if horizon is not None or not name.endswith("@")
    ]
    return tuple(name for name in wanted if name in metrics)
