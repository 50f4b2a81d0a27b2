"""The numbers of one patient as a command prints them: the value of every output column, or why there is none."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from mtl.language import number, percent, study_language
from mtl.model.outputs import output_names
from mtl.multitask import MultiTaskModel
from mtl.study import Task

UNTREATED = (
    "treated otherwise than in any trial that gives an effect: the risk without treatment is not known"
)
LIMITS = (".low", ".high")


def by_task(model: MultiTaskModel, columns: list[str]) -> dict[str, list[str]]:
    """The columns of each fitted task among those that `MultiTaskModel.predict` gave, limits of intervals included."""
    found = {}
    for task in model.tasks_:
        own = output_names(model.study, model.study.task(task))
        wanted = {name + limit for name in own for limit in ("", *LIMITS)}
        found[task] = [name for name in columns if name in wanted]
    return found


def of_row(model: MultiTaskModel, predicted: pd.DataFrame, row: int) -> dict[str, dict[str, Any]]:
    """For each task its kind and its values: `{"value": v}`, with low and high where there is an interval, or a reason."""
    answers = {}
    for name in model.tasks_:
        task = model.study.task(name)
        values: dict[str, dict[str, Any]] = {}
        for column in output_names(model.study, task):
            value = float(predicted[column].iloc[row])
            if math.isfinite(value):
                values[column] = {"value": value}
                limits = [(limit, column + limit) for limit in LIMITS if column + limit in predicted]
                values[column].update(
                    {limit[1:]: _finite(predicted[place].iloc[row]) for limit, place in limits}
                )
            else:
                values[column] = {"value": None, "reason": _why_none(column)}
        answers[name] = {"kind": task.kind, "values": values}
    return answers


def shown(model: MultiTaskModel, answers: dict[str, dict[str, Any]]) -> dict[str, str]:
    """By output column, its number as :func:`text` prints it."""
    return {
        column: text(model.study.task(name), column, value)
        for name, found in answers.items()
        for column, value in found["values"].items()
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _why_none(column: str) -> str:
    if column.endswith(".untreated"):
        return f"{UNTREATED}, or the time is not estimable"
    return "not estimable: fewer than 20 training patients were still at risk"


def text(task: Task, column: str, value: dict[str, Any]) -> str:
    """A value for people: a percentage, or an amount with its unit."""
    if value["value"] is None:
        return f"– ({value['reason']})"
    amount: float = value["value"]
    if column.endswith(".log_hazard"):
        return number(amount, 3)
    if task.kind == "regression":
        unit = task.unit.get(study_language())
        return f"{number(amount, task.decimals)} {unit}".rstrip()
    return percent(amount, 1)
