"""The job that compares two models on a cohort."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mtl.data.encode import encode
from mtl.evidence.comparison import compare
from mtl.evidence.subject import Subject
from mtl.jobs.queue import Payload
from mtl.multitask import TableWarning
from mtl.store import cohorts, evidence, models
from mtl.store.cohorts import Cohort
from mtl.store.models import ModelRecord

VERSION = 1


def part_of(second: str) -> str:
    """Under which name the comparison with a model is kept beside the first one's evidence."""
    return f"compare_{hashlib.sha256(second.encode()).hexdigest()[:24]}"


def compare_models(payload: Payload, report: Callable[[str, float], None]) -> None:
    """Compare the models `first` and `second` on the cohort `cohort`, all keys; what is there stays."""
    cohort = cohorts.get(str(payload["cohort"]))
    first, second = (models.get(str(payload[name])) for name in ("first", "second"))
    part = part_of(second.key)
    if evidence.find(first, cohort, part, VERSION) is None:
        evidence.note_beginning(first, cohort, part, VERSION, 0.0)
        found = compare(_judge(first, cohort), _judge(second, cohort), report)
        evidence.keep(first, cohort, part, VERSION, found)
    report("saving", 1.0)


def _judge(record: ModelRecord, cohort: Cohort) -> Subject:
    """A model and a cohort read by the model's own study: its features may be others than those of the cohort's."""
    model, table = models.load(record), cohort.table()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)  # they were told when the table was read
        X = encode(model.study, table).X
    read_so = replace(cohort, study=model.study)
    fold = models.fold_of(record, read_so, X, cohort.identifiers(), 0).astype(np.int64)
    own = {f: models.load_fold(record, f) for f in np.unique(fold).tolist() if f >= 0}
    return Subject(model.study, table, model, fold, own)
