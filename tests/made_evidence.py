"""Evidence with numbers that are easily told apart, for what prints it: every value of a cohort is another one."""

from __future__ import annotations

import itertools
import os
import shutil
from pathlib import Path
from typing import Any

from mtl.jobs.evidence import PARTS
from mtl.store import cohorts, evidence, models
from mtl.store.cohorts import Cohort
from mtl.study import Study

NAMES = {
    "binary": ("auroc", "average_precision", "log_loss", "brier", "scaled_brier", "calibration_slope",
               "calibration_intercept", "ici", "accuracy"),
    "multiclass": ("macro_auroc", "log_loss", "brier", "accuracy"),
    "regression": ("r2", "rmse", "mae", "calibration_slope"),
    "survival": ("harrell_c", "uno_c", "integrated_brier", "calibration_slope"),
}  # fmt: skip
AT = ("ici", "auroc", "brier", "observed_expected")
REASON = "no labelled rows"


def accuracy(study: Study, tasks: tuple[str, ...], internal: bool, n: int, first: float) -> dict[str, Any]:
    """The part "accuracy": values from `first` on, a thousandth apart; outside the training the last task has none."""
    values = itertools.count()

    def metric() -> dict[str, float | None]:
        value = round(first + 0.001 * next(values), 3)
        return {"value": value, "low": round(value - 0.01, 3), "high": round(value + 0.01, 3)}

    found = {}
    for name in tasks:
        task = study.task(name)
        named = [*NAMES[task.kind], *(f"{base}@{h:g}y" for h in task.horizons for base in AT)]
        empty = name == tasks[-1] and not internal
        found[name] = {
            "kind": task.kind,
            "n": 0 if empty else n,
            "metrics": {
                one: {"value": None, "low": None, "high": None, "reason": REASON} if empty else metric()
                for one in named
            },
        }
    return {"internal": internal, "n": n, "tasks": found, "beside": {}}


def keep(cohort: Cohort, part: str, content: dict[str, Any]) -> None:
    """Keep a part for a cohort's own model."""
    assert cohort.model is not None
    evidence.keep(models.get(cohort.model), cohort, part, PARTS[part].version, content)


def judged(home: Path, samples: Path) -> None:
    """Make `home` of the trained samples, with the part "accuracy" of Rotterdam and GBSG; CONSILIUM_HOME is `home`."""
    linked(samples, home)
    for key, internal, first in (("rotterdam", True, 0.501), ("gbsg", False, 0.301)):
        cohort = cohorts.get(key)
        tasks = models.get(str(cohort.model)).tasks
        keep(cohort, "accuracy", accuracy(cohort.study, tasks, internal, cohort.n, first))


def linked(samples: Path, home: Path) -> None:
    """Make `home` of the trained samples, without their room on the disk."""
    copied(samples, home)


def copied(source: Path, home: Path) -> None:
    """A home of its own with the content of another; what never changes is not copied but shared."""
    shutil.copytree(source, home, copy_function=_linked, dirs_exist_ok=True)


def _linked(source: str, target: str) -> str:
    """Files of cohorts and models never change; the database does."""
    if Path(source).name.startswith("consilium.db"):
        return str(shutil.copy2(source, target))
    os.link(source, target)
    return target
