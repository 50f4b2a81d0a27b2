"""Findings, treatments and outcomes in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mtl.data.targets import Target, targets
from mtl.explain.sentences import is_missing, value_text
from mtl.expressions import cells
from mtl.language import _, number, study_language
from mtl.services.patients.answer import Answer
from mtl.services.patients.printing import value_text as task_text
from mtl.services.patients.printing import with_decimals
from mtl.services.patients.view import Finding, Given, OwnOutcome
from mtl.study import Feature, Task, Treatment

__all__ = ["findings", "number_text", "outcomes", "treatments", "value_text"]


def number_text(feature: Feature, value: float) -> str:
    """A number of a feature without its unit."""
    return number(float(value), feature.decimals)


def findings(found: Answer) -> tuple[Finding, ...]:
    """Every feature's value, in study order."""
    return tuple(_finding(found, feature, found.X[0, j]) for j, feature in enumerate(found.study.features))


def _finding(found: Answer, feature: Feature, encoded: float) -> Finding:
    cell = _plain(found.cell(feature.name))
    unusual = None
    if np.isnan(encoded):
        unusual = None if cell is None else "unseen"
    elif feature.valid is not None and not feature.valid[0] <= encoded <= feature.valid[1]:
        unusual = "out_of_range"
    return Finding(
        feature,
        cell,
        value_text(feature, cell),
        bool(np.isnan(encoded)),
        unusual,
        feature.name in found.edits,
    )


def _plain(cell: Any) -> Any:
    """A cell as a Python value, None where missing."""
    if is_missing(cell):
        return None
    return cell.item() if isinstance(cell, np.generic) else cell


def treatments(found: Answer) -> tuple[Given, ...]:
    """What is recorded about each treatment."""
    return tuple(_given(found, treatment) for treatment in found.study.treatments)


def _given(found: Answer, treatment: Treatment) -> Given:
    given = found.given[treatment.column]
    cell = cells.cell_text(found.cell(treatment.column))
    for level in treatment.levels:
        if level.text == cell:
            return Given(treatment, level.get(study_language()), given)
    words = {True: _("given"), False: _("not given"), None: _("not recorded")}
    return Given(treatment, words[given], given)


def outcomes(found: Answer) -> list[OwnOutcome]:
    """What is recorded about the patient's own outcomes, a task each, in study order."""
    row: pd.DataFrame = found.where.row()
    every = targets(found.study, row)
    return [_outcome(with_decimals(task, found.scores), every[task.name]) for task in found.study.tasks]


def _outcome(task: Task, target: Target) -> OwnOutcome:
    if not target.labelled[0]:
        return OwnOutcome(task, _("not recorded"), False)
    if task.kind == "survival":
        years = number(float(target.time[0]), 1)
        if target.event[0] == 1:
            event = task.event_label.get(study_language()) or task.title(study_language())
            return OwnOutcome(task, _("{event} after {years} years").format(event=event, years=years), True)
        return OwnOutcome(task, _("no event in {years} years of follow-up").format(years=years), True)
    value = float(target.y[0])
    if task.kind == "multiclass":
        return OwnOutcome(task, task.classes[int(value)].get(study_language()), True)
    if task.kind == "binary":
        return OwnOutcome(task, _("yes") if value == 1 else _("no"), True)
    return OwnOutcome(task, task_text(task, value), True)
