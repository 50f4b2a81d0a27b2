"""Evidence on a cohort's model: which parts there are, how far each is, what it found; begun and stopped as jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mtl import jobs
from mtl.jobs.evidence import PARTS, topic
from mtl.jobs.queue import Job
from mtl.services import owners, trail
from mtl.services.loaded import record
from mtl.services.users import require
from mtl.store import evidence as store
from mtl.store.cohorts import Cohort, CohortError
from mtl.store.models import ModelRecord

READ, BEGIN = "model:read", "model:write"
SMALLEST_GAIN = 0.02  # share of the work that must be done before its pace says anything


@dataclass(frozen=True)
class PartState:
    """How a part of the evidence is.

    Attributes
    ----------
    part : str
    state : str
        "absent", "waiting", "running", "done", "failed", "cancelled" or "interrupted".
    stage : str
        What is being done, as the job says it.
    share : float
        Share of the work done, 0 to 1.
    error : str or None
    remaining : float or None
        Seconds until it is done, by the pace so far; None where that cannot be said.
    """

    part: str
    state: str
    stage: str = ""
    share: float = 0.0
    error: str | None = None
    remaining: float | None = None

    @property
    def open(self) -> bool:
        """Waiting or running."""
        return self.state in ("waiting", "running")


def result(cohort: str, part: str) -> dict[str, Any] | None:
    """What a part found; None while it was not computed. CohortError where the cohort has no model."""
    require(READ)
    found, model = _asked(cohort)
    return store.find(model, found, part, PARTS[part].version)


def state(cohort: str, part: str) -> PartState:
    """How a part is. CohortError where the cohort has no model."""
    require(READ)
    found, model = _asked(cohort)
    if store.find(model, found, part, PARTS[part].version) is not None:
        return PartState(part, "done", share=1.0)
    job = jobs.latest(_topic(found, model, part))
    if job is None or job.state == "done":
        return PartState(part, "absent")
    left = remaining(store.beginning(model, found, part, PARTS[part].version), job)
    return PartState(part, job.state, job.stage, job.share, job.error, left)


def remaining(begun: tuple[str, float] | None, job: Job) -> float | None:
    """Seconds until a job is done, from when it began and the share that was done then; None where it cannot be said."""
    if job.state != "running" or begun is None:
        return None
    began, share = begun
    gained = job.share - share
    if gained < SMALLEST_GAIN:
        return None
    passed = (datetime.now(UTC) - datetime.fromisoformat(began)).total_seconds()
    return max(passed, 0.0) * (1 - job.share) / gained


def of_training(cohort: str) -> bool:
    """Whether these are the patients that the cohort's model was trained on. CohortError where it has no model."""
    require(READ)
    found, model = _asked(cohort)
    return (model.cohort, model.data) == (found.key, found.data)


def begin(cohort: str, part: str) -> None:
    """Put a part into the queue, unless it is there or under way.

    Raises
    ------
    CohortError
        The cohort has no model, or the part is about the training and these are not the patients of the training.
    """
    require(BEGIN)
    found, model = _asked(cohort)
    wanted = PARTS[part]
    if wanted.training_only and (model.cohort, model.data) != (found.key, found.data):
        raise CohortError(
            f"{part} is about the training of model {model.key}; ask for it with the cohort it was trained on"
        )
    if store.find(model, found, part, wanted.version) is None:
        payload = {"cohort": found.key, "model": model.key, "part": part}
        jobs.submit("gather_evidence", payload, topic=_topic(found, model, part))
        trail.note("evidence", found.key, model=model.key, part=part)


def state_of(topic: str) -> PartState | None:
    """How the newest job on a topic is; None where there was none. For services that begin jobs beside the parts."""
    require(READ)
    job = jobs.latest(topic)
    return None if job is None else PartState(topic, job.state, job.stage, job.share, job.error)


def cancel(cohort: str, part: str) -> None:
    """Ask a part that is under way to stop; what it has finished piece by piece is kept for the next time."""
    require(BEGIN)
    found, model = _asked(cohort)
    job = jobs.latest(_topic(found, model, part))
    if job is not None and job.open:
        jobs.cancel(job.key)
        trail.note("cancel", job=job.key)


def _asked(cohort: str) -> tuple[Cohort, ModelRecord]:
    found = owners.cohort(cohort)
    if found.model is None:
        raise CohortError(f"cohort {found.name!r} has no model yet; wait for it or choose another cohort")
    return found, record(found.model)


def _topic(cohort: Cohort, model: ModelRecord, part: str) -> str:
    return topic(cohort.key, model.key, part)
