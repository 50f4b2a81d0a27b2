"""Contrasts within subgroups: exploration of heterogeneity, never a finding."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.model.offsets import FALSE, TRUE, holds
from mtl.treatment.protocol import FEWEST, Arms, Entry
from mtl.treatment.weighting import NoRatio, overlap, weighted_cox

Floats = NDArray[np.float64]


class Subgroup(Entry):
    """The overlap-weighted hazard ratio where a condition holds; None with fewer than 20 patients of an arm.

    `difference` is the ratio of the hazard ratio where it holds to that where it does not, with its interval: what a
    test of interaction looks at.
    """

    condition: str
    holds: bool
    treated: int
    untreated: int
    ratio: tuple[float, float, float] | None
    difference: tuple[float, float, float] | None


def explore(
    table: pd.DataFrame, arms: Arms, propensity: Floats, conditions: tuple[str, ...]
) -> tuple[Subgroup, ...]:
    """Both sides of every condition; patients for whom it is unknown are on neither."""
    weights = overlap(arms.treated, propensity)
    out = []
    for condition in conditions:
        if not condition.strip():
            continue
        truth = holds(condition, table)
        sides = [_side(arms, weights, truth == side) for side in (TRUE, FALSE)]
        both = _interaction(arms, weights, truth) if all(ratio is not None for ratio in sides) else None
        for side, ratio in zip((TRUE, FALSE), sides, strict=True):
            inside = truth == side
            out.append(
                Subgroup(
                    condition=condition,
                    holds=side == TRUE,
                    treated=int((inside & arms.treated).sum()),
                    untreated=int((inside & ~arms.treated).sum()),
                    ratio=ratio,
                    difference=both,
                )
            )
    return tuple(out)


def _side(arms: Arms, weights: Floats, inside: NDArray[np.bool_]) -> tuple[float, float, float] | None:
    if min((inside & arms.treated).sum(), (inside & ~arms.treated).sum()) < FEWEST:
        return None
    arm = arms.arm[inside][:, None]
    try:
        return weighted_cox(arms.time[inside], arms.event[inside], arm, weights[inside]).ratio()
    except NoRatio:
        return None


def _interaction(arms: Arms, weights: Floats, truth: NDArray[np.int8]) -> tuple[float, float, float] | None:
    known = (truth == TRUE) | (truth == FALSE)
    group = (truth[known] == TRUE).astype(np.float64)
    columns = np.column_stack([arms.arm[known] * group, arms.arm[known], group])
    try:
        return weighted_cox(arms.time[known], arms.event[known], columns, weights[known]).ratio()
    except NoRatio:
        return None
