"""The transfer audit that follows every training: when it is wanted, and how it is put into the queue."""

from __future__ import annotations

import os

from mtl.jobs import queue
from mtl.jobs.evidence import PARTS, topic
from mtl.jobs.intervals import refits
from mtl.jobs.samples import SAMPLES, model_key
from mtl.store import cohorts, evidence, models
from mtl.store.cohorts import CohortError
from mtl.store.database import StoreError

SETTING = "CONSILIUM_AUDIT"
PART = "transfer"


def wanted() -> bool:
    """Whether an audit follows a training: CONSILIUM_AUDIT, 1 or 0; where it is not set, whether intervals do.

    Raises
    ------
    StoreError
        The setting is neither.
    """
    told = os.environ.get(SETTING)
    if told is None:
        return refits() >= 2
    if told.strip() not in ("0", "1"):
        raise StoreError(f"{SETTING}={told[:40]!r}: give 1 for an audit after each training, 0 for none")
    return told.strip() == "1"


def follow(cohort: str, model: str) -> None:
    """Let the audit of a model trained on a cohort follow, if it is wanted."""
    if wanted():
        payload = {"cohort": cohort, "model": model, "part": PART}
        queue.submit("gather_evidence", payload, topic(cohort, model, PART), by="")


def follow_sample(name: str) -> None:
    """Let the audit of a sample's own model follow, unless it is there; the model itself may still be in the queue."""
    if SAMPLES[name].model != name or not wanted():
        return
    record = models.find(model_key(name))
    try:
        if record and evidence.find(record, cohorts.get(name), PART, PARTS[PART].version) is not None:
            return
    except CohortError:
        pass
    follow(name, model_key(name))
