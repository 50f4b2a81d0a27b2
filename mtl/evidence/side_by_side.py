"""The blend beside each of its experts alone and a Cox model on log features: metrics, and paired differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mtl.evaluate import Metric
from mtl.evidence.beside import OTHERS, answers, others
from mtl.evidence.honest import BY_CONSTRUCTION, Score, draw, without_fitted
from mtl.evidence.subject import Checkpoint, Report, Subject

BLEND = "blend"
#: What is told of each: discrimination, calibration, and the whole error, by kind; for survival also at each horizon.
COMPARED = {
    "binary": ("auroc", "log_loss", "brier", "calibration_slope"),
    "multiclass": ("macro_auroc", "log_loss", "brier", "accuracy"),
    "regression": ("r2", "rmse", "mae", "calibration_slope"),
    "survival": ("harrell_c", "uno_c", "calibration_slope"),
}
AT_HORIZON = ("auroc", "brier")


def compared(kind: str, name: str) -> bool:
    """Whether a metric is told of what stands beside the blend.

    >>> compared("survival", "brier@5y"), compared("survival", "ici@5y")
    (True, False)
    """
    head, at, _years = name.partition("@")
    return head in AT_HORIZON if at else name in COMPARED[kind]


def compute(subject: Subject, report: Report, checkpoint: Checkpoint) -> dict[str, Any]:
    """By task and technique its metrics, and the blend's less its own on the same resamples.

    Returns
    -------
    {"internal", "n", "known": whether the training patients are, "tasks": {task: {"kind", "n", "techniques": {name:
    {"metrics": {...}, "less": {...}}}}}}. The blend comes first, without "less". Where its metric is right by construction,
    out of fold, neither it nor its differences are told.
    """
    report("predictions", 0.0)
    found = others(subject, lambda share: report("predictions", 0.2 * share))
    out: dict[str, Any] = {}
    total, done = sum(1 + len(OTHERS) for _task in subject.tasks), 0
    for name in subject.tasks:
        kind = subject.study.task(name).kind
        n = int(subject.truths[name].labelled.sum())
        wanted = _wanted(kind)
        own = draw(subject.model, subject.table, subject.predicted, name, only=wanted)
        blend = Score(kind, n, own.metrics())
        if subject.internal:
            blend = without_fitted(subject.model, {name: blend})[name]
        fitted = {metric for metric, value in blend.metrics.items() if value.reason == BY_CONSTRUCTION}
        techniques: dict[str, Any] = {BLEND: {"metrics": _plain(blend.metrics)}}
        for other in OTHERS:
            done += 1
            if other in found and name in answers(subject, found[other]):
                theirs = draw(subject.model, subject.table, found[other], name, only=wanted)
                less = own.less(theirs) | {m: Metric(None, reason=BY_CONSTRUCTION) for m in fitted}
                techniques[other] = {"metrics": _plain(theirs.metrics()), "less": _plain(less)}
            report(f"beside: {name}", 0.2 + 0.8 * (done + 1) / total)
        done += 1
        out[name] = {"kind": kind, "n": n, "techniques": techniques}
    return {
        "internal": subject.internal,
        "n": len(subject.table),
        "known": subject.training is not None,
        "tasks": out,
    }


def _wanted(kind: str) -> Callable[[str], bool]:
    return lambda metric: compared(kind, metric)


def _plain(metrics: dict[str, Metric]) -> dict[str, Any]:
    return {name: metric.to_dict() for name, metric in metrics.items()}
