"""Models by name: a folder on disk, a registered key, or the name of a sample."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mtl import jobs
from mtl.jobs.samples import SAMPLES, model_key
from mtl.model.files import MANIFEST, read_folder
from mtl.multitask import MultiTaskModel
from mtl.services import owners, trail
from mtl.services.owners import may_see
from mtl.services.summary import ModelSummary, summary
from mtl.services.users import require
from mtl.store import models
from mtl.store.database import StoreError
from mtl.store.models import ModelRecord
from mtl.tables.questions import REMEMBERED

__all__ = ["ModelSummary", "Resolved", "every", "register", "resolve", "score"]


@dataclass(frozen=True, eq=False)
class Resolved:
    """A model that can be asked. `record` is None for a folder that is not registered."""

    model: MultiTaskModel
    record: ModelRecord | None


def resolve(name: str | Path) -> Resolved:
    """The model in a folder, or the registered one of that key, or a sample's of that name.

    A folder that is there goes before a name.

    Raises
    ------
    StoreError
        There is neither.
    ModelFileError
        The folder's model cannot be trusted or read.
    """
    require("study:read")
    path = Path(name)
    if (path / MANIFEST).is_file():
        return Resolved(MultiTaskModel.load(path), None)
    key = model_key(str(name)) if str(name) in SAMPLES else str(name)
    found = models.find(key) if may_see(key) else None
    if found is None:
        known = ", ".join(record.key for record in models.every() if may_see(record.key)) or "none"
        raise StoreError(
            f"{str(name)[:200]!r} is neither a model's folder nor a registered model; registered: {known}"
        )
    return Resolved(models.load(found), found)


def every() -> list[ModelSummary]:
    """All registered models, the newest first."""
    require("study:read")
    return [summary(record) for record in models.every() if may_see(record.key)]


def register(folder: str | Path, name: str) -> ModelSummary:
    """Keep a saved model under a name, so that cohorts can show its numbers. The same content is kept once."""
    require("model:write")
    model = MultiTaskModel.load(folder)
    answers = read_folder(folder).get(REMEMBERED)
    record = models.register_exported(f"model-{model.version_}", name, model, answers)
    trail.note("register", model=record.key)
    return summary(record)


def score(cohort: str, model: str) -> str:
    """Let a cohort show a registered model's numbers: the key of the job that computes them."""
    require("model:write")
    if not may_see(model):  # somebody else's is not told apart from none
        raise StoreError(f"there is no model {model[:80]!r}; train one or choose another")
    chosen = {"cohort": owners.own(cohort).key, "model": models.get(model).key}
    trail.note("score", cohort, model=chosen["model"])
    return jobs.submit("score_cohort", chosen, topic=f"score:{cohort}")
