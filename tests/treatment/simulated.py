"""Cohorts with a known effect of treatment, confounded by how sick a patient is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mtl.store import cohorts, trials
from mtl.study import Study
from mtl.treatment.design import design
from mtl.treatment.emulate import Progress, Result, emulate
from mtl.treatment.propensity import logistic
from mtl.treatment.protocol import Arms, Protocol

STUDY = Study.from_dict(
    {
        "study": {"name": "simulated", "identifier": "id"},
        "stage": [{"name": "start"}, {"name": "later"}],
        "feature": [
            {"name": "sick", "kind": "numeric", "stage": "start"},
            {"name": "kind", "kind": "categorical", "stage": "start", "levels": ["a", "b", "c"]},
            {"name": "old", "kind": "boolean", "stage": "start"},
            {"name": "late", "kind": "numeric", "stage": "later"},
        ],
        "task": [
            {"name": "drug", "kind": "binary", "role": "treatment", "stage": "start", "target": "given == 'yes'"},
            {
                "name": "relapse", "kind": "survival", "role": "prognosis", "stage": "later", "time": "time",
                "event": "event", "time_unit": "years", "horizons": [1, 2],
            },
        ],
        "treatment": [{"column": "given", "task": "drug", "levels": ["no", "yes", "other"]}],
    }
)  # fmt: skip


def cohort(n: int = 400, seed: int = 0, log_ratio: float = -0.7) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    sick = rng.normal(size=n)
    treated = rng.random(n) < 1 / (1 + np.exp(-sick))
    time = rng.exponential(np.exp(-(0.8 * sick + log_ratio * treated - 0.7)))
    censored = np.minimum(rng.exponential(6.0, n), 5.0)
    table = pd.DataFrame(
        {
            "id": np.arange(n),
            "sick": np.where(rng.random(n) < 0.05, np.nan, sick),
            "kind": rng.choice(["a", "b", "c"], n),
            "old": rng.random(n) < 0.5,
            "late": time,
            "given": np.where(treated, "yes", "no"),
            "time": np.minimum(time, censored),
            "event": (time <= censored).astype(int),
        }
    )
    table.loc[:4, "given"] = "other"
    table.loc[5:6, "time"] = np.nan
    return table


def quick(table: pd.DataFrame, asked: Protocol) -> Result:
    """A result without the model's propensity, which takes longest."""
    columns = design(STUDY, table, ["sick", "kind", "old"])

    def given(arms: Arms, progress: Progress) -> tuple[np.ndarray, str]:
        return logistic(columns[arms.rows], arms.treated), "fitted"

    return emulate(STUDY, table, asked, given)


def register(asked: Protocol) -> str:
    """A cohort "simulated" with one result; its key."""
    found = cohorts.register("simulated", "simulated <b>", STUDY, cohort(300))
    key = trials.trial_key(found, asked)
    trials.keep(found, key, quick(found.table(), asked))
    return key
