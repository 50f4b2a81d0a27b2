"""How patients are dealt into folds: each whole in a fold, all tasks' labels and events in equal shares."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.data.notes import DataError
from mtl.data.targets import Target

_MAX_GREEDY = 20_000


def folds(
    targets: Mapping[str, Target],
    n_splits: int,
    seed: int,
    groups: Sequence[Hashable] | NDArray[np.generic] | pd.Series | None = None,
) -> NDArray[np.int64]:
    """The fold 0..n_splits-1 of every row, (n,).

    Rows of one group (a patient) share a fold. Over all tasks at once, each class, each of event and
    censored observation (early and late), and each quarter of a regression target is spread evenly:
    patients with equal labels are dealt out equally, and the remainder goes, rarest label first, to the
    fold that lacks the label most (iterative stratification, Sechidis, Tsoumakas and Vlahavas 2011).

    Raises
    ------
    DataError
        There are fewer patients than folds, or `groups` has another length than the targets.

    Examples
    --------
    >>> target = Target("a", "binary", y=np.array([0.0] * 6 + [1.0] * 3))
    >>> fold = folds({"a": target}, 3, seed=0)
    >>> np.bincount(fold).tolist(), np.bincount(fold[6:]).tolist()
    ([3, 3, 3], [1, 1, 1])
    """
    if not targets:
        raise DataError("no task to stratify by; pass at least one target")
    rows = len(next(iter(targets.values())))
    if n_splits < 2:
        raise DataError(f"{n_splits} folds: at least 2 are needed")
    unit = _units(groups, rows)
    n_units = int(unit.max()) + 1 if rows else 0
    if n_units < n_splits:
        raise DataError(f"{n_units} patients cannot fill {n_splits} folds; use fewer folds")
    labels = _labels(targets, rows)
    counts = labels
    if groups is not None:
        counts = np.column_stack([np.bincount(unit, column, n_units) for column in labels.T]).astype(np.int64)
    return _deal(counts, n_splits, np.random.default_rng(seed))[unit]


def _units(
    groups: Sequence[Hashable] | NDArray[np.generic] | pd.Series | None, rows: int
) -> NDArray[np.int64]:
    """The patient 0, 1, ... of each row; a row whose patient is missing is a patient of its own."""
    if groups is None:
        return np.arange(rows)
    if len(groups) != rows:
        raise DataError(f"{len(groups)} patient identifiers for {rows} rows; pass one a row")
    codes, known = pd.factorize(np.asarray(groups, dtype=object))
    alone = codes < 0
    codes = codes.astype(np.int64)
    codes[alone] = len(known) + np.arange(alone.sum())
    return codes


def _labels(targets: Mapping[str, Target], rows: int) -> NDArray[np.int64]:
    """Indicator columns (rows, q): one for every row, then each task's labels."""
    columns = [np.ones(rows, dtype=bool)]
    for target in targets.values():
        if target.kind in ("binary", "multiclass"):
            columns += [target.y == value for value in np.unique(target.y[target.labelled])]
        elif target.kind == "regression":
            columns += _bands(target.y, target.labelled, 4)
        else:
            for event in (0.0, 1.0):
                columns += _bands(target.time, target.event == event, 2)
    return np.column_stack(columns).astype(np.int64)


def _bands(values: NDArray[np.float64], among: NDArray[np.bool_], n_bands: int) -> list[NDArray[np.bool_]]:
    if not among.any():
        return []
    edges = np.quantile(values[among], np.linspace(0, 1, n_bands + 1)[1:-1])
    band = np.searchsorted(edges, values, side="left")
    return [among & (band == place) for place in range(n_bands)]


def _deal(counts: NDArray[np.int64], n_splits: int, rng: np.random.Generator) -> NDArray[np.int64]:
    n_units = len(counts)
    shuffled = rng.permutation(n_units)
    order = shuffled[np.lexsort(counts[shuffled].T)]  # equal labels side by side, in random order within
    ordered = counts[order]
    new = np.ones(n_units, dtype=bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    start = np.flatnonzero(new)
    size = np.diff(np.append(start, n_units))
    place = np.arange(n_units) - np.repeat(start, size)
    rest = place >= np.repeat(size - size % n_splits, size)
    fold = np.empty(n_units, dtype=np.int64)
    fold[order] = place % n_splits
    left = order[rest]
    if len(left) > _MAX_GREEDY:  # so many patients that dealing them in order is even enough
        fold[left] = np.arange(len(left)) % n_splits
        return fold
    _greedy(fold, left, counts, n_splits, rng)
    return fold


def _greedy(
    fold: NDArray[np.int64],
    left: NDArray[np.int64],
    counts: NDArray[np.int64],
    n_splits: int,
    rng: np.random.Generator,
) -> None:
    """Place the patients `left` where their labels lack most, one by one; rare labels, large units first."""
    total = np.maximum(counts.sum(axis=0), 1)
    wanted = np.repeat(total[None, :] / n_splits, n_splits, axis=0)
    placed = np.setdiff1d(np.arange(len(counts)), left)
    np.subtract.at(wanted, fold[placed], counts[placed])
    share = counts[left] / total
    order = left[np.argsort(-share.max(axis=1) - 1e-9 * rng.random(len(left)), kind="stable")]
    tie = rng.random((len(left), n_splits)) * 1e-9
    for step, unit in enumerate(order):
        need = (wanted * (counts[unit] / total)).sum(axis=1) + tie[step]
        best = int(np.argmax(need))
        fold[unit] = best
        wanted[best] -= counts[unit]
