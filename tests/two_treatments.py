"""A cohort for what the samples do not have: treatments that nothing predicts, that were combined, that came too late."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mtl import MultiTaskModel, Study
from mtl.store import cohorts, models, scores
from mtl.store.cohorts import Cohort
from tests import synthetic

BRIEF = "brief"
assert BRIEF in synthetic.EFFORTS  # importing it adds the effort
MARKUP = "<img src=x onerror=alert(1)> ![a](http://evil.example/a.png)"
RATIO_A, RATIO_B, RATIO_C = 0.6, 0.5, 0.8
INTERVAL = (0.20, 0.45)  # of the risk without treatment, as the model's refits would give it


def trial(name: str, tasks: list[str], value: float, applies: str = "true", **more: Any) -> dict[str, Any]:
    ratio = {"value": value, "low": value * 0.8, "high": value * 1.25}
    words = {"outcome": "death", "population": "everybody", "citation": "none", "harms": ["rash"]}
    return {"name": name, "tasks": tasks, "applies": applies, "hazard_ratio": [ratio], **words, **more}


def study() -> Study:
    """Treatments: `a` has a task; `b` has none; `c` was tried on top of `b`; `d` has no trial; `m` is all markup."""
    survival = {"kind": "survival", "role": "prognosis", "stage": "s", "time_unit": "years"}
    both = ["death", "late"]
    return Study.from_dict(
        {
            "study": {"name": "two", "identifier": "id", "patient": "person"},
            "stage": [{"name": "s"}, {"name": "t"}],
            "feature": [
                {"name": "x", "kind": "numeric", "stage": "s"},
                {"name": "z", "kind": "numeric", "stage": "s"},
            ],
            "task": [
                {"name": "gets_a", "kind": "binary", "role": "treatment", "stage": "t", "target": "a == 1"},
                {"name": "gets_c", "kind": "binary", "role": "treatment", "stage": "t", "target": "c == 1"},
                {"name": "gets_m", "kind": "binary", "role": "treatment", "stage": "t", "target": "m == 1"},
                {"name": "death", "time": "years", "event": "dead", "horizons": [1, 3], **survival},
                {"name": "late", "time": "years", "event": "dead", "horizons": [50], **survival},
                {"name": "ill", "kind": "binary", "role": "prognosis", "stage": "s", "target": "ill"},
            ],
            "treatment": [
                {"column": "a", "task": "gets_a", "trial": [trial("A", both, RATIO_A)]},
                {"column": "b", "trial": [trial("B", both, RATIO_B)]},
                {"column": "c", "task": "gets_c", "trial": [trial("C on B", ["death"], RATIO_C, "b == 1 or b == 0")]},
                {"column": "d", "label": "D"},
                {"column": "m", "label": MARKUP, "task": "gets_m", "trial": [
                    trial(MARKUP, ["death"], 0.9, population=MARKUP, outcome=MARKUP, citation=MARKUP, harms=[MARKUP],
                          url="javascript:alert(1)"),
                ]},
            ],
        }
    )  # fmt: skip


def table(n: int = 600) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    x, z = rng.normal(size=(2, n))
    given = (rng.random(n) < 1 / (1 + np.exp(-0.3 * x))).astype(int)
    years = rng.exponential(size=n) / (0.15 * np.exp(0.5 * x) * np.where(given == 1, RATIO_A, 1))
    end = rng.uniform(2, 6, n)
    return pd.DataFrame(
        {
            "id": [f"p{i}" for i in range(n)],
            "person": [f"person {i // 2}" for i in range(n)],  # two rows a person
            "x": x,
            "z": z,
            "a": given,
            "b": rng.integers(0, 2, n),
            "c": rng.integers(0, 2, n),
            "d": 0,
            "m": rng.integers(0, 2, n),
            "ill": (z > 0).astype(int),
            "years": np.minimum(years, end),
            "dead": (years <= end).astype(int),
        }
    )


def register() -> Cohort:
    """Train briefly and register; the scores get intervals of the risk without treatment, as the refits would add."""
    made, rows = study(), table()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cohort = cohorts.register("two", "two", made, rows)
        fitted = MultiTaskModel(made, BRIEF, background=20, threads=1).fit(rows)
    record = models.register_trained("two-1", "two", fitted, cohort, rows)
    scores.score(cohort, record, lambda what, share: None)
    return cohorts.get("two")


def with_intervals(cohort: Cohort) -> None:
    """Write limits beside the stored risk without treatment of `death`, at both horizons."""
    folder = Path(cohort.scores_folder)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    stored = pq.read_table(folder / "scores.parquet", partitioning=None)
    with np.load(folder / "distributions.npz") as saved:
        spread = dict(saved)
    for years in (1, 3):
        for end, value in zip(("low", "high"), INTERVAL, strict=True):
            column = f"o{len(summary['outputs'])}"
            stored = stored.append_column(column, pa.array(np.full(len(stored), value)))
            spread[column] = np.array([value])
            summary["outputs"].append(f"death@{years}y.untreated.{end}")
    pq.write_table(stored, folder / "scores.parquet")
    np.savez_compressed(folder / "distributions.npz", **spread)
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
