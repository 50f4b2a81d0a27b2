"""The blend: non-negative weights for the experts' margins, fitted out of fold and shrunk towards equal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from mtl.model.forest import Floats
from mtl.model.losses import Loss

STRENGTHS = (0.0, 0.003, 0.03, 0.3, np.inf)  # pull towards equal weights, as a share of the loss's curvature
FEW_ROWS, FEW_EVENTS = 300, 60  # below either: equal weights

LossOf = Callable[[NDArray[np.intp]], Loss]


@dataclass(frozen=True)
class Blend:
    """Weights of the experts, (m,), and the free intercept, (c,); `strength` is the pull towards equal weights."""

    weights: Floats
    intercept: Floats
    strength: float

    def margin(self, margins: Floats) -> Floats:
        """(n, c) of the experts' margins (n, m, c)."""
        return np.asarray(np.einsum("nmc,m->nc", margins, self.weights) + self.intercept)


def fit_blend(loss_of: LossOf, margins: Floats, fold: NDArray[np.intp], few: bool) -> Blend:
    """Weights from out-of-fold margins.

    Parameters
    ----------
    loss_of
        The task's loss on chosen rows of `margins`; for survival stratified by fold.
    margins
        (n, m, c): out-of-fold margins of m experts; for survival centred within the fold.
    fold
        (n,): the fold of each row; the strength is chosen by leaving one out.
    few
        Few labels: equal weights, only the intercept is fitted.

    Notes
    -----
    Minimises mean loss + strength * curvature * |w - 1/m|^2 over w >= 0 and a free intercept (stacking after Breiman,
    Machine Learning 1996, with the shrinkage of Le Blanc and Tibshirani, JASA 1996).
    """
    everybody = np.arange(len(margins), dtype=np.intp)
    whole = loss_of(everybody)
    strength = np.inf
    if not few and margins.shape[1] > 1:
        strength = _choose_strength(loss_of, margins, fold)
    elif not few:
        strength = 0.0
    weights, intercept = _fit(whole, margins, strength)
    return Blend(weights, intercept, strength)


def cross_fit_blend(loss_of: LossOf, margins: Floats, fold: NDArray[np.intp], strength: float) -> Floats:
    """(n, c): each fold blended by weights and intercept that the other folds gave, for honest metrics."""
    out = np.empty((len(margins), margins.shape[2]))
    for held in np.unique(fold):
        inside, outside = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        weights, intercept = _fit(loss_of(inside), margins[inside], strength)
        out[outside] = np.einsum("nmc,m->nc", margins[outside], weights) + intercept
    return out


def _choose_strength(loss_of: LossOf, margins: Floats, fold: NDArray[np.intp]) -> float:
    total = np.zeros(len(STRENGTHS))
    for held in np.unique(fold):
        inside, outside = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        if not len(inside) or not len(outside):
            continue
        train, test = loss_of(inside), loss_of(outside)
        if not train.total or not test.total:  # without an event there is no partial likelihood to judge by
            continue
        for i, strength in enumerate(STRENGTHS):
            weights, intercept = _fit(train, margins[inside], strength)
            blended = np.einsum("nmc,m->nc", margins[outside], weights) + intercept
            total[i] += test.value(blended) * test.total
    return STRENGTHS[int(np.flatnonzero(total <= total.min() + 1e-12)[-1])]


def _fit(loss: Loss, margins: Floats, strength: float) -> tuple[Floats, Floats]:
    m, c = margins.shape[1:]
    equal = np.full(m, 1.0 / m)
    spread = float(np.mean(np.var(margins.mean(axis=1), axis=0)))
    pull = 0.0 if np.isinf(strength) else strength * max(spread, 1e-12)
    free = not np.isinf(strength)

    def objective(theta: Floats) -> tuple[float, Floats]:
        weights, intercept = (theta[:m], theta[m:]) if free else (equal, theta)
        value, gradient, _ = loss.evaluate(np.einsum("nmc,m->nc", margins, weights) + intercept)
        by_intercept = gradient.sum(axis=0) / loss.total
        if not free:
            return value, by_intercept
        by_weight = np.einsum("nc,nmc->m", gradient, margins) / loss.total + 2 * pull * (weights - equal)
        return value + pull * float(((weights - equal) ** 2).sum()), np.concatenate([by_weight, by_intercept])

    start = np.concatenate([equal, np.zeros(c)]) if free else np.zeros(c)
    if not loss.has_intercept and not free:
        return equal, np.zeros(c)
    bounds = [(0.0, None)] * (len(start) - c) + [(0.0, 0.0) if not loss.has_intercept else (None, None)] * c
    found = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 200, "ftol": 1e-12, "gtol": 1e-8},
    )
    theta = np.asarray(found.x)
    return (theta[:m], theta[m:]) if free else (equal, theta)
