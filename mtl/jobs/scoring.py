"""The job that gives a cohort the numbers of a model."""

from __future__ import annotations

from collections.abc import Callable

from mtl.jobs.queue import Payload
from mtl.store import cohorts, leaves, models, overall, scores
from mtl.store.models import ModelRecord


def rescore(payload: Payload, report: Callable[[str, float], None]) -> None:
    """Score the cohort `cohort` by the model `model`, both keys; it then shows these numbers."""
    cohort, record = cohorts.get(str(payload["cohort"])), models.get(str(payload["model"]))
    scores.score(cohort, record, report)
    beside(cohort.key, record)


def beside(cohort: str, record: ModelRecord) -> None:
    """Compute what pages would otherwise make at the first question: the explained sample, the leaves of the patients."""
    overall.overall(cohorts.get(cohort), record)
    leaves.prepare(record)
