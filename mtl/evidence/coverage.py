"""Conformal sets and ranges on a subject's patients: how often they hold the truth, and how large they are.

Nobody is judged by a threshold that their own outcome, or that of their fold, had a part in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from mtl.evaluate.survival import known_by
from mtl.evidence.bands import bands
from mtl.evidence.conformal import LEVEL, Calibration, class_scores, sets
from mtl.evidence.headline import Headline
from mtl.evidence.subject import NEW, Checkpoint, Report, Subject

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

OWN_FOLDS = 5  # where the patients of the training are not here
SMALLEST_GROUP = 20  # patients below whom a group's coverage is not told
FEWEST = 50  # patients whose outcome is known, below which there is no conformal prediction


@dataclass(frozen=True, eq=False)
class Told:
    """What is said of a task's patients whose outcome is known, and the outcome.

    `said` (n, C) are probabilities of classes or, of an amount, (n, 1) predictions; `label` (n,) classes, or `y`
    amounts; `weight` (n,) stands for those whose outcome censoring has hidden.
    """

    rows: Rows
    said: Floats
    y: Floats
    fold: Rows
    weight: Floats
    classes: int | None

    @classmethod
    def of(cls, subject: Subject, head: Headline) -> Told | None:
        """None for a survival task whose horizons cannot be answered."""
        said, truth = head.said(subject.predicted.numbers), head.truth
        rows, weight = head.rows, np.ones(len(head.rows))
        if head.task.kind == "survival":
            if head.horizon is None:
                return None
            status = known_by(truth.time[rows], truth.event[rows] > 0, head.horizon)
            known = status.weight > 0
            rows, weight, y = rows[known], status.weight[known], status.case[known].astype(float)
        else:
            y = truth.y[rows]
        said = said[rows]
        if head.task.kind in ("binary", "survival"):
            said = np.column_stack([1.0 - said[:, 0], said[:, 0]])
        classes = None if head.task.kind == "regression" else said.shape[1]
        return cls(rows, said, y, subject.fold[rows], weight, classes)

    @property
    def label(self) -> Rows:
        """(n,) classes; 0 for amounts."""
        return np.zeros(len(self.y), dtype=np.int64) if self.classes is None else self.y.astype(np.int64)

    def calibration(self, fold: Rows | None = None) -> Calibration:
        """These patients as those whose outcome is known."""
        score = (
            np.abs(self.y - self.said[:, 0]) if self.classes is None else class_scores(self.said, self.label)
        )
        return Calibration(score, self.label, self.fold if fold is None else fold, self.weight)


@dataclass(frozen=True)
class Held:
    """Whether each patient's truth is held, (n,), how large the set or range is, (n,), and the limit for new patients."""

    covered: NDArray[np.bool_]
    size: Floats
    limit: Floats


def held(told: Told, known: Calibration, fold: Rows, by_class: bool, level: float = LEVEL) -> Held:
    """Judge patients by limits of `known` without their `fold`."""
    classes = told.classes if by_class else None
    covered, size = np.zeros(len(told.y), dtype=bool), np.zeros(len(told.y))
    for f in np.unique(fold).tolist():
        rows = fold == f
        limit = known.limits(None if f == NEW else f, classes, level)
        if told.classes is None:
            covered[rows] = np.abs(told.y[rows] - told.said[rows, 0]) <= limit[0]
            size[rows] = 2 * limit[0]
        else:
            chosen = sets(told.said[rows], limit)
            covered[rows] = chosen[np.arange(len(chosen)), told.label[rows]]
            size[rows] = chosen.sum(axis=1)
    return Held(covered, size, known.limits(None, classes, level))


