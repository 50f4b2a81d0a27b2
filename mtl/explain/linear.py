"""What each feature adds to the linear expert's margin: its part, less that part's background mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtl.model.linear import LinearExpert
from mtl.model.stand_ins import Crossed

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


def stand_in_contributions(linear: LinearExpert, X: Floats, crossed: Crossed) -> tuple[Floats, Floats]:
    """Shapley values of what stands in for missing findings, (n, p, c), and its mean over the background, (c,).

    A stand-in is a sum of products of two features' terms: whether j is missing, a_j, times the value of i, z_i, with
    its coefficient. A product is a game of two players, so each gets the mean of its two marginal contributions, the
    other one being the patient's or the background's.

    Parameters
    ----------
    X : float64 (n, p)
        Encoded features.
    crossed
        Background means of a_j, z_i and their product.

    Raises
    ------
    ValueError
        If the expert has no stand-ins.
    """
    if linear.stand_ins is None:
        raise ValueError("this linear expert has no stand-ins")
    basis, coef = linear.basis, linear.stand_ins.coef  # (t, f, c)
    missing, value = linear.stand_ins.states(basis, X)
    out = np.zeros((len(X), basis.n_features, coef.shape[2]))
    base = np.einsum("jic,ji->c", coef, crossed.both)
    if not missing.any() and not crossed.missing.any():
        return out, base
    both = np.einsum("jic,ji->jc", coef, crossed.both)
    typical = np.einsum("jic,i->jc", coef, crossed.value)
    weighed = linear.stand_ins.weighed(value)
    of_missing = missing[:, :, None] * typical - both + (missing - crossed.missing)[:, :, None] * weighed
    by_value = np.einsum("jic,nj->nic", coef, missing + crossed.missing) * value[:, :, None]
    by_value -= np.einsum("jic,ji->ic", coef, crossed.both)
    by_value -= np.einsum("jic,nj->nic", coef, missing) * crossed.value[:, None]
    targets = [c.feature for c in basis.curves] + [c.feature for c in basis.categories]
    out[:, targets] += of_missing / 2
    out[:, targets[: len(basis.curves)]] += by_value / 2
    return out, base


def linear_base(intercept: Floats, background_mean: Floats) -> Floats:
    """Mean margin over the background, (c,), from the expert's intercept (c,) and its mean parts (p, c)."""
    base: Floats = intercept + background_mean.sum(axis=0)
    return base
