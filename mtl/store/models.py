"""Models: a folder each, with the exported model, the fold predictors, and who was trained in which fold."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Row, insert, select

from mtl.data.encode import encode
from mtl.model.files import predictor_files, predictor_from_files, read_folder, write_folder
from mtl.model.predictor import Predictor
from mtl.multitask import MultiTaskModel
from mtl.store import schema
from mtl.store.cohorts import Cohort
from mtl.store.damage import whole
from mtl.store.database import StoreError, now, reading, writing
from mtl.store.home import new_folder, room, secret
from mtl.store.keys import content_digest, row_digests
from mtl.tables.questions import REMEMBERED, Answers

MOST_KEY = 68  # characters of a parent's key that stay in its descendants'


def folder_of(key: str) -> Path:
    """Where a model of that key lies or would lie; its content never changes."""
    return room("models") / key


@dataclass(frozen=True)
class ModelRecord:
    """A registered model. `cohort` and `data` say what it was trained on, None for one that came as a folder."""

    key: str
    name: str
    version: str
    cohort: str | None
    data: str | None
    effort: str
    n_training: int
    tasks: tuple[str, ...]
    left_out: dict[str, str]
    folds: int
    trained: str

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return folder_of(self.key)

    @property
    def exported(self) -> Path:
        """The model alone, fit to be copied elsewhere: no patient is in it."""
        return self.folder / "model"

    @property
    def with_intervals(self) -> Path:
        """The same model with what its intervals need."""
        return self.folder / "intervals"

    @property
    def has_intervals(self) -> bool:
        """Whether they were computed."""
        return self.with_intervals.exists()


def register_trained(
    key: str,
    name: str,
    model: MultiTaskModel,
    cohort: Cohort,
    table: pd.DataFrame,
    answers: Answers | None = None,
) -> ModelRecord:
    """Keep a model that was fitted on a cohort's `table`, with its fold predictors and their patients.

    `answers` are those by which the table was cleaned, where it was: what is scored later is read in the same way.
    """
    trained = model.trained_
    with new_folder(folder_of(key)) as folder:
        model.save(folder / "model")
        for f, predictor in enumerate(trained.fold_predictors):
            write_folder(folder / "folds" / str(f), predictor_files(predictor))
        identifiers = cohort.identifiers()
        digests = row_digests(secret(), identifiers, encode(cohort.study, table).X)
        membership = pd.DataFrame(
            {"identifier": identifiers, "digest": digests, "fold": trained.fold.astype(np.int16)}
        )
        membership.to_parquet(folder / "membership.parquet", index=False)
        if answers is not None:
            (folder / REMEMBERED).write_text(answers.to_json(), encoding="utf-8")
    fitted = MultiTaskModel.load(folder_of(key) / "model")
    return _insert(key, name, fitted, cohort.key, cohort.data, len(trained.fold_predictors))


def register_exported(key: str, name: str, model: MultiTaskModel, answers: str | None = None) -> ModelRecord:
    """Keep a model that came as a folder: it knows nothing of the patients it was trained on, only how they were read."""
    with new_folder(folder_of(key)) as folder:
        model.save(folder / "model")
        if answers is not None:
            (folder / REMEMBERED).write_text(answers, encoding="utf-8")
    return _insert(key, name, model, None, None, 0)


def derived_key(parent: str, content: list[bytes], owner: str = "") -> str:
    """Key of a model made of another's: its parent's with a digest; `owner` is the beginning of a user's own keys.

    >>> derived_key("pbc-12", [b"level"]).startswith("pbc-12-r")
    True
    """
    begin = parent if parent.startswith(owner) else owner + parent
    return f"{begin[:MOST_KEY]}-r{content_digest(content)[:8]}"


def was_derived(key: str) -> bool:
    """Whether a model of that key was made by :func:`register_derived`."""
    return re.search(r"-r[0-9a-f]{8}$", key) is not None


def is_derived(key: str, parent: str) -> bool:
    """Whether a model was made of another one, or of one made of it, by :func:`register_derived`.

    >>> is_derived(derived_key("pbc-12", [b"level"]), "pbc-12"), is_derived("pbc-123", "pbc-12")
    (True, False)
    """
    return key.startswith(f"{parent[:MOST_KEY]}-r")


def register_derived(
    key: str,
    name: str,
    model: MultiTaskModel,
    parent: ModelRecord,
    of_parent: list[Predictor],
    of_cohort: list[Predictor],
    cohort: Cohort,
    fold: NDArray[np.int64],
) -> ModelRecord:
    """Keep a model that was made of another one and of patients whom that one had not seen, for instance recalibrated.

    Parameters
    ----------
    of_parent
        The parent's fold predictors, made the same way from all these patients: they judge the patients of its training.
    of_cohort
        By fold of `fold`, the predictor that was made without its patients.
    fold
        (n,) of the cohort's patients, -1 for those who had no part.
    """
    first = len(of_parent)
    identifiers = cohort.identifiers()
    digests = row_digests(secret(), identifiers, encode(cohort.study, cohort.table()).X)
    took = np.flatnonzero(fold >= 0)
    own = pd.DataFrame(
        {
            "identifier": [identifiers[i] for i in took],
            "digest": [digests[i] for i in took],
            "fold": (fold[took] + first).astype(np.int16),
        }
    )
    with new_folder(folder_of(key)) as folder:
        model.standing_in(model.predictor_, model.training_, None).save(folder / "model")
        if model.uncertainty_ is not None:
            model.save(folder / "intervals")
        for f, predictor in enumerate([*of_parent, *of_cohort]):
            write_folder(folder / "folds" / str(f), predictor_files(predictor))
        # The rows of the training come first: fold_of finds them by their place.
        before = [pd.read_parquet(parent.folder / "membership.parquet")] if parent.folds else []
        pd.concat([*before, own], ignore_index=True).to_parquet(folder / "membership.parquet", index=False)
        if (parent.folder / REMEMBERED).is_file():
            shutil.copyfile(parent.folder / REMEMBERED, folder / REMEMBERED)
    return _insert(key, name, model, parent.cohort, parent.data, first + len(of_cohort))


def _insert(
    key: str, name: str, model: MultiTaskModel, cohort: str | None, data: str | None, folds: int
) -> ModelRecord:
    values = {
        "key": key,
        "name": name,
        "version": model.version_,
        "cohort": cohort,
        "data": data,
        "effort": model.effort,
        "n_training": int(model.training_["rows"]),
        "tasks": json.dumps(model.tasks_),
        "left_out": json.dumps(model.left_out_),
        "folds": folds,
        "trained": now(),
    }
    with writing("models") as connection:
        if connection.execute(select(schema.models.c.key).where(schema.models.c.key == key)).first() is None:
            connection.execute(insert(schema.models).values(**values))
    return get(key)


def get(key: str) -> ModelRecord:
    """A model by its key; StoreError when there is none."""
    found = find(key)
    if found is None:
        raise StoreError(f"there is no model {key[:80]!r}; train one or choose another")
    return found


def find(key: str) -> ModelRecord | None:
    """A model by its key, if there is one."""
    with reading() as connection:
        row = connection.execute(select(schema.models).where(schema.models.c.key == key)).first()
    return None if row is None else _record(row)


def every() -> list[ModelRecord]:
    """All models, the newest first."""
    with reading() as connection:
        return [
            _record(row)
            for row in connection.execute(select(schema.models).order_by(schema.models.c.trained.desc()))
        ]


def _record(row: Row[tuple[object, ...]]) -> ModelRecord:
    return ModelRecord(
        row.key, row.name, row.version, row.cohort, row.data, row.effort, row.n_training,
        tuple(json.loads(row.tasks)), dict(json.loads(row.left_out)), row.folds, row.trained,
    )  # fmt: skip


def load(record: ModelRecord) -> MultiTaskModel:
    """The exported model, read and checked, with its intervals where they were computed."""
    return MultiTaskModel.load(record.with_intervals if record.has_intervals else record.exported)


def keep_intervals(record: ModelRecord, model: MultiTaskModel) -> None:
    """Keep a registered model's intervals beside it; those that are there stay."""
    if not record.has_intervals:
        with new_folder(record.with_intervals) as folder:
            model.save(folder)


