"""The interval of a risk: how far refits stray from it and how far its experts disagree, on the additive scale."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from mtl.model.forest import Floats
from mtl.model.predictor import EXPERTS, Predictor, TaskPredictor
from mtl.model.refits import Refits, TaskRefits, without_stand_ins

LEVEL = 0.90


@dataclass(frozen=True)
class Interval:
    """Limits of numbers, and the effective number of patients behind each: all (n, outputs).

    ``n_eff = p (1 - p) / var(p)`` is the size of the simple sample of patients from which p would be known as well.
    """

    low: Floats
    high: Floats
    n_eff: Floats


@dataclass(frozen=True)
class Strays:
    """What the refits say about rows of a task: each refit's margins (B, n, c), the fitted ones (n, c), and what each
    expert alone would add to them, (experts, n, c) with its share of the weights."""

    refits: Floats
    fitted: Floats
    experts: Floats
    share: Floats


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """A predictor, fitted on all rows, and its refits: how sure the numbers of anybody are, also of its training patients.

    For those the interval stands around the number that was predicted without them; its width is that of all rows' fit.
    """

    predictor: Predictor
    refits: Refits

    @cached_property
    def _plain(self) -> Predictor:
        return without_stand_ins(self.predictor)

    def strays(self, X: Floats) -> dict[str, Strays]:
        """What refits and experts say about encoded rows, (n, p), task by task."""
        plain = self._plain
        margins, fitted = self.refits.margins(plain, X), plain.margins(X)
        shared = {t.shared: plain.shared[t.shared].margin(X) for t in plain.tasks if t.weights[2] > 0}
        out = {}
        for task, own in zip(plain.tasks, self.refits.tasks, strict=True):
            share, experts = _experts(task, own, X, shared)
            out[task.name] = Strays(margins[task.name], fitted[task.name], experts, share)
        return out

    def survival(self, task: str, risk: Floats, found: Strays, horizons: Floats, offset: Floats) -> Interval:
        """Of the risks (n, H) by each horizon, treated by what `offset` (n, Q) adds: on the log of the cumulative hazard."""
        place = [t.name for t in self.predictor.tasks].index(task)
        baseline, increments = self.predictor.tasks[place].baseline, self.refits.tasks[place].increments
        if baseline is None or increments is None:
            raise ValueError(f"task {task!r}: these refits have no baseline hazard")
        with np.errstate(divide="ignore", invalid="ignore"):
            gathered = np.einsum("nq,hq->nh", np.exp(found.fitted + offset), baseline.increments(horizons))
            relative = np.exp(found.refits + offset[None])  # (B, n, Q)
            moved = np.log(np.einsum("bnq,bhq->bnh", relative, increments)) - np.log(gathered)
            spread = _spread(moved, np.repeat(found.experts, risk.shape[1], axis=2), found.share)
            return _around(np.log(-np.log1p(-risk)), spread, logistic=False)


def _experts(
    task: TaskPredictor, refits: TaskRefits, X: Floats, shared: dict[int, Floats]
) -> tuple[Floats, Floats]:
    total = float(task.weights.sum())
    if total <= 0:
        return np.zeros(0), np.zeros((0, len(X), task.n_outputs))
    margins = []
    used = [k for k in range(len(EXPERTS)) if task.weights[k] > 0]
    for k in used:
        raw = (
            task.linear.margin(X)
            if k == 0
            else task.own.margin(X)
            if k == 1
            else shared[task.shared][:, list(task.shared_outputs)]
        )
        margins.append(task.scale * total * (raw - refits.centre[k]))
    share = task.weights[used] / total
    stacked = np.stack(margins)
    return share, stacked - np.einsum("k,knc->nc", share, stacked)


def binary(probability: Floats, found: Strays) -> Interval:
    """Of the probability, (n,)."""
    spread = _spread((found.refits - found.fitted)[:, :, 0], found.experts[:, :, 0], found.share)
    return _around(_log_odds(probability), spread, logistic=True)


def multiclass(probability: Floats, found: Strays) -> Interval:
    """Of the probabilities (n, c), class by class: on the log-odds of the class against the others."""
    others = _against_the_rest(found.fitted)
    moved = np.stack([_against_the_rest(margins) for margins in found.refits]) - others
    # The experts' disagreement carried to that scale by its derivative at the fitted probabilities.
    p = probability / np.maximum(1.0 - probability, 1e-300)
    sums = np.einsum("knc,nc->kn", found.experts, probability)[:, :, None]
    disagree = found.experts - (sums - found.experts * probability) * (1.0 + p)
    spread = _spread(moved, disagree, found.share)
    return _around(_log_odds(probability), spread, logistic=True)


def _log_odds(probability: Floats) -> Floats:
    """Infinite for a probability that a float cannot tell from 0 or 1: its interval is that number alone."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(probability) - np.log1p(-probability))


def _against_the_rest(margins: Floats) -> Floats:
    """(n, c): log-odds of each class against all others."""
    shifted = margins - margins.max(axis=1, keepdims=True)
    weights = np.exp(shifted)
    rest = np.maximum(weights.sum(axis=1, keepdims=True) - weights, 1e-300)
    return np.asarray(shifted - np.log(rest))


def _spread(moved: Floats, disagree: Floats, share: Floats) -> Floats:
    """Root of the refits' mean squared distance from the fit (variance and squared bias) plus the experts' variance."""
    finite = np.isfinite(moved)
    squared = np.where(finite, moved, 0.0) ** 2
    mean = squared.sum(axis=0) / np.maximum(finite.sum(axis=0), 1)
    mean = np.where(finite.any(axis=0), mean, np.nan)
    return np.asarray(np.sqrt(mean + np.einsum("k,k...->...", share, disagree**2)))


def _around(centre: Floats, spread: Floats, logistic: bool) -> Interval:
    """Centre -/+ z times the spread, carried back to the scale of risks."""
    back = _from_logit if logistic else _from_log_cumulative
    reach = norm.ppf(0.5 + LEVEL / 2) * spread
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        value, slope = back(centre)
        n_eff = value * (1 - value) / (slope * spread) ** 2
        return Interval(back(centre - reach)[0], back(centre + reach)[0], n_eff)


def _from_logit(eta: Floats) -> tuple[Floats, Floats]:
    p = expit(eta)
    return p, p * (1 - p)


def _from_log_cumulative(eta: Floats) -> tuple[Floats, Floats]:
    cumulative = np.exp(eta)
    return -np.expm1(-cumulative), cumulative * np.exp(-cumulative)
