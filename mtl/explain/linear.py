"""What each feature adds to the linear expert's margin: its part, less that part's background mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def linear_contributions(parts: Floats, background_mean: Floats) -> Floats:
    """Interventional Shapley values of an additive model.

    A sum of one-feature terms has no interactions, so a feature's Shapley value is its term less the term's
    mean over the background, whatever the other features do (Lundberg and Lee, 2017, corollary 1).

    Parameters
    ----------
    parts : float64 (n, p, c)
        `LinearExpert.parts`: each feature's terms summed, uncentred.
    background_mean : float64 (p, c)
        Mean of `parts` over the task's background rows: all that an exported model keeps of them.

    Returns
    -------
    float64 (n, p, c)
        ``linear_base + sum over features`` is the expert's margin.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> linear_contributions(np.array([[[3.0], [1.0]]]), np.array([[1.0], [1.0]])).ravel()
    array([2., 0.])
    """
    if parts.ndim != 3 or background_mean.shape != parts.shape[1:]:
        raise ValueError(
            f"linear parts {parts.shape} and background mean {background_mean.shape} do not fit: "
            "expected (n, p, c) and (p, c)"
        )
    contributions: Floats = parts - background_mean
    return contributions


def linear_base(intercept: Floats, background_mean: Floats) -> Floats:
    """Mean margin over the background, (c,), from the expert's intercept (c,) and its mean parts (p, c)."""
    base: Floats = intercept + background_mean.sum(axis=0)
    return base
