"""A small study of all four kinds of task, and tables for it, made here so that the truth is known."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from mtl import MultiTaskModel, Study
from mtl.model.grow import TreeConfig
from mtl.model.train import EFFORTS, Effort
from mtl.multitask import TableWarning

EFFORTS["brief"] = Effort((TreeConfig(max_rounds=40, learning_rate=0.2),))  # a tenth of the time of "quick"

COLOURS = ("red", "green", "blue", "grey")
CLASSES = ("low", "mid", "high")


def entries() -> dict[str, Any]:
    """The tables of the study's TOML."""
    numeric = [
        {"name": name, "kind": "numeric", "stage": stage}
        for name, stage in (("x0", "early"), ("x1", "early"), ("late", "late"), ("dose", "late"))
    ]
    return {
        "study": {"name": "synthetic", "identifier": "id"},
        "stage": [{"name": "early"}, {"name": "late"}],
        "feature": [
            *numeric,
            {"name": "flag", "kind": "boolean", "stage": "early"},
            {"name": "grade", "kind": "ordinal", "stage": "early", "levels": [1, 2, 3]},
            {"name": "colour", "kind": "categorical", "stage": "early", "levels": list(COLOURS)},
        ],
        "task": [
            {"name": "ill", "kind": "binary", "role": "diagnosis", "stage": "early", "target": "late > 0.3"},
            {
                "name": "kind", "kind": "multiclass", "role": "diagnosis", "stage": "early", "target": "kind",
                "classes": list(CLASSES),
            },
            {
                "name": "amount", "kind": "regression", "role": "diagnosis", "stage": "late",
                "target": "dose", "excludes": ["colour"],
            },
            {"name": "treated", "kind": "binary", "role": "treatment", "stage": "late", "target": "drug == 1"},
            {
                "name": "death", "kind": "survival", "role": "prognosis", "stage": "late",
                "time": "days", "event": "dead", "time_unit": "days", "horizons": [1, 3, 30],
            },
        ],
        "treatment": [
            {
                "column": "drug",
                "task": "treated",
                "trial": [
                    {
                        "name": "trial", "outcome": "death", "applies": "grade >= 2",
                        "no_effect": "grade == 1", "population": "all", "citation": "none", "tasks": ["death"],
                        "hazard_ratio": [{"value": 0.5, "end": 2}, {"value": 0.8, "start": 2}],
                    }
                ],
            }
        ],
    }  # fmt: skip


def study() -> Study:
    """The study of :func:`entries`."""
    return Study.from_dict(entries())


def table(n: int, seed: int = 0, missing: float = 0.08, unlabelled: float = 0.1) -> pd.DataFrame:
    """Patients whose outcomes follow from their features, with gaps in both."""
    rng = np.random.default_rng(seed)
    x0, x1 = rng.normal(size=n), rng.exponential(size=n)
    flag = rng.integers(0, 2, n).astype(float)
    grade = rng.integers(1, 4, n).astype(float)
    colour = rng.integers(0, 4, n)
    signal = x0 + 0.7 * np.log1p(x1) * flag + 0.4 * grade - 0.6 * (colour == 2)
    late = signal - 1 + rng.normal(size=n)
    dose = 50 + 10 * signal + 5 * x0 * flag + 4 * rng.normal(size=n)
    kind = np.digitize(signal + 0.5 * rng.normal(size=n), [0.4, 1.4])
    drug = (rng.random(n) < 1 / (1 + np.exp(1 - signal))).astype(float)
    log_hazard = 0.6 * signal + 0.3 * late + np.log(0.6) * drug * (grade >= 2)
    years = rng.exponential(size=n) / (0.12 * np.exp(log_hazard))
    end = rng.uniform(1, 9, n)
    found = pd.DataFrame(
        {
            "id": [f"patient-{i:05d}" for i in range(n)],
            "x0": x0, "x1": x1, "late": late, "dose": dose, "flag": flag, "grade": grade,
            "colour": np.array(COLOURS)[colour], "kind": np.array(CLASSES)[kind], "drug": drug,
            "days": np.minimum(years, end) * 365.25, "dead": (years <= end).astype(float),
        }
    )  # fmt: skip
    for column in ("x0", "x1", "late", "flag", "grade", "colour"):
        found.loc[rng.random(n) < missing, column] = None
    for column in ("kind", "dose", "dead"):
        found.loc[rng.random(n) < unlabelled, column] = None
    return found


def fitted() -> tuple[Study, pd.DataFrame, MultiTaskModel]:
    """The study, its training table and a model, fitted once a process; the background is 20 rows a task."""
    return _fitted("quick")


def brief() -> tuple[Study, pd.DataFrame, MultiTaskModel]:
    """The same with few and large steps."""
    return _fitted("brief")


@lru_cache
def _fitted(effort: str) -> tuple[Study, pd.DataFrame, MultiTaskModel]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)
        patients = table(320)
        return study(), patients, MultiTaskModel(study(), effort, background=20, threads=1).fit(patients)
