"""The Cox model that a statistician would write down: counts and concentrations by their logarithm, no selection.

It is the peer of a survival task. It reads the features that the task may see and that the judged cohort records, and
carries the same treatment offsets; it is fitted on the training patients only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import skew

from mtl.model.linear import Penalty, fit_path
from mtl.model.losses import CoxLoss
from mtl.study import Study

Floats = NDArray[np.float64]
SKEWED = 1.0  # skewness from which on a feature that is never negative enters by log(1 + x)
RIDGE = 1e-6  # keeps columns that say the same estimable; far below what a coefficient would show
FEWEST = 10  # patients that a column must tell from the others


@dataclass(frozen=True)
class Column:
    """How one column is made of an encoded feature: `place` in X and "log", "plain", "square", "level" or "missing"."""

    place: int
    how: str
    middle: float
    scale: float = 1.0
    level: float = 0.0

    def of(self, X: Floats) -> Floats:
        """(n,) the column for encoded findings (n, p); what is missing counts as the middle of the training."""
        x = X[:, self.place]
        if self.how == "missing":
            return np.asarray(np.isnan(x), dtype=np.float64)
        x = np.where(np.isnan(x), self.middle, x)
        if self.how == "log":
            return np.asarray(np.log1p(np.maximum(x, 0.0)))
        if self.how == "level":
            return np.asarray(x == self.level, dtype=np.float64)
        plain = (x - self.middle) / self.scale
        return np.asarray(plain if self.how == "plain" else plain**2)


@dataclass(frozen=True)
class LogCox:
    """A fitted model: its columns and their log hazard ratios."""

    columns: tuple[Column, ...]
    coefficients: Floats

    def margin(self, X: Floats) -> Floats:
        """(n,) log hazards without treatment, from an arbitrary origin."""
        out = np.zeros(len(X))
        for column, coefficient in zip(self.columns, self.coefficients.tolist(), strict=True):
            out += coefficient * column.of(X)
        return out


def columns_of(study: Study, task: str, X: Floats, recorded: NDArray[np.bool_]) -> list[Column]:
    """What is read of the features that a task may see: `X` (n, p) of the training, `recorded` (p,) elsewhere too."""
    seen, found = set(study.visible(task)), []
    for place, feature in enumerate(study.features):
        x = X[:, place]
        known = x[~np.isnan(x)]
        if feature.name not in seen or not recorded[place] or not len(known):
            continue
        middle = float(np.quantile(known, 0.5, method="lower"))
        if feature.kind == "numeric":
            if known.min() >= 0 and float(skew(known)) > SKEWED:
                found.append(Column(place, "log", middle))
            else:
                scale = float(known.std()) or 1.0
                found += [Column(place, "plain", middle, scale), Column(place, "square", middle, scale)]
        else:
            values = np.unique(known)
            found += [Column(place, "level", middle, level=float(v)) for v in values[1:]]
        found.append(Column(place, "missing", middle))
    told: dict[bytes, Column] = {}
    for column in found:
        values = column.of(X)
        if _tells(values, column.how):
            told.setdefault(values.tobytes(), column)  # findings are often missing together
    return list(told.values())


def _tells(values: Floats, how: str) -> bool:
    if how in ("level", "missing"):
        return bool(FEWEST <= values.sum() <= len(values) - FEWEST)
    return bool(np.ptp(values) > 0)


def fit_log_cox(
    study: Study, task: str, X: Floats, recorded: NDArray[np.bool_], loss: CoxLoss, rows: NDArray[np.intp]
) -> LogCox | None:
    """Fit on the training rows `rows` of X, of which `loss` is; None where no column tells patients apart."""
    columns = columns_of(study, task, X[rows], recorded)
    if not columns:
        return None
    Z = np.column_stack([column.of(X[rows]) for column in columns])
    coef, _ = fit_path(Z - Z.mean(axis=0), loss, np.zeros(Z.shape[1], dtype=bool), [Penalty(RIDGE)])
    return LogCox(tuple(columns), coef[0, :, 0])
