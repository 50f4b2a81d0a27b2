"""What each expert of a fitted model says alone, without the blend.

This is the one place of the bench that looks inside a fitted model.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import softmax

from mtl import MultiTaskModel
from mtl.data.encode import encode
from mtl.data.targets import targets
from mtl.model.losses import loss_for
from mtl.model.offsets import treatment_offsets

EXPERTS = ("linear", "own", "shared")


def alone(
    model: MultiTaskModel, training: pd.DataFrame, table: pd.DataFrame, task: str
) -> dict[str, np.ndarray]:
    """Each expert's prediction for the rows of a table, on the scale that :func:`scores.score` takes.

    Trees start from the best constant on the training labels. Where no other task may shape the shared trees there are
    none, and own trees stand in their place.
    """
    fitted = model.predictor_.task(task)
    target = targets(model.study, training, [task])[task]
    labelled = target.subset(target.labelled)
    X = encode(model.study, table).X
    shared = model.predictor_.shared[fitted.shared]
    start = np.zeros(fitted.n_outputs) if fitted.kind == "survival" else loss_for(labelled).start()
    margins = {
        "linear": fitted.linear.margin(X) * fitted.scale,
        "own": fitted.own.margin(X) * fitted.scale + start,
    }
    if fitted.kind == "regression":
        margins["linear"] = margins["linear"] + start
    margins["shared"] = margins["own"]
    if shared.n_trees:
        margins["shared"] = shared.margin(X)[:, list(fitted.shared_outputs)] * fitted.scale + start
    if fitted.kind == "multiclass":
        return {name: softmax(margin, axis=1) for name, margin in margins.items()}
    given = np.zeros(len(X))
    if fitted.kind == "survival" and fitted.baseline is not None:
        given = fitted.baseline.mean_offset(treatment_offsets(model.study, table, task).values)
    return {name: margin[:, 0] + given for name, margin in margins.items()}
