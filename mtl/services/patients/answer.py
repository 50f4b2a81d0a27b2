"""One patient's findings and what one predictor says about them: margins, contributions, treatment offsets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from mtl.data.encode import encode
from mtl.explain.points import Floats, Identity, Link, Logistic, Softmax, SurvivalRisk
from mtl.model.baseline import Baseline
from mtl.model.intervals import Uncertainty
from mtl.model.offsets import FALSE, TRUE, UNKNOWN, holds, treatment_offsets
from mtl.model.outputs import numbers_and_intervals
from mtl.model.predictor import TaskPredictor
from mtl.services.loaded import FINAL, Reader, reader, record, uncertainty
from mtl.services.patients.places import Place, with_cells
from mtl.store.cohorts import Cohort
from mtl.store.models import ModelRecord
from mtl.store.scores import Scores, scores_of, shows_intervals
from mtl.study import Study, Task

_TRUTH = {TRUE: True, FALSE: False, UNKNOWN: None}


@dataclass(frozen=True, eq=False)
class Answer:
    """What is known of a patient, and what the predictor that never saw them says.

    Attributes
    ----------
    where
        Whose values they are: a row of a cohort, or a private case.
    record, fold
        The model, and the fold in which the patient was held out; -1: not in training, the final predictor answers.
    row : DataFrame (1, columns)
        As recorded, edits applied.
    X : (1, p)
        Encoded.
    margins : dict
        Task -> (c,).
    base, values : dict
        Task -> (c,) of the reference patient, and (p, c) contributions; base + their sum = margin.
    offsets : dict
        Survival task -> (Q,): what the treatment given adds to the log hazard, by period.
    untreated_known : dict
        Survival task -> whether the risk without treatment is known.
    given : dict
        Treatment column -> whether it was given, None where the record does not say.
    limits : dict
        Output column -> limits of its interval and effective number of patients, where there are any.
    scores : Scores
        The cohort's stored numbers.
    """

    where: Place
    record: ModelRecord
    fold: int
    reader: Reader
    row: pd.DataFrame
    X: Floats
    edits: dict[str, Any]
    margins: dict[str, Floats]
    base: dict[str, Floats]
    values: dict[str, Floats]
    offsets: dict[str, Floats]
    untreated_known: dict[str, bool]
    given: dict[str, bool | None]
    limits: dict[str, tuple[float, float, float]]
    scores: Scores

    @property
    def cohort(self) -> Cohort:
        """The cohort that the case belongs to."""
        return self.where.cohort

    @property
    def place(self) -> int | None:
        """The case's row in the cohort; None for a private case, which is no row of it."""
        return self.where.place

    @property
    def study(self) -> Study:
        """The cohort's study."""
        return self.cohort.study

    def fitted(self, task: str) -> TaskPredictor:
        """The task's part of the predictor."""
        return self.reader.predictor.task(task)

    def baseline(self, task: str) -> Baseline:
        """The baseline hazard of a survival task."""
        found = self.fitted(task).baseline
        if found is None:
            raise ValueError(
                f"task {task!r} has no baseline hazard: the model was not fitted as a survival model"
            )
        return found

    def cell(self, feature: str) -> Any:
        """What is recorded (or edited) of a feature; None where the table has no such column."""
        return self.row[feature].iloc[0] if feature in self.row.columns else None


KEPT = 128  # patients of cohorts whose answers, as recorded, stay in memory


def answer(where: Place, edits: Mapping[str, Any] | None = None) -> Answer:
    """Ask the predictor that did not see the patient; `edits` are cells as they would be recorded, None missing."""
    # a private case is asked again each time: nothing of it outlives its deletion
    before = _recorded(where) if where.private is not None else _of_cohort(where.cohort, where.row_number)
    if not edits:
        return before
    return _ask(where, with_cells(before.row, edits), before.given, dict(edits))


@lru_cache(maxsize=KEPT)
def _of_cohort(cohort: Cohort, row: int) -> Answer:
    return _recorded(Place(cohort, cohort.case_keys[row].decode(), row))


def _recorded(where: Place) -> Answer:
    row = where.row()
    return _ask(where, row, given_of(where.cohort.study, row), {})


def _ask(where: Place, row: pd.DataFrame, given: dict[str, bool | None], edits: dict[str, Any]) -> Answer:
    cohort = where.cohort
    scores = scores_of(cohort)
    model = record(str(cohort.model))
    fold = FINAL if where.place is None else int(scores.folds[where.place])
    asked = reader(model, fold if fold >= 0 else FINAL)
    # intervals as the list has them: none before the list's were computed
    sure = uncertainty(model) if shows_intervals(cohort) else None
    return ask(Asked(where, model, fold, asked, scores, sure), row, given, edits)


@dataclass(frozen=True, eq=False)
class Asked:
    """Who is asked about whom: see :class:`Answer` for the fields; `sure` is how sure the model is, where that is known."""

    where: Place
    record: ModelRecord
    fold: int
    reader: Reader
    scores: Scores
    sure: Uncertainty | None


def given_of(study: Study, row: pd.DataFrame) -> dict[str, bool | None]:
    """Whether each treatment was given, None where the record does not say."""
    return {t.column: _TRUTH[int(holds(study.given(t.column), row)[0])] for t in study.treatments}


def ask(of: Asked, row: pd.DataFrame, given: dict[str, bool | None], edits: dict[str, Any]) -> Answer:
    """What a predictor says about a table of one row."""
    cohort, asked = of.where.cohort, of.reader
    X = encode(cohort.study, row).X
    found = asked.explainer.contributions(X)
    offsets, known = {}, {}
    for task in cohort.study.tasks:
        if task.kind == "survival" and task.name in found:
            told = treatment_offsets(cohort.study, row, task.name)
            offsets[task.name], known[task.name] = told.values[0], bool(told.untreated_known[0])
    return Answer(
        where=of.where,
        record=of.record,
        fold=of.fold,
        reader=asked,
        row=row,
        X=X,
        edits=edits,
        margins={name: margin[0] for name, margin in asked.predictor.margins(X).items()},
        base={name: base for name, (base, _) in found.items()},
        values={name: values[0] for name, (_, values) in found.items()},
        offsets=offsets,
        untreated_known=known,
        given=given,
        limits=_limits(of, X, row),
        scores=of.scores,
    )


def _limits(of: Asked, X: Floats, row: pd.DataFrame) -> dict[str, tuple[float, float, float]]:
    study, predictor = of.where.cohort.study, of.reader.predictor
    _, limits = numbers_and_intervals(study, predictor, X, row, of.sure)
    return {column: (float(low[0]), float(high[0]), float(n[0])) for column, (low, high, n) in limits.items()}


def link(found: Answer, task: Task, horizon: float | None) -> Link:
    """From the margin of a task to the number that is shown; for survival at a horizon, treated as the patient is.

    ValueError for a horizon beyond what can be estimated.
    """
    if task.kind == "binary":
        return Logistic()
    if task.kind == "multiclass":
        return Softmax()
    if task.kind == "regression":
        return Identity()
    if horizon is None:
        raise ValueError(f"task {task.name!r}: a risk needs a horizon")
    increments = found.baseline(task.name).increments(np.array([horizon]))[0]
    return SurvivalRisk.of(increments, found.offsets[task.name])
