"""Target trials: what a cohort allows, a look before the run, the run as a job, its result, and the pages to take away."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mtl import jobs
from mtl.jobs import Job
from mtl.services import owners, trail
from mtl.services.patients.cohorts import TITLES
from mtl.services.treatment.trial_document import Document, html_document, markdown_document
from mtl.services.users import require
from mtl.store import trials
from mtl.store.cohorts import Cohort
from mtl.store.trials import KeptTrial
from mtl.study import Study, Text
from mtl.study.entries import Task
from mtl.study.trials import Treatment
from mtl.treatment.protocol import Protocol, ProtocolError, Refusal, Step, assemble, confounders, refusal

__all__ = [
    "Choices", "Document", "KeptTrial", "Preview", "Protocol", "ProtocolError", "Study",
    "cancel", "choices", "document", "look", "progress", "recent", "result", "run",
]  # fmt: skip

PERMISSION = "model:write"  # research, like training a model


@dataclass(frozen=True)
class Choices:
    """What a protocol on a cohort may ask: its treatments and survival tasks, and the findings known beforehand."""

    cohort: str
    title: Text
    n: int
    study: Study
    treatments: tuple[Treatment, ...]
    outcomes: tuple[Task, ...]
    findings: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Preview:
    """Who would be analysed, and whether that could answer the protocol."""

    flow: tuple[Step, ...]
    treated: int
    untreated: int
    refusal: Refusal | None


def choices(cohort: str) -> Choices:
    """What a protocol may ask of a cohort. CohortError when there is no such cohort."""
    require(PERMISSION)
    found = owners.cohort(cohort)
    study = found.study
    findings = {t.column: tuple(confounders(study, t.column)) for t in study.treatments}
    outcomes = tuple(task for task in study.tasks if task.kind == "survival")
    treatments = tuple(t for t in study.treatments if findings[t.column])
    return Choices(found.key, _title(found), found.n, study, treatments, outcomes, findings)


def _title(cohort: Cohort) -> Text:
    known = TITLES.get(cohort.key) if cohort.sample else None
    return known or (cohort.study.title if cohort.sample else Text(en=cohort.name))


def look(cohort: str, protocol: Protocol) -> Preview:
    """Count who would be analysed, without estimating anything.

    Raises
    ------
    CohortError
        There is no such cohort.
    ProtocolError
        The study cannot answer the protocol.
    """
    require(PERMISSION)
    found = owners.cohort(cohort)
    arms = assemble(found.study, found.table(), protocol)
    treated = int(arms.treated.sum())
    return Preview(arms.flow, treated, len(arms.rows) - treated, refusal(arms, protocol.horizon))


def run(cohort: str, protocol: Protocol) -> str:
    """Begin the run as a job, unless its result is there; the key of the result. Raises the errors of :func:`look`."""
    require(PERMISSION)
    found = owners.cohort(cohort)
    assemble(found.study, found.table(), protocol)
    key = trials.trial_key(found, protocol)
    if trials.find(key) is None:
        payload = {"cohort": found.key, "protocol": protocol.model_dump_json()}
        jobs.submit("emulate_trial", payload, topic=_topic(key))
    trail.note_view("trial", found.key, trial=key, treatment=protocol.treatment)
    return key


def progress(key: str) -> Job | None:
    """The newest job on a result, None where there never was one, or on a cohort that the user may not know of."""
    require(PERMISSION)
    found = jobs.latest(_topic(key))
    return found if found is not None and owners.may_see(str(found.payload.get("cohort"))) else None


def cancel(key: str) -> None:
    """Ask the job on a result to stop."""
    found = progress(key)
    if found is not None:
        jobs.cancel(found.key)
        trail.note("cancel", job=found.key)


def result(key: str) -> KeptTrial | None:
    """A result by its key; None while there is none, or where the user may not know of its cohort."""
    require(PERMISSION)
    kept = trials.find(key)
    return kept if kept is not None and owners.may_see(kept.cohort) else None


def recent(cohort: str) -> list[KeptTrial]:
    """The results on a cohort's present rows, the newest first."""
    require(PERMISSION)
    return trials.of_cohort(owners.cohort(cohort))


def document(key: str, kind: Literal["html", "markdown"]) -> Document:
    """Protocol and result to take away, in the language in use, as one standalone page or as Markdown.

    Raises
    ------
    ProtocolError
        There is no such result.
    """
    kept = result(key)
    if kept is None:
        raise ProtocolError("there is no such result; run the trial first")
    cohort = owners.cohort(kept.cohort)
    name = "target-trial-" + re.sub(
        r"[^A-Za-z0-9]+", "-", f"{kept.cohort}-{kept.result.protocol.treatment}"
    ).strip("-")
    make = html_document if kind == "html" else markdown_document
    return make(kept, cohort.study, _title(cohort), name)


def _topic(key: str) -> str:
    return f"trial:{key}"
