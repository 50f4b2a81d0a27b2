"""A task as an event with a risk, or as an amount: what curves, cut-offs and groups are drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl.evaluate.metric import MINIMUM_AT_RISK
from mtl.evidence.honest import NOT_ESTIMABLE, labelled_prediction, patients
from mtl.evidence.subject import Subject
from mtl.model.outputs import horizon_name
from mtl.study import Task

Floats = NDArray[np.float64]
USUAL_HORIZON = 5.0


@dataclass(frozen=True)
class View:
    """One event of a task on its labelled rows.

    Attributes
    ----------
    key : str
        The column of `predict`: "recurrence@5y", "oedema=2", "malignant".
    risk : (n,)
        Predicted probability, or the predicted amount of a regression task.
    y : (n,)
        What happened: 0 or 1, or the amount; of length 0 for survival.
    time, event : (n,)
        Follow-up, for survival; else of length 0.
    horizon : float or None
        Years, for survival.
    groups : (n,) or None
        Whose row each is, where a patient may have several.
    """

    key: str
    risk: Floats
    y: Floats
    time: Floats
    event: Floats
    horizon: float | None = None
    groups: NDArray[np.int64] | None = None

    @property
    def n(self) -> int:
        """Labelled rows."""
        return len(self.risk)

    def take(self, rows: NDArray[np.int64]) -> View:
        """The same event of some of the rows."""
        if self.horizon is None:
            return View(self.key, self.risk[rows], self.y[rows], self.time, self.event)
        return View(self.key, self.risk[rows], self.y, self.time[rows], self.event[rows], self.horizon)


@dataclass(frozen=True)
class Silent:
    """An event of which nothing can be said here, and why."""

    key: str
    reason: str
    horizon: float | None = None


def views(subject: Subject, name: str) -> list[View | Silent]:
    """The events of a task, one a horizon or class; that with the usual horizon can be told by its key."""
    task, truth = subject.study.task(name), subject.truths[name]
    rows = np.flatnonzero(truth.labelled)
    if not len(rows):
        return [Silent(name, "no labelled rows")]
    whose = patients(subject.study, subject.table)
    groups = None if whose is None else whose[rows]
    none = np.empty(0)
    if task.kind == "survival":
        return [_survival(subject, task, h, groups) for h in task.horizons]
    y, prediction = truth.y[rows], labelled_prediction(subject.study, task, subject.predicted)[rows]
    if task.kind != "multiclass":
        return [View(name, prediction, y, none, none, groups=groups)]
    return [
        View(f"{name}={level}", prediction[:, c], (y == c).astype(np.float64), none, none, groups=groups)
        for c, level in enumerate(truth.classes)
    ]


def _survival(
    subject: Subject, task: Task, horizon: float, groups: NDArray[np.int64] | None
) -> View | Silent:
    truth, key = subject.truths[task.name], horizon_name(task.name, horizon)
    rows = np.flatnonzero(truth.labelled)
    risk = subject.predicted.numbers[key].to_numpy(dtype=np.float64)[rows]
    left = int((truth.time[rows] >= horizon).sum())
    if not np.isfinite(risk).all():
        return Silent(key, NOT_ESTIMABLE.format(years=horizon), horizon)
    if left < MINIMUM_AT_RISK:
        reason = f"fewer than {MINIMUM_AT_RISK} still at risk at {horizon:g} years ({left})"
        return Silent(key, reason, horizon)
    return View(key, risk, np.empty(0), truth.time[rows], truth.event[rows], horizon, groups)


def headline(task: Task, found: list[View | Silent]) -> View | Silent:
    """The event that stands for a task: five years, else the last horizon that can be told; the first class."""
    told = [one for one in found if isinstance(one, View)]
    if task.kind == "survival" and told:
        return next((one for one in told if one.horizon == USUAL_HORIZON), told[-1])
    return (told or found)[0]
