"""The job that emulates a target trial on a cohort."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mtl.data.encode import encode
from mtl.jobs.queue import Payload
from mtl.store import cohorts, models, trials
from mtl.store.cohorts import Cohort
from mtl.store.models import ModelRecord
from mtl.treatment.emulate import Progress, Propensity, emulate
from mtl.treatment.propensity import cross_fitted, probability
from mtl.treatment.protocol import Arms, Protocol, confounders

Floats = NDArray[np.float64]


def emulate_trial(payload: Payload, report: Callable[[str, float], None]) -> None:
    """Run the protocol `protocol` (JSON) on the cohort `cohort` and keep the result under its key."""
    cohort = cohorts.get(str(payload["cohort"]))
    protocol = Protocol.model_validate_json(str(payload["protocol"]))
    key = trials.trial_key(cohort, protocol)
    if trials.find(key) is None:
        supply = propensity_of(cohort, protocol)
        trials.keep(cohort, key, emulate(cohort.study, cohort.table(), protocol, supply, report))
    report("saving", 1.0)


def propensity_of(cohort: Cohort, protocol: Protocol) -> Propensity | None:
    """The cohort's own model's treatment task, if it can say what the protocol compares; else None.

    Every patient by the fold predictor that left the patient out. Patients who were not in the model's training cannot
    be asked that way: then the task is fitted anew among the patients analysed.
    """
    task = cohort.study.treatment(protocol.treatment).task
    if cohort.model is None or task is None or protocol.given:
        return None
    record = models.get(cohort.model)
    if task not in record.tasks or not record.folds:
        return None

    def supply(arms: Arms, progress: Progress) -> tuple[Floats, str]:
        table = cohort.table()
        X = encode(cohort.study, table).X
        fold = models.fold_of(record, cohort, X, cohort.identifiers(), 0)[arms.rows]
        if (fold >= 0).all():
            return _left_out(record, X[arms.rows], fold, task, progress), "model"
        features = confounders(cohort.study, protocol.treatment)
        rows = table.iloc[arms.rows]
        return cross_fitted(cohort.study, rows, arms.treated, features, progress, protocol.seed), "fitted"

    return supply


def _left_out(
    record: ModelRecord, X: Floats, fold: NDArray[np.int16], task: str, progress: Progress
) -> Floats:
    margin = np.empty(len(X))
    every = np.unique(fold).tolist()
    for done, f in enumerate(every):
        rows = fold == f
        margin[rows] = models.load_fold(record, f).margins(X[rows], (task,))[task][:, 0]
        progress("propensity", (done + 1) / len(every))
    return probability(margin)
