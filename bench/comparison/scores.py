"""One number a task: AUC, macro AUC, R2 or Harrell's C on patients that nobody has seen."""

from __future__ import annotations

import numpy as np

from mtl.data.targets import Target
from mtl.evaluate.binary import auroc
from mtl.evaluate.concordance import harrell_c
from mtl.evaluate.multiclass import macro_auroc
from mtl.evaluate.regression import r2

NAMES = {"binary": "AUC", "multiclass": "macro AUC", "regression": "R2", "survival": "C"}


def score(target: Target, prediction: np.ndarray) -> float:
    """The score of a task.

    Parameters
    ----------
    target
        The outcome of n patients; those without a label are left out.
    prediction
        (n,) a probability or any monotone scale of it, a value, a log hazard as treated; (n, classes) probabilities.
    """
    known = target.labelled
    labelled, predicted = target.subset(known), np.asarray(prediction, dtype=float)[known]
    if target.kind == "survival":
        return harrell_c(labelled.time, labelled.event, predicted)
    return {"binary": auroc, "multiclass": macro_auroc, "regression": r2}[target.kind](labelled.y, predicted)
