"""Regression of one number or of several at once, yes/no columns among them, on arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import RegressorMixin

from mtl.estimators.base import Column, Kind, MultiTaskEstimator, where
from mtl.estimators.labels import columns_of, missing
from mtl.model.forest import Floats


class MultiTaskRegressor(RegressorMixin, MultiTaskEstimator):  # type: ignore[misc]
    """Regressor of one or several columns, by a blend of a linear model, own trees and trees that the columns share.

    Parameters
    ----------
    kinds
        What the columns of y are: "regression" or None for numbers, "binary" for 0 and 1, or a list with one of the
        two a column. A binary column is fitted by its log loss and predicted as a probability.
    effort, random_state, background, n_jobs, cv
        As in :class:`MultiTaskClassifier`; so are the notes on missing values and weights.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from mtl import MultiTaskRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = MultiTaskRegressor(random_state=0, cv=3).fit(X[::2], y[::2])
    >>> bool(model.score(X[1::2], y[1::2]) > 0.4)
    True

    A number and a yes/no column together; NaN is a missing label:

    >>> both = np.column_stack([y, y > 200]).astype(float)
    >>> both[::5, 0] = np.nan
    >>> model = MultiTaskRegressor(kinds=["regression", "binary"], random_state=0, cv=3).fit(X[::2], both[::2])
    >>> found = model.predict(X[1::2])
    >>> found.shape, bool((found[:, 1] > 0).all() and (found[:, 1] < 1).all())
    ((221, 2), True)
    """

    def __init__(
        self,
        kinds: str | Sequence[str] | None = None,
        effort: str = "quick",
        random_state: Any = None,
        background: int = 500,
        n_jobs: int | None = None,
        cv: Any = 5,
    ) -> None:
        super().__init__(effort, random_state, background, n_jobs, cv)
        self.kinds = kinds

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit all columns.

        Parameters
        ----------
        X
            (n, p) numbers, NaN where missing.
        y
            (n,) or (n, columns) numbers. In two dimensions NaN is a missing label.
        sample_weight
            (n,), not negative.

        Raises
        ------
        ValueError
            For unusable shapes or values, missing labels in one dimension, or kinds that do not fit y.
        """
        values = self._features(X)
        counted, weight = self._weights(values, y, sample_weight)
        labels, several = columns_of(y)
        columns = []
        for t, (column, kind) in enumerate(zip(labels, self._kinds(len(labels)), strict=True)):
            numbers = _numbers(column, where(t, len(labels)), several)
            numbers[~counted] = np.nan
            known = numbers[~np.isnan(numbers)]
            if kind == "binary" and ((known != 0) & (known != 1)).any():
                wrong = known[(known != 0) & (known != 1)][0]
                raise ValueError(
                    f"{where(t, len(labels))} is declared binary and holds {wrong:g}; use 0, 1 and NaN"
                )
            columns.append(Column(kind, numbers))
        self._fit(values, columns, weight)
        self._several = several
        return self

    def _kinds(self, n: int) -> list[Kind]:
        given = self.kinds if self.kinds is not None else "regression"
        every = [given] * n if isinstance(given, str) else list(given)
        if len(every) != n:
            raise ValueError(f"kinds has {len(every)} entries and y {n} columns: give one a column")
        out: list[Kind] = []
        for kind in every:
            if kind not in ("regression", "binary"):
                raise ValueError(f"kinds: {kind!r} is unknown; choose 'regression' or 'binary'")
            out.append("binary" if kind == "binary" else "regression")
        return out

    def predict(self, X: Any) -> Floats:
        """The expected value of each column, a probability where it is binary: (n,), or (n, columns) for a 2-D y."""
        margins = self._margins(X)
        kinds = [task.kind for task in self.predictor_.tasks]
        found = [
            expit(m[:, 0]) if kind == "binary" else m[:, 0] for m, kind in zip(margins, kinds, strict=True)
        ]
        return np.column_stack(found) if self._several else np.asarray(found[0])

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R2; for a 2-D y the mean over the columns, each on the rows that have its label."""
        from sklearn.metrics import r2_score

        labels, several = columns_of(y)
        predicted = self.predict(X).reshape(len(labels[0]), -1)
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=float)
        scores = []
        for t, column in enumerate(labels):
            known = ~missing(column) if several else np.ones(len(column), dtype=bool)
            if known.any():
                part = None if weight is None else weight[known]
                scores.append(r2_score(column[known], predicted[known, t], sample_weight=part))
        return float(np.mean(scores))


def _numbers(column: NDArray[Any], name: str, may_miss: bool) -> Floats:
    gaps = missing(column)
    if gaps.any() and not may_miss:
        raise ValueError("Input y contains NaN.")
    if np.iscomplexobj(column):
        raise ValueError("Complex data not supported")
    numbers = np.full(len(column), np.nan)
    try:
        numbers[~gaps] = column[~gaps].astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: a label is no number: {error}") from error
    if np.isinf(numbers).any():
        raise ValueError("Input y contains infinity or a value too large for dtype('float64').")
    return numbers
