"""The job that makes a sample ready: its cohort registered, its model trained, its patients scored."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import mtl
from mtl.data.samples import load_sample
from mtl.jobs.queue import Payload
from mtl.jobs.scoring import beside
from mtl.multitask import MultiTaskModel
from mtl.store import cohorts, models, scores
from mtl.store.cohorts import CohortError
from mtl.store.keys import content_digest

_ROOT = Path(mtl.__file__).resolve().parent
_DATA = _ROOT.parent / "sample_data"
# What a trained model depends on. An edit there makes another model, so that a stale one is never shown.
_CODE = ("study", "expressions", "data", "model", "multitask.py")


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


@lru_cache(maxsize=1)
def _code() -> bytes:
    """Content of the training code, as this process imported it or a moment before."""
    parts = [mtl.__version__.encode()]
    for name in _CODE:
        path = _ROOT / name
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            parts += [str(file.relative_to(_ROOT)).encode(), file.read_bytes()]
    return content_digest(parts).encode()


def model_key(name: str) -> str:
    """Key of a sample's model: a digest of its rows, its study and the training code is in it."""
    sample = SAMPLES[SAMPLES[name].model]
    content = [(_DATA / sample.table).read_bytes(), (_DATA / sample.study).read_bytes(), _code()]
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
        threads = max(1, (os.cpu_count() or 1) - 1)  # one is left for the pages
        fitted = MultiTaskModel(own.study, threads=threads)
        fitted.fit(rows, progress=lambda what, share: report(f"training: {what}", 0.9 * share))
        report("saving", 0.9)
        record = models.register_trained(key, sample.model, fitted, own, rows)
    scores.score(cohort, record, lambda what, share: report(what, 0.9 + 0.1 * share))
    beside(cohort.key, record)
