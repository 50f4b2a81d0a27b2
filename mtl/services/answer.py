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
from mtl.model.offsets import FALSE, TRUE, UNKNOWN, holds, treatment_offsets
from mtl.model.predictor import TaskPredictor
from mtl.services.loaded import FINAL, Reader, reader, record
from mtl.store.cohorts import Cohort, CohortError
from mtl.store.models import ModelRecord
from mtl.store.scores import Scores, scores_of
from mtl.study import Study, Task

_TRUTH = {TRUE: True, FALSE: False, UNKNOWN: None}


@dataclass(frozen=True, eq=False)
class Answer:
    """What is known of a patient, and what the predictor that never saw them says.

    Attributes
    ----------
    cohort, place
        Whose row it is.
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
    scores : Scores
        The cohort's stored numbers.
    """

    cohort: Cohort
    place: int
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
    scores: Scores

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


KEPT = 128  # patients as recorded whose answers stay in memory


@lru_cache(maxsize=KEPT)
def _recorded(cohort: Cohort, place: int) -> Answer:
    row = cohort.row(place)
    return _ask(cohort, place, row, given_of(cohort.study, row), {})


def answer(cohort: Cohort, place: int, edits: Mapping[str, Any] | None = None) -> Answer:
    """Ask the predictor that did not see the patient; `edits` are cells as they would be recorded, None missing."""
    if cohort.model is None or cohort.scores is None:
        raise CohortError(f"cohort {cohort.name!r} has no predictions yet; wait for its model")
    before = _recorded(cohort, place)
    if not edits:
        return before
    return _ask(cohort, place, with_cells(before.row, edits), before.given, dict(edits))


def _ask(
    cohort: Cohort, place: int, row: pd.DataFrame, given: dict[str, bool | None], edits: dict[str, Any]
) -> Answer:
    scores = scores_of(cohort)
    model, fold = record(str(cohort.model)), int(scores.folds[place])
    asked = reader(model, fold if fold >= 0 else FINAL)
    return ask(Asked(cohort, place, model, fold, asked, scores), row, given, edits)


@dataclass(frozen=True, eq=False)
class Asked:
    """Who is asked about whom: see :class:`Answer` for the fields."""

    cohort: Cohort
    place: int
    record: ModelRecord
    fold: int
    reader: Reader
    scores: Scores


def given_of(study: Study, row: pd.DataFrame) -> dict[str, bool | None]:
    """Whether each treatment was given, None where the record does not say."""
    return {t.column: _TRUTH[int(holds(study.given(t.column), row)[0])] for t in study.treatments}


def ask(of: Asked, row: pd.DataFrame, given: dict[str, bool | None], edits: dict[str, Any]) -> Answer:
    """What a predictor says about a table of one row."""
    cohort, asked, scores = of.cohort, of.reader, of.scores
    X = encode(cohort.study, row).X
    found = asked.explainer.contributions(X)
    offsets, known = {}, {}
    for task in cohort.study.tasks:
        if task.kind == "survival" and task.name in found:
            told = treatment_offsets(cohort.study, row, task.name)
            offsets[task.name], known[task.name] = told.values[0], bool(told.untreated_known[0])
    return Answer(
        cohort=cohort,
        place=of.place,
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
        scores=scores,
    )


def with_cells(row: pd.DataFrame, cells: Mapping[str, Any]) -> pd.DataFrame:
    """A row with some cells replaced; a column that is not there is added."""
    if not cells:
        return row
    return row.assign(
        **{name: pd.Series([value], index=row.index, dtype=_dtype(value)) for name, value in cells.items()}
    )


def _dtype(value: object) -> str:
    if value is None:
        return "Float64"  # a missing number, text or truth alike
    return {bool: "boolean", int: "Float64", float: "Float64"}.get(type(value), "string")


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
