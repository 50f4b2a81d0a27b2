"""The model of a training beside any other: the same patients, the same measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mtl.data import Target, targets
from mtl.evaluate import NotEstimable, evaluate_task
from mtl.evaluate.concordance import harrell_c
from mtl.services import owners
from mtl.services.own import scoring, training
from mtl.services.summary import ModelSummary, summary
from mtl.services.uploads import PERMISSION, Upload
from mtl.services.users import require
from mtl.store import models
from mtl.study import Study, Task
from mtl.tables.infer import with_identifier

__all__ = ["Compared", "compare", "others"]


@dataclass(frozen=True)
class Compared:
    """A task of both models: this one's number on held-out patients, and the other's; None where it has none."""

    task: str
    metric: str
    value: float | None
    other: float | None


def others(upload: Upload) -> list[ModelSummary]:
    """Models that the training can be laid beside: registered ones with a task of the same name and kind."""
    require(PERMISSION)
    found = training.result(upload)
    if found is None:
        return []
    names = {judged.task for judged in found.tasks}
    every = [summary(record) for record in models.every() if owners.may_see(record.key)]
    return [one for one in every if one.key != found.model.key and names & set(one.tasks)]


def compare(upload: Upload, study: Study, other: str) -> tuple[Compared, ...] | None:
    """Both models on the labels that the study reads from the upload; None until the other has scored it.

    Score the upload by the other model first (:func:`mtl.services.own.scoring.begin`): patients that it was trained on are
    scored by its predictor that never saw them, so neither number is too good.
    """
    require(PERMISSION)
    found = training.result(upload)
    numbers = scoring.numbers(upload, other)
    if found is None or numbers is None:
        return None
    theirs = models.load(models.get(other)).study
    labels = targets(study, with_identifier(study, upload.table))
    compared = []
    for judged in found.tasks:
        if judged.task not in {task.name for task in theirs.tasks}:
            continue
        task = theirs.task(judged.task)
        if task.kind != judged.kind or judged.task not in labels:
            continue
        value = _headline(task, labels[judged.task], numbers, judged.metric)
        compared.append(Compared(judged.task, judged.metric, judged.value, value))
    return tuple(compared)


def _headline(task: Task, truth: Target, numbers: pd.DataFrame, metric: str) -> float | None:
    rows = np.flatnonzero(truth.labelled)
    if truth.kind == "multiclass":
        columns = [f"{task.name}={level.text}" for level in task.classes]
        if [level.text for level in task.classes] != [str(name) for name in truth.classes]:
            return None  # other classes: the two answer different questions
        said = numbers[columns].to_numpy(dtype=float)[rows]
        return evaluate_task(truth.kind, truth.y[rows], said, intervals=False)[metric].value
    if truth.kind == "survival":
        names = map(str, numbers.columns)
        known = [name for name in names if name.startswith(f"{task.name}@") and name.endswith("y")]
        risks = [numbers[name].to_numpy(dtype=float)[rows] for name in known]
        usable = [risk for risk in risks if np.isfinite(risk).all()]
        if not usable:
            return None
        try:
            return float(harrell_c(truth.time[rows], truth.event[rows], usable[-1]))
        except NotEstimable:
            return None
    said = numbers[task.name].to_numpy(dtype=float)[rows]
    return evaluate_task(truth.kind, truth.y[rows], said, intervals=False)[metric].value
