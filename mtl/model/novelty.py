"""Is this patient like those the model learnt from? Trees that tell real patients from shuffled ones.

Shuffling every column on its own keeps each finding's distribution and destroys how findings go together. A classifier
between the two estimates the density ratio, and a patient whose findings look shuffled is unlike the training patients
even where every single value is ordinary (the density-ratio view of novelty: Hastie, Tibshirani and Friedman, The
Elements of Statistical Learning, section 14.2.4). A value beyond the training range is novel by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl.model.forest import Floats, Forest
from mtl.model.grow import Growth, GrowthTask, TreeConfig
from mtl.model.losses import BinaryLoss
from mtl.model.masking import mask_at_random
from mtl.model.problem import Problem, Rows

SHARE = 0.035  # of patients left out that are flagged, for whatever reason
SHARE_BEYOND = 0.01  # of them at most those with a value beyond the training range
BEYOND, FAR_BEYOND = (
    0.05,
    0.5,
)  # share of the training range by which a value may lie outside it: least and most
MOST_ROWS = 20_000
SHUFFLED_ROWS, MOST_SHUFFLES = 4_000, 5  # a small table is shuffled several times
ROUNDS = 150
CONFIG = TreeConfig(leaves=8, learning_rate=0.1, min_leaf=5, min_labelled=0)


@dataclass(frozen=True)
class Novelty:
    """`forest` scores a patient (high: like the training patients); below `limit` the patient is out of distribution.

    `low` and `high` (p,) are the training range of each feature, NaN for categories and where there is none; `reach` is
    the share of it by which a value may lie outside.
    """

    forest: Forest
    limit: float
    low: Floats
    high: Floats
    reach: float = BEYOND

    @classmethod
    def nobody(cls, p: int) -> Novelty:
        """For a model of p features that tells nobody apart."""
        return cls(Forest.from_trees([], [], [], 1), -np.inf, np.full(p, np.nan), np.full(p, np.nan))

    def score(self, X: Floats) -> Floats:
        """Log density ratio of each row, (n,), up to a constant."""
        return np.asarray(self.forest.margin(X)[:, 0])

    def beyond(self, X: Floats) -> NDArray[np.bool_]:
        """(n, p): whether a value lies clearly outside the training range."""
        reach = self.reach * (self.high - self.low)
        with np.errstate(invalid="ignore"):
            return np.asarray((self.low - reach > X) | (self.high + reach < X))

    def flag(self, X: Floats) -> NDArray[np.bool_]:
        """(n,): whether a patient is out of distribution."""
        return np.asarray((self.score(X) < self.limit) | self.beyond(X).any(axis=1))


def fit_novelty(problem: Problem) -> tuple[Novelty, ...]:
    """One a fold, which never saw it, and one on all patients.

    Limit and reach are set by patients left out, of whom :data:`SHARE` are flagged: first those with a value far beyond
    what their fold's training rows hold, then those who look most like shuffled ones.
    """
    rng = np.random.default_rng([problem.seed, 5])
    rows = np.arange(len(problem.X))
    if len(rows) > MOST_ROWS:
        rows = np.sort(rng.choice(rows, size=MOST_ROWS, replace=False))
    folds = range(int(problem.fold.max()) + 1)
    inside = [rows[problem.fold[rows] != f] for f in folds]
    held = [problem.X[rows[problem.fold[rows] == f]] for f in folds]
    forests = [_fit(problem, chosen, rng) for chosen in inside]
    scores = np.concatenate([forest.margin(X)[:, 0] for forest, X in zip(forests, held, strict=True)])
    numeric = np.array([kind != "categorical" for kind in problem.kinds])
    excess = np.concatenate(
        [_excess(X, *_range(problem.X[chosen], numeric)) for X, chosen in zip(held, inside, strict=True)]
    )
    reach = float(np.clip(np.quantile(excess, 1 - SHARE_BEYOND, method="higher"), BEYOND, FAR_BEYOND))
    ordinary = scores[excess <= reach]
    wanted = SHARE * len(scores) - (len(scores) - len(ordinary))  # patients that the limit has still to flag
    limit = float(np.quantile(ordinary, max(wanted, 0.0) / max(len(ordinary), 1)))
    low, high = _range(problem.X, numeric)
    return tuple(Novelty(forest, limit, low, high, reach) for forest in (*forests, _fit(problem, rows, rng)))


def _range(X: Floats, numeric: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """(p,) each: the least and the greatest value of every feature, NaN for categories and where there is none."""
    low, high = np.fmin.reduce(X, axis=0, initial=np.inf), np.fmax.reduce(X, axis=0, initial=-np.inf)
    return np.where(np.isfinite(low) & numeric, low, np.nan), np.where(
        np.isfinite(high) & numeric, high, np.nan
    )


def _excess(X: Floats, low: Floats, high: Floats) -> Floats:
    """(n,): how far the furthest value of a row lies outside a range, as a share of that range; 0 inside."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        outside = np.maximum(low - X, X - high) / (high - low)
    return np.asarray(np.where(np.isfinite(outside), outside, 0.0).clip(min=0.0).max(axis=1))


def _fit(problem: Problem, rows: Rows, rng: np.random.Generator) -> Forest:
    real = problem.X[rows]
    times = int(np.clip(SHUFFLED_ROWS // max(len(rows), 1), 1, MOST_SHUFFLES))
    shuffled = [np.column_stack([rng.permutation(column) for column in real.T]) for _ in range(times)]
    X = mask_at_random(np.concatenate([real, *shuffled]), rng)
    label = np.repeat([1.0, 0.0], [len(rows), times * len(rows)])
    task = GrowthTask(BinaryLoss(label), np.arange(len(X)))
    growth = Growth(X, range(X.shape[1]), problem.categorical, [task], CONFIG, int(rng.integers(2**31 - 1)))
    growth.extend(ROUNDS)
    return growth.forest()
