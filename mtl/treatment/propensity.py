"""The probability of being treated, given the findings: by the model, cross-fitted, and by plain logistic regression."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from mtl.model.problem import Problem
from mtl.model.train import EFFORTS, train
from mtl.study import Study

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
FOLDS = 5
CLIP = 1e-6
LEAST_PENALTY = 1e4  # scikit-learn's C: a ridge too weak to matter unless the columns separate the arms


def cross_fitted(
    study: Study,
    table: pd.DataFrame,
    treated: Bools,
    features: list[str],
    progress: Callable[[str, float], None],
    seed: int = 0,
) -> Floats:
    """Propensity (n,) from the product's model of this one task, each patient by a fit that left the patient out.

    The same experts and blend as any task (linear, own trees, shared trees), on the patients given and with no other
    task beside it, so that no outcome takes part in the design.

    Raises
    ------
    TrainingError
        There are too few patients of an arm to hold any out.
    """
    column = "given"
    while column in table.columns or any(f.name == column for f in study.features):
        column += "_"
    entries = study.to_dict()
    alone = Study.from_dict(
        {
            "study": {"name": "propensity", "identifier": study.identifier},
            "stage": [{"name": "before"}],
            "feature": [f | {"stage": "before"} for f in entries["feature"] if f["name"] in features],
            "task": [
                {
                    "name": "given",
                    "kind": "binary",
                    "role": "treatment",
                    "stage": "before",
                    "target": _is_one(column),
                }
            ],
        }
    )
    rows = table.assign(**{column: treated.astype(np.int64)})
    problem = Problem.from_table(alone, rows, FOLDS, seed)
    trained = train(problem, EFFORTS["quick"], 10, 1, progress, novelty=False)
    return probability(trained.fits["given"].margin[:, 0])


def _is_one(column: str) -> str:
    return f"{column} == 1"


def probability(margin: Floats) -> Floats:
    """Log-odds as a probability strictly between 0 and 1."""
    return np.clip(np.asarray(expit(margin), dtype=np.float64), CLIP, 1 - CLIP)


def logistic(columns: Floats, treated: Bools) -> Floats:
    """Propensity (n,) from logistic regression on columns (n, q), fitted to all patients.

    Its overlap weights balance the mean of every column exactly (Li, Morgan and Zaslavsky 2018, theorem 3).
    """
    if columns.shape[1] == 0:
        return np.full(len(treated), float(treated.mean()))
    model = LogisticRegression(C=LEAST_PENALTY, max_iter=2000, tol=1e-8).fit(columns, treated)
    chance: Floats = model.predict_proba(columns)[:, 1]
    return np.clip(chance, CLIP, 1 - CLIP)
