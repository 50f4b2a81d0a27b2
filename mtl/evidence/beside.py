"""What stands beside the blend on the same patients: each of its experts alone, and a Cox model on log features.

Nobody is judged by anything that saw them: a training patient's expert is that of the fold predictor, and so is the Cox
model. An expert alone has a constant of its own (that of its training rows) and, for survival, a baseline hazard of its
own (Breslow from its out-of-fold log hazards), as the blend has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, softmax

from mtl.data import Target
from mtl.evidence.honest import GRID_POINTS, Curves, Predicted
from mtl.evidence.log_cox import fit_log_cox
from mtl.evidence.subject import NEW, Subject
from mtl.model.baseline import Baseline
from mtl.model.losses import CoxLoss, SquaredLoss, loss_for
from mtl.model.offsets import treatment_offsets
from mtl.model.outputs import horizon_name, output_names
from mtl.model.predictor import EXPERTS, Predictor
from mtl.study import Task

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

LOG_COX = "log_cox"
OTHERS = (*EXPERTS, LOG_COX)


@dataclass(frozen=True)
class _Judged:
    """A task's training: its outcomes on the training rows, the rows that have one, where each was held out."""

    task: Task
    truth: Target
    rows: Rows
    fold: NDArray[np.int64]

    def seen_by(self, fold: int) -> Rows:
        """Labelled training rows that the predictor of a fold was fitted on; all of them for the final one."""
        return self.rows if fold == NEW else self.rows[self.fold[self.rows] != fold]


def others(subject: Subject, told: Callable[[float], None]) -> dict[str, Predicted]:
    """The predictions of everything that stands beside the blend, for every task that it can answer.

    Empty where the training patients are not known: an expert has no constant then. `told` hears of the share done.
    """
    training = subject.training
    if training is None:
        return {}
    found: dict[str, dict[str, Floats]] = {name: {} for name in OTHERS}
    curves: dict[str, dict[str, Curves]] = {name: {} for name in OTHERS}
    for place, name in enumerate(subject.tasks):
        task, truth = subject.study.task(name), training.truths[name]
        judged = _Judged(task, truth, np.flatnonzero(truth.labelled), training.fold)
        for other in OTHERS:
            made = _margins(subject, training, judged, other)
            if made is None:
                continue
            margins, of_training = made
            if task.kind == "survival":
                columns, curve = _survival(subject, training, judged, margins[:, 0], of_training[:, 0])
                curves[other][name] = curve
            else:
                columns = _labelled(subject, task, margins)
            found[other].update(columns)
        told((place + 1) / len(subject.tasks))
    fold = None if set(np.unique(subject.fold).tolist()) == {NEW} else subject.fold
    return {
        other: Predicted(pd.DataFrame(columns, index=subject.table.index), curves[other], fold)
        for other, columns in found.items()
        if columns
    }


def answers(subject: Subject, given: Predicted) -> list[str]:
    """The tasks that a prediction has numbers of."""
    names = {name: output_names(subject.study, subject.study.task(name))[-1] for name in subject.tasks}
    return [name for name, last in names.items() if last in given.numbers.columns]


# Margins -------------------------------------------------------------------------------------------------------------


def _margins(
    subject: Subject, training: Subject, judged: _Judged, other: str
) -> tuple[Floats, Floats] | None:
    """(n, c) margins of the judged patients and of the training patients out of fold; None where there is nothing."""
    if other == LOG_COX:
        return _log_cox(subject, training, judged)
    if other == "shared" and not _shares(subject.model.predictor_, judged.task.name):
        return None

    def of(predictor: Predictor, X: Floats) -> Floats:
        return expert_margin(predictor, judged.task.name, other, X)

    def constant(fold: int, predictor: Predictor) -> Floats:
        rows = judged.seen_by(fold)
        if judged.task.kind == "survival":
            return np.asarray(-of(predictor, training.X[rows]).mean(axis=0))
        return _start(judged, rows, 0.0 if other == "linear" else 1.0)

    scale = 1.0
    if judged.task.kind == "regression":
        scale = subject.model.predictor_.task(judged.task.name).scale

    def every(patients: Subject) -> Floats:
        out = np.zeros((len(patients.table), judged.task.n_outputs))
        for f in np.unique(patients.fold).tolist():
            rows, predictor = np.flatnonzero(patients.fold == f), patients.predictor(f)
            out[rows] = constant(f, predictor) + scale * of(predictor, patients.X[rows])
        return out

    margins = every(subject)
    return margins, margins if training is subject else every(training)


