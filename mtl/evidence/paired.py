"""Scores fold by fold, and differences of two models on the same folds, whose training rows overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import softmax

from mtl.evaluate import NotEstimable
from mtl.evaluate.binary import auroc
from mtl.evaluate.concordance import harrell_c
from mtl.evaluate.multiclass import macro_auroc
from mtl.evaluate.regression import r2
from mtl.evidence.nested import Resamples
from mtl.model.forest import Floats
from mtl.model.guard import LEVEL, corrected_interval
from mtl.model.problem import Rows, TaskData

HEADLINE = {"binary": "auroc", "multiclass": "macro_auroc", "regression": "r2", "survival": "harrell_c"}


@dataclass(frozen=True, eq=False)
class Scores:
    """A model's headline metric and held-out loss, (folds,) each; NaN where a fold cannot tell.

    The loss is a mean per patient (survival: the partial likelihood's, per event).
    """

    metric: Floats
    loss: Floats

    def to_dict(self) -> dict[str, Any]:
        """The means, and the folds."""
        return {
            "metric": mean(self.metric),
            "loss": mean(self.loss),
            "folds": {"metric": plain(self.metric), "loss": plain(self.loss)},
        }

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Scores:
        """The inverse of :meth:`to_dict`."""
        metric, loss = (np.array(found["folds"][k], dtype=float) for k in ("metric", "loss"))
        return cls(metric, loss)

    @classmethod
    def averaged(cls, several: list[Scores]) -> Scores:
        """The mean of several models' scores, fold by fold; a fold that one of them cannot judge stays NaN."""
        return cls(np.mean([s.metric for s in several], axis=0), np.mean([s.loss for s in several], axis=0))


def plain(values: Floats) -> list[float | None]:
    """JSON values; None for NaN."""
    return [float(v) if np.isfinite(v) else None for v in values]


def mean(values: Floats) -> float | None:
    """The mean of what is finite; None where nothing is."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else None


def fold_scores(
    resamples: Resamples, task: TaskData, margin: Floats, only: Sequence[int] | None = None
) -> Scores:
    """Scores of margins (labelled, c) of a task, each fold judged by itself; `only` some of them.

    Survival is judged as treated: the offset of what was given is added, of several periods their mean weighted by the
    events in them.
    """
    given = treated(task)
    metric, loss = np.full(resamples.n, np.nan), np.full(resamples.n, np.nan)
    for f in range(resamples.n) if only is None else only:
        rows = resamples.inside(task, f)
        if not len(rows):
            continue
        held = task.loss(rows)
        if held.total:
            loss[f] = held.value(margin[rows])
        try:
            metric[f] = headline(task, rows, margin[rows] + given[rows])
        except NotEstimable:
            continue
    return Scores(metric, loss)


def headline(task: TaskData, rows: Rows, margin: Floats) -> float:
    """AUC, macro AUC, R2 or Harrell's C of margins (rows, c). Raises NotEstimable."""
    target = task.target.subset(rows)
    if target.kind == "survival":
        return harrell_c(target.time, target.event, margin[:, 0])
    if target.kind == "multiclass":
        return macro_auroc(target.y, softmax(margin, axis=1))
    if target.kind == "binary":
        return auroc(target.y, margin[:, 0])
    return r2((target.y - task.location) / task.scale, margin[:, 0])


def treated(task: TaskData) -> Floats:
    """(labelled, 1): what the treatment given adds to a margin; 0 but for survival tasks with a trial."""
    if task.offsets is None:
        return np.zeros((len(task.rows), 1))
    event = np.asarray(task.target.event) == 1
    period = np.searchsorted(np.array(task.boundaries), np.asarray(task.target.time)[event])
    share = np.bincount(period, minlength=task.offsets.shape[1]) / max(int(event.sum()), 1)
    return np.asarray(np.log((np.exp(task.offsets) * share).sum(axis=1, keepdims=True)))


def difference(first: Floats, second: Floats) -> dict[str, float | None]:
    """Mean of first - second over the folds with its 95 % interval after Nadeau and Bengio.

    The limits are None where fewer than two folds can be judged.

    >>> found = difference(np.array([0.7, 0.8, 0.6, 0.7, 0.7]), np.array([0.6, 0.6, 0.3, 0.5, 0.5]))
    >>> {name: round(value, 3) for name, value in found.items()}
    {'value': 0.2, 'low': 0.068, 'high': 0.332}
    """
    gains = first - second
    gains = gains[np.isfinite(gains)]
    if not len(gains):
        return {"value": None, "low": None, "high": None}
    value, low, high = corrected_interval(gains, LEVEL)
    return {
        "value": value,
        "low": low if np.isfinite(low) else None,
        "high": high if np.isfinite(high) else None,
    }


def gain(with_it: Scores, without: Scores) -> dict[str, dict[str, float | None]]:
    """What one model has over another: a higher metric, a smaller loss; above 0 is better in both."""
    return {
        "metric": difference(with_it.metric, without.metric),
        "loss": difference(without.loss, with_it.loss),
    }
