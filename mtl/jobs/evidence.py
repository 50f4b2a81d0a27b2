"""The job that gathers a part of the evidence on a model and a cohort."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from mtl.data.encode import encode
from mtl.evidence import (
    accuracy,
    calibration,
    coverage,
    cutoff,
    elsewhere,
    learning,
    missing,
    pairs,
    recalibration,
    risk_groups,
    robustness,
    shift,
    side_by_side,
    stability,
    subgroups,
    techniques,
    transfer,
)  # fmt: skip
from mtl.evidence.subject import NotComputedError, Report, Subject
from mtl.jobs import executor as processes
from mtl.jobs.queue import Payload
from mtl.multitask import TableWarning
from mtl.store import cohorts, evidence, models
from mtl.store.cohorts import Cohort, CohortError
from mtl.store.database import StoreError
from mtl.store.models import ModelRecord


@dataclass(frozen=True)
class Part:
    """A part of the evidence.

    Attributes
    ----------
    compute : callable
        (subject, report, checkpoint) -> JSON values. `report(stage, share)` may raise to stop.
    version : int
        Of what it computes; another number makes another file, so that no stale one is shown.
    training_only : bool
        It is about the training, so it is asked for with the cohort that the model was trained on.
    divided : bool
        Its pieces may be done by other processes: `compute` takes them as a fourth argument.
    """

    compute: Callable[..., dict[str, Any]]
    version: int = 1
    training_only: bool = False
    divided: bool = False


PARTS: dict[str, Part] = {
    "accuracy": Part(accuracy.compute, version=2, divided=True),
    "side_by_side": Part(side_by_side.compute),
    "calibration": Part(calibration.compute),
    "cutoff": Part(cutoff.compute),
    "risk_groups": Part(risk_groups.compute),
    "subgroups": Part(subgroups.compute),
    "stability": Part(stability.compute),
    "coverage": Part(coverage.compute),
    "shift": Part(shift.compute),
    "recalibration": Part(recalibration.compute),
    "elsewhere": Part(elsewhere.compute, training_only=True, divided=True),
    "missing": Part(missing.compute),
    "robustness": Part(robustness.compute),
    "transfer": Part(transfer.compute, training_only=True, divided=True),
    "techniques": Part(techniques.compute, training_only=True, divided=True),
    "pairs": Part(pairs.compute, training_only=True, divided=True),
    "learning": Part(learning.compute, training_only=True, divided=True),
}


def topic(cohort: str, model: str, part: str) -> str:
    """What the job of a part is about: one of it waits or runs."""
    return f"evidence:{part}:{model}:{cohort}"[:200]


def gather(payload: Payload, report: Report) -> None:
    """Compute the part `part` for the model `model` on the cohort `cohort` and keep it; what is there stays."""
    name = str(payload["part"])
    part = PARTS[name]
    record, cohort = models.get(str(payload["model"])), cohorts.get(str(payload["cohort"]))
    if evidence.find(record, cohort, name, part.version) is None:
        checkpoint = evidence.Pieces(record, cohort, name, part.version)
        timed = _timed(record, cohort, name, part.version, report, fresh=not len(checkpoint))
        try:
            with processes.elsewhere() if part.divided else nullcontext() as pool:
                others = (pool,) if part.divided else ()
                found = part.compute(subject(record, cohort), timed, checkpoint, *others)
        except NotComputedError as error:
            raise StoreError(str(error)) from error
        evidence.keep(record, cohort, name, part.version, found)
    report("saving", 1.0)


def _timed(
    record: ModelRecord, cohort: Cohort, part: str, version: int, report: Report, fresh: bool
) -> Report:
    """A report that also writes down when the work began, and with what share done: from these follows how long it takes."""
    begun = [fresh]
    if fresh:
        evidence.note_beginning(record, cohort, part, version, 0.0)

    def told(stage: str, share: float) -> None:
        if not begun[0]:  # it goes on from pieces: what they were worth is known with the first report
            evidence.note_beginning(record, cohort, part, version, share)
            begun[0] = True
        report(stage, share)

    return told


def subject(record: ModelRecord, cohort: Cohort) -> Subject:
    """A registered model and a registered cohort, with who may judge whom."""
    table = cohort.table()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)  # they were told when the table was read
        X = encode(cohort.study, table).X
    fold = models.fold_of(record, cohort, X, cohort.identifiers(), 0).astype(np.int64)
    own = {f: models.load_fold(record, f) for f in np.unique(fold).tolist() if f >= 0}
    return Subject(cohort.study, table, models.load(record), fold, own, training_of(record))


def training_of(record: ModelRecord) -> Callable[[], Subject] | None:
    """How to find a model's training patients; None where its cohort is not here as it was."""
    if record.cohort is None or record.data is None:
        return None
    try:
        found = cohorts.get(record.cohort)
    except CohortError:
        return None
    return None if found.data != record.data else lambda: subject(record, found)
