"""The job that makes a sample ready: its cohort registered, its model trained, its patients scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mtl.data.samples import load_sample
from mtl.jobs.code import ROOT, training_code
from mtl.jobs.executor import executor
from mtl.jobs.queue import Payload
from mtl.jobs.scoring import beside
from mtl.multitask import MultiTaskModel
from mtl.store import cohorts, models, scores
from mtl.store.cohorts import CohortError
from mtl.store.keys import content_digest

_DATA = ROOT.parent / "sample_data"


@dataclass(frozen=True)
class Sample:
    """A sample cohort and whose model it shows."""

    name: str
    table: str
    study: str
    model: str


SAMPLES = {
    "rotterdam": Sample("rotterdam", "rotterdam/cohort.csv", "rotterdam/study.toml", "rotterdam"),
    "gbsg": Sample("gbsg", "gbsg/cohort.csv", "rotterdam/study.toml", "rotterdam"),
    "cytology": Sample("cytology", "cytology/train.csv", "cytology/study.toml", "cytology"),
    "pbc": Sample("pbc", "pbc/cohort.csv", "pbc/study.toml", "pbc"),
}


def model_key(name: str) -> str:
    """Key of a sample's model: a digest of its rows, its study and the training code is in it."""
    sample = SAMPLES[SAMPLES[name].model]
    content = [
        (_DATA / sample.table).read_bytes(),
        (_DATA / sample.study).read_bytes(),
        training_code().encode(),
    ]
    return f"{sample.name}-{content_digest(content)}"


def is_ready(name: str) -> bool:
    """Whether the cohort shows the numbers of the model that this code makes from today's files, or of one made of it."""
    try:
        cohort = cohorts.get(name)
    except CohortError:
        return False
    key = model_key(name)
    shown = cohort.model
    if shown is None or (shown != key and not models.is_derived(shown, key)):
        return False
    if cohort.scores not in (scores.scores_name(shown), scores.scores_name(shown, True)):
        return False
    return cohort.scores_folder.exists() and models.find(key) is not None


def prepare(payload: Payload, report: Callable[[str, float], None]) -> None:
    """Make the sample `name` ready; what is there already is not made again."""
    sample = SAMPLES[str(payload["name"])]
    study, table = load_sample(sample.name)
    report("cohort", 0.0)
    cohort = cohorts.register(sample.name, sample.name, study, table, sample=True)
    key = model_key(sample.name)
    record = models.find(key)
    if record is None:
        own = cohort if sample.model == sample.name else cohorts.get(sample.model)
        rows = own.table()
        fitted = MultiTaskModel(own.study)
        with executor() as pool:
            fitted.fit(rows, lambda what, share: report(f"training: {what}", 0.9 * share), pool)
        report("saving", 0.9)
        record = models.register_trained(key, sample.model, fitted, own, rows)
    scores.score(cohort, record, lambda what, share: report(what, 0.9 + 0.1 * share))
    beside(cohort.key, record)
