"""Patients in groups by each finding: its levels, or thirds of its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl.study import Feature, Study

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

THIRDS = (1 / 3, 2 / 3)


@dataclass(frozen=True)
class Band:
    """A group: the level's place, or the limits between which the value lies (low < value <= high), or neither where
    the value is missing."""

    rows: Rows
    level: int | None = None
    low: float | None = None
    high: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values: what the group is, and how many are in it; no patient."""
        return {"level": self.level, "above": self.low, "upto": self.high, "n": len(self.rows)}


def bands(study: Study, X: Floats) -> dict[str, tuple[Band, ...]]:
    """The groups of each feature; one of which everybody is part is left out.

    Parameters
    ----------
    X
        (n, p) encoded findings.
    """
    found = {}
    for j, feature in enumerate(study.features):
        groups = _of(feature, X[:, j])
        if len(groups) > 1:
            found[feature.name] = groups
    return found


def _of(feature: Feature, values: Floats) -> tuple[Band, ...]:
    known = ~np.isnan(values)
    groups = []
    if feature.kind == "numeric" and known.any():
        inner = np.unique(np.quantile(values[known], THIRDS, method="inverted_cdf"))
        inner = inner[inner < values[known].max()]
        limits = [None, *inner.tolist(), None]
        place = np.searchsorted(inner, values, side="left")
        for which in range(len(inner) + 1):
            rows = np.flatnonzero(known & (place == which))
            groups.append(Band(rows, None, limits[which], limits[which + 1]))
    elif known.any():
        numbers = [0.0, 1.0] if feature.kind == "boolean" else feature.level_numbers
        groups = [
            Band(np.flatnonzero(values == number), place)
            for place, number in enumerate(numbers)
            if (values == number).any()
        ]
    if not known.all():
        groups.append(Band(np.flatnonzero(~known)))
    return tuple(groups)
