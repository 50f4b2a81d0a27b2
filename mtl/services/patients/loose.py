"""A patient of some table who is in no cohort here: the same case, as far as a model alone can tell it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mtl.explain.explainer import Explainer
from mtl.expressions import cells
from mtl.multitask import MultiTaskModel
from mtl.services.loaded import FINAL, Reader
from mtl.services.patients import cases
from mtl.services.patients.answer import Asked, ask, given_of
from mtl.services.patients.places import Place
from mtl.services.patients.view import Case
from mtl.services.users import require
from mtl.store import models
from mtl.store.cohorts import Cohort
from mtl.store.home import secret
from mtl.store.keys import case_key
from mtl.store.models import ModelRecord
from mtl.store.scores import Scores, scores_of_training
from mtl.study import Study


@dataclass(frozen=True)
class NoScores(Scores):
    """Nobody to compare with: the output columns are known, their distribution is not."""

    columns: tuple[str, ...] = ()
    spreads: tuple[tuple[str, tuple[float, ...]], ...] = ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """The columns that the model predicts."""
        return self.columns

    @property
    def typical(self) -> dict[str, Any]:
        """Nothing is typical."""
        return {}

    @property
    def spread(self) -> dict[str, list[float]]:
        """That of the training patients, where it is known."""
        return {task: list(found) for task, found in self.spreads}

    def median(self, column: str) -> None:
        """Not known."""

    def share_below(self, column: str, value: float) -> None:
        """Not known."""


def case(
    model: MultiTaskModel, row: pd.DataFrame, fold: int = FINAL, record: ModelRecord | None = None
) -> Case:
    """One patient of a table, with every number and its reasons.

    Parameters
    ----------
    model
        Whose predictor answers: for a training patient, that of the fold that did not see them.
    row
        A table of one row.
    fold
        The fold in which the patient was held out, -1 for a patient who was not in training.
    record
        The registered model, None for one that came as a folder. With it a training patient is the app's case, with
        everything that the screen shows; a new one can be laid beside its training patients, where they are here.
    """
    require("case:read")
    study = model.study
    here = None if record is None or fold < 0 else _of_cohort(record, study, row)
    if here is not None:
        return here
    scores = scores_of_training(record) if record is not None else None
    columns = tuple(str(name) for name in model.predict(row).columns)
    if scores is None or fold < 0:
        spread = () if scores is None else tuple((task, tuple(own)) for task, own in scores.spread.items())
        scores = NoScores(Path(), columns, spread)
    nowhere = Place(Cohort("", study.name, "", 1, study, False, None, None, Path()), "", 0)
    reader = Reader(model.predictor_, Explainer(model.predictor_))
    asked = Asked(nowhere, record or _unregistered(model), fold, reader, scores, model.uncertainty_)
    return cases.case_of(ask(asked, row, given_of(study, row), {}))


def _of_cohort(record: ModelRecord, study: Study, row: pd.DataFrame) -> Case | None:
    """The case that the app shows for a training patient, if the row says the same of the treatments."""
    identifier = cells.cell_text(row[study.identifier].iloc[0])
    if record.cohort is None or identifier is None:
        return None
    try:
        found = cases.open_case(case_key(secret(), record.cohort, identifier))
    except cases.CaseError:
        return None
    told = {one.treatment.column: one.given for one in found.treatments}
    return found if found.model.key == record.key and told == given_of(study, row) else None


def registered(folder: Path | None) -> ModelRecord | None:
    """The record of a model of the app by its folder; None for a folder that is not the app's."""
    require("case:read")
    return None if folder is None else models.find(folder.name)


def _unregistered(model: MultiTaskModel) -> ModelRecord:
    told = model.training_
    return ModelRecord(
        "", model.study.name, model.version_, None, None, model.effort, int(told["rows"]),
        tuple(model.tasks_), dict(model.left_out_), 0, "",
    )  # fmt: skip
