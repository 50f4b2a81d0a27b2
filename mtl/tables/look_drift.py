"""How another cohort differs from this one, feature by feature, on the scale that monitoring uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.data import encode
from mtl.study import Feature, Study

Floats = NDArray[np.float64]

# Siddiqi, Credit Risk Scorecards (2006): below .1 stable, above .25 shifted.
STABLE, SHIFTED = 0.1, 0.25
BINS = 10
SMALL = 0.5  # rows added to a bin, so that an empty one has a logarithm


@dataclass(frozen=True)
class Drift:
    """One feature in two cohorts.

    `psi` is the population stability index over tenths of the first cohort (or the levels), missing apart; `chance` is how
    much of it cohorts of this size show with no drift at all (95th percentile, from the chi-squared distribution of
    twice the index: Yurdakul 2018). `largest` is the greatest difference of the two distribution functions
    (Kolmogorov-Smirnov), or half the summed differences of the shares of levels (total variation).
    """

    column: str
    psi: float
    chance: float
    largest: float
    missing: tuple[float, float]
    typical: tuple[float, float]
    verdict: Literal["stable", "some", "shifted", "absent"]


def drift(study: Study, table: pd.DataFrame, other: pd.DataFrame) -> tuple[Drift, ...]:
    """How each feature of `other` differs from `table`, the most shifted first.

    `typical` are the two medians (numbers) or the two shares of the commonest level.

    Examples
    --------
    >>> from mtl.data import load_sample
    >>> study, table = load_sample("rotterdam")
    >>> older = table.assign(age=table["age"] + 10)
    >>> [found.column for found in drift(study, table, older) if found.verdict == "shifted"]
    ['age']
    """
    first, second = encode(study, table).X, encode(study, other).X
    found = [_one(feature, first[:, j], second[:, j]) for j, feature in enumerate(study.features)]
    return tuple(sorted(found, key=lambda drifted: -drifted.psi))


def _one(feature: Feature, a: Floats, b: Floats) -> Drift:
    known_a, known_b = a[np.isfinite(a)], b[np.isfinite(b)]
    missing = (1 - len(known_a) / max(len(a), 1), 1 - len(known_b) / max(len(b), 1))
    if not len(known_a) or not len(known_b):
        return Drift(
            feature.name,
            float("inf") if len(known_a) != len(known_b) else 0.0,
            0.0,
            float("nan"),
            missing,
            (float("nan"), float("nan")),
            "absent",
        )
    if feature.kind == "numeric":
        edges = np.unique(np.quantile(known_a, np.linspace(0, 1, BINS + 1)[1:-1]))
        cells_a, cells_b = (
            np.bincount(np.searchsorted(edges, v, side="left"), minlength=len(edges) + 1)
            for v in (known_a, known_b)
        )
        largest = _greatest_step(known_a, known_b)
        typical = (float(np.median(known_a)), float(np.median(known_b)))
    else:
        codes = np.union1d(known_a, known_b)
        cells_a, cells_b = (np.array([np.sum(v == code) for code in codes]) for v in (known_a, known_b))
        share_a, share_b = cells_a / cells_a.sum(), cells_b / cells_b.sum()
        largest = float(np.abs(share_a - share_b).sum() / 2)
        common = int(share_a.argmax())
        typical = (float(share_a[common]), float(share_b[common]))
    cells_a = np.append(cells_a, len(a) - len(known_a))
    cells_b = np.append(cells_b, len(b) - len(known_b))
    psi = index(cells_a, cells_b)
    chance = _by_chance(cells_a, cells_b)
    verdict: Literal["stable", "some", "shifted"] = "stable"
    if psi > max(STABLE, chance):
        verdict = "shifted" if psi > max(SHIFTED, chance) else "some"
    return Drift(feature.name, psi, chance, largest, missing, typical, verdict)


def index(a: NDArray[np.integer], b: NDArray[np.integer]) -> float:
    """The population stability index of two counts over the same cells; cells empty in both do not count.

    >>> round(index(np.array([50, 50]), np.array([50, 50])), 3), index(np.array([90, 10]), np.array([50, 50])) > 0.25
    (0.0, True)
    """
    some = (a + b) > 0
    p, q = a[some] + SMALL, b[some] + SMALL
    p, q = p / p.sum(), q / q.sum()
    return float(((p - q) * np.log(p / q)).sum())


def _by_chance(a: NDArray[np.integer], b: NDArray[np.integer]) -> float:
    """The index that two samples of one population exceed once in twenty: (1/n + 1/m) times a chi-squared quantile."""
    from scipy.stats import chi2

    cells = int(((a + b) > 0).sum())
    if cells < 2:
        return 0.0
    return float((1 / a.sum() + 1 / b.sum()) * chi2.ppf(0.95, cells - 1))


def _greatest_step(a: Floats, b: Floats) -> float:
    places = np.sort(np.concatenate([a, b]))
    below_a = np.searchsorted(np.sort(a), places, side="right") / len(a)
    below_b = np.searchsorted(np.sort(b), places, side="right") / len(b)
    return float(np.abs(below_a - below_b).max())
