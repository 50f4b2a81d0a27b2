"""How well a model's numbers agree with what happened: on another table, or out of fold on its own."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from mtl.commands.models import Opened, Part
from mtl.evaluate import Metric
from mtl.evidence.honest import Curves, Predicted, Score, curves, score, without_fitted
from mtl.evidence.subject import NEW, with_predictor
from mtl.language import number, span
from mtl.multitask import MultiTaskModel, TableWarning
from mtl.study import Study

__all__ = [
    "Score", "aligned", "cell", "out_of_fold", "predicted", "score", "score_table", "without_fitted",
]  # fmt: skip


def predicted(opened: Opened, table: pd.DataFrame) -> Predicted:
    """What a model says about a table; of its own training patients, where it knows them, out of fold."""
    return _gathered(opened.parts(table), table)


def out_of_fold(model: MultiTaskModel, table: pd.DataFrame) -> Predicted:
    """What the fold predictors of a model just fitted on `table` say about the rows they have not seen."""
    fold = np.asarray(model.trained_.fold, dtype=np.int64)
    predictors = enumerate(model.trained_.fold_predictors)
    parts = [Part(np.flatnonzero(fold == f), with_predictor(model, own), f) for f, own in predictors]
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", category=TableWarning
        )  # of parts of a table that has been looked at
        return _gathered(parts, table)


def _gathered(parts: list[Part], table: pd.DataFrame) -> Predicted:
    if [part.fold for part in parts] == [NEW]:
        return Predicted(parts[0].model.predict(table), curves(parts[0].model, table))
    fold = np.full(len(table), NEW, dtype=np.int64)
    numbers, own_curves = [], []
    for part in parts:
        own = table.iloc[part.rows]
        fold[part.rows] = part.fold
        numbers.append(part.model.predict(own).set_axis(part.rows))
        own_curves.append(curves(part.model, own))
    order = np.argsort(np.concatenate([part.rows for part in parts]), kind="stable")
    joined = {
        name: Curves(first.years, np.concatenate([part[name].risk for part in own_curves])[order])
        for name, first in own_curves[0].items()
    }
    return Predicted(pd.concat(numbers).sort_index().set_axis(table.index), joined, fold)


# For people ----------------------------------------------------------------------------------------------------------


def cell(metric: Metric | None) -> str:
    """A metric as a table shows it: "0.993 (0.985 to 0.998)"."""
    if metric is None or metric.value is None:
        return "–"
    value = number(metric.value, 3)
    if metric.low is None or metric.high is None:
        return value
    return f"{value} ({span(metric.low, metric.high, 3)})"


def score_table(study: Study, columns: dict[str, dict[str, Score]]) -> str:
    """Scores side by side, a block a task and a line a metric; `columns` are headed by their keys."""
    blocks = []
    first = next(iter(columns.values()))
    for task, own in first.items():
        scores = {heading: found[task] for heading, found in columns.items()}
        title = f"{study.task(task).title()} [{task}, {own.kind}]"
        lines = [[title, *(f"{heading}, n = {number(s.n)}" for heading, s in scores.items())]]
        lines += [
            [f"  {name}", *(cell(s.metrics.get(name)) for s in scores.values())] for name in own.metrics
        ]
        lines += _reasons(scores)
        blocks.append(aligned(lines))
    return "\n\n".join(blocks)


def _reasons(scores: dict[str, Score]) -> list[list[str]]:
    """What cannot be estimated, and why: a line a reason."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for heading, found in scores.items():
        for name, metric in found.metrics.items():
            if metric.reason is not None:
                by_reason.setdefault((heading, metric.reason), []).append(name)
    lines = []
    for (heading, why), names in by_reason.items():
        what = "nothing" if len(names) == len(scores[heading].metrics) else ", ".join(names)
        lines.append([f"  – {heading}, {what}: {why}" if what != "nothing" else f"  – {heading}: {why}"])
    return lines


def aligned(lines: list[list[str]]) -> str:
    """Cells in columns; a line of one cell takes no part in the widths."""
    widths: list[int] = []
    for line in lines:
        if len(line) > 1:
            widths += [0] * (len(line) - len(widths))
            for place, text in enumerate(line):
                widths[place] = max(widths[place], len(text))
    return "\n".join(
        "   ".join(
            text.ljust(widths[place]) if len(line) > 1 else text for place, text in enumerate(line)
        ).rstrip()
        for line in lines
    )
