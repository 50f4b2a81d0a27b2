"""Which rows are learnt from, how often, in which order and in which fold.

A model may not depend on the order of its rows, a weight of 0 must equal leaving a row out, and a weight of 3 must equal
giving it three times. So rows of weight 0 and rows without any label are dropped, whole-number weights become repeated
rows, and what is left is sorted: the same patients then make the same arrays, however they were given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl.data.split import folds
from mtl.data.targets import Target

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

MOST_ROWS = 1_000_000  # rows that whole-number weights may be written out to
FEWEST_PATTERNS = 50  # distinct rows of X from which on equal rows can be taken for the same patient
_ATTEMPTS = 50


@dataclass(frozen=True)
class TrainingRows:
    """Rows in their canonical order.

    ``X`` (n, p); ``Y`` (n, tasks), NaN where the label is missing; ``weight`` (n,) with mean 1, or None when all count
    the same; ``fold`` (n,) where the caller chose the folds.
    """

    X: Floats
    Y: Floats
    weight: Floats | None
    fold: Places | None

    @classmethod
    def of(cls, X: Floats, Y: Floats, weight: Floats | None, fold: Places | None = None) -> TrainingRows:
        """Drop, repeat and sort rows; `weight` is not negative.

        >>> X, Y = np.array([[2.0], [1.0], [5.0]]), np.array([[1.0], [0.0], [1.0]])
        >>> rows = TrainingRows.of(X, Y, np.array([2.0, 1.0, 0.0]))
        >>> rows.X[:, 0].tolist(), rows.weight
        ([1.0, 2.0, 2.0], None)
        """
        weight = np.ones(len(X)) if weight is None else weight
        keep = np.flatnonzero((weight > 0) & ~np.isnan(Y).all(axis=1))
        kept = weight[keep]
        relative: Floats | None = None
        if (kept == np.floor(kept)).all() and kept.sum() <= max(MOST_ROWS, len(kept)):
            keep = np.repeat(keep, kept.astype(np.intp))
        elif len(kept) and kept.min() < kept.max():
            relative = weight / kept.mean()
        columns = [*(X[keep, j] for j in range(X.shape[1])), *(Y[keep, t] for t in range(Y.shape[1]))]
        columns += [extra[keep] for extra in (fold, relative) if extra is not None]
        keep = keep[np.lexsort(columns[::-1])]
        return cls(
            X[keep] + 0.0,  # no negative zeros: they sort like zeros and would keep the order they came in
            Y[keep] + 0.0,
            None if relative is None else relative[keep],
            None if fold is None else np.unique(fold[keep], return_inverse=True)[1],
        )

    def __len__(self) -> int:
        return len(self.X)

    def patients(self) -> Places | None:
        """(n,) whose row each is, where equal rows can only be copies of one patient's; None where all are their own.

        Copies must stay in one fold, or a held-out row would be known. Equal rows are copies when rows of X tell
        patients apart: there are many different ones, and none goes with two different labels. Rows of a coarse table
        (three yes/no columns, say) are equal by chance, and keeping them together would hold out whole patterns.
        """
        new_x = np.ones(len(self), dtype=bool)
        new_x[1:] = ~_equal(self.X[1:], self.X[:-1])
        if new_x.all() or new_x.sum() < FEWEST_PATTERNS:
            return None
        new_y = np.zeros(len(self), dtype=bool)
        new_y[1:] = ~_equal(self.Y[1:], self.Y[:-1])
        return None if (new_y & ~new_x).any() else np.cumsum(new_x) - 1

    def deal(self, targets: dict[str, Target], n_folds: int, seed: int) -> Places:
        """The fold of each row, (n,); every task has labels in at least two folds.

        Raises
        ------
        ValueError
            The caller's folds leave a task without labels to train on.
        """
        if self.fold is not None:
            if not _trainable(targets, self.fold):
                raise ValueError(
                    "cv: a task has all its labels in one test set, so nothing is left to train on; use other splits"
                )
            return self.fold
        patient = self.patients()
        units = len(self) if patient is None else int(patient[-1]) + 1
        for attempt in range(_ATTEMPTS):
            fold = np.asarray(folds(targets, min(n_folds, units), seed + attempt, patient), dtype=np.intp)
            if _trainable(targets, fold):
                return fold
        raise ValueError("a column of y has too few labels to hold any out; at least 2 rows are needed")


def chosen_folds(splits: Iterable[tuple[Any, Any]], n: int) -> Places:
    """The fold of each of n rows by pairs (train, test) of row numbers.

    Raises
    ------
    ValueError
        A row is in no test set, in two, or in a training set together with its test set.

    Examples
    --------
    >>> chosen_folds([([0, 1], [2]), ([2], [0, 1])], 3).tolist()
    [1, 1, 0]
    """
    fold = np.full(n, -1, dtype=np.intp)
    for number, (train, test) in enumerate(splits):
        train, test = np.asarray(train, dtype=np.intp), np.asarray(test, dtype=np.intp)
        if (fold[test] >= 0).any() or len(np.unique(np.concatenate([train, test]))) != len(train) + len(test):
            raise ValueError(
                f"cv: split {number} tests a row that an earlier split tested or that it trains on"
            )
        if len(train) + len(test) != n:
            raise ValueError(
                f"cv: split {number} trains on {len(train)} and tests {len(test)} of {n} rows; each row must be in one"
            )
        fold[test] = number
    if (fold < 0).any():
        raise ValueError(f"cv: row {int((fold < 0).argmax())} is in no test set; every row needs one")
    return fold


def _equal(a: Floats, b: Floats) -> NDArray[np.bool_]:
    return np.asarray(((a == b) | (np.isnan(a) & np.isnan(b))).all(axis=1))


def _trainable(targets: dict[str, Target], fold: Places) -> bool:
    return all(len(np.unique(fold[target.labelled])) > 1 for target in targets.values())
