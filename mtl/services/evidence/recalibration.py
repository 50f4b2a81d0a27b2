"""Recalibrated versions of a model: made on a cohort as new models, shown with it at a second wish, and back."""

from __future__ import annotations

from dataclasses import dataclass

from mtl import jobs
from mtl.evidence.recalibrate import METHODS
from mtl.services import owners, trail
from mtl.services.evidence.evidence import BEGIN, READ, PartState, state_of
from mtl.services.loaded import record
from mtl.services.users import require
from mtl.store import models
from mtl.store.cohorts import Cohort, CohortError
from mtl.store.models import ModelRecord


@dataclass(frozen=True)
class Version:
    """A version of the model that a cohort may show.

    Attributes
    ----------
    key, version, made : str
        Key, short name of its content, and when it was made (ISO 8601).
    method : str or None
        "level" or "slope"; None for the model that was trained.
    shown : bool
        The cohort shows it now.
    """

    key: str
    version: str
    made: str
    method: str | None
    shown: bool


def versions(cohort: str) -> list[Version]:
    """The cohort's model and those recalibrated on this cohort, oldest first. CohortError where it has no model."""
    require(READ)
    found, root = _asked(cohort)
    made = [_version(root, found, None)]
    for method in METHODS:
        derived = models.find(_key(found, root, method))
        if derived is not None:
            made.append(_version(derived, found, method))
    return made


def begin(cohort: str, method: str) -> str:
    """Make a recalibrated version of the cohort's model in the background: the key of the job.

    Raises
    ------
    CohortError
        The cohort has no model, or there is no such method.
    """
    require(BEGIN)
    found, root = _asked(owners.own(cohort).key)
    if method not in METHODS:
        raise CohortError(f"method {method[:40]!r}: give one of {', '.join(METHODS)}")
    payload = {
        "cohort": found.key,
        "model": root.key,
        "method": method,
        "key": _key(found, root, method),
    }
    trail.note("recalibrate", found.key, model=root.key, method=method)
    return jobs.submit("recalibrate_model", payload, topic=_topic(found, root, method))


def job(cohort: str, method: str) -> PartState | None:
    """The newest job that makes a version; None while there was none."""
    require(READ)
    found, root = _asked(cohort)
    return state_of(_topic(found, root, method))


def show(cohort: str, key: str) -> str:
    """Let the cohort show one of its versions: the key of the job that computes its numbers.

    Raises
    ------
    CohortError
        It is not one of the cohort's versions.
    """
    require(BEGIN)
    found = owners.own(cohort)
    if key not in [one.key for one in versions(cohort)]:
        raise CohortError(f"model {key[:80]!r} is no version of this cohort's model")
    trail.note("score", found.key, model=key)
    return jobs.submit("score_cohort", {"cohort": found.key, "model": key}, topic=_shown_topic(found))


def showing(cohort: str) -> PartState | None:
    """The newest job that lets the cohort show a version."""
    require(READ)
    return state_of(_shown_topic(owners.cohort(cohort)))


def _asked(cohort: str) -> tuple[Cohort, ModelRecord]:
    """The cohort, and the model that was trained: a recalibrated version leads to the one it was made of."""
    found = owners.cohort(cohort)
    if found.model is None:
        raise CohortError(f"cohort {found.name!r} has no model yet; wait for it or choose another cohort")
    shown = record(found.model)
    for known in models.every():
        if any(_key(found, known, method) == shown.key for method in METHODS):
            return found, known
    return found, shown


def _key(cohort: Cohort, root: ModelRecord, method: str) -> str:
    begin_own = owners.prefix() if cohort.key.startswith(owners.prefix()) else ""
    return models.derived_key(
        root.key, [method.encode(), cohort.data.encode(), root.version.encode()], begin_own
    )


def _version(one: ModelRecord, cohort: Cohort, method: str | None) -> Version:
    return Version(one.key, one.version, one.trained, method, one.key == cohort.model)


def _topic(cohort: Cohort, root: ModelRecord, method: str) -> str:
    return f"recalibrate:{method}:{root.key}:{cohort.key}"[:200]


def _shown_topic(cohort: Cohort) -> str:
    return f"score:{cohort.key}"
