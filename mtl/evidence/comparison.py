"""Two models on one cohort: every metric of both, and the differences on the same resamples."""

from __future__ import annotations

from typing import Any

from mtl.evaluate import Metric
from mtl.evidence.honest import BY_CONSTRUCTION, Score, draw, without_fitted
from mtl.evidence.subject import Report, Subject
from mtl.study import Task


def compare(first: Subject, second: Subject, report: Report) -> dict[str, Any]:
    """Compare two models on the same patients, each patient judged by a predictor that did not see them.

    Returns
    -------
    {"n", "internal": [first, second], "tasks": {task: {"kind", "n", "first", "second", "less"}}, "apart": [tasks]}; "less"
    is first - second. A task that only one of them has, or that they define differently, is among "apart". What a model was
    fitted to, out of fold, is told neither of it nor as a difference.
    """
    shared = [name for name in first.tasks if name in second.tasks and same(first, second, name)]
    out: dict[str, Any] = {}
    for done, name in enumerate(shared):
        report(f"comparing: {name}", done / len(shared))
        drawn = [draw(one.model, first.table, one.predicted, name) for one in (first, second)]
        kind, n = first.study.task(name).kind, int(first.truths[name].labelled.sum())
        scores = [Score(kind, n, one.metrics()) for one in drawn]
        scores = [
            without_fitted(of.model, {name: score})[name] if of.internal else score
            for of, score in zip((first, second), scores, strict=True)
        ]
        less = drawn[0].less(drawn[1])
        for score in scores:
            fitted = {metric for metric, value in score.metrics.items() if value.reason == BY_CONSTRUCTION}
            less |= {metric: Metric(None, reason=BY_CONSTRUCTION) for metric in fitted if metric in less}
        out[name] = {
            "kind": kind,
            "n": n,
            "first": scores[0].to_dict()["metrics"],
            "second": scores[1].to_dict()["metrics"],
            "less": {metric: value.to_dict() for metric, value in less.items()},
        }
    known = dict.fromkeys([*first.tasks, *second.tasks])
    return {
        "n": len(first.table),
        "internal": [first.internal, second.internal],
        "tasks": out,
        "apart": [name for name in known if name not in shared],
    }


def same(first: Subject, second: Subject, name: str) -> bool:
    """Whether two models mean the same by a task."""
    return _meaning(first.model.study.task(name)) == _meaning(second.model.study.task(name))


def _meaning(task: Task) -> tuple[object, ...]:
    classes = tuple(level.text for level in task.classes)
    return task.kind, task.target, task.time, task.event, task.time_unit, tuple(task.horizons), classes
