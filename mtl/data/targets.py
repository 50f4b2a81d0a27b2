"""What each task is to learn from a table: labels, or times in years with events, missing where missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.data.notes import DataError, Note, note_cells, require_single, shorten
from mtl.expressions import Expression, cells, parse
from mtl.study import Study, Task
from mtl.study.entries import YEARS_PER_UNIT, Kind

_HALF_A_DAY = 0.5 / 365.25


def _empty() -> NDArray[np.float64]:
    return np.empty(0)


@dataclass(frozen=True)
class Target:
    """The outcome of one task for n patients.

    Binary, multiclass (index into `classes`) and regression tasks have `y` (n,), NaN where unlabelled.
    Survival tasks have `time` (n,) in years and `event` (n,), 1 or 0, both NaN where unlabelled. The arrays
    that a kind does not have are of length 0.
    """

    task: str
    kind: Kind
    classes: tuple[str, ...] = ()
    y: NDArray[np.float64] = field(default_factory=_empty)
    time: NDArray[np.float64] = field(default_factory=_empty)
    event: NDArray[np.float64] = field(default_factory=_empty)
    notes: tuple[Note, ...] = ()

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Which patients have an outcome, (n,)."""
        return ~np.isnan(self.event if self.kind == "survival" else self.y)

    @property
    def n_outputs(self) -> int:
        """Columns of the task's margin: one per class for multiclass, else 1."""
        return len(self.classes) if self.kind == "multiclass" else 1

    def __len__(self) -> int:
        return len(self.event if self.kind == "survival" else self.y)

    def subset(self, rows: NDArray[np.bool_] | NDArray[np.integer] | slice) -> Target:
        """The same task for some patients: a mask, positions or a slice."""
        if self.kind == "survival":
            return replace(self, time=self.time[rows], event=self.event[rows])
        return replace(self, y=self.y[rows])


def targets(study: Study, table: pd.DataFrame, tasks: Sequence[str] | None = None) -> dict[str, Target]:
    """The outcome of each task (all tasks of the study when `tasks` is None), by task name.

    A target whose columns are absent is unlabelled throughout, with a note. A survival time of 0 becomes
    half a day.

    Raises
    ------
    DataError
        A survival time is below 0, or two columns have the name of one outcome.
    StudyError
        A task is not in the study.

    Examples
    --------
    >>> from mtl.data import load_sample
    >>> study, table = load_sample("rotterdam")
    >>> recurrence = targets(study, table, ["recurrence"])["recurrence"]
    >>> len(recurrence), int(recurrence.event.sum()), round(float(recurrence.time.max()), 2)
    (2982, 1670, 19.28)
    """
    chosen = study.tasks if tasks is None else [study.task(name) for name in tasks]
    require_single(table, study.outcome_columns)
    return {task.name: target_of(task, table, study.identifier) for task in chosen}


def target_of(task: Task, table: pd.DataFrame, identifier: str | None = None) -> Target:
    """The outcome of one task; `identifier` is the column by which an error names a patient."""
    absent = sorted(task.target_columns - set(table.columns))
    if absent:
        notes = tuple(Note(name, "missing_column", len(table)) for name in absent)
        nothing = np.full(len(table), np.nan)
        return _target(task, nothing, nothing, notes)
    if task.kind == "survival":
        time, found = _times(task, table, identifier)
        event, more = _truths(parse(task.event or ""), table)
        unknown = np.isnan(time) | np.isnan(event)
        time, event = np.where(unknown, np.nan, time), np.where(unknown, np.nan, event)
        return _target(task, event, time, (*found, *more))
    expression = parse(task.target or "")
    if task.kind == "binary":
        y, notes = _truths(expression, table)
    elif task.kind == "multiclass":
        y, notes = _classes(task, expression, table)
    else:
        y, notes = _numbers(expression, table)
    return _target(task, y, _empty(), notes)


def _target(task: Task, y: NDArray[np.float64], time: NDArray[np.float64], notes: tuple[Note, ...]) -> Target:
    classes = tuple(level.text for level in task.classes)
    if task.kind == "survival":
        return Target(task.name, task.kind, classes, time=time, event=y, notes=notes)
    return Target(task.name, task.kind, classes, y=y, notes=notes)


def _numbers(expression: Expression, table: pd.DataFrame) -> tuple[NDArray[np.float64], tuple[Note, ...]]:
    if expression.column is None:
        return expression.evaluate(table).to_numpy(dtype=np.float64, na_value=np.nan), ()
    column = table[expression.column]
    values = cells.numbers(column)
    unread = np.isnan(values) & ~cells.missing(column)
    return values, tuple(note_cells(expression.column, "not_a_number", column, unread))


def _truths(expression: Expression, table: pd.DataFrame) -> tuple[NDArray[np.float64], tuple[Note, ...]]:
    if expression.column is None:
        return expression.evaluate(table).to_numpy(dtype=np.float64, na_value=np.nan), ()
    column = table[expression.column]
    values = cells.truths(column)
    unread = np.isnan(values) & ~cells.missing(column)
    return values, tuple(note_cells(expression.column, "not_true_or_false", column, unread))


def _classes(
    task: Task, expression: Expression, table: pd.DataFrame
) -> tuple[NDArray[np.float64], tuple[Note, ...]]:
    keys = {level.text: place for place, level in enumerate(task.classes)}
    name = expression.column
    column = table[name] if name is not None else expression.evaluate(table)
    places, unseen = cells.levels(column, keys)
    return places, tuple(note_cells(name or expression.text, "unseen_level", column, unseen))


def _times(
    task: Task, table: pd.DataFrame, identifier: str | None
) -> tuple[NDArray[np.float64], tuple[Note, ...]]:
    expression = parse(task.time or "")
    values, notes = _numbers(expression, table)
    below = values < 0
    if below.any():
        row = int(below.argmax())
        who = (
            f", {identifier} {shorten(table[identifier].iloc[row])!r}" if identifier in table.columns else ""
        )
        raise DataError(
            f"task {task.name!r}, row {row + 1}{who}: time {expression.text} is {values[row]:g}; "
            f"a time must not be below 0: correct it or leave it empty"
        )
    zero = values == 0
    years = np.where(zero, _HALF_A_DAY, values * YEARS_PER_UNIT[task.time_unit or "years"])
    if zero.any():
        notes = (*notes, Note(expression.text, "time_of_zero", int(zero.sum()), "0"))
    return years, notes