def compute(subject: Subject, report: Report, checkpoint: Checkpoint) -> dict[str, Any]:
    """{"level", "calibrated_on", "tasks": {task: {"kind", "horizon", "n", "methods": {...}, "groups": [...]}}}.

    "calibrated_on" is "training": thresholds come from the patients of the training, out of fold; or "these": from
    these patients, in five parts, since the training's are not here.
    """
    training = subject if subject.internal else subject.training
    tasks: dict[str, Any] = {}
    for place, name in enumerate(subject.tasks):
        report("conformal", place / len(subject.tasks))
        tasks[name] = _task(subject, training, name)
    return {
        "level": LEVEL,
        "calibrated_on": "these" if training is None else "training",
        "n": len(subject.table),
        "tasks": tasks,
    }


def _task(subject: Subject, training: Subject | None, name: str) -> dict[str, Any]:
    head = Headline.of(subject, name)
    told = Told.of(subject, head)
    about = {"kind": head.task.kind, "horizon": head.horizon}
    if told is None or len(told.y) < FEWEST:
        return {**about, "n": 0 if told is None else len(told.y), "reason": "few"}
    fold = told.fold
    if training is None or training is subject:
        if training is None:
            fold = np.arange(len(told.y)) % OWN_FOLDS  # the order of the rows says nothing here
            fold = np.random.default_rng(0).permutation(fold)
        known = told.calibration(fold)
    else:
        own = Told.of(training, _at(training, name, head.horizon))
        if own is None or len(own.y) < FEWEST:
            return {**about, "n": len(told.y), "reason": "few"}
        known = own.calibration()
    one = held(told, known, fold, by_class=False)
    answer: dict[str, Any] = {
        **about,
        "n": len(told.y),
        "n_calibration": len(known.score),
        "methods": {"marginal": _method(told, one)},
        "groups": [
            {
                "feature": feature,
                "parts": [
                    {**band.to_dict(), **_share(told, one, np.isin(told.rows, band.rows))} for band in groups
                ],
            }
            for feature, groups in bands(subject.study, subject.X).items()
            if feature in subject.study.visible(name)
        ],
    }
    if told.classes is not None:
        answer["methods"]["by_class"] = _method(told, held(told, known, fold, by_class=True))
    return answer


def _at(training: Subject, name: str, horizon: float | None) -> Headline:
    found = Headline.of(training, name)
    return Headline(found.task, found.truth, found.fold, found.groups, horizon)


def _method(told: Told, found: Held) -> dict[str, Any]:
    everybody = np.ones(len(told.y), dtype=bool)
    limit = [float(value) if np.isfinite(value) else None for value in found.limit]
    answer = {**_share(told, found, everybody), "limit": limit}
    if told.classes is not None:
        total = told.weight.sum()
        answer["sizes"] = {
            str(k): float(told.weight[found.size == k].sum() / total) for k in range(1, told.classes + 1)
        }
        answer["classes"] = [_share(told, found, told.label == c) for c in range(told.classes)]
    return answer


def _share(told: Told, found: Held, chosen: NDArray[np.bool_]) -> dict[str, Any]:
    """Coverage among chosen patients with its interval, and the mean size; weighted for censoring."""
    n = int(chosen.sum())
    empty: dict[str, Any] = {"n": n, "coverage": None, "low": None, "high": None, "size": None}
    if n < SMALLEST_GROUP:
        return empty
    weight = told.weight[chosen]
    effective = float(weight.sum() ** 2 / (weight**2).sum())  # Kish
    coverage = float(np.average(found.covered[chosen], weights=weight))
    size = float(np.average(found.size[chosen], weights=weight))
    low, high = wilson(coverage, effective)
    return {
        "n": n,
        "coverage": coverage,
        "low": low,
        "high": high,
        "size": size if np.isfinite(size) else None,
    }


def wilson(share: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share among n (JASA 1927).

    >>> tuple(round(limit, 4) for limit in wilson(0.9, 100))
    (0.8256, 0.9448)
    """

    z = float(norm.ppf(0.5 + level / 2))
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return max(centre - reach, 0.0), min(centre + reach, 1.0)
