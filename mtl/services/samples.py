"""The sample cohorts and models: whether they are ready to be used."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from mtl import jobs
from mtl.jobs.audits import follow_sample
from mtl.jobs.intervals import lacking
from mtl.jobs.samples import SAMPLES, is_ready
from mtl.language import _, study_language
from mtl.services import steps
from mtl.store import cohorts
from mtl.store.home import serve


@dataclass(frozen=True)
class Progress:
    """How far one sample cohort is.

    Attributes
    ----------
    name : str
        "rotterdam", "gbsg", "cytology" or "pbc".
    stage : str
        What is being done, in the reader's language: "waiting", "training (linear: death)", "ready".
    share : float
        Share of the work done, 0 to 1.
    done : bool
        Its cohort can be opened.
    error : str or None
        Why it stopped; `start()` tries again.
    """

    name: str
    stage: str
    share: float
    done: bool
    error: str | None = None


def start() -> None:
    """Begin to prepare what is missing, and return at once.

    Asking twice does no harm, nor does asking from two processes: each sample is prepared once.
    """
    serve()
    for name in SAMPLES:
        if not is_ready(name):
            jobs.submit("prepare_sample", {"name": name}, topic=f"sample:{name}", by="")
    for name in SAMPLES:  # after all of them: a number without an interval is better than none
        if lacking(name):
            jobs.submit("fit_intervals", {"name": name}, topic=f"intervals:{name}", by="")
    for name in SAMPLES:
        follow_sample(name)


def ready() -> bool:
    """Whether every sample can be used."""
    return all(step.done for step in progress())


def progress() -> list[Progress]:
    """One entry a sample cohort, in the order in which they are prepared."""
    return [_progress(name) for name in SAMPLES]


def _progress(name: str) -> Progress:
    if is_ready(name):
        return Progress(name, _("ready"), 1.0, True)
    job = jobs.latest(f"sample:{name}")
    if job is None:
        return Progress(name, _("not started"), 0.0, False)
    if job.state == "done":  # by other code than this
        return Progress(name, _("not started"), 0.0, False)
    if not job.open:
        return Progress(name, _("stopped"), job.share, False, job.error or _("cancelled"))
    return Progress(name, steps.said(job.stage, partial(_task, name)), job.share, False)


def _task(sample: str, name: str) -> str:
    """What a person calls a task of a sample: its table is there before its training begins."""
    return cohorts.get(sample).study.task(name).title(study_language())
