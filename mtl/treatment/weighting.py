"""Weights that make two arms comparable, and the hazard ratio in the weighted patients with a robust interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
STEPS = 60
TOLERANCE = 1e-9
LIMIT = 12.0  # a log hazard ratio per standard deviation beyond which the likelihood has no maximum


class NoRatio(ValueError):  # noqa: N818 - a finding, not a fault
    """The patients give no hazard ratio; the message says why."""


def overlap(treated: Bools, propensity: Floats) -> Floats:
    """Overlap weights (n,): each patient by the chance of the other arm (Li, Morgan and Zaslavsky, JASA 2018).

    They speak for the patients for whom either choice was made, need no trimming, and cannot explode.

    >>> overlap(np.array([True, False]), np.array([0.9, 0.2])).round(3).tolist()
    [0.1, 0.2]
    """
    return np.where(treated, 1.0 - propensity, propensity)


def inverse(treated: Bools, propensity: Floats) -> Floats:
    """Stabilised inverse probability weights (n,): they speak for everybody eligible (Robins, Hernan, Brumback 2000)."""
    share = float(treated.mean())
    return np.where(treated, share / propensity, (1.0 - share) / (1.0 - propensity))


def effective(weights: Floats) -> float:
    """Effective number of patients (Kish): as many with equal weights would give the same precision.

    >>> effective(np.array([1.0, 1.0, 0.0]))
    2.0
    """
    return float(weights.sum() ** 2 / np.sum(weights**2))


@dataclass(frozen=True)
class CoxFit:
    """Coefficients (p,) and their robust covariance (p, p)."""

    coefficients: Floats
    covariance: Floats

    def ratio(self, place: int = 0, level: float = 0.95) -> tuple[float, float, float]:
        """Hazard ratio of one column with its interval: value, low, high."""
        b, spread = self.coefficients[place], ndtri((1 + level) / 2) * np.sqrt(self.covariance[place, place])
        return float(np.exp(b)), float(np.exp(b - spread)), float(np.exp(b + spread))


def weighted_cox(time: Floats, event: Bools, columns: Floats, weights: Floats | None = None) -> CoxFit:
    """Weighted Cox regression with Efron's ties and the sandwich of Lin and Wei (JASA 1989; Binder 1992).

    Parameters
    ----------
    time
        (n,) years of follow-up.
    event
        (n,) whether it ended with the event.
    columns
        (n, p); the first one is usually the treatment.
    weights
        (n,) not negative; 1 each if left out. Scaling them all changes nothing.

    Raises
    ------
    NoRatio
        No events, or the columns order the events perfectly.

    Examples
    --------
    >>> fit = weighted_cox(np.array([1.0, 2, 3, 4]), np.array([1, 1, 1, 0]) == 1, np.array([[0.0], [1], [0], [1]]))
    >>> fit.coefficients.round(4).tolist()
    [-0.9406]
    """
    w = np.ones(len(time)) if weights is None else weights * (len(weights) / weights.sum())
    kept = w > 0
    order = np.flatnonzero(kept)[np.argsort(time[kept], kind="stable")]
    sets = _RiskSets(time[order], event[order], w[order])
    z = columns[order] - columns[order].mean(axis=0)
    if not event[order].any():
        raise NoRatio(f"no events among the {len(order)} patients")
    if (z.std(axis=0) == 0).any():
        raise NoRatio("a column of the regression is the same for every patient")
    beta = np.zeros(z.shape[1])
    value, score, information = sets.likelihood(z, beta)
    for _ in range(STEPS):
        step = np.linalg.lstsq(information, score, rcond=1e-12)[0]
        size = 1.0
        following = sets.likelihood(z, beta + step)
        while not following[0] >= value - 1e-9 * abs(value) and size > 1e-6:
            size /= 2.0
            following = sets.likelihood(z, beta + size * step)
        beta = beta + size * step
        value, score, information = following
        if np.abs(beta * z.std(axis=0)).max() > LIMIT:
            break
        if np.abs(step).max() < TOLERANCE * (1.0 + np.abs(beta).max()):
            residuals = sets.residuals(z, beta) * sets.weight[:, None]
            bread = np.linalg.pinv(information, rcond=1e-12, hermitian=True)
            influence = residuals @ bread
            return CoxFit(beta, influence.T @ influence)
    raise NoRatio("the columns order the events perfectly: the hazard ratio has no limit")


class _RiskSets:
    """Weighted sums over risk sets of rows sorted by time, with Efron's share of tied events taken out."""

    def __init__(self, time: Floats, event: Bools, weight: Floats) -> None:
        self.weight = weight
        self.events = np.flatnonzero(event)
        times, first, self.group, tied = np.unique(
            time[self.events], return_index=True, return_inverse=True, return_counts=True
        )
        self.first, self.n_times = first, len(times)
        self.start = np.searchsorted(time, times, "left")
        self.share = (np.arange(len(self.events)) - first[self.group]) / tied[self.group]
        # Efron with weights: each tied event carries the mean weight of its tie (Therneau, survival).
        total = np.add.reduceat(weight[self.events], first)
        self.mean_weight = (total / tied)[self.group]
        # The last event time at or before each row's own: its row leaves the sums after it.
        self.until = np.searchsorted(times, time, "right")
        self.is_event = event

    def _sums(self, values: Floats) -> Floats:
        """Sum of `values` (n, k) over the risk set of each event (e, k), less Efron's share of its tie."""
        later = np.cumsum(values[::-1], axis=0)[::-1][self.start]
        tied = np.add.reduceat(values[self.events], self.first, axis=0)
        return np.asarray(later[self.group] - self.share[:, None] * tied[self.group], dtype=np.float64)

    def likelihood(self, z: Floats, beta: Floats) -> tuple[float, Floats, Floats]:
        """Log partial likelihood, score (p,) and information (p, p)."""
        p = z.shape[1]
        margin = z @ beta
        top = margin.max() if len(margin) else 0.0
        relative = self.weight * np.exp(margin - top)
        pairs = z[:, :, None] * z[:, None, :]
        sums = self._sums(
            np.column_stack([relative, relative[:, None] * z, relative[:, None] * pairs.reshape(-1, p * p)])
        )
        mean = sums[:, 1 : p + 1] / sums[:, :1]
        second = (sums[:, p + 1 :] / sums[:, :1]).reshape(-1, p, p)
        w, own = self.mean_weight, self.weight[self.events]
        value = float(np.sum(own * margin[self.events]) - np.sum(w * (np.log(sums[:, 0]) + top)))
        score = (own[:, None] * z[self.events]).sum(axis=0) - (w[:, None] * mean).sum(axis=0)
        information = np.einsum("e,eij->ij", w, second - mean[:, :, None] * mean[:, None, :])
        return value, score, information

    def residuals(self, z: Floats, beta: Floats) -> Floats:
        """Score residuals (n, p): their weighted sum over patients is the score."""
        margin = z @ beta
        relative = np.exp(margin - margin.max())
        weighted = self.weight * relative
        sums = self._sums(np.column_stack([weighted, weighted[:, None] * z]))
        mean = sums[:, 1:] / sums[:, :1]
        hazard = self.mean_weight / sums[:, 0]
        steps = np.zeros(self.n_times + 1)
        np.add.at(steps, self.group + 1, hazard)
        moments = np.zeros((self.n_times + 1, z.shape[1]))
        np.add.at(moments, self.group + 1, hazard[:, None] * mean)
        out = -relative[:, None] * (
            z * np.cumsum(steps)[self.until][:, None] - np.cumsum(moments, axis=0)[self.until]
        )
        # A tied event stays in its own tie's sums by its share only: give the rest back.
        kept_back = np.zeros(self.n_times)
        np.add.at(kept_back, self.group, self.share * hazard)
        kept_moments = np.zeros((self.n_times, z.shape[1]))
        np.add.at(kept_moments, self.group, (self.share * hazard)[:, None] * mean)
        e = self.events
        out[e] += relative[e, None] * (z[e] * kept_back[self.group][:, None] - kept_moments[self.group])
        tie_mean = np.zeros((self.n_times, z.shape[1]))
        np.add.at(tie_mean, self.group, mean)
        size = np.bincount(self.group, minlength=self.n_times)
        out[e] += z[e] - (tie_mean / size[:, None])[self.group]
        return np.asarray(out, dtype=np.float64)
