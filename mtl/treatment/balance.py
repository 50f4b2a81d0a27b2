"""Whether two arms are comparable: the overlap of their propensities, and their findings before and after weighting."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from mtl.data.encode import encode
from mtl.study import Study
from mtl.treatment.protocol import Entry
from mtl.treatment.weighting import effective, overlap

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
BINS = 20
LOW, HIGH = 0.1, 0.9  # outside, one choice was all but made (Crump et al., Biometrika 2009)
NOTABLE = 0.1  # a standardised difference from which an imbalance is usually called so (Austin 2009)


class Imbalance(Entry):
    """How far apart the arms are in one finding, in pooled standard deviations, before and after weighting.

    `level` names the category compared, empty for numbers; `missing` says that the share without a value is compared.
    `adjusted` is false for what is shown but no confounder of the protocol, such as another treatment.
    """

    feature: str
    level: str = ""
    missing: bool = False
    adjusted: bool = True
    before: float
    after: float


class Overlap(Entry):
    """Counts of both arms in bins of the propensity, and what they say.

    `treated` and `untreated` count patients in 20 equal bins from 0 to 1; `within_treated` and `within_untreated` lie
    between .1 and .9; `effective_*` are the effective numbers under overlap weights; `auc` is how well the propensity
    tells the arms apart (.5: as if by chance).
    """

    treated: tuple[int, ...]
    untreated: tuple[int, ...]
    within_treated: int
    within_untreated: int
    effective_treated: float
    effective_untreated: float
    auc: float

    @property
    def outside(self) -> float:
        """Share of patients whose propensity lies outside .1 to .9."""
        n = sum(self.treated) + sum(self.untreated)
        return 1.0 - (self.within_treated + self.within_untreated) / n


def overlap_of(treated: Bools, propensity: Floats) -> Overlap:
    """What the propensities (n,) of both arms say about their overlap."""
    edges = np.linspace(0.0, 1.0, BINS + 1)
    within = (propensity >= LOW) & (propensity <= HIGH)
    weight = overlap(treated, propensity)
    n1, n0 = int(treated.sum()), int((~treated).sum())
    ranks = rankdata(propensity)
    auc = (float(ranks[treated].sum()) - n1 * (n1 + 1) / 2) / (n1 * n0)
    return Overlap(
        treated=tuple(np.histogram(propensity[treated], edges)[0].tolist()),
        untreated=tuple(np.histogram(propensity[~treated], edges)[0].tolist()),
        within_treated=int((within & treated).sum()),
        within_untreated=int((within & ~treated).sum()),
        effective_treated=effective(weight[treated]),
        effective_untreated=effective(weight[~treated]),
        auc=auc,
    )


def standardised_difference(x: Floats, treated: Bools, weights: Floats | None = None) -> float:
    """Difference of the (weighted) means over the pooled standard deviation of the unweighted arms; missing left out.

    >>> x = np.array([1.0, 3.0, 5.0, 7.0])
    >>> round(standardised_difference(x, np.array([True, True, False, False])), 3)
    -4.0
    """
    known = ~np.isnan(x)
    one, other = known & treated, known & ~treated
    if not one.any() or not other.any():
        return 0.0
    w = np.ones(len(x)) if weights is None else weights
    gap = float(np.average(x[one], weights=w[one]) - np.average(x[other], weights=w[other]))
    spread = float(np.sqrt((x[one].var() + x[other].var()) / 2))
    return gap / spread if spread > 0 else 0.0


def imbalances(
    study: Study,
    table: pd.DataFrame,
    treated: Bools,
    weights: Floats,
    features: list[str],
    others: dict[str, Floats] | None = None,
) -> tuple[Imbalance, ...]:
    """Every confounder, a category a line, with a line for missing values where there are any.

    `others` are columns (n,) that are shown without being adjusted for, by name.
    """
    X = encode(study, table).X
    out = []
    for j, feature in enumerate(study.features):
        if feature.name not in features:
            continue
        x = X[:, j]
        compared = [("", x, False)]
        if feature.kind == "categorical":
            known = np.isnan(x)
            compared = [
                (level.text, np.where(known, np.nan, (x == number).astype(float)), False)
                for level, number in zip(feature.levels, feature.level_numbers, strict=True)
            ]
        if np.isnan(x).any() and not np.isnan(x).all():
            compared.append(("", np.isnan(x).astype(float), True))
        if np.isnan(x).all():
            continue
        out += [
            Imbalance(
                feature=feature.name, level=level, missing=missing,
                before=standardised_difference(values, treated),
                after=standardised_difference(values, treated, weights),
            )
            for level, values, missing in compared
        ]  # fmt: skip
    for name, values in (others or {}).items():
        if np.unique(values[~np.isnan(values)]).size > 1:
            before, after = (standardised_difference(values, treated, w) for w in (None, weights))
            out.append(Imbalance(feature=name, adjusted=False, before=before, after=after))
    return tuple(out)
