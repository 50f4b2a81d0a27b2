"""What a model card is filled from: the model, its training record, the cohort it was trained on, and the evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mtl.data import Target, targets
from mtl.jobs.evidence import PARTS
from mtl.language import study_language
from mtl.model.files import MANIFEST
from mtl.multitask import MultiTaskModel
from mtl.report.document import Block
from mtl.services import owners
from mtl.services.patients.cohorts import TITLES
from mtl.services.patients.printing import USUAL_HORIZON
from mtl.services.users import require
from mtl.store import cohorts, evidence
from mtl.store.cohorts import Cohort
from mtl.store.models import ModelRecord
from mtl.store.scores import scores_of
from mtl.study import Study, Task

READ = "model:read"


@dataclass(frozen=True)
class Known:
    """What the program can say of an item; `rest` names what of it is left to the author."""

    blocks: tuple[Block, ...]
    rest: str = ""


@dataclass(frozen=True)
class Lacking:
    """The program could say it, but the evidence is not there; `how` it is got."""

    how: str


@dataclass(frozen=True, eq=False)
class Evidence:
    """The parts of the evidence on the patients of a cohort, or of a table that is none.

    Attributes
    ----------
    title : str
        The cohort's, in the reader's language; the table's name.
    n : int
        Patients.
    data : str
        Digest of the rows; empty where there is none.
    parts : dict
        By name, as they were kept.
    cohort : Cohort or None
    given : DataFrame or None
        The rows of a table that is no cohort.
    """

    title: str
    n: int
    data: str
    parts: dict[str, dict[str, Any]]
    cohort: Cohort | None = None
    given: pd.DataFrame | None = None

    @cached_property
    def table(self) -> pd.DataFrame:
        """All rows, as recorded."""
        if self.given is not None:
            return self.given
        assert self.cohort is not None
        return self.cohort.table()

    @property
    def internal(self) -> bool:
        """Whether any of the patients was in training, as far as the evidence says."""
        return bool(self.parts.get("accuracy", {}).get("internal", False))


def cohort_title(cohort: Cohort) -> str:
    """What a cohort is called, in the reader's language."""
    if not cohort.sample:
        return cohort.name
    text = TITLES.get(cohort.key) or cohort.study.title
    return text.get(study_language()) or cohort.name


@dataclass(frozen=True, eq=False)
class Facts:
    """Everything a filler may speak of.

    Attributes
    ----------
    study : Study
        The model's own.
    training : dict
        The training record as the model keeps it (`training.json`).
    version, digest : str
        Short name of the content; sha256 of the manifest, which holds that of every file.
    estimable : dict
        By survival task, the horizons that have a number.
    intervals : bool
        Whether risks carry intervals.
    trained : str
        When, ISO 8601; empty for a model that came as a folder.
    cohort : Cohort or None
        The training cohort, where it is here with the same rows.
    internal : Evidence or None
        What was gathered on it.
    external : tuple of Evidence
        What was gathered on cohorts of other patients.
    record : ModelRecord or None
        None for a model that came as a folder.
    only : tuple of str
        Tasks that are spoken of; all that were learnt where it is empty.
    """

    study: Study
    training: dict[str, Any]
    version: str
    digest: str
    estimable: dict[str, tuple[float, ...]]
    intervals: bool
    trained: str = ""
    cohort: Cohort | None = None
    internal: Evidence | None = None
    external: tuple[Evidence, ...] = ()
    record: ModelRecord | None = field(default=None)
    only: tuple[str, ...] = ()

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks that were learnt, in study order; where `only` names some, these."""
        left_out = self.training["left_out"]
        return tuple(
            task
            for task in self.study.tasks
            if task.name not in left_out and (not self.only or task.name in self.only)
        )

    @cached_property
    def table(self) -> pd.DataFrame | None:
        """The training cohort's rows; None where they are not here. For counts only: no row is printed."""
        return None if self.cohort is None else self.cohort.table()

    @cached_property
    def truths(self) -> dict[str, Target]:
        """Each learnt task's outcomes in the training cohort; empty where it is not here."""
        if self.table is None:
            return {}
        return targets(self.study, self.table, [task.name for task in self.tasks])

    def horizon(self, task: Task) -> float | None:
        """The horizon that a short account of a survival task names: five years, else the longest that has a number."""
        known = self.estimable.get(task.name, ())
        if not known:
            return None
        return USUAL_HORIZON if USUAL_HORIZON in known else max(known)

    def patients_of(self, task: Task) -> tuple[int, int | None]:
        """Rows with the task's label, and events or rows of the rarer class; None for a number."""
        count = int(self.training["labelled"][task.name])
        return count, None if task.kind == "regression" else int(self.training["informative"][task.name])


