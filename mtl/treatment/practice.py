"""What was usually done: patients comparable by their propensity, and what became of them.

Comparable are patients within .2 standard deviations of the logit of the propensity (Austin, Pharm Stat 2011;10:150),
the propensity being the treatment task's own out-of-fold probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from mtl.data.targets import Target
from mtl.evaluate import kaplan_meier
from mtl.model.baseline import FEWEST_AT_RISK
from mtl.model.offsets import FALSE, TRUE

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
CALIPER = 0.2  # standard deviations of the logit
LEVEL = 0.95
_NEAREST = 1e-12  # a probability of 0 or 1 is kept this far from it


def logit(probability: ArrayLike) -> Floats:
    """Log-odds of stored probabilities; NaN stays NaN.

    >>> logit([0.5, np.nan]).tolist()
    [0.0, nan]
    """
    p = np.clip(np.asarray(probability, dtype=float), _NEAREST, 1 - _NEAREST)
    return np.asarray(np.log(p) - np.log1p(-p))


def comparable(logits: Floats, own: float, own_rows: Mask) -> Mask:
    """Which patients of a cohort are comparable with one, (n,).

    Parameters
    ----------
    logits
        (n,): logit of everybody's propensity, NaN where there is none.
    own
        The patient's.
    own_rows
        (n,): rows of the patient, which are left out.

    Examples
    --------
    >>> comparable(np.array([-1.0, 0.0, 0.1, 1.0]), 0.0, np.array([False, True, False, False])).tolist()
    [False, False, True, False]
    """
    if not np.isfinite(logits).any():
        return np.zeros(len(logits), dtype=bool)
    reach = CALIPER * float(np.nanstd(logits))
    with np.errstate(invalid="ignore"):
        return np.asarray((np.abs(logits - own) <= reach) & ~own_rows)


@dataclass(frozen=True)
class Sides:
    """Comparable patients who were given a treatment and who were not, as masks (n,)."""

    given: Mask
    not_given: Mask


def sides(among: Mask, given: NDArray[np.int8]) -> Sides:
    """Divide comparable patients by what was given (1, 0, -1 unknown); the unknown are on neither side."""
    return Sides(among & (given == TRUE), among & (given == FALSE))


@dataclass(frozen=True)
class Observed:
    """What became of a group by one time (or at all: `years` None).

    `share` had the event, with its 95 % interval; all None where fewer than 20 were followed that long. `followed` were.
    """

    years: float | None
    share: float | None
    low: float | None
    high: float | None
    followed: int


def outcomes(target: Target, group: Mask, horizons: tuple[float, ...]) -> tuple[Observed, ...]:
    """What became of a group: Kaplan-Meier at the horizons, or the share of a binary outcome (Wilson's interval).

    Raises
    ------
    ValueError
        The outcome is neither a survival nor a binary one.
    """
    rows = group & target.labelled
    if target.kind == "binary":
        return (_share(target.y[rows]),)
    if target.kind != "survival":
        raise ValueError(
            f"task {target.task!r}: outcomes of groups are counted for survival and binary tasks only"
        )
    times = np.array(horizons, dtype=float)
    if not rows.any():
        return tuple(Observed(years, None, None, None, 0) for years in horizons)
    found = kaplan_meier(target.time[rows], target.event[rows], LEVEL)
    low, high = found.interval_at(times)
    made = []
    for years, survival, bottom, top, followed in zip(
        horizons, found.at(times), low, high, found.n_at_risk(times), strict=True
    ):
        if followed < FEWEST_AT_RISK or np.isnan([survival, bottom, top]).any():
            made.append(Observed(years, None, None, None, int(followed)))
        else:
            # no event yet: Greenwood's interval has no width; the binomial one of those followed has
            most = float(1 - bottom) if survival < 1 else 1 - ((1 - LEVEL) / 2) ** (1 / followed)
            made.append(Observed(years, float(1 - survival), float(1 - top), float(most), int(followed)))
    return tuple(made)


def _share(labels: Floats) -> Observed:
    n = len(labels)
    if n < FEWEST_AT_RISK:
        return Observed(None, None, None, None, n)
    p, z2 = float(labels.mean()), float(ndtri((1 + LEVEL) / 2)) ** 2
    middle, reach = p + z2 / (2 * n), np.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n)))
    return Observed(
        None, p, float((middle - reach) / (1 + z2 / n)), float((middle + reach) / (1 + z2 / n)), n
    )
