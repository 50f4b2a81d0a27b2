"""What a notebook asks of a model that is no method of it: its metrics on a table, as one data frame."""

from __future__ import annotations

import pandas as pd

from mtl.commands import scoring
from mtl.commands.models import Opened
from mtl.multitask import MultiTaskModel


def metrics(
    model: MultiTaskModel, table: pd.DataFrame, *, out_of_fold: bool = False, intervals: bool = True
) -> pd.DataFrame:
    """Every metric of every task of a fitted model on a table.

    Parameters
    ----------
    model
        A fitted model.
    table
        Patients with outcomes. For honest numbers other patients than it was trained on; or the very table it was
        just trained on with `out_of_fold`, and each patient is judged by the predictor that did not see this one.
    intervals
        95 % bootstrap intervals, which take a few seconds a task.

    Returns
    -------
    DataFrame
        Columns task, metric, value, low, high, reason (why there is no value), n (rows with the outcome).

    Notes
    -----
    docs/example.md shows it in use. Uno's and Harrell's C out of fold are means over the folds.
    """
    given = scoring.out_of_fold(model, table) if out_of_fold else scoring.predicted(Opened(model), table)
    scores = scoring.score(model, table, given, intervals, lambda task: None)
    if out_of_fold:
        scores = scoring.without_fitted(model, scores)
    return pd.DataFrame(
        [
            {
                "task": task,
                "metric": name,
                "value": m.value,
                "low": m.low,
                "high": m.high,
                "reason": m.reason or "",
                "n": score.n,
            }
            for task, score in scores.items()
            for name, m in score.metrics.items()
        ]
    )
