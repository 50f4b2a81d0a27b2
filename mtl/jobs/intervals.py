"""The job that finds out how sure a model's numbers are, and lets every cohort that shows them say so."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from mtl.jobs.executor import elsewhere
from mtl.jobs.queue import Payload
from mtl.jobs.samples import SAMPLES, model_key
from mtl.jobs.scoring import beside
from mtl.model.refits import REFITS
from mtl.store import cohorts, models, scores
from mtl.store.database import StoreError

SETTING = "CONSILIUM_REFITS"


def refits() -> int:
    """How many refits stand behind an interval: CONSILIUM_REFITS, 30 if it is not set; below 2 there are none.

    Raises
    ------
    StoreError
        The setting is no whole number.
    """
    told = os.environ.get(SETTING, str(REFITS))
    if not told.strip().isdigit():
        raise StoreError(f"{SETTING}={told[:40]!r}: give a whole number, 0 for no intervals")
    return int(told)


def fit_intervals(payload: Payload, report: Callable[[str, float], None]) -> None:
    """Refit the model `model` (a key) or that of the sample `name`, then score the cohorts that show it again."""
    key = model_key(str(payload["name"])) if "name" in payload else str(payload["model"])
    record = models.get(key)
    count = int(payload.get("refits") or refits())
    if not record.has_intervals and count >= 2:
        if record.cohort is None:
            raise StoreError(
                f"model {key} came as a folder: its training table is not here, so it cannot be refitted"
            )
        if models.was_derived(key):
            raise StoreError(f"model {key} was made of another one; refit that one, then make it again")
        cohort = cohorts.get(record.cohort)
        if cohort.data != record.data:
            raise StoreError(
                f"cohort {cohort.name!r} has changed since model {key} was trained on it; train again"
            )
        model = models.load(record)
        with elsewhere() as pool:
            model.fit_intervals(cohort.table(), count, lambda what, share: report(what, 0.8 * share), pool)
        models.keep_intervals(record, model)
    if record.has_intervals:
        shown = [cohort for cohort in cohorts.every() if cohort.model == key]
        for place, cohort in enumerate(shown):
            scores.score(cohort, record, partial(_part, report, place, len(shown)))
            beside(cohort.key, record)


def _part(report: Callable[[str, float], None], place: int, count: int, what: str, share: float) -> None:
    """Tell how far the scoring of one cohort of several is: the last fifth of the work."""
    report(what, 0.8 + 0.2 * (place + share) / count)


def lacking(name: str) -> bool:
    """Whether a sample's own model has no intervals yet, and somebody wants them."""
    return (
        SAMPLES[name].model == name
        and refits() >= 2
        and not models.folder_of(model_key(name)).joinpath("intervals").exists()
    )
