"""Every task's labels in columns of their own, so that they can be hidden or permuted without touching a feature."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from bench.comparison.data import Cohort
from mtl import Study
from mtl.data.targets import Target, targets


def label_columns(task: str, kind: str) -> list[str]:
    """The columns that :func:`with_own_labels` adds for a task."""
    return [f"{task}__years", f"{task}__event"] if kind == "survival" else [f"{task}__label"]


def with_own_labels(cohort: Cohort) -> Cohort:
    """The same cohort; each task's target is a column that nothing else reads, and sees the features it saw before.

    A treatment that was given stays what its own column says, whatever becomes of the labels of its task.
    """
    study, table = cohort.study, cohort.table.reset_index(drop=True).copy()
    entries = study.to_dict()
    found = targets(study, table)
    every = {feature.name for feature in study.features}
    for entry in entries["task"]:
        target, columns = found[entry["name"]], label_columns(entry["name"], entry["kind"])
        for column, values in zip(columns, _values(target), strict=True):
            table[column] = values
        if target.kind == "survival":
            entry["time"], entry["event"], entry["time_unit"] = *columns, "years"
        else:
            entry["target"] = columns[0] + (" == 1" if target.kind == "binary" else "")
        entry["excludes"] = sorted(every - set(study.visible(entry["name"])))
    for entry in entries.get("treatment", []):
        entry.pop("task", None)
    own = Study.from_dict(entries)
    for task in study.tasks:
        if own.visible(task.name) != study.visible(task.name):
            raise ValueError(f"{cohort.name}: {task.name} would see other features than in its own study")
    for treatment in study.treatments:
        if treatment.trials and own.given(treatment.column) != study.given(treatment.column):
            raise ValueError(
                f"{cohort.name}: {treatment.column} would count as given under another condition"
            )
    return Cohort(cohort.name, own, table)


def _values(target: Target) -> list[np.ndarray]:
    if target.kind == "survival":
        return [target.time, target.event]
    if target.kind != "multiclass":
        return [target.y]
    names = np.array([*target.classes, None], dtype=object)
    return [names[np.where(target.labelled, target.y, len(target.classes)).astype(int)]]


def scarce(cohort: Cohort, table: pd.DataFrame, task: str, share: float, seed: int) -> pd.DataFrame:
    """The table with `share` of one task's labels, drawn alike from each class, or from events and censored."""
    kind = cohort.study.task(task).kind
    target = targets(cohort.study, table, [task])[task]
    strata = target.event if kind == "survival" else target.y
    if kind == "regression":
        strata = np.where(target.labelled, 0.0, np.nan)
    rng = np.random.default_rng(seed)
    hidden = np.ones(len(table), dtype=bool)
    for value in np.unique(strata[~np.isnan(strata)]):
        rows = np.flatnonzero(strata == value)
        hidden[rng.permutation(rows)[: max(1, round(share * len(rows)))]] = False
    return _without(table, label_columns(task, kind), hidden)


def _without(table: pd.DataFrame, columns: list[str], hidden: np.ndarray) -> pd.DataFrame:
    return table.assign(**{c: table[c].where(~hidden) for c in columns})


def permuted_helpers(cohort: Cohort, table: pd.DataFrame, keep: Iterable[str], seed: int) -> pd.DataFrame:
    """The table with the labels of all tasks but `keep` dealt to other patients, one permutation for all of them.

    Labels of one patient travel together, time with event, so that the helpers stay related to each other and to
    nothing else. Rows travel among those with the same tasks labelled: what is missing stays where it is missing.
    """
    helpers = [t for t in cohort.study.tasks if t.name not in set(keep)]
    columns = [c for t in helpers for c in label_columns(t.name, t.kind)]
    if not columns:
        return table
    pattern = table[columns].notna().to_numpy() @ (2 ** np.arange(len(columns)))
    rng = np.random.default_rng(seed)
    source = np.arange(len(table))
    for value in np.unique(pattern):
        rows = np.flatnonzero(pattern == value)
        source[rows] = rng.permutation(rows)
    shuffled = {c: table[c].to_numpy()[source] for c in columns}
    return table.assign(**shuffled)
