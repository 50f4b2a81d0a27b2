"""Every metric of every task on a cohort, with intervals: the numbers of `python -m mtl evaluate`."""

from __future__ import annotations

from typing import Any

from mtl.evidence.honest import score, without_fitted
from mtl.evidence.subject import Checkpoint, Report, Subject


def compute(subject: Subject, report: Report, checkpoint: Checkpoint) -> dict[str, Any]:
    """{"internal": ..., "n": ..., "tasks": {task: {"kind", "n", "metrics": {name: {"value", "low", "high"}}}}}."""
    tasks = len(subject.tasks)
    done: list[str] = []

    def note(task: str) -> None:
        done.append(task)
        report(f"metrics: {task}", len(done) / tasks)

    scores = score(subject.model, subject.table, subject.predicted, True, note)
    if subject.internal:
        scores = without_fitted(subject.model, scores)
    return {
        "internal": subject.internal,
        "n": len(subject.table),
        "tasks": {name: one.to_dict() for name, one in scores.items()},
    }
