"""The job that gives a cohort the numbers of a model."""

from __future__ import annotations

from collections.abc import Callable

from mtl.jobs.queue import Payload
from mtl.store import cohorts, models, scores


def rescore(payload: Payload, report: Callable[[str, float], None]) -> None:
    """Score the cohort `cohort` by the model `model`, both keys; it then shows these numbers."""
    scores.score(cohorts.get(str(payload["cohort"])), models.get(str(payload["model"])), report)
