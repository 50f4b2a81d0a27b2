"""What it costs not to know a finding: each input blanked in turn on patients whom the model had not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mtl.evidence.headline import FEWEST, Headline
from mtl.evidence.subject import Checkpoint, Report, Subject


def compute(subject: Subject, report: Report, checkpoint: Checkpoint) -> dict[str, Any]:
    """{"n", "known": {feature: share}, "tasks": {task: {"metric", "loss", "whole", "without": [...]}}}.

    "whole" are metric and loss as recorded; "without" has a feature's differences (blanked - as recorded), paired on
    the same resampled patients, the costliest first.
    """
    features = [feature.name for feature in subject.study.features]
    recorded = subject.predicted.numbers
    known = ~np.isnan(subject.X)
    blanked: dict[str, pd.DataFrame] = {}
    for j, name in enumerate(features):
        if known[:, j].any():
            X = subject.X.copy()
            X[:, j] = np.nan
            blanked[name] = subject.numbers(X)
        report("blanking", 0.3 * (j + 1) / len(features))
    tasks: dict[str, Any] = {}
    for place, task in enumerate(subject.tasks):
        found = checkpoint.get(task)
        if found is None:
            found = _task(subject, task, recorded, blanked)
            checkpoint[task] = found
        tasks[task] = found
        report("differences", 0.3 + 0.7 * (place + 1) / len(subject.tasks))
    shares = {name: float(known[:, j].mean()) for j, name in enumerate(features)}
    return {"n": len(subject.table), "known": shares, "tasks": tasks}


def _task(
    subject: Subject, task: str, recorded: pd.DataFrame, blanked: dict[str, pd.DataFrame]
) -> dict[str, Any]:
    head = Headline.of(subject, task)
    about = {
        "kind": head.task.kind,
        "horizon": head.horizon,
        "metric": head.metric,
        "loss": head.loss,
        "n": len(head.rows),
    }
    if len(head.rows) < FEWEST:
        return {**about, "whole": None, "without": []}
    seen = [name for name in subject.study.visible(task) if name in blanked]
    whole, differences = head.differences(recorded, [blanked[name] for name in seen])
    without = [
        {"feature": name, "metric": metric, "loss": loss}
        for name, (metric, loss) in zip(seen, differences, strict=True)
    ]
    without.sort(key=lambda one: -(one["loss"]["value"] or 0.0))  # type: ignore[index]
    return {**about, "whole": {"metric": whole[0], "loss": whole[1]}, "without": without}