Filler = Callable[[Facts], Known | Lacking | None]


@dataclass(frozen=True, eq=False)
class _Fitted:
    study: Study
    training: dict[str, Any]
    version: str
    digest: str
    estimable: dict[str, tuple[float, ...]]


@lru_cache(maxsize=16)
def _fitted(folder: Path) -> _Fitted:
    """A registered model's own part of the facts; its folder never changes."""
    return _of_model(MultiTaskModel.load(folder), folder)


@lru_cache(maxsize=64)
def study_of(folder: Path) -> Study:
    """The study of a registered model; its folder never changes."""
    return Study.from_toml(folder / "study.toml")


def _of_model(model: MultiTaskModel, folder: Path) -> _Fitted:
    estimable = {
        fitted.name: tuple(h for h in model.study.task(fitted.name).horizons if fitted.baseline.estimable(h))
        for fitted in model.predictor_.tasks
        if fitted.baseline is not None
    }
    digest = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    return _Fitted(model.study, model.training_, model.version_, digest, estimable)


def of_record(record: ModelRecord) -> Facts:
    """The facts of a registered model: those of its cohorts and evidence that the current user may see."""
    require(READ)
    require("model:read")
    fitted = _fitted(record.exported)
    seen = [cohort for cohort in cohorts.every() if owners.may_see(cohort.key)]
    own = next((c for c in seen if (c.key, c.data) == (record.cohort, record.data)), None)
    others = [c for c in seen if c.model == record.key and c is not own and _untouched(c)]
    return Facts(
        fitted.study, fitted.training, fitted.version, fitted.digest, fitted.estimable,
        record.has_intervals, record.trained, own, None if own is None else gathered(record, own),
        tuple(gathered(record, c) for c in others), record,
    )  # fmt: skip


def _untouched(cohort: Cohort) -> bool:
    """Whether none of a cohort's patients had a part in the model whose numbers it shows."""
    return cohort.scores is not None and scores_of(cohort).in_training == 0


def of_folder(folder: Path) -> Facts:
    """The facts of a model that came as a folder: nothing is known of its patients."""
    require(READ)
    require("model:read")
    model = MultiTaskModel.load(folder)
    fitted = _of_model(model, folder)
    return Facts(
        fitted.study, fitted.training, fitted.version, fitted.digest, fitted.estimable,
        model.intervals_ is not None,
    )  # fmt: skip


def digest_of(table: pd.DataFrame) -> str:
    """A short name of a table's content: the same cells in the same order, the same name."""
    hashes = pd.util.hash_pandas_object(table, index=False).to_numpy()
    heads = "\0".join(map(str, table.columns)).encode()
    return hashlib.sha256(heads + np.ascontiguousarray(hashes).tobytes()).hexdigest()[:16]


def gathered(record: ModelRecord, cohort: Cohort) -> Evidence:
    """Every part of the evidence that is there for a model on a cohort's present rows."""
    require(READ)
    require("model:read")
    found = {name: evidence.find(record, cohort, name, part.version) for name, part in PARTS.items()}
    parts = {name: part for name, part in found.items() if part is not None}
    return Evidence(cohort_title(cohort), cohort.n, cohort.data, parts, cohort)
