"""The job that makes a recalibrated version of a model: another registered model, the given one stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mtl.evidence.recalibrate import METHODS, apply, recalibrated
from mtl.evidence.recalibration import FOLDS, NotRecalibratedError, Recalibration, compute
from mtl.evidence.subject import Subject
from mtl.jobs.evidence import PARTS, subject
from mtl.jobs.queue import Payload
from mtl.store import cohorts, evidence, models
from mtl.store.cohorts import Cohort
from mtl.store.database import StoreError
from mtl.store.models import ModelRecord

PART = "recalibration"


def recalibrate(payload: Payload, report: Callable[[str, float], None]) -> None:
    """Recalibrate the model `model` on the cohort `cohort` by `method` and keep it under `key`; what is there stays.

    Only tasks for which the evidence says so: enough events, not worse on held-out patients. Patients of the cohort are
    judged by a recalibration without them, those of the training by their fold's predictor.
    """
    key, asked = str(payload["key"]), str(payload["method"])
    record, cohort = models.get(str(payload["model"])), cohorts.get(str(payload["cohort"]))
    method = next((one for one in METHODS if one == asked), None)
    if method is None:
        raise StoreError(f"method {asked[:40]!r}: give one of {', '.join(METHODS)}")
    if models.find(key) is None:
        about = subject(record, cohort)
        judged = _judged(record, cohort, about, report)
        found = Recalibration(about)
        try:
            fitted = found.fit(method, judged)
        except NotRecalibratedError as error:
            raise StoreError(str(error)) from error
        report("fitting", 0.8)
        *by_fold, _ = found.predictors(fitted)
        final = {name: maps[-1] for name, maps in fitted.items()}
        widths = {
            name: found.half_width(name, maps)
            for name, maps in fitted.items()
            if found.truth(name).kind == "regression"
        }
        told = {
            "parent": record.version,
            "cohort": cohort.name,
            "data": cohort.data,
            "patients": len(found.rows),
            "method": method,
            "tasks": {
                name: {
                    "level": to.level.tolist(),
                    "slope": to.slope,
                    "events": judged["tasks"][name]["events"],
                }
                for name, to in final.items()
            },
        }
        model = recalibrated(about.model, final, widths, told)
        of_parent = [apply(models.load_fold(record, f), final, widths) for f in range(record.folds)]
        fold = np.full(len(about.table), -1, dtype=np.int64)
        fold[found.rows] = found.fold
        report("saving", 0.9)
        models.register_derived(key, record.name, model, record, of_parent, by_fold[:FOLDS], cohort, fold)
    report("saving", 1.0)


def _judged(
    record: ModelRecord, cohort: Cohort, about: Subject, report: Callable[[str, float], None]
) -> dict[str, Any]:
    """What the evidence says of a recalibration; computed and kept where it is not there yet."""
    version = PARTS[PART].version
    found = evidence.find(record, cohort, PART, version)
    if found is None:
        pieces = evidence.Pieces(record, cohort, PART, version)
        found = compute(about, lambda stage, share: report(stage, 0.8 * share), pieces)
        evidence.keep(record, cohort, PART, version, found)
    return found
