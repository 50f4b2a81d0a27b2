"""What is missing: how much of each feature, in which patterns, and whether it goes with an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl.data import Target

Floats = NDArray[np.float64]
MOST_PATTERNS = 20


@dataclass(frozen=True)
class MissingFeature:
    """One feature: cells without a value that the model can read, of all rows."""

    column: str
    missing: int
    rows: int

    @property
    def share(self) -> float:
        """Missing cells over rows."""
        return self.missing / self.rows if self.rows else 0.0


@dataclass(frozen=True)
class MissingPattern:
    """Rows that lack exactly these features."""

    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class MissingByOutcome:
    """The share of a feature that is missing, by group of one task: classes, event or not, lower and upper half."""

    column: str
    task: str
    shares: dict[str, float]

    @property
    def gap(self) -> float:
        """The largest share less the smallest."""
        return max(self.shares.values()) - min(self.shares.values())


@dataclass(frozen=True)
class Missingness:
    """Missing values in three ways; `patterns` are the commonest, `other_patterns` the number of the rest."""

    by_feature: tuple[MissingFeature, ...]
    patterns: tuple[MissingPattern, ...]
    other_patterns: int
    by_outcome: tuple[MissingByOutcome, ...]
    complete_rows: int


def missingness(X: Floats, names: Sequence[str], targets: dict[str, Target]) -> Missingness:
    """Missing values of encoded features X (n, p)."""
    gone = np.isnan(X)
    n = len(X)
    features = tuple(
        MissingFeature(name, int(count), n) for name, count in zip(names, gone.sum(axis=0), strict=True)
    )
    packed = np.packbits(gone, axis=1)
    keys = (
        np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1] or 1))).ravel()
        if packed.size
        else np.zeros(n, dtype="V1")
    )
    found, first, counts = np.unique(keys, return_index=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MOST_PATTERNS]
    patterns = tuple(
        MissingPattern(tuple(np.asarray(names, dtype=object)[gone[first[i]]]), int(counts[i])) for i in order
    )
    complete = int((~gone.any(axis=1)).sum())
    by_outcome = []
    for target in targets.values():
        groups = groups_of(target)
        if len(groups) < 2:
            continue
        shares = {label: gone[rows].mean(axis=0) for label, rows in groups.items() if rows.any()}
        for place in np.flatnonzero(gone.any(axis=0)):
            by_outcome.append(
                MissingByOutcome(
                    names[int(place)],
                    target.task,
                    {label: float(share[place]) for label, share in shares.items()},
                )
            )
    by_outcome.sort(key=lambda found: -found.gap)
    return Missingness(features, patterns, max(len(found) - MOST_PATTERNS, 0), tuple(by_outcome), complete)


def groups_of(target: Target) -> dict[str, NDArray[np.bool_]]:
    """The groups in which a task's patients are compared, each a mask (n,); unlabelled patients are in none.

    Binary 0 and 1, classes by name, survival `event` and `censored`, regression `lower` and `upper` half.
    """
    labelled = target.labelled
    if target.kind == "survival":
        occurred = np.nan_to_num(target.event) == 1
        groups = {"censored": labelled & ~occurred, "event": labelled & occurred}
    elif target.kind == "regression":
        middle = float(np.median(target.y[labelled])) if labelled.any() else 0.0
        upper = np.nan_to_num(target.y, nan=-np.inf) > middle
        groups = {"lower": labelled & ~upper, "upper": labelled & upper}
    elif target.kind == "multiclass":
        groups = {label: target.y == place for place, label in enumerate(target.classes)}
    else:
        groups = {"0": target.y == 0, "1": target.y == 1}
    return {label: rows for label, rows in groups.items() if rows.any()}
