"""Every metric of every task on a cohort, with intervals: the numbers of `python -m mtl evaluate`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from mtl.evidence.honest import Predicted, score, without_fitted
from mtl.evidence.pieces import Piece, Pieces, Tick
from mtl.evidence.subject import Checkpoint, Report, Subject
from mtl.model.pool import Elsewhere
from mtl.multitask import MultiTaskModel


@dataclass(frozen=True, eq=False)
class Judged:
    """A cohort's predictions; `internal` where some of its patients were in training."""

    model: MultiTaskModel
    table: pd.DataFrame
    predicted: Predicted
    internal: bool


def compute(
    subject: Subject, report: Report, checkpoint: Checkpoint, pool: Elsewhere | None = None
) -> dict[str, Any]:
    """{"internal": ..., "n": ..., "tasks": {task: {"kind", "n", "metrics": {name: {"value", "low", "high"}}}}}.

    A task is a piece; `pool` shares the work.
    """
    whole = Judged(subject.model, subject.table, subject.predicted, subject.internal)
    places = {str(place): name for place, name in enumerate(subject.tasks)}
    work = {place: Piece(f"metrics: {name}", judge, (name,)) for place, name in places.items()}
    done = Pieces(whole, work, report, checkpoint, pool=pool).run()
    return {
        "internal": subject.internal,
        "n": len(subject.table),
        "tasks": {name: done[place] for place, name in places.items()},
    }


def judge(whole: Judged, name: str, tick: Tick) -> dict[str, Any]:
    """A piece: one task's metrics."""
    scores = score(whole.model, whole.table, whole.predicted, True, lambda task: tick(), (name,))
    if whole.internal:
        scores = without_fitted(whole.model, scores)
    return scores[name].to_dict()