def expert_margin(predictor: Predictor, task: str, expert: str, X: Floats) -> Floats:
    """(n, c) what one expert of a task says, without its constant; regression in the unit of the experts."""
    fitted = predictor.task(task)
    if expert == "linear":
        return np.asarray(fitted.linear.margin(X))
    if expert == "own":
        return np.asarray(fitted.own.margin(X))
    return np.asarray(predictor.shared[fitted.shared].margin(X)[:, list(fitted.shared_outputs)])


def _shares(predictor: Predictor, task: str) -> bool:
    """Whether the shared trees of a task say anything: a structure that nobody else shapes is empty."""
    forest = predictor.shared[predictor.task(task).shared]
    return bool(forest.n_trees > 0)


def _start(judged: _Judged, rows: Rows, trees: float) -> Floats:
    """(c,) the constant of an expert: where its trees start; a linear expert has its own, but for the amounts' mean."""
    truth = judged.truth.subset(rows)
    if judged.task.kind != "regression":
        return trees * np.asarray(loss_for(truth).start())
    mean = float(judged.truth.y[judged.rows].mean())
    return np.asarray([mean]) + trees * (np.asarray(SquaredLoss(truth.y).start()) - mean)


def _log_cox(subject: Subject, training: Subject, judged: _Judged) -> tuple[Floats, Floats] | None:
    if judged.task.kind != "survival":
        return None
    recorded = np.asarray(~np.isnan(subject.X).all(axis=0), dtype=np.bool_)
    offsets = treatment_offsets(training.study, training.table, judged.task.name)

    def of(fold: int) -> Callable[[Floats], Floats] | None:
        rows = judged.seen_by(fold)
        truth = judged.truth.subset(rows)
        if not truth.event.sum():
            return None
        loss = CoxLoss(truth.time, truth.event, offsets.values[rows], offsets.boundaries)
        fit = fit_log_cox(training.study, judged.task.name, training.X, recorded, loss, rows)
        if fit is None:
            return None
        centre = fit.margin(training.X[rows]).mean()
        return lambda X: fit.margin(X) - centre

    fits = {f: of(f) for f in {*np.unique(subject.fold).tolist(), *np.unique(training.fold).tolist()}}
    if any(fit is None for fit in fits.values()):
        return None

    def every(patients: Subject) -> Floats:
        out = np.zeros((len(patients.table), 1))
        for f in np.unique(patients.fold).tolist():
            rows, fit = np.flatnonzero(patients.fold == f), fits[f]
            assert fit is not None
            out[rows, 0] = fit(patients.X[rows])
        return out

    return every(subject), every(training)


# Numbers -------------------------------------------------------------------------------------------------------------


def _labelled(subject: Subject, task: Task, margins: Floats) -> dict[str, Floats]:
    names = output_names(subject.study, task)
    if task.kind == "multiclass":
        return dict(zip(names, softmax(margins, axis=1).T, strict=True))
    return {names[0]: expit(margins[:, 0]) if task.kind == "binary" else margins[:, 0]}


def _survival(
    subject: Subject, training: Subject, judged: _Judged, margin: Floats, of_training: Floats
) -> tuple[dict[str, Floats], Curves]:
    """Risks and log hazards as treated, by a baseline hazard of the training patients' out-of-fold margins."""
    name, rows = judged.task.name, judged.rows
    own = treatment_offsets(training.study, training.table, name)
    horizons = tuple(float(h) for h in judged.task.horizons)
    baseline = Baseline.fit(
        judged.truth.time[rows], judged.truth.event[rows], of_training[rows, None] + own.values[rows],
        own.boundaries, horizons,
    )  # fmt: skip
    offsets = treatment_offsets(subject.study, subject.table, name).values
    risk = baseline.risk(margin, offsets, np.array(horizons))
    columns = {horizon_name(name, h): risk[:, j] for j, h in enumerate(horizons)}
    columns[f"{name}.log_hazard"] = margin + baseline.mean_offset(offsets)
    last = max([h for h in horizons if baseline.estimable(h)], default=float(baseline.times[-1]))
    years = np.linspace(0.0, last, GRID_POINTS + 1)[1:]
    return columns, Curves(years, baseline.risk(margin, offsets, years))
