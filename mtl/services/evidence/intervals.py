"""The refits behind a model's intervals: whether they are there, and how to begin the job that makes them."""

from __future__ import annotations

from mtl import jobs
from mtl.jobs.intervals import refits
from mtl.model.refits import REFITS
from mtl.services import owners, trail
from mtl.services.evidence.evidence import BEGIN, READ, PartState, state_of
from mtl.services.loaded import record
from mtl.services.users import require
from mtl.store import models
from mtl.store.cohorts import CohortError
from mtl.store.models import ModelRecord


def there(cohort: str) -> bool:
    """Whether the cohort's model has them. CohortError where the cohort has no model."""
    require(READ)
    return _asked(cohort).has_intervals


def possible(cohort: str) -> bool:
    """Whether they can be made: the patients that the model was trained on are here, and the model is as it was trained."""
    require(READ)
    asked = _asked(cohort)
    return asked.cohort is not None and not models.was_derived(asked.key)


def begin(cohort: str) -> str:
    """Refit the cohort's model in the background: the key of the job. CohortError where that cannot be."""
    require(BEGIN)
    asked = _asked(cohort)
    if not possible(cohort):
        raise CohortError(
            f"model {asked.key} cannot be refitted: the patients it was trained on are not here, or it was recalibrated"
        )
    # Somebody asks for them: the setting that keeps them out of the background does not count.
    count = refits() if refits() >= 2 else REFITS
    trail.note("intervals", owners.own(cohort).key, model=asked.key)
    return jobs.submit("fit_intervals", {"model": asked.key, "refits": count}, topic=_topic(asked))


def job(cohort: str) -> PartState | None:
    """The newest job that makes them; None while there was none."""
    require(READ)
    return state_of(_topic(_asked(cohort)))


def _asked(cohort: str) -> ModelRecord:
    found = owners.cohort(cohort)
    if found.model is None:
        raise CohortError(f"cohort {found.name!r} has no model yet; wait for it or choose another cohort")
    return record(found.model)


def _topic(asked: ModelRecord) -> str:
    return f"intervals:{asked.key}"[:200]
