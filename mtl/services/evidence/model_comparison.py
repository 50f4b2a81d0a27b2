"""Two registered models on a cohort: which can be compared, how far it is, what was found; begun as a job."""

from __future__ import annotations

from typing import Any

from mtl import jobs
from mtl.jobs.comparison import VERSION, part_of
from mtl.services import owners, trail
from mtl.services.evidence.evidence import BEGIN, READ, PartState, remaining
from mtl.services.loaded import record
from mtl.services.summary import ModelSummary, summary
from mtl.services.users import require
from mtl.store import evidence as store
from mtl.store import models
from mtl.store.cohorts import Cohort
from mtl.store.database import StoreError
from mtl.store.models import ModelRecord


def choices(cohort: str) -> list[ModelSummary]:
    """The registered models that the user may see and that share a task with a cohort's study, the newest first."""
    require(READ)
    names = {task.name for task in owners.cohort(cohort).study.tasks}
    return [
        summary(found) for found in models.every() if owners.may_see(found.key) and names & set(found.tasks)
    ]


def result(cohort: str, first: str, second: str) -> dict[str, Any] | None:
    """What a comparison found; None while it was not made. Raises CohortError, StoreError for what is not there."""
    require(READ)
    found, one, other = _asked(cohort, first, second)
    return store.find(one, found, part_of(other.key), VERSION)


def state(cohort: str, first: str, second: str) -> PartState:
    """How a comparison is."""
    require(READ)
    found, one, other = _asked(cohort, first, second)
    part = part_of(other.key)
    if store.find(one, found, part, VERSION) is not None:
        return PartState(part, "done", share=1.0)
    job = jobs.latest(_topic(found, one, other))
    if job is None or job.state == "done":
        return PartState(part, "absent")
    left = remaining(store.beginning(one, found, part, VERSION), job)
    return PartState(part, job.state, job.stage, job.share, job.error, left)


def begin(cohort: str, first: str, second: str) -> None:
    """Put a comparison into the queue, unless it is there or under way."""
    require(BEGIN)
    found, one, other = _asked(cohort, first, second)
    if store.find(one, found, part_of(other.key), VERSION) is None:
        payload = {"cohort": found.key, "first": one.key, "second": other.key}
        jobs.submit("compare_models", payload, topic=_topic(found, one, other))
        trail.note("evidence", found.key, model=one.key, other=other.key, part="comparison")


def cancel(cohort: str, first: str, second: str) -> None:
    """Ask a comparison that is under way to stop."""
    require(BEGIN)
    found, one, other = _asked(cohort, first, second)
    job = jobs.latest(_topic(found, one, other))
    if job is not None and job.open:
        jobs.cancel(job.key)
        trail.note("cancel", job=job.key)


def _asked(cohort: str, first: str, second: str) -> tuple[Cohort, ModelRecord, ModelRecord]:
    found = owners.cohort(cohort)
    for key in (first, second):
        if not owners.may_see(key):  # somebody else's is not told apart from none
            raise StoreError(f"there is no model {key[:80]!r}; train one or choose another")
    if first == second:
        raise StoreError("a model is compared with another one; choose two")
    return found, record(first), record(second)


def _topic(cohort: Cohort, first: ModelRecord, second: ModelRecord) -> str:
    return f"compare:{part_of(second.key)}:{first.key}:{cohort.key}"[:200]
