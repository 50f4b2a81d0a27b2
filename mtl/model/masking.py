"""Blanks training cells at random, so that every expert learns what to do with an input nobody measured.

A feature that was never missing in training would otherwise be read as 0 (trees) or have no coefficient for its
missing indicator (linear), and a blanked input would be a wrong number instead of an absent one.
"""

from __future__ import annotations

import numpy as np

from mtl.model.forest import Floats

RATE = 0.1
FEWEST = 3  # cells a feature needs missing for a routing to be learnt at all


def mask_at_random(X: Floats, rng: np.random.Generator, rate: float = RATE) -> Floats:
    """Copy of X (n, p) in which every feature is missing in about `rate` of the rows, those already missing included.

    The copy is in Fortran order: trees look at it column by column, and need no copies of the columns then.

    >>> masked = mask_at_random(np.ones((1000, 2)), np.random.default_rng(0))
    >>> bool((np.isnan(masked).mean(axis=0) > 0.07).all())
    True
    """
    out = X.copy(order="F")
    n = len(X)
    for j in range(X.shape[1]):
        present = np.flatnonzero(~np.isnan(X[:, j]))
        wanted = max(round(rate * n), min(FEWEST, len(present) // 2)) - (n - len(present))
        if wanted > 0:
            out[rng.choice(present, size=min(wanted, len(present)), replace=False), j] = np.nan
    return out
