"""Two hospitals over three years, a model of theirs, and later patients who fall ill more often: for evidence of trust."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from scipy.special import expit

from mtl import MultiTaskModel, Study
from mtl.store import cohorts, models, scores
from tests import synthetic

EFFORT = "brief"
assert EFFORT in synthetic.EFFORTS  # importing it adds the effort
MARKUP = "<b>North</b> ![a](http://evil.example/a.png)"
HOSPITALS = (MARKUP, "South", "Small")
KINDS = ("a", "b", "c")


def study() -> Study:
    """One task of each kind; `strong` is what matters, `weak` nothing, `stage` is ordinal."""
    return Study.from_dict(
        {
            "study": {"name": "hospitals", "identifier": "id", "site": "hospital", "date": "when"},
            "stage": [{"name": "s"}, {"name": "t"}],
            "feature": [
                {"name": "strong", "kind": "numeric", "stage": "s", "error": 0.1, "label": {"en": "Strong", "zh": "强"}},
                {"name": "weak", "kind": "numeric", "stage": "s"},
                {"name": "grade", "kind": "ordinal", "stage": "s", "levels": [1, 2, 3]},
                {"name": "sex", "kind": "categorical", "stage": "s", "levels": ["f", "m"]},
                {"name": "given", "kind": "boolean", "stage": "s"},
            ],
            "task": [
                {"name": "ill", "kind": "binary", "role": "diagnosis", "stage": "s", "target": "ill"},
                {"name": "sort", "kind": "multiclass", "role": "diagnosis", "stage": "s", "target": "sort",
                 "classes": list(KINDS)},
                {"name": "amount", "kind": "regression", "role": "diagnosis", "stage": "s", "target": "amount",
                 "unit": "mm"},
                {"name": "death", "kind": "survival", "role": "prognosis", "stage": "t", "time": "years", "event": "dead",
                 "time_unit": "years", "horizons": [1, 3]},
            ],
            "treatment": [
                {"column": "given", "levels": [0, 1], "trial": [
                    {"name": "T", "outcome": "death", "tasks": ["death"], "applies": "true", "population": "all",
                     "citation": "none", "hazard_ratio": [{"value": 0.5, "low": 0.4, "high": 0.6, "end": 1},
                                                          {"value": 0.8, "start": 1}]}]},
            ],
        }
    )  # fmt: skip


def table(n: int = 360, level: float = 0.0, seed: int = 0, first: int = 0) -> pd.DataFrame:
    """Patients; `level` is added to every log-odds, logarithm of the hazard and amount."""
    rng = np.random.default_rng(seed)
    strong, weak = rng.normal(size=(2, n))
    given = rng.integers(0, 2, n)
    years = rng.exponential(size=n) / (0.2 * np.exp(strong + level) * np.where(given == 1, 0.6, 1.0))
    end = rng.uniform(2, 6, n)
    shares = np.exp(np.column_stack([strong + level, np.zeros(n), -strong]))
    shares /= shares.sum(axis=1, keepdims=True)
    sort = (rng.random(n)[:, None] > np.cumsum(shares, axis=1)[:, :-1]).sum(axis=1)
    hospital = np.array(HOSPITALS)[(np.arange(n) % 20 == 0) * 2 + (np.arange(n) % 20 > 11)]
    return pd.DataFrame(
        {
            "id": [f"p{first + i}" for i in range(n)],
            "hospital": hospital,
            "when": [f"{1990 + i * 3 // n}-0{1 + i % 9}-15" for i in range(n)],
            "strong": strong,
            "weak": weak,
            "grade": rng.integers(1, 4, n),
            "sex": np.array(["f", "m"])[rng.integers(0, 2, n)],
            "given": given,
            "ill": (rng.random(n) < expit(1.2 * strong - 0.4 + level)).astype(int),
            "sort": np.array(KINDS)[sort],
            "amount": 2 * strong + level + rng.normal(size=n),
            "years": np.minimum(years, end),
            "dead": (years <= end).astype(int),
        }
    )


def fitted() -> tuple[MultiTaskModel, pd.DataFrame]:
    """The model of the first cohort, and its patients."""
    rows = table()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MultiTaskModel(study(), EFFORT, background=20, threads=1).fit(rows), rows


def register() -> None:
    """The cohorts "first" (trained on) and "later" in the store, both showing the model "first-1" with its intervals."""
    model, rows = fitted()
    later = table(420, level=0.8, seed=1, first=10_000)
    cohort = cohorts.register("first", "first", model.study, rows)
    record = models.register_trained("first-1", "first", model, cohort, rows)
    models.keep_intervals(record, models.load(record).fit_intervals(rows, 4))
    for one in (cohort, cohorts.register("later", "later", model.study, later)):
        scores.score(one, record, lambda what, share: None)
