"""What the guided tour needs to know of the samples: whom sharing moves most, and how the model does elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq

from mtl.data.encode import encode
from mtl.data.targets import targets
from mtl.evaluate import NotEstimable
from mtl.evaluate.binary import auroc
from mtl.evaluate.concordance import harrell_c
from mtl.evaluate.kaplan_meier import kaplan_meier
from mtl.model.offsets import treatment_offsets
from mtl.model.outputs import horizon_name
from mtl.services.loaded import reader, record
from mtl.services.patients.printing import USUAL_HORIZON
from mtl.store.cohorts import Cohort
from mtl.store.scores import scores_of

FOLD = 0  # whose held-out patients are looked at: their numbers are out of fold, and one predictor answers
SHARED = 2  # place of the shared trees among the experts
FEWEST = 20  # patients that must still be followed


@dataclass(frozen=True)
class Moved:
    """A patient whom the shared trees move.

    Attributes
    ----------
    case_key, task : str
    alone : float
        The headline's risk with the shared trees at their mean over the patients they were grown on.
    whole : float
        The risk as it is.
    sharing : tuple of str
        The tasks that read the same trees.
    """

    case_key: str
    task: str
    alone: float
    whole: float
    sharing: tuple[str, ...]


def moved_most(cohort: Cohort) -> Moved | None:
    """The held-out patient, and the survival task, whose 5-year risk the shared trees move most; None where none does."""
    scores, model = scores_of(cohort), record(str(cohort.model))
    folds = np.asarray(scores.folds)
    held = np.flatnonzero(folds == FOLD)
    if not len(held):
        return None
    predictor = reader(model, FOLD).predictor
    table = cohort.table()
    X = encode(cohort.study, table).X
    margins = predictor.margins(X[held])
    best: Moved | None = None
    for task in predictor.tasks:
        if task.baseline is None or task.weights[SHARED] <= 0 or not task.baseline.estimable(USUAL_HORIZON):
            continue
        if USUAL_HORIZON not in cohort.study.task(task.name).horizons:
            continue
        grown = predictor.shared[task.shared].margin(X)[:, list(task.shared_outputs)]
        part = task.scale * task.weights[SHARED] * (grown[held] - grown[folds != FOLD].mean(axis=0))
        offsets = treatment_offsets(cohort.study, table.iloc[held], task.name).values
        years = np.array([USUAL_HORIZON])
        whole = task.baseline.risk(margins[task.name][:, 0], offsets, years)[:, 0]
        alone = task.baseline.risk((margins[task.name] - part)[:, 0], offsets, years)[:, 0]
        most = int(np.argmax(np.abs(whole - alone)))
        if best is None or abs(whole[most] - alone[most]) > abs(best.whole - best.alone):
            sharing = tuple(
                t.name for t in predictor.tasks if t.shared == task.shared and t.weights[SHARED] > 0
            )
            if len(sharing) < 2:
                continue
            key = cohort.case_keys[held[most]].decode()
            best = Moved(key, task.name, float(alone[most]), float(whole[most]), sharing)
    return best


@dataclass(frozen=True)
class Elsewhere:
    """How a model does on a cohort none of whose patients it saw.

    Attributes
    ----------
    task : str
    concordance : float
        Harrell's C.
    years : float
        The horizon of what follows.
    expected, observed, low, high : float
        Mean risk as treated, and the share with the event (Kaplan-Meier, 95 % interval).
    silent : float or None
        The first of the task's horizons with fewer than 20 patients still followed.
    """

    task: str
    concordance: float
    years: float
    expected: float
    observed: float
    low: float
    high: float
    silent: float | None


def elsewhere(cohort: Cohort) -> Elsewhere | None:
    """The first survival task with outcomes there; None where there is none."""
    scores = scores_of(cohort)
    truths = targets(cohort.study, cohort.table())
    for task in cohort.study.tasks:
        risk, hazard = horizon_name(task.name, USUAL_HORIZON), f"{task.name}.log_hazard"
        truth = truths.get(task.name)
        if task.kind != "survival" or truth is None or not {risk, hazard} <= set(scores.outputs):
            continue
        columns = [f"o{scores.outputs.index(name)}" for name in (risk, hazard)]
        values = (
            pq.read_table(scores.file, columns=columns, partitioning=None).to_pandas()[columns].to_numpy()
        )
        kept = truth.labelled & np.isfinite(values).all(axis=1)
        if not kept.any() or not truth.event[kept].any():
            continue
        seen = kaplan_meier(truth.time[kept], truth.event[kept])
        low, high = seen.interval_at([USUAL_HORIZON])
        beyond = [h for h in task.horizons if h > USUAL_HORIZON and seen.n_at_risk([h])[0] < FEWEST]
        return Elsewhere(
            task.name,
            float(harrell_c(truth.time[kept], truth.event[kept], values[kept, 1])),
            USUAL_HORIZON,
            float(values[kept, 0].mean()),
            float(1 - seen.at([USUAL_HORIZON])[0]),
            float(1 - high[0]),
            float(1 - low[0]),
            min(beyond, default=None),
        )
    return None


@dataclass(frozen=True)
class Weakest:
    """The yes-or-no task whose ranking suffers most away from home: AUROC there, and out of fold at home."""

    task: str
    there: float
    home: float


LEAST_LOSS = 0.05  # of AUROC, below which nothing is called a weakness


def weakest(home: Cohort, there: Cohort) -> Weakest | None:
    """The binary task with the largest loss of AUROC from a model's own patients to others; None where none loses much."""
    found: list[Weakest] = []
    for task in there.study.tasks:
        if task.kind == "binary":
            areas = [_area(cohort, task.name) for cohort in (there, home)]
            if areas[0] is not None and areas[1] is not None:
                found.append(Weakest(task.name, areas[0], areas[1]))
    worst = max(found, key=lambda one: one.home - one.there, default=None)
    return worst if worst is not None and worst.home - worst.there >= LEAST_LOSS else None


def _area(cohort: Cohort, task: str) -> float | None:
    scores, truth = scores_of(cohort), targets(cohort.study, cohort.table(), [task])[task]
    if task not in scores.outputs:
        return None
    name = f"o{scores.outputs.index(task)}"
    values = pq.read_table(scores.file, columns=[name], partitioning=None)[name].to_numpy()
    kept = truth.labelled & np.isfinite(values)
    try:
        return auroc(truth.y[kept], values[kept]) if kept.any() else None
    except NotEstimable:
        return None
