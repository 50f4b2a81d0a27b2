"""The patients that a case is compared with: their propensities, what they were given, what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mtl.data.targets import Target, targets
from mtl.expressions import cells, parse
from mtl.model.offsets import holds
from mtl.services.owners import may_see
from mtl.services.patients.answer import Answer
from mtl.store import cohorts
from mtl.store.cohorts import Cohort, CohortError
from mtl.store.damage import whole
from mtl.store.models import ModelRecord
from mtl.store.scores import Scores, scores_of_training
from mtl.study import Study
from mtl.treatment.practice import Floats, Mask, Sides, comparable, logit, sides


@dataclass(frozen=True, eq=False)
class Pool:
    """Everybody with whom a case may be compared; arrays are (n,) in the order of the cohort's rows.

    `logits` are of the treatment task's stored probability: out of fold for those who were in training. `persons` is None
    where every row is a patient of their own.
    """

    cohort: Cohort
    logits: Floats
    given: NDArray[np.int8]
    outcomes: dict[str, Target]
    persons: NDArray[np.object_] | None


def pool(found: Answer, treatment: str) -> Pool | None:
    """The patients that a case is compared with; None where no fitted task predicts the treatment.

    They are those the model was trained on, whose practice and outcomes it learnt, where they are kept here; else the
    case's own cohort.
    """
    task = found.study.treatment(treatment).task
    if task is None or task not in found.margins:
        return None
    cohort, scores = _source(found)
    return _pool(cohort, scores, treatment, task) if task in scores.outputs else None


def has_company(found: Answer) -> bool:
    """Whether a patient can be laid beside others: of a cohort here, or new to a model whose training patients are here."""
    if found.where.key:
        return True
    trained = _trained_on(found.record)
    return found.fold < 0 and trained is not None and scores_of_training(found.record) is not None


def among(found: Answer, those: Pool, treatment: str) -> Sides:
    """The case's comparable patients, the case left out with all its rows."""
    task = found.study.treatment(treatment).task
    own = float(found.margins[str(task)][0])
    return sides(comparable(those.logits, own, _own_rows(found, those)), those.given)


def _own_rows(found: Answer, those: Pool) -> Mask:
    rows = np.zeros(len(those.logits), dtype=bool)
    if (those.cohort.key, those.cohort.data) != (found.cohort.key, found.cohort.data):
        return rows
    rows[found.place] = True
    if those.persons is not None and those.persons[found.place]:
        rows |= those.persons == those.persons[found.place]
    return rows


def _source(found: Answer) -> tuple[Cohort, Scores]:
    trained = _trained_on(found.record)
    if trained is not None and not may_see(trained.key):
        trained = None
    stored = scores_of_training(found.record)
    if trained is None or stored is None:
        return found.cohort, found.scores
    return trained, stored


def _trained_on(record: ModelRecord) -> Cohort | None:
    if record.cohort is None:
        return None
    try:
        cohort = cohorts.get(record.cohort)
    except CohortError:  # it was taken out since: the case's own cohort serves
        return None
    return cohort if cohort.data == record.data and cohort.scores is not None else None


@lru_cache(maxsize=16)
def _pool(cohort: Cohort, scores: Scores, treatment: str, task: str) -> Pool:
    column = f"o{scores.outputs.index(task)}"
    with whole(scores.file):
        stored = pq.read_table(scores.file, columns=[column], partitioning=None)[column].to_numpy()
    study = cohort.study
    table = _columns(cohort, study, treatment)
    prognosis = [t.name for t in study.tasks if t.role == "prognosis" and t.kind in ("survival", "binary")]
    persons = None
    if study.patient is not None and study.patient in table.columns:
        persons = np.array(
            ["" if text is None else str(text) for text in cells.texts(table[study.patient])], object
        )
    return Pool(
        cohort,
        logit(stored.astype(float)),
        holds(study.given(treatment), table),
        targets(study, table, prognosis),
        persons,
    )


def _columns(cohort: Cohort, study: Study, treatment: str) -> pd.DataFrame:
    wanted = {study.identifier, *study.outcome_columns, *parse(study.given(treatment)).columns}
    if study.patient is not None:
        wanted.add(study.patient)
    there = [name for name in pq.read_schema(cohort.rows_file).names if name in wanted]
    with whole(cohort.rows_file):
        table: pd.DataFrame = pq.read_table(cohort.rows_file, columns=there, partitioning=None).to_pandas()
    return table
