"""What a recalibration on these patients would bring, judged on patients who had no part in it: before and after."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.data import Target
from mtl.data.split import folds
from mtl.evaluate import SurvivalPrediction, compare_task, evaluate_task
from mtl.evaluate.metric import Metric
from mtl.evidence.headline import Headline
from mtl.evidence.honest import patients
from mtl.evidence.recalibrate import (
    FEWEST_EVENTS,
    METHODS,
    Affine,
    Followed,
    Method,
    NoSlopeError,
    apply,
)
from mtl.evidence.subject import NEW, Checkpoint, Report, Subject
from mtl.model.offsets import treatment_offsets
from mtl.model.outputs import predictions
from mtl.model.predictor import Predictor
from mtl.model.train import LEVEL

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

FOLDS = 5
SHOWN = {
    "binary": ("log_loss", "brier", "calibration_intercept", "calibration_slope", "ici"),
    "multiclass": ("log_loss", "brier"),
    "regression": ("rmse", "mae", "calibration_slope"),
    "survival": ("brier", "observed_expected", "calibration_slope", "ici"),
}


class NotRecalibratedError(ValueError):
    """No task can be recalibrated on these patients; the message says why."""


@dataclass(frozen=True, eq=False)
class Recalibration:
    """A subject's patients who were not in the training, in folds; what a recalibration on them is and brings."""

    subject: Subject

    @cached_property
    def rows(self) -> Rows:
        """Who was not in the training."""
        return np.flatnonzero(self.subject.fold == NEW)

    @cached_property
    def fold(self) -> Rows:
        """(rows,) the fold in which each is held out; the rows of a patient share one."""
        groups = patients(self.subject.study, self.subject.table)
        kept = {name: truth.subset(self.rows) for name, truth in self.subject.truths.items()}
        return np.asarray(
            folds(kept, FOLDS, 0, None if groups is None else groups[self.rows]), dtype=np.int64
        )

    @cached_property
    def _margins(self) -> dict[str, Floats]:
        return self.subject.model.predictor_.margins(self.subject.X[self.rows])

    def truth(self, task: str) -> Target:
        """(rows,) outcomes."""
        return self.subject.truths[task].subset(self.rows)

    def followed(self, task: str, apart_from: int | None = None) -> Followed:
        """The patients with an outcome, of all folds but one."""
        truth = self.truth(task)
        kept = truth.labelled if apart_from is None else truth.labelled & (self.fold != apart_from)
        chosen = np.flatnonzero(kept)
        offset = None
        if truth.kind == "survival":
            table = self.subject.table.iloc[self.rows[chosen]]
            offset = treatment_offsets(self.subject.study, table, task).values
        baseline = self.subject.model.predictor_.task(task).baseline
        return Followed(truth.subset(chosen), self._margins[task][chosen], offset, baseline)

    def refusal(self, task: str) -> tuple[str, int]:
        """Why a task cannot be recalibrated ("training", "outcome", "few"), or nothing; and how many events there are."""
        if not len(self.rows):
            return "training", 0
        if not self.truth(task).labelled.any():
            return "outcome", 0
        events = self.followed(task).informative
        return ("few" if events < FEWEST_EVENTS else ""), events

    def maps(self, task: str, method: Method) -> list[Affine]:
        """By fold the recalibration without it, then that of everybody. NoSlopeError where no slope fits."""
        return [self.followed(task, f).fit(method) for f in (*range(FOLDS), None)]

    def half_width(self, task: str, fitted: list[Affine]) -> float:
        """Of a recalibrated amount's interval: the conformal quantile of residuals held out."""
        truth = self.truth(task)
        kept = np.flatnonzero(truth.labelled)
        said = self._margins[task][kept, 0]
        of = self.fold[kept]
        level = np.array([one.level[0] for one in fitted[:-1]])[of]
        slope = np.array([one.slope for one in fitted[:-1]])[of]
        residuals = np.sort(np.abs(truth.y[kept] - level - slope * said))
        rank = int(np.ceil(LEVEL * (len(residuals) + 1)))
        return float(residuals[min(rank, len(residuals)) - 1])

    def predictors(self, fitted: dict[str, list[Affine]]) -> list[Predictor]:
        """By fold the predictor recalibrated without it, then the one recalibrated on everybody."""
        widths = {
            name: self.half_width(name, maps)
            for name, maps in fitted.items()
            if self.truth(name).kind == "regression"
        }
        own = self.subject.model.predictor_
        return [
            apply(own, {name: maps[f] for name, maps in fitted.items()}, widths) for f in range(FOLDS + 1)
        ]

    def numbers(self, by_fold: list[Predictor]) -> pd.DataFrame:
        """The columns of `predict` of each row, by the predictor of its fold."""
        parts = []
        for f in range(FOLDS):
            inside = np.flatnonzero(self.fold == f)
            rows = self.rows[inside]
            table = self.subject.table.iloc[rows]
            found = predictions(self.subject.study, by_fold[f], self.subject.X[rows], table)
            parts.append(found.set_axis(inside))
        return pd.concat(parts).sort_index()

    def fit(self, method: Method, judged: dict[str, Any]) -> dict[str, list[Affine]]:
        """Every task that, as :func:`compute` judged it, may be recalibrated and is not made worse.

        Raises
        ------
        NotRecalibratedError
            There is none.
        """
        found, reasons = {}, []
        for name in self.subject.tasks:
            answer = judged["tasks"][name]
            one = answer["methods"].get(method)
            if one is None or one.get("reason"):
                reasons.append(f"{name}: {(one or answer)['reason']}")
            else:
                found[name] = self.maps(name, method)
        if not found:
            raise NotRecalibratedError(
                f"no task can be recalibrated on these patients ({'; '.join(reasons)})"
            )
        return found

    def judged(self, task: str) -> dict[str, Any]:
        """{"kind", "horizon", "n", "events", "reason", "methods": {method: {...}}} of a task.

        Each method has its "level", "slope", the metrics "before", "after" and their paired "difference", all of them on
        held-out patients; or a "reason": "slope" (none fits), or "worse", where the held-out loss surely rose.
        """
        head = Headline.of(self.subject, task)
        reason, events = self.refusal(task)
        answer: dict[str, Any] = {
            "kind": head.task.kind,
            "horizon": head.horizon,
            "n": int(self.truth(task).labelled.sum()) if len(self.rows) else 0,
            "events": events,
            "reason": reason or None,
            "methods": {},
        }
        if reason:
            return answer
        before = self.subject.numbers().iloc[self.rows].reset_index(drop=True)
        for method in METHODS:
            try:
                fitted = self.maps(task, method)
            except NoSlopeError:
                answer["methods"][method] = {"reason": "slope"}
                continue
            after = self.numbers(self.predictors({task: fitted}))
            answer["methods"][method] = {
                "level": fitted[-1].level.tolist(),
                "slope": fitted[-1].slope,
                **self._compared(head, before, after),
            }
        return answer

    def _compared(self, head: Headline, before: pd.DataFrame, after: pd.DataFrame) -> dict[str, Any]:
        kind, truth = head.task.kind, self.truth(head.task.name)
        groups = None if head.groups is None else head.groups[self.rows]
        one, other = (self._said(head, numbers) for numbers in (before, after))
        found = {
            "before": evaluate_task(kind, truth, one, groups=groups),
            "after": evaluate_task(kind, truth, other, groups=groups),
            "difference": compare_task(kind, truth, other, one, groups=groups),
        }
        ending = f"@{head.horizon:g}y" if head.horizon is not None else ""
        names = [
            name + (ending if kind == "survival" and name != "calibration_slope" else "")
            for name in SHOWN[kind]
        ]
        loss = found["difference"].get(names[0], Metric(None, reason="no horizon"))
        worse = loss.low is not None and loss.low > 0
        return {
            "reason": "worse" if worse else None,
            **{
                when: {name: metric.to_dict() for name, metric in metrics.items() if name in names}
                for when, metrics in found.items()
            },
        }

    def _said(self, head: Headline, numbers: pd.DataFrame) -> Any:
        said = head.said(numbers)
        if head.task.kind == "survival":
            log_hazard = numbers[f"{head.task.name}.log_hazard"].to_numpy(dtype=np.float64)
            horizons = () if head.horizon is None else (head.horizon,)
            return SurvivalPrediction(log_hazard, said, horizons)
        return said if head.task.kind == "multiclass" else said[:, 0]


def compute(subject: Subject, report: Report, checkpoint: Checkpoint) -> dict[str, Any]:
    """{"n", "folds", "fewest", "tasks": {task: ...}}; see :meth:`Recalibration.judged`."""
    found = Recalibration(subject)
    tasks = {}
    for place, name in enumerate(subject.tasks):
        report("recalibration", place / len(subject.tasks))
        if name not in checkpoint:
            checkpoint[name] = found.judged(name)
        tasks[name] = checkpoint[name]
    return {"n": len(found.rows), "folds": FOLDS, "fewest": FEWEST_EVENTS, "tasks": tasks}
