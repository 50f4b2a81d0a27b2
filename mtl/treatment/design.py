"""The plain columns of a regression: each finding as a number, skewed ones as their logarithm, what is missing marked."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import skew

from mtl.data.encode import encode
from mtl.study import Study

Floats = NDArray[np.float64]
SKEWED = 2.0  # skewness from which a finding that is never negative enters as log(1 + x)


def design(study: Study, table: pd.DataFrame, features: list[str]) -> Floats:
    """Standardised columns (n, q) for logistic and Cox regression, without any that is constant or a copy.

    Numbers, ordinals and truth values enter as one column, categories as one a level. A missing value counts as the
    mean and has a column of its own that says so.
    """
    X = encode(study, table).X
    place = {feature.name: j for j, feature in enumerate(study.features)}
    columns: list[Floats] = []
    for name in features:
        columns += _columns(X[:, place[name]], study.feature(name).kind == "categorical")
    kept: list[Floats] = []
    for column in columns:
        spread = column.std()
        if spread <= 1e-9 * max(1.0, float(np.abs(column).max())):
            continue
        scaled = (column - column.mean()) / spread
        if all(abs(float(np.mean(scaled * other))) < 1 - 1e-9 for other in kept):
            kept.append(scaled)
    return np.column_stack(kept) if kept else np.zeros((len(X), 0))


def _columns(x: Floats, categorical: bool) -> list[Floats]:
    missing = np.isnan(x)
    known = x[~missing]
    if not len(known):
        return []
    marks = [missing.astype(np.float64)]
    if categorical:
        return [(x == level).astype(np.float64) for level in np.unique(known)[1:]] + marks
    if len(known) > 2 and known.std() > 0 and known.min() >= 0 and skew(known) > SKEWED:
        x = np.log1p(x)
    return [np.where(missing, np.mean(x[~missing]), x), *marks]