def load_fold(record: ModelRecord, fold: int) -> Predictor:
    """The predictor that never saw the patients of a fold."""
    return predictor_from_files(read_folder(record.folder / "folds" / str(fold)))


def held_out(record: ModelRecord) -> dict[object, int]:
    """The digest of each training patient's identifier and findings, and the fold in which they were held out."""
    if not record.folds:
        return {}
    path = record.folder / "membership.parquet"
    with whole(path):
        membership = pd.read_parquet(path, columns=["digest", "fold"])
    return {digest: int(fold) for digest, fold in zip(membership["digest"], membership["fold"], strict=True)}


def fold_of(
    record: ModelRecord, cohort: Cohort, X: NDArray[np.float64], identifiers: list[str], first: int
) -> NDArray[np.int16]:
    """(n,) the fold in which each of a cohort's patients was held out, -1 for one who was not in training.

    Parameters
    ----------
    X, identifiers
        Encoded findings and identifiers of n rows of the cohort, beginning with row `first`. In the cohort that the
        model was trained on the row decides; in another, identifier and findings together.
    """
    if not record.folds:
        return np.full(len(X), -1, dtype=np.int16)
    if (cohort.key, cohort.data) == (record.cohort, record.data):
        path = record.folder / "membership.parquet"
        with whole(path):
            membership = pd.read_parquet(path, columns=["fold"])
        return membership["fold"].to_numpy(dtype=np.int16)[first : first + len(X)]
    held = held_out(record)
    found = [held.get(digest, -1) for digest in row_digests(secret(), identifiers, X)]
    return np.array(found, dtype=np.int16)
